"""Reading a printed address into its parts, as far as it is certain.

The printed text is kept verbatim and is the truth; what is read here stands beside it. A part that
cannot be read with certainty is None, never a guess (R 1.3; R appendix 1 has typing errors).
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict

from contracts.territory.houses import printed_house
from contracts.territory.municipality import AREA_MARK
from contracts.territory.settlements import MARK, settlement_mark, split_settlement
from contracts.territory.streets import read_line

_WORD: Final = r"[А-ЯЁ][а-яё]+(?:\s?[-–]\s?[А-ЯЁа-яё][а-яё]+)*(?:-\d+)?"
_DISTRICT_MARK: Final = r"(?i:район|р-н)(?![а-яё])"
_POSTCODE: Final = re.compile(r"^\s*(\d{6})(?!\d)")
_SETTLEMENT: Final = re.compile(
    rf"(?:^|(?<=[,\s]))(?i:({MARK}))(?:\.\s*|\s+)"
    rf"({_WORD}(?:\s+{_WORD}(?!\s+{_DISTRICT_MARK}))*)(?![а-яё])"
)
_DISTRICT: Final = re.compile(
    rf"(?:^|(?<=, ))(?i:{AREA_MARK})\s*{_WORD}|{_WORD}\s+(?i:{AREA_MARK})"
)
_RESIDENTIAL_AREA: Final = re.compile(
    r"(?:^|(?<=[,\s]))(?i:ж\.?[\s/]?р\.?|жилой\s+(?:район|р-н))\s*"
    rf"({_WORD}(?:\s+{_WORD}(?!\s+{_DISTRICT_MARK}))*)(?![а-яё])"
)


class PrintedAddress(BaseModel):
    """A printed address in parts; a part that is not certain is None (R 1.3, R appendix 1)."""

    model_config = ConfigDict(frozen=True)

    postcode: str | None = None
    places: tuple[str, ...] = ()
    """What is printed between commas, but the street and the house."""
    districts: tuple[str, ...] = ()
    """Every «… район», «р-н …» or «… округ» named, as printed: of the region or of a city."""
    residential_area: str | None = None
    """The name after «ж.р.» (жилой район), a part of a city."""
    settlements: tuple[tuple[str | None, str], ...] = ()
    """Every settlement announced by its mark (г, пгт, рп, с, д, п, ст, рзд), with its name."""
    street: str | None = None
    house: str | None = None

    @property
    def settlement(self) -> str | None:
        """The settlement printed last: a town stands before the village that is meant."""
        return self.settlements[-1][1] if self.settlements else None

    @property
    def settlement_mark(self) -> str | None:
        """The mark of that one."""
        return self.settlements[-1][0] if self.settlements else None


def parse_address(text: str) -> PrintedAddress:
    """Read a printed address into parts, leaving out what is not certain."""
    postcode = _POSTCODE.match(text)
    line = read_line(text)
    places = (*line.before, *line.after)
    rest = ", ".join(places)
    area = _RESIDENTIAL_AREA.search(rest)
    districts = [match for match in _DISTRICT.finditer(rest) if not _inside(match, area)]
    return PrintedAddress(
        postcode=postcode.group(1) if postcode else None,
        places=places,
        districts=tuple(match.group(0) for match in districts),
        residential_area=area.group(1) if area else None,
        settlements=tuple(one for place in places for one in settlements_in(place)),
        street=line.street,
        house=printed_house(line.house),
    )


def settlements_in(place: str) -> Iterator[tuple[str | None, str]]:
    """The settlements that are announced between two commas, each with its mark in one spelling."""
    mark, name = split_settlement(place)
    is_last = mark is not None and place.lstrip().startswith(name)
    last_first = f"{mark} {name}" if is_last else place  # «Вишневка с» as «с Вишневка»
    return ((settlement_mark(found[1]), found[2]) for found in _SETTLEMENT.finditer(last_first))


def _inside(match: re.Match[str], outer: re.Match[str] | None) -> bool:
    return outer is not None and outer.start() <= match.start() < outer.end()
