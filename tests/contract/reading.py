"""The real readers of the real services, without broker or database."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.consumer import Reader, Target
from chassis.document import Document, Origin, Reading, Receipt, receive
from chassis.service import Service
from chassis.store import Collection
from contracts.context import Context
from contracts.envelope import Envelope, sequence_text
from contracts.values import SYSTEM
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials

SERVICES = ("intake", "assessment", "careplan", "complaints", "directory", "registry")
DISTRICT = "leninsk-kuznetsky"
MOMENT_MS = 1_800_000_000_000


def made(name: str, credentials: Credentials) -> Service:
    """A service put together by its own `main.py`; nothing connects before it starts."""
    declared = vars(importlib.import_module(f"services.{name}.settings"))
    kind = next(value for key, value in declared.items() if key.lower() == f"{name}settings")
    settings = kind(
        amqp_url="amqp://127.0.0.1:1/",
        mongo_url="mongodb://127.0.0.1:1/",
        district=DISTRICT,
        jwks_file=credentials.jwks_file,
        issuer=ISSUER,
        audience=AUDIENCE,
        identity_key=credentials.identity_key,
        pension_fund_url="http://127.0.0.1:1",
        pension_fund_token="t",
    )
    service: Service = (
        importlib.import_module(f"services.{name}.main").create_app(settings).state.service
    )
    return service


@dataclass(frozen=True, slots=True)
class RealReader:
    """One collection of a service with one stream it reads."""

    service: Service
    reader: Reader
    stream_kind: str

    def __str__(self) -> str:
        return f"{self.service.name}/{self.collection.spec.name}"

    @property
    def collection(self) -> Collection[Any]:
        return self.reader.collection

    @property
    def target(self) -> Target:
        """Which document an event of the stream concerns."""
        return self.reader.streams[self.stream_kind]

    @property
    def reading(self) -> Reading:
        """The service's handlers, as its consumer uses them."""
        own = f"{self.service.name}.{self.collection.spec.name.removesuffix('s')}"

        def context(envelope: Envelope) -> Context:
            return Context(envelope.time, SYSTEM, self.service.calendar, about=envelope.subject)

        return Reading(self.reader.handlers, Origin(own, self.service.name, DISTRICT), context)

    def take(self, document: Document[Any], body: dict[str, Any]) -> Receipt:
        """Read an event as the next of its stream into a document."""
        return receive(document, as_next(body, document, self), self.reading, MOMENT_MS)


class Readers:
    """Every reader of every service."""

    def __init__(self, directory: Path) -> None:
        credentials = Credentials(directory)
        self.services = {name: made(name, credentials) for name in SERVICES}

    def collection(self, service: str, name: str) -> Collection[Any]:
        """A service's collection."""
        return self.services[service].collections[name]

    def of(self, stream_kind: str) -> Iterator[RealReader]:
        """Who reads a kind of stream."""
        for service in self.services.values():
            for reader in service.readers:
                if stream_kind in reader.streams:
                    yield RealReader(service, reader, stream_kind)


def as_next(body: dict[str, Any], document: Document[Any], reader: RealReader) -> Envelope:
    """The event on the wire, told of this document as the next that it has to read."""
    subject = str(body["subject"])
    data = body["data"]
    if "case_id" in data and reader.target(Envelope.model_validate(body)) == data["case_id"]:
        data = {**data, "case_id": document.id}  # a complaint's stream, read into its case
    else:
        subject = document.id
    stream = f"{reader.stream_kind}.{subject}"
    waiting = [e.envelope.number for e in document.parked if e.envelope.stream == stream]
    number = max([document.streams.get(stream, 0), *waiting]) + 1
    return Envelope.model_validate(
        {
            **body,
            "id": f"{stream}:{number}",
            "subject": subject,
            "stream": stream,
            "sequence": sequence_text(number),
            "data": data,
        }
    )


def later(node: Any) -> Any:
    """The same said by a newer writer: a field nobody knows yet added at every depth."""
    if isinstance(node, dict):
        return {**{name: later(value) for name, value in node.items()}, "novelty": {"a": [1]}}
    return [later(item) for item in node] if isinstance(node, list) else node
