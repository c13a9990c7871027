"""In which order the rows of an import are applied: those first that others answer to (R 1.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from services.directory.domain.importing import Outcome


class CardOutline(BaseModel):
    """As much of a card as the order needs."""

    parent: str | None = None


class RowOutline(BaseModel):
    """As much of a row as the order needs: read for all rows at once, unlike the rows."""

    number: int
    key: str | None = None
    card: CardOutline | None = None
    outcome: Outcome | None = None


class PartOutline(BaseModel):
    """Some rows of a file, in its order."""

    id: str
    rows: list[RowOutline]


def in_order(parts: Sequence[PartOutline]) -> list[tuple[str, frozenset[int]]]:
    """(part, numbers of its rows): the rows of which nothing is known yet, as they are applied.

    Together are those of a part that stand equally far from the top.
    """
    left = [
        (place, row) for place, part in enumerate(parts) for row in part.rows if row.outcome is None
    ]
    depth = depths(row for _, row in left)
    groups: Mapping[tuple[int, int], set[int]] = defaultdict(set)
    for place, row in left:
        groups[depth[row.number], place].add(row.number)
    return [(parts[place].id, frozenset(groups[at, place])) for at, place in sorted(groups)]


def depths(rows: Iterable[RowOutline]) -> dict[int, int]:
    """By number, behind how many organizations of these rows a row stands.

    In a circle, which no row in it is good for, every row has some finite depth.
    """
    listed = list(rows)
    parent_of = {row.key: row.card.parent for row in listed if row.key and row.card}
    height: dict[str | None, int] = {}
    for start in parent_of:
        way: list[str] = []
        key: str | None = start
        while key is not None and key in parent_of and key not in height:
            height[key] = 0
            way.append(key)
            key = parent_of[key]
        above = height.get(key, 0)
        for below in reversed(way):
            above += 1
            height[below] = above
    return {row.number: height.get(row.card.parent, 0) if row.card else 0 for row in listed}
