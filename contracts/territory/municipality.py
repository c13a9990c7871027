"""Municipalities and regions as the directory knows them (R appendix 1: 34 municipal areas).

Data, not code: `data/municipalities.json` and `data/regions.json` fill these models, and another
region brings its own files.
"""

import re
from functools import lru_cache
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

MunicipalityKind = Literal["urban_district", "municipal_district"]


class CityDistrict(BaseModel):
    """A part of a city that has an institution of its own (R appendix 1: Кемерово, Новокузнецк)."""

    model_config = ConfigDict(frozen=True)

    name: str


class Municipality(BaseModel):
    """A municipal area: a city (urban district) or a rayon (municipal district)."""

    model_config = ConfigDict(frozen=True)

    code: str
    region: str
    name: str
    aliases: tuple[str, ...] = ()
    kind: MunicipalityKind
    settlements: tuple[str, ...] = ()
    """Settlements R prints for it; an urban district's first one is its city."""
    further_settlements: tuple[str, ...] = ()
    """Well-known ones that R does not print; a convenience, never complete."""
    seat: str | None = None
    """Code of the urban district where a rayon's offices stand when it has no town of its own."""
    city_districts: tuple[CityDistrict, ...] = ()

    @property
    def city(self) -> str | None:
        """The city an urban district is named by; None for a rayon."""
        is_urban = self.kind == "urban_district" and self.settlements
        return self.settlements[0] if is_urban else None


class Region(BaseModel):
    """A region by its ISO 3166-2 code, and how its phones and postcodes begin."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    phone_area_prefix: str | None = None
    postcode_prefixes: tuple[str, ...] = ()
    time_zone: str | None = None
    """IANA zone its opening hours are told in."""


def normal_name(text: str) -> str:
    """One spelling of a name: lower case, е for ё, plain hyphens without spaces, single spaces."""
    lowered = text.casefold().replace("ё", "е")
    hyphened = re.sub(r"\s*[-‐‑–—]\s*", "-", lowered)
    return re.sub(r"[\s.,«»\"]+", " ", hyphened).strip()


_FORMATION: Final = re.compile(r"^(?:муниципальное образование|мо) ")
_KINDS: Final[dict[MunicipalityKind, re.Pattern[str]]] = {
    "urban_district": re.compile(
        r"^(?:городской округ|г ?о|город|гор|г) | (?:городской округ|г ?о|город|гор|г)$"
    ),
    "municipal_district": re.compile(
        r"^(?:муниципальный (?:район|р-н|округ)|м ?о|м ?р-н|м ?р|район|р-н) "
        r"| (?:муниципальный (?:район|р-н|округ)|м ?о|м ?р-н|м ?р|район|р-н)$"
    ),
}
"""What the kinds are called in one spelling, before a name or after it."""
AREA_MARK: Final = (
    r"(?:муниципальный\s+(?:район|р-н|округ)|городской\s+округ|[мг]\.\s?о|м\.\s?р-н|м\.\s?р|"
    r"район|р-н)(?![а-яё])\.?"
)
"""A pattern of every such word beside a name in a line; read in any case."""


@lru_cache(maxsize=1024)
def municipality_stem(text: str) -> tuple[str, MunicipalityKind | None]:
    """«Юргинский р-н», «м.р-н Юргинский» → ("юргинский", municipal_district).

    The kind is what tells a rayon from the city of the same name (R appendix 1); it is None when
    not said: «МО» before a name is any municipal formation.
    """
    name = _FORMATION.sub("", normal_name(text))
    for kind, marks in _KINDS.items():
        bare = marks.sub("", name)
        if bare != name:
            return marks.sub("", bare), kind
    return name, None


def city_district_stem(text: str) -> str:
    """«Рудничный район», «ж.р. Кедровка» → the bare name; «Заводской» and «Заводский» are one."""
    name = normal_name(text)
    bare = re.sub(
        r"^(?:жилой (?:район|р-н)|ж[ /]?р|район|р-н)(?![а-я]) ?| (?:район|р-н)$", "", name
    ).strip()
    return re.sub(r"ской$", "ский", bare)
