"""Ranking by sets: services of one weight are one set, so thousands are ordered in a few steps."""

from __future__ import annotations

from collections.abc import Callable

from services.directory.domain.bitmap import places_of

Levels = dict[int, int]
"""Services by weight."""


def ranked(hits: int, weighed: list[Levels]) -> list[int]:
    """The services found in groups, best first, each group of one weight."""
    groups = {0: hits}
    for levels in weighed:
        next_groups: dict[int, int] = {}
        for sum_so_far, bits in groups.items():
            left = bits
            for weight, of_weight in levels.items():
                both = left & of_weight
                if both:
                    total = sum_so_far + weight
                    next_groups[total] = next_groups.get(total, 0) | both
                    left &= ~both
            if left:
                next_groups[sum_so_far] = next_groups.get(sum_so_far, 0) | left
        groups = next_groups
    return [groups[weight] for weight in sorted(groups, reverse=True)]


def page_of(ranked: list[int], start: int, count: int, id_of: Callable[[int], str]) -> list[int]:
    """Some of the places, in the order of the groups and within one in that of the services' ids.

    Places are given as services come, which differs from replica to replica; ids are the same for
    all of them, so pages taken by turns from several hold each service once.
    """
    places: list[int] = []
    for bits in ranked:
        size = bits.bit_count()
        if start >= size:
            start -= size
            continue
        group = sorted(places_of(bits), key=id_of)
        places += group[start : start + count - len(places)]
        start = 0
        if len(places) == count:
            break
    return places
