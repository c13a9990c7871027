"""Municipalities and regions as the directory knows them (R appendix 1: 34 municipal areas).

Data, not code: `data/municipalities.json` and `data/regions.json` fill these models, and another
region brings its own files.
"""

import re
from functools import lru_cache
from typing import Literal

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


@lru_cache(maxsize=1024)
def municipality_stem(text: str) -> tuple[str, MunicipalityKind | None]:
    """«Юргинский р-н» → ("юргинский", municipal_district); the kind is None when not said.

    The kind is what tells a rayon from the city of the same name (R appendix 1).
    """
    name = normal_name(text)
    urban = re.sub(r"^(?:город|гор|г) | городской округ$| го$", "", name)
    if urban != name:
        return urban, "urban_district"
    rural = re.sub(
        r"^(?:район|р-н) | (?:муниципальный )?(?:район|р-н)$| муниципальный округ$| мо$", "", name
    )
    if rural != name:
        return rural, "municipal_district"
    return name, None


def city_district_stem(text: str) -> str:
    """«Рудничный район», «ж.р. Кедровка» → the bare name; «Заводской» and «Заводский» are one."""
    name = normal_name(text)
    bare = re.sub(
        r"^(?:жилой (?:район|р-н)|ж[ /]?р|район|р-н)(?![а-я]) ?| (?:район|р-н)$", "", name
    ).strip()
    return re.sub(r"ской$", "ский", bare)


def region_stem(text: str) -> str | None:
    """«Томская обл.» → «томская область»; None when the text names no region by its kind."""
    name = re.sub(r"\bобл\b", "область", normal_name(text))
    name = re.sub(r"\bресп\b", "республика", name)
    return name if re.search(r"(?:\b|-)(?:область|край|республика)\b", name) else None
