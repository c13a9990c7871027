"""The driver's side of the tables: a client, a database and collections as PyMongo has them.

A `Line` carries each operation to the tables and its result back; that of a simulated process
takes time, loses messages and breaks with the process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tests.simulation.table import Stored, Table

T = TypeVar("T")
Wrote = Callable[[str, Mapping[str, Any]], None]
"""Told of every document that was written: (collection, document)."""


class Line(Protocol):
    """How an operation gets to the server and its result back."""

    async def carry(self, point: str, about: str, operation: Callable[[], T]) -> T:
        """The operation's result; raises pymongo's errors, and ConnectionFailure of its own."""


class Straight:
    """A line without delay or loss."""

    async def carry(self, point: str, about: str, operation: Callable[[], T]) -> T:
        return operation()


class Tables:
    """A database on the server: it outlives every process."""

    def __init__(self, wrote: Wrote = lambda collection, document: None) -> None:
        self.wrote = wrote
        self._tables: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        return self._tables.setdefault(name, Table())

    @property
    def names(self) -> list[str]:
        """Its collections."""
        return list(self._tables)

    def copy(self, wrote: Wrote) -> Tables:
        """The same documents, on their own from here on."""
        made = Tables(wrote)
        made._tables = {name: table.copy() for name, table in self._tables.items()}
        return made


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replacement came to."""

    matched_count: int


class Collection:
    """What `chassis.store.Collection` uses of the driver's."""

    def __init__(self, name: str, tables: Tables, line: Line) -> None:
        self._name = name
        self._tables = tables
        self._table = tables[name]
        self._line = line

    async def create_index(
        self, keys: Sequence[tuple[str, int]], *, unique: bool = False, sparse: bool = False
    ) -> None:
        field = keys[0][0]
        await self._line.carry("index", self._name, lambda: self._table.index(field, unique=unique))

    async def insert_one(self, document: Mapping[str, Any]) -> None:
        def insert() -> None:
            self._table.insert(document)
            self._tables.wrote(self._name, document)

        await self._line.carry("write", f"{self._name}/{document['_id']}", insert)

    async def replace_one(self, key: Mapping[str, Any], document: Mapping[str, Any]) -> Replaced:
        def replace() -> Replaced:
            matched = self._table.replace(key, document)
            if matched:
                self._tables.wrote(self._name, document)
            return Replaced(matched)

        return await self._line.carry("write", f"{self._name}/{document['_id']}", replace)

    async def find_one(self, query: Mapping[str, Any]) -> Stored | None:
        return await self._line.carry(
            "read", f"{self._name}/{query['_id']}", lambda: self._table.get(query["_id"])
        )

    def find(self, query: Mapping[str, Any], parts: Sequence[str] | None = None) -> Cursor:
        return Cursor(self._name, self._table, self._line, query, parts)


class Cursor:
    """Documents found, all in one round trip."""

    def __init__(
        self,
        name: str,
        table: Table,
        line: Line,
        query: Mapping[str, Any],
        parts: Sequence[str] | None,
    ) -> None:
        self._name, self._table, self._line, self._query = name, table, line, query
        self._parts = parts
        self._limit = 0
        self._sort: Sequence[tuple[str, int]] = ()

    def limit(self, count: int) -> Cursor:
        self._limit = count
        return self

    def sort(self, keys: Sequence[tuple[str, int]]) -> Cursor:
        self._sort = keys
        return self

    async def __aiter__(self) -> AsyncIterator[Stored]:
        for found in await self._line.carry("query", self._name, self._found):
            yield found

    def _found(self) -> list[Stored]:
        found = self._table.find(self._query, self._sort, self._limit)
        if self._parts is None:
            return found
        wanted = {"_id", *self._parts}
        return [{name: value for name, value in one.items() if name in wanted} for one in found]


class Database:
    """A database as a process sees it."""

    def __init__(self, tables: Tables, line: Line) -> None:
        self._tables, self._line = tables, line

    def __getitem__(self, name: str) -> Collection:
        return Collection(name, self._tables, self._line)


class Client:
    """The client; it is also its own `admin` database."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.admin = self

    async def command(self, name: str) -> None:
        await self._line.carry("ping", name, lambda: None)

    async def close(self) -> None:
        return None
