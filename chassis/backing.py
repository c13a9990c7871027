"""The backing services a service stands on: how its database and the broker are reached.

The tests' simulation brings its own, in memory; everything above them is the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.bus import Bus
from chassis.store import connect


@dataclass(frozen=True, slots=True)
class Backing:
    """How to connect to the store and to the broker; by default the real ones."""

    connect: Callable[..., Any] = connect
    bus: Callable[..., Any] = Bus


REAL = Backing()
