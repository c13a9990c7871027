"""Where a comma belongs that nobody wrote: behind the name of a region, and of a town (R 3.1.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from contracts.territory.municipality import AREA_MARK
from contracts.territory.region_names import RegionNames
from contracts.territory.settlements import MARK, settlement_mark
from contracts.territory.streets import is_kind

_AREA: Final = re.compile(AREA_MARK, re.I)
HasDistrict = Callable[[str, str], bool]
"""Whether a city, by its name, has a part of that name."""


class Commas:
    """Puts them where the names that are known tell it; made once."""

    def __init__(
        self, towns: Iterable[str], regions: RegionNames, has_district: HasDistrict
    ) -> None:
        self._town = _town_first(towns)
        self._regions = regions
        self._has_district = has_district

    def put(self, text: str) -> str:
        """«Кемерово Рудничный р-н» → «Кемерово, Рудничный р-н»."""
        # Names are told by their capitals; a line typed in one case gets them first.
        line = text.title() if text.islower() or text.isupper() else text
        return ",".join(self._split(segment) for segment in line.split(","))

    def _split(self, segment: str) -> str:
        region, rest = self._regions.apart(segment)
        return f"{region}, {self._split_town(rest)}" if region else self._split_town(rest)

    def _split_town(self, segment: str) -> str:
        found = self._town.match(segment)
        if found is None:
            return segment
        rest = found["rest"]
        area = _AREA.match(rest)
        if area is not None:  # of the rayon, unless it names a part of the city
            more = rest[area.end() :].split()
            if not more or not self._has_district(found["name"], more[0]):
                return segment
        elif is_kind(rest) or self._is_mark_of_the_town(rest):
            return segment
        return f"{segment[: found.start('rest')]}, {rest}"

    def _is_mark_of_the_town(self, rest: str) -> bool:
        """«Яя пос.», «Белово Г. Титова ул.», but not «Таштагол пгт Шерегеш»."""
        is_mark = settlement_mark(rest.split(maxsplit=1)[0]) is not None
        return is_mark and not self._town.match(f"{rest} -")


def _town_first(names: Iterable[str]) -> re.Pattern[str]:
    """A town, marked as one or not, and something behind it without a comma."""
    spelt = "|".join(
        re.escape(name).replace("е", "[её]").replace(r"\-", r"\s?[-‐‑–—]\s?")
        for name in sorted(names, key=len, reverse=True)
    )
    return re.compile(
        rf"\s*(?:\d{{6}}\s+)?(?:(?:{MARK})(?:\.\s*|\s+))?"
        rf"(?P<name>{spelt or '(?!)'})\s+(?P<rest>[^\W\d_].*)",
        re.I,
    )
