"""Which municipality and settlement is meant where an address names several (R 1.3, R 3.1.2).

Within one municipality the smaller goes before the town: «г. Таштагол, пгт Шерегеш» is Шерегеш.
Settlements of different municipalities contradict each other, and one that nobody knows leaves
open where it lies: neither is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from contracts.territory.municipality import Municipality, normal_name
from contracts.territory.settlements import TOWN_MARKS, VILLAGE_MARKS, Settlement


class Settled(NamedTuple):
    """What the municipalities and settlements named say together."""

    codes: set[str]
    settlement: str | None = None
    """The one that is meant; None where that is open."""
    conflict: bool = False
    may_repeat: bool = False
    unknown: str | None = None
    """One beside a known one that may lie in another municipality."""


class Settlements:
    """The settlements of the municipalities, indexed once."""

    def __init__(self, municipalities: Iterable[Municipality]) -> None:
        self._homes: dict[str, set[str]] = defaultdict(set)
        self._printed: set[str] = set()
        self._seats: set[str] = set()
        self._cities: dict[str, str] = {}
        for item in municipalities:
            self._printed.update(map(normal_name, item.settlements))
            self._seats.update(map(normal_name, item.settlements[:1]))
            if item.city:
                self._cities[normal_name(item.city)] = item.code
            for name in (*item.settlements, *item.further_settlements):
                self._homes[normal_name(name)].add(item.code)

    @property
    def printed(self) -> Collection[str]:
        """Those that a source prints, in one spelling."""
        return self._printed

    def city(self, name: str) -> str | None:
        """The urban district that a city is, by the city's name."""
        return self._cities.get(normal_name(name))

    def homes(self, one: Settlement) -> set[str]:
        """The municipalities that are known to have a settlement of that name."""
        homes = set(self._homes.get(one.stem, ()))
        if one.mark in VILLAGE_MARKS:
            homes.discard(self._cities.get(one.stem, ""))  # «с. Белово» is not the city of Белово
        return homes

    def is_town(self, one: Settlement) -> bool:
        """Whether it is one of ours whose name no other of ours has: villages repeat, towns not."""
        return bool(self.homes(one)) and (one.mark in TOWN_MARKS or one.stem in self._cities)

    def is_foreign_town(self, one: Settlement) -> bool:
        """Whether it is a town of nobody: villages of ours may be missing here, towns are not."""
        own = one.stem.rstrip("-0123456789")  # «г. Юрга-2» is none of ours, nor far away
        return one.mark == "г" and own not in self._homes

    def lies_outside(self, one: Settlement, codes: Collection[str]) -> bool:
        """Whether it is a town of other municipalities than these, or none of ours."""
        is_town = self.is_town(one) or (one.mark is None and one.stem in self._printed)
        return self.is_foreign_town(one) or (is_town and not self.homes(one) & set(codes))

    def settle(self, named: Collection[str], settlements: Sequence[Settlement]) -> Settled:
        """Bring together the municipalities and the settlements that an address names."""
        sure = [one for one in settlements if one.is_sure] or list(settlements)
        known = [one for one in sure if self.homes(one)]
        codes, conflict = self._with_named(named, sure) if named else self._shared_homes(known)
        if conflict:
            alone = sure[0].stem if len(sure) == 1 else None
            return Settled(codes, alone, conflict=True)
        inside = [one for one in sure if self.homes(one) & codes]
        strange = [one.stem for one in sure if one not in inside]
        perhaps = [one for one in settlements if one not in sure and self.homes(one) & codes]
        is_open = bool(perhaps or (inside and strange))
        return Settled(
            codes,
            None if is_open else self._smallest(inside or sure),
            may_repeat=bool(codes) and not named and all(map(self._is_village, known)),
            unknown=strange[0] if inside and strange and not named else None,
        )

    def _shared_homes(self, known: list[Settlement]) -> tuple[set[str], bool]:
        homes = [self.homes(one) for one in known]
        if not homes:
            return set(), False
        common = set.intersection(*homes)
        return common or set.union(*homes), not common

    def _with_named(
        self, named: Collection[str], settlements: list[Settlement]
    ) -> tuple[set[str], bool]:
        """A town outside what is named contradicts it; a village of a name that another
        municipality has does not."""
        codes, others = set(named), [one for one in settlements if self.lies_outside(one, named)]
        for one in settlements:
            codes = codes & self.homes(one) or codes
        return codes.union(*map(self.homes, others)), bool(others)

    def _is_village(self, one: Settlement) -> bool:
        """Whether it is one of a name that others may have: a village, or one no source prints."""
        return one.mark in VILLAGE_MARKS or one.stem not in self._printed

    def _smallest(self, settlements: list[Settlement]) -> str | None:
        """The smallest by its mark; None if two are of one size."""
        ranks = [self._rank(one) for one in settlements]
        if ranks.count(max(ranks, default=0)) != 1:
            return None
        return settlements[ranks.index(max(ranks))].stem

    def _rank(self, one: Settlement) -> int:
        if one.mark == "г" or one.stem in self._seats:
            return 0
        return 1 if one.mark in TOWN_MARKS else 2
