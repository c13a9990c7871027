"""Chance that repeats: the same id fails, is late or comes twice in every run with one seed."""

from __future__ import annotations

import hashlib

STEPS = 2**32


class Chance:
    """Draws numbers from ids."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def of(self, what: str, subject: str) -> float:
        """A number from 0 up to, but not including, 1."""
        digest = hashlib.sha256(f"{self._seed}|{what}|{subject}".encode()).digest()
        return int.from_bytes(digest[:4]) / STEPS

    def hits(self, what: str, subject: str, share: float) -> bool:
        """Whether this subject belongs to the share of those that something happens to."""
        return self.of(what, subject) < share
