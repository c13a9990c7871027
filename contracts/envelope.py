"""The envelope every event travels in: CloudEvents 1.0, structured JSON.

`id` is `<stream>:<sequence>`, so an event is recognised however often it is delivered, and the
order within a stream is data, not a property of the transport.
"""

from __future__ import annotations

import builtins
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from contracts.event import PREFIX, REGISTERED, Event
from contracts.values import Identifier

CONTENT_TYPE = "application/cloudevents+json"
SEQUENCE_DIGITS = 10
ID_LENGTH = 200
STREAM_LENGTH = ID_LENGTH - SEQUENCE_DIGITS - len(":")

Short = Annotated[str, Field(min_length=1, max_length=ID_LENGTH)]


def sequence_text(number: int) -> str:
    """A sequence number as the CloudEvents extension asks: a string that sorts like numbers."""
    return f"{number:0{SEQUENCE_DIGITS}d}"


def misfits(failure: ValidationError) -> list[str]:
    """Which parts do not fit, without what stands in them; `body` where it is the whole."""
    return sorted({".".join(map(str, error["loc"])) or "body" for error in failure.errors()})


class Envelope(BaseModel):
    """One event on the wire. Unknown attributes are kept out of sight, never an error."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Short
    source: Short = Field(description="/<district>/<service>")
    type: Annotated[str, Field(pattern=r"^ru\.opora\.[a-z]+\.[a-z0-9-]+\.v[0-9]+$", max_length=200)]
    subject: Identifier = Field(description="id of what the stream is about")
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Short
    stream: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$",
            max_length=STREAM_LENGTH,
            description="kind of the stream and what it is about, with a point between",
        ),
    ]
    sequence: Annotated[str, Field(pattern=rf"^[0-9]{{{SEQUENCE_DIGITS}}}$")]
    correlationid: Short
    causationid: Short | None = None
    district: Short
    traceparent: Short | None = None
    data: dict[str, Any]

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if self.id != f"{self.stream}:{self.number}":
            raise ValueError("id: is not <stream>:<sequence>")
        if not self.stream.endswith(f".{self.subject}"):
            raise ValueError("subject: is not what the stream is about")
        if self.number < 1:
            raise ValueError("sequence: begins with 1")
        return self

    @property
    def number(self) -> int:
        """Position of the event in its stream, from 1."""
        return int(self.sequence)

    @property
    def stream_kind(self) -> str:
        """The stream without what it is about, e.g. `intake.case`."""
        return self.stream.removesuffix(f".{self.subject}")

    @property
    def routing_key(self) -> str:
        """Topic the event is published under."""
        return self.type.removeprefix(PREFIX)

    @property
    def declared(self) -> builtins.type[Event] | None:
        """The class its type names; None if the type is unknown."""
        return REGISTERED.get(self.type)

    def event(self) -> Event | None:
        """The typed event, unknown fields ignored at every depth; None if the type is unknown.

        Raises pydantic.ValidationError when the data do not fit the declared type.
        """
        declared = self.declared
        if declared is None:
            return None
        return declared.model_validate(self.data, extra="ignore")
