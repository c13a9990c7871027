"""A table of whole documents, as the store uses them: compare-and-set, unique values, ranges.

Documents are kept as BSON, so nobody's later change of what they gave or got comes through, and
what a real database could not hold is refused here too.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import bson
from pymongo.errors import DuplicateKeyError

Stored = dict[str, Any]
Scalar = str | int

RANGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$in": lambda value, among: value in among,
}

ABSENT = {"$exists": False}


class Table:
    """The documents of one collection."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}
        self._scalars: dict[str, Mapping[str, Scalar]] = {}
        self._indexes: dict[str, dict[Scalar, dict[str, None]]] = {}
        self._unique: set[str] = set()

    def index(self, field: str, *, unique: bool) -> None:
        """Find by this field at once; a unique one takes each value once, and none at all."""
        if unique:
            self._unique.add(field)
        if field in self._indexes:
            return
        self._indexes[field] = {}
        for document_id, scalars in self._scalars.items():
            self._enter(field, document_id, scalars)

    def insert(self, document: Mapping[str, Any]) -> None:
        """A new document; raises DuplicateKeyError where its id or a unique value is taken."""
        if document["_id"] in self._documents:
            raise DuplicateKeyError("_id is taken", 11000)
        self._put(document)

    def replace(self, key: Mapping[str, Any], document: Mapping[str, Any]) -> int:
        """The document of this id and these values, if there is one, becomes another; how many."""
        known = self._scalars.get(key["_id"])
        if known is None or not _fits(known, key):
            return 0
        self._put(document)
        return 1

    def get(self, document_id: str) -> Stored | None:
        """A copy of the document."""
        found = self._documents.get(document_id)
        return None if found is None else bson.decode(found)

    def find(
        self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]], limit: int
    ) -> list[Stored]:
        """Copies of the documents that fit, sorted, so many at most (0: all)."""
        found = [
            document_id
            for document_id in self._candidates(query)
            if _fits(self._scalars[document_id], query)
        ]
        for field, direction in reversed(sort):
            found.sort(
                key=lambda document_id, by=field: _rank(self._scalars[document_id].get(by)),  # type: ignore[misc]
                reverse=direction < 0,
            )
        return [bson.decode(self._documents[one]) for one in found[: limit or None]]

    def copy(self) -> Table:
        """The same documents, on their own from here on."""
        made = Table()
        made._documents, made._scalars = dict(self._documents), dict(self._scalars)
        made._unique = set(self._unique)
        made._indexes = {
            field: {value: dict(ids) for value, ids in entries.items()}
            for field, entries in self._indexes.items()
        }
        return made

    def __iter__(self) -> Iterator[Stored]:
        return (bson.decode(document) for document in list(self._documents.values()))

    def _candidates(self, query: Mapping[str, Any]) -> list[str]:
        if isinstance(query.get("_id"), str):
            return [query["_id"]] if query["_id"] in self._documents else []
        for field, wanted in query.items():
            entries = self._indexes.get(field)
            if entries is None or field == "id" or wanted == ABSENT:
                continue
            if not isinstance(wanted, Mapping):
                return list(entries.get(wanted, ()))
            values = [value for value in entries if _in_range(value, wanted)]
            return [document_id for value in values for document_id in entries[value]]
        return list(self._documents)

    def _put(self, document: Mapping[str, Any]) -> None:
        document_id = document["_id"]
        encoded = bson.encode(document)
        scalars = {name: value for name, value in document.items() if isinstance(value, str | int)}
        for field in self._unique:
            if field in scalars:
                holders = self._indexes[field].get(scalars[field], ())
                if any(holder != document_id for holder in holders):
                    raise DuplicateKeyError(f"{field} is taken", 11000)
        before = self._scalars.get(document_id)
        for field in self._indexes:
            if before is not None and field in before:
                holders = self._indexes[field][before[field]]
                del holders[document_id]
                if not holders:
                    del self._indexes[field][before[field]]
            self._enter(field, document_id, scalars)
        self._documents[document_id], self._scalars[document_id] = encoded, scalars

    def _enter(self, field: str, document_id: str, scalars: Mapping[str, Scalar]) -> None:
        if field in scalars:
            self._indexes[field].setdefault(scalars[field], {})[document_id] = None


def _fits(scalars: Mapping[str, Scalar], query: Mapping[str, Any]) -> bool:
    for field, wanted in query.items():
        if field in {"$or", "$and"}:
            holds = any if field == "$or" else all
            if not holds(_fits(scalars, part) for part in wanted):
                return False
        elif wanted == ABSENT:
            if field in scalars:
                return False
        elif isinstance(wanted, Mapping):
            if field not in scalars or not _in_range(scalars[field], wanted):
                return False
        elif scalars.get(field) != wanted:
            return False
    return True


def _in_range(value: Scalar, wanted: Mapping[str, Any]) -> bool:
    return all(
        (name == "$in" or isinstance(value, str) == isinstance(bound, str))
        and RANGES[name](value, bound)
        for name, bound in wanted.items()
    )


def _rank(value: Scalar | None) -> tuple[int, Any]:
    """None first, then numbers, then text."""
    return (0, 0) if value is None else (2, value) if isinstance(value, str) else (1, value)
