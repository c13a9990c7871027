"""Chance enters the system here and nowhere else: ids, marks, the jitter of pauses.

Drawn from the operating system. A simulation brings its own dice, for the tasks of one context, so
that one seed always runs the same way.
"""

from __future__ import annotations

import random
import uuid
from contextvars import ContextVar

_system = random.SystemRandom()

dice: ContextVar[random.Random] = ContextVar("dice", default=_system)
"""What chance is drawn from."""


def token_hex(length: int) -> str:
    """So many random bytes, as hexadecimal digits."""
    return dice.get().randbytes(length).hex()


def uuid4() -> uuid.UUID:
    """A random UUID."""
    return uuid.UUID(bytes=dice.get().randbytes(16), version=4)


def uniform(low: float, high: float) -> float:
    """A random number between two others."""
    return dice.get().uniform(low, high)
