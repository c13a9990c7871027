"""The connection to the database: how long it is waited for, and how firmly it must write.

Invariant: every write asks for majority and journal, whatever the URL says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
