"""The backing a service stands on: how its database and the broker are reached, and how it ends.

The tests' simulation brings its own, in memory; everything above them is the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.bus import Bus
from chassis.database import connect
from chassis.watchdog import end_process


@dataclass(frozen=True, slots=True)
class Backing:
    """How to connect to the store and to the broker, and to end the process; by default really."""

    connect: Callable[..., Any] = connect
    bus: Callable[..., Any] = Bus
    end: Callable[[], None] = end_process


REAL = Backing()
