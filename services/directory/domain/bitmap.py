"""Sets of services as the bits of one number: a question over thousands is a few operations.

A service has a place (0, 1, 2 …) in every set. Python's numbers hold any count of bits, and `&`,
`|` and `bit_count` run over all of them at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Bitmaps(Generic[K]):
    """Named sets, and for each place the names it is in, so that it can be taken out again."""

    def __init__(self) -> None:
        self._sets: dict[K, int] = {}
        self._names: dict[int, tuple[K, ...]] = {}

    def __getitem__(self, name: K) -> int:
        return self._sets.get(name, 0)

    def __iter__(self) -> Iterator[K]:
        return iter(self._sets)

    def items(self) -> Iterable[tuple[K, int]]:
        """Every set that is not empty, by its name."""
        return self._sets.items()

    def put(self, place: int, names: Iterable[K]) -> None:
        """The place is in these sets and in no others."""
        self.take_out(place)
        bit, kept = 1 << place, tuple(dict.fromkeys(names))
        for name in kept:
            self._sets[name] = self._sets.get(name, 0) | bit
        self._names[place] = kept

    def put_all(self, named: Iterable[tuple[int, Iterable[K]]]) -> None:
        """Many new places at once; each set is made in one go."""
        places: dict[K, list[int]] = defaultdict(list)
        for place, names in named:
            self._names[place] = tuple(dict.fromkeys(names))
            for name in self._names[place]:
                places[name].append(place)
        for name, listed in places.items():
            row = bytearray(max(listed) // 8 + 1)
            for place in listed:
                row[place >> 3] |= 1 << (place & 7)
            self._sets[name] = self[name] | int.from_bytes(row, "little")

    def take_out(self, place: int) -> None:
        """The place is in no set."""
        bit = 1 << place
        for name in self._names.pop(place, ()):
            left = self._sets[name] & ~bit
            if left:
                self._sets[name] = left
            else:
                del self._sets[name]


def places_of(bits: int) -> Iterator[int]:
    """The places of a set, in their order."""
    size = (bits.bit_length() + 7) // 8
    for number, byte in enumerate(bits.to_bytes(size, "little")):
        if byte:
            for offset in range(8):
                if byte >> offset & 1:
                    yield number * 8 + offset
