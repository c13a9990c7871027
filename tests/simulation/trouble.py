"""What goes wrong, and where: drawn as a list, or at random throughout."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.failpoints import POINTS

ACTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(POINTS, ("crash",)),
    "read": ("lose-reply", "late", "store-away"),
    "query": ("lose-reply", "late"),
    "write": ("lose-reply", "lose-request", "late", "store-away"),
    "publish": ("refuse", "lose-answer", "late", "twice", "broker-away"),
    "deliver": ("again", "again-later", "late", "disconnect"),
    "request": ("lose-answer", "lose-request", "twice"),
    "outside": ("stall", "fail-after", "refuse", "twice"),
    "second": ("crash", "stop", "jump", "replica"),
}
"""What may go wrong at each point that a service comes by."""


@dataclass(frozen=True, slots=True)
class Fault:
    """At its nth time at a point a service meets with this."""

    action: str
    service: str
    point: str
    nth: int


class Trouble(Protocol):
    """Decides, each time a service comes by a point, whether something happens there."""

    def at(self, service: str, point: str) -> str | None:
        """The action, or None."""


class Planned:
    """The faults of a list, each once. `met` are those that took place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._due = {(fault.service, fault.point, fault.nth): fault for fault in faults}
        self._passed: Counter[tuple[str, str]] = Counter()
        self.met: list[Fault] = []

    def at(self, service: str, point: str) -> str | None:
        self._passed[service, point] += 1
        fault = self._due.get((service, point, self._passed[service, point]))
        if fault is None:
            return None
        self.met.append(fault)
        return fault.action


class Throughout:
    """Faults at random, until they are ended. `rates` are probabilities by point and action."""

    def __init__(
        self, dice: random.Random, rates: Mapping[str, Sequence[tuple[str, float]]]
    ) -> None:
        self._dice = dice
        self._rates = rates
        self.ended = False
        self.met: Counter[tuple[str, str]] = Counter()

    def at(self, service: str, point: str) -> str | None:
        rates = self._rates.get(point)
        if self.ended or rates is None:
            return None
        drawn = self._dice.random()
        for action, probability in rates:
            drawn -= probability
            if drawn < 0:
                self.met[action, point] += 1
                return action
        return None
