"""Regions as an address names them: «Кемеровская обл.», «обл Кемеровская», «Кузбасс» (R 3.1.2).

Ours are told by their names as words at the beginning of what stands between commas, whatever
stands behind them. Another region is told by its kind only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from contracts.territory.municipality import Region, normal_name
from contracts.territory.settlements import split_settlement
from contracts.territory.streets import is_kind

_KINDS: Final = frozenset({"область", "обл", "край", "республика", "респ", "автономный", "округ"})
_FOREIGN: Final = re.compile(
    r"(?:\b|-)(?:область|обл|край|республика|респ|ао)\b|\bавтономный округ\b"
)
_COUNTRY: Final = frozenset({"россия", "российская", "федерация", "рф"})
_WORD: Final = re.compile(r"[^\W\d_]+")
_NO_WORD: Final = re.compile(r"\s*(?:\d{6})?[\s.]*")


class RegionNames:
    """The names of our regions, indexed once."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._codes: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._alone: set[str] = set()
        for region in regions:
            names = [normal_name(name) for name in (region.name, *region.aliases, *region.cities)]
            self._codes.update((name, region.code) for name in names)
            words = [_WORD.findall(name) for name in names]
            if any(_KINDS & set(name) for name in words):
                self._words |= {word: region.code for name in words for word in name}
                self._alone |= {name[0] for name in words if len(name) == 1}

    def names(self, settlement: str | None) -> bool:
        """Whether a name in one spelling is one of ours: the city that is a region itself."""
        return settlement in self._codes

    def apart(self, segment: str) -> tuple[str, str]:
        """«Кемеровская обл. г. Юрга» → («Кемеровская обл.», «г. Юрга»); no region → ("", all)."""
        end, code = self._read(segment)
        rest = segment[end:].lstrip(" .)(-‐‑–—")
        return (segment[:end], rest) if code else ("", segment)

    def code_in(self, segments: Iterable[str | None]) -> str | None:
        """The first of our regions that is named."""
        for segment in segments:
            _, name = split_settlement(segment or "")
            code = self._codes.get(normal_name(name)) or self._read(segment or "")[1]
            if code:
                return code
        return None

    def foreign_in(self, segments: Iterable[str | None]) -> str | None:
        """The first that names a region by its kind, and none of ours: «Томская область»."""
        for segment in segments:
            if segment and _FOREIGN.search(normal_name(segment)) and not self.code_in([segment]):
                return segment.strip()
        return None

    def _read(self, segment: str) -> tuple[int, str | None]:
        """Where the region's name at the beginning ends, and whose it is."""
        end, code, is_said, is_alone = 0, None, False, False
        for found in _WORD.finditer(segment):
            word = normal_name(found[0])
            if not end and not _NO_WORD.fullmatch(segment, 0, found.start()):
                break
            if word in _KINDS:
                is_said = True
            elif word in self._words:
                code, is_alone = self._words[word], is_alone or word in self._alone
            elif word not in _COUNTRY:
                break
            end = found.end()
        if code is None or not (is_said or (is_alone and not is_kind(segment[end:].lstrip(" .")))):
            return 0, None
        return end, code
