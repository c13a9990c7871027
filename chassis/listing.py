"""Lists: one indexed field for each, so that any page of it is one range of one index.

Invariant: a list's field holds the values it is found and ordered by, then the id, as one string
that sorts as they do. The embedded server uses an index for an equality or a range of a single
field only: compound indexes, `$or` and `$in` have it read every document. A range of one field is
as quick on any MongoDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Scalar = str | int

SEPARATOR = "!"
"""Sorts before whatever a value is made of, so that a shorter value comes before a longer one."""
BEHIND = '"'
"""The character after it: what follows every string that begins with a value."""
DIGITS = 19
START = "="
"""Before every position: the embedded server takes a text that begins like a date for one."""

Fields = tuple[str, ...]
Order = Sequence[tuple[str, int]]


class NoSuchList(LookupError):
    """A question no list was declared for: it would read every document."""


class Lists:
    """What a kind of document is found and listed by: single fields, and lists of several.

    A list `("institution", "status", "due")` is asked for an institution and a status and ordered
    by the due time; a range of the due time narrows it.
    """

    def __init__(self, indexed: Sequence[Fields], fixed: Sequence[str] = ()) -> None:
        """`fixed` are fields that have an index of their own whatever is listed."""
        self.single = [fields[0] for fields in indexed if len(fields) == 1]
        self._rows = {
            _without_id(fields): "row_" + "_".join(_without_id(fields))
            for fields in indexed
            if len(fields) > 1
        }
        self._quick = {"id", "_id", *fixed, *self.indexed}

    @property
    def indexed(self) -> list[str]:
        """Every field that wants an index."""
        return [*self.single, *self._rows.values()]

    def rows(self, scalars: Mapping[str, Scalar], document_id: str) -> dict[str, str]:
        """The fields of a document that has these values."""
        return {
            name: START + _position([*(scalars[field] for field in fields), document_id])
            for fields, name in self._rows.items()
        }

    def narrow(
        self, query: Mapping[str, Any], sort: Order, after: tuple[Scalar, str] | None = None
    ) -> tuple[dict[str, Any], Order]:
        """The same question to one index; `after` is the value and id the page before ended with.

        What the best list does not answer is asked of the documents it finds. Raises NoSuchList
        where there is none.
        """
        by = sort[0][0] if sort else None
        fields = self._list_for(query, by)
        if fields is None:
            if after is not None or not self._is_narrow(query, by):
                raise NoSuchList(f"no list by {', '.join(query)} in order of {by}")
            return dict(query), sort
        last = fields[-1]
        prefix = START + "".join(_part(query[field]) + SEPARATOR for field in fields[:-1])
        low, high = _bounds(prefix, query.get(last, {}))
        falling = bool(sort) and sort[0][1] < 0
        if after is not None and falling:
            high = min(high, prefix + _position(after))
        elif after is not None:
            low = max(low, prefix + _position(after) + "\0")
        left = {name: value for name, value in query.items() if name not in fields}
        order = [(self._rows[fields], sort[0][1] if sort else 1)]
        return {self._rows[fields]: {"$gte": low, "$lt": high}, **left}, order

    def _is_narrow(self, query: Mapping[str, Any], by: str | None) -> bool:
        """Whether one indexed field finds few enough: the rest is asked of what it finds.

        In an order of its own it finds by that field alone.
        """
        asked = query.keys() - {"id"}
        if by in {None, "id"}:
            return not asked or not self._quick.isdisjoint(asked)
        return by in self._quick and asked <= {by}

    def _list_for(self, query: Mapping[str, Any], by: str | None) -> Fields | None:
        """The longest list whose fields are asked for, in the order that is asked for."""
        equal = {name for name, value in query.items() if isinstance(value, Scalar)}
        fitting = [
            fields
            for fields in self._rows
            if set(fields[:-1]) <= equal
            and (by == fields[-1] or (by is None and fields[-1] in query))
        ]
        return max(fitting, key=len, default=None)


def _bounds(prefix: str, wanted: Scalar | Mapping[str, Scalar]) -> tuple[str, str]:
    """Where the positions with this prefix begin and end, as far as their last value is wanted."""
    whole = prefix == START
    low, high = prefix, START + "~~" if whole else prefix[:-1] + BEHIND
    if isinstance(wanted, Scalar):
        wanted = {"$gte": wanted, "$lte": wanted}
    for operator, value in wanted.items():
        edge = prefix + _part(value)
        if operator in {"$gt", "$gte"}:
            low = max(low, edge + (BEHIND if operator == "$gt" else ""))
        else:
            high = min(high, edge + (BEHIND if operator == "$lte" else ""))
    return low, high


def _without_id(fields: Fields) -> Fields:
    """Every list is ordered by id in the end; it need not be said."""
    return fields[:-1] if fields[-1] == "id" else fields


def _position(values: Sequence[Scalar]) -> str:
    return SEPARATOR.join(map(_part, values))


def _part(value: Scalar) -> str:
    """A value as part of a position: numbers of one length, and no separator within a text."""
    if isinstance(value, str):
        return value.replace("~", "~1").replace(SEPARATOR, "~2").replace(BEHIND, "~3")
    if not 0 <= value < 10**DIGITS:
        raise ValueError("what is listed by a number is not negative")
    return f"{value:0{DIGITS}d}"
