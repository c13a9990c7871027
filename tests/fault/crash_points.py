"""Every fail point of every kind of work: die there, begin again, end as if nothing had been (P1).

A work is done once without a crash: what it stores and says is the expected end, and the points
it comes by are the places to die at. Then it is done about others once for each place: the
process dies there and nowhere else, its successor is forked, and the end must be the same.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import httpx
from rich.console import Console
from rich.table import Table

from chassis.failpoints import POINTS
from tests.fault.ends import End, difference, places
from tests.fault.mortal import Place
from tests.fault.theatre import Theatre
from tests.fault.works import Work, renamed

SAYING = tuple(point for point in POINTS if re.search("publish|confirm|clear", point))
ACKNOWLEDGING = tuple(point for point in POINTS if "acknowledge" in point)
MISSING = "missing"
TRIES = 3
"""How often a place is tried at which only a race brings a process by."""
FAULTS = (AssertionError, TimeoutError, httpx.HTTPError)


@dataclass(slots=True)
class Row:
    """What came of one kind of work."""

    service: str
    work: str
    heard: bool
    """Whether an event began it: only then is there something to acknowledge."""
    spoke: bool = False
    """Whether the run without a crash said anything: only then is there something to send."""
    reached: frozenset[str] | None = None
    """The points that the run without a crash came by; None while it did not come to its end."""
    survived: Counter[str] = field(default_factory=Counter)
    """How often the process died at a point and the work ended as it should."""
    passed: int = 0
    """Places of a race that no try came by again; each try ended as it should."""
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def cell(self, point: str) -> str:
        """Deaths survived; `-` where there is nothing to die at, as the first run has proven."""
        if self.reached is None:
            return MISSING
        if point in self.reached:
            return str(self.survived[point] or MISSING)
        silent = point in SAYING and not self.spoke
        unasked = point in ACKNOWLEDGING and not self.heard
        return "-" if silent or unasked else MISSING

    @property
    def complete(self) -> bool:
        """Whether no cell is missing and no death went wrong."""
        return not self.faults and all(self.cell(point) != MISSING for point in POINTS)


class Enumeration:
    """The deaths of one service. `runs` are numbers that no other run is given."""

    def __init__(self, theatre: Theatre, runs: Iterator[int]) -> None:
        self._theatre = theatre
        self._runs = runs

    async def of(self, work: Work) -> Row:
        """Once without a crash, then once for each place."""
        row, began = Row(work.service, work.name, heard=work.event is not None), time.perf_counter()
        first = work.again(next(self._runs))
        try:
            played = await self._theatre.run(first, None)
            expected, trail = played.end, played.trail
            assert expected.spoke == work.speaks, "it does not speak as it was recorded"
        except FAULTS as fault:
            row.faults.append(f"without a crash: {fault!r}")
            await self._theatre.begin_anew()
            return row
        row.spoke, row.reached = expected.spoke, frozenset(reached.point for reached in trail)
        for place in places(trail, dict(zip(first.ids, work.ids, strict=True)), work.known):
            try:
                died = await self._dying(work, place, expected)
            except FAULTS as fault:
                row.faults.append(f"{place.point}, {place.about}, {place.nth}: {fault!r}"[:2000])
                await self._theatre.begin_anew()
            else:
                row.survived[place.point] += died
                row.passed += not died
        row.seconds = time.perf_counter() - began
        return row

    async def _dying(self, work: Work, place: Place, expected: End) -> bool:
        """Whether it died there, in one of the tries; however that was, it ends as it should."""
        for _ in range(TRIES):
            again = work.again(next(self._runs))
            names = dict(zip(work.ids, again.ids, strict=True))
            there = replace(place, about=renamed(place.about, names))
            played = await self._theatre.run(again, there)
            assert played.end == expected, difference(played.end, expected)
            if played.died:
                return True
        return False


def show(rows: Sequence[Row], console: Console | None = None) -> None:
    """Print who died where, works down, points across."""
    table = Table(title="Crash points: deaths survived (- : the run without a crash proves none)")
    table.add_column("service")
    table.add_column("work")
    for point in POINTS:
        table.add_column(point.replace("-", "\n"), justify="right")
    for row in rows:
        table.add_row(row.service, row.work, *(row.cell(point) for point in POINTS))
    console = console or Console(width=150, highlight=False)
    console.print(table)
    deaths = sum(row.survived.total() for row in rows)
    missing = sum(row.cell(point) == MISSING for row in rows for point in POINTS)
    faults = sum(len(row.faults) for row in rows)
    passed = sum(row.passed for row in rows)
    seconds = sum(row.seconds for row in rows)
    console.print(
        f"{len(rows)} kinds of work, {deaths} deaths survived, {faults} not,"
        f" {passed} places of a race not come by again, {missing} cells missing; {seconds:.0f} s"
    )
