"""What of a service's answers the commands need; whatever else it says is passed on as it is.

An answer that lacks some of it is none of Opora's, or one of another version: better said than
guessed at.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

T = TypeVar("T")


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(strict=True)


class Live(Answer):
    """Who it is that answers."""

    service: str


class Waiting(Answer):
    """What waits in a service."""

    oldest_unhandled: float
    due_lag: float
    sweep_lag: float
    outboxes: int
    outbox_age: float
    parked: int
    parked_age: float
    blocked: int
    letters: int


class Standing(Answer):
    """How a service stands."""

    ready: dict[str, bool]
    queues: dict[str, int | None] | None
    standing: Waiting | None


class Page(Answer, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None


class SetAside(Answer):
    """An event that waits in a document."""

    service: str
    collection: str
    document: str
    event: str
    type: str
    reason: str | None
    waits_for: str
    since: int


class Letter(Answer):
    """A message that could not be decoded."""

    id: str
    received_at: str
    routing_key: str
    size: int
    fields: list[str]


class Outcome(Answer):
    """What a deed did."""

    applied: bool
    reason: str | None
    released: int


class Resent(Answer):
    """A page of a re-emission."""

    events: int
    next: str | None


class ResentDocuments(Resent):
    """A page of a re-emission by documents."""

    documents: int


class By(Answer):
    """Who did it."""

    id: str


class Intervention(Answer):
    """What an operator did."""

    at: str
    by: By
    action: str
    about: str
    reason: str
    outcome: dict[str, Any] | None
    refused: str | None


class Reads(Answer):
    """A kind of stream that a collection reads."""

    collection: str
    stream: str
    by_subject: bool


class Streams(Answer):
    """What a service speaks on and reads."""

    speaks: dict[str, str]
    reads: list[Reads]


class Position(Answer):
    """How far one document has spoken and read."""

    id: str
    issued: int
    read: dict[str, int]
    parked_since: int


class Positions(Answer):
    """The same of one document, in full."""

    issued: int
    unconfirmed: int
    read: dict[str, int]
    parked: dict[str, str | None]


class Summary(Answer):
    """What the register has."""

    events: int


class Line(Answer):
    """A line of a case's timeline."""

    time: str
    stream: str
    sequence: int
    title_en: str
    who: dict[str, Any]


class Record(Answer):
    """Something the register has; what it says is only shown."""


def fits(shape: type[Any], answer: Any) -> bool:
    """Whether an answer has all that is needed of it."""
    try:
        TypeAdapter(shape).validate_python(answer)
    except ValidationError:
        return False
    return True
