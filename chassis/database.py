"""The database: how long it is waited for, how firmly it must write, and what it can hold.

Invariant: every write asks for majority and journal, whatever the URL says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bson
from bson.errors import BSONError
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, WriteConcernError
from pymongo.monitoring import CommandListener
from pymongo.uri_parser import parse_uri

AWAY = (ConnectionFailure, ExecutionTimeout, WriteConcernError)
"""What says that the database did not answer, or not as firmly as it was asked to."""

PATIENCE = {"serverSelectionTimeoutMS": 5000, "connectTimeoutMS": 5000, "socketTimeoutMS": 10000}
"""A database that hangs is a database that is away. The URL may set other limits."""


def connect(
    url: str, database: str, listeners: Sequence[CommandListener] = ()
) -> tuple[AsyncMongoClient[dict[str, Any]], AsyncDatabase[Any]]:
    """The client and a service's own database; writes ask for majority and journal."""
    chosen = parse_uri(url)["options"]
    limits: dict[str, Any] = {name: ms for name, ms in PATIENCE.items() if name not in chosen}
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        url,
        appname=database,
        uuidRepresentation="standard",
        event_listeners=list(listeners),
        **limits,
    )
    return client, client.get_database(database, write_concern=WriteConcern(w="majority", j=True))


class CannotBeHeld(ValueError):
    """JSON allows what BSON cannot hold: numbers over 64 bits, keys with a null character."""


def stored_size(document: Mapping[str, Any]) -> int:
    """Bytes that it takes in the database; raises CannotBeHeld."""
    try:
        return len(bson.encode(document))
    except (BSONError, OverflowError) as failure:
        raise CannotBeHeld from failure
