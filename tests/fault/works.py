"""The kinds of work that a process may die at: every handler, commands, alarms, errands.

Handlers are asked of the services themselves, so that a new one is a new kind of work; each is
given a document and an event out of the recording, if it can be one at which the handler speaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fastapi import FastAPI

from chassis.service import Service
from contracts.envelope import Envelope
from contracts.event import PREFIX
from tests.fault.recording import Call, Recording, Stored, Write

RANDOM = re.compile(r"(?<![A-Za-z0-9])[A-Z][0-9a-f]{32}(?![0-9a-f])")
"""An id that a process made up."""

Seeds = tuple[tuple[str, Stored], ...]
"""Collection and document of each."""

COMMANDS = {
    "intake": (r"/fhir", r"/cases/[^/]+/documents"),
    "assessment": (r"/cases/[^/]+/survey-visit",),  # its cases are opened by events
    "careplan": (r"/cases/[^/]+/plan",),  # so are these
    "complaints": (r"/complaints", r"/complaints/[^/]+/decision"),
    "directory": (r"/organizations", r"/organizations/[^/]+"),
}
"""A creation and a change of every service that has commands."""

OF_SEVERAL_WRITES = {
    "intake": (
        r"/citizen-pairs/[^/]+/decision",
        r"/citizen-pairs/[^/]+/undoing",
        r"/cases/[^/]+/consent/withdrawal",
    ),
}
"""Commands that an errand finishes where they died on their way."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a service is given to do, and on what."""

    service: str
    name: str
    at: datetime
    """What the service's clock says."""
    seeds: Seeds
    """What is stored beforehand."""
    speaks: bool
    """Whether events were issued when it was recorded."""
    ids: tuple[str, ...] = ()
    """Ids that are other ones in each run, so that runs know nothing of each other. None where
    what is stored is more than its ids (fingerprints, codes): each run has a process to itself."""
    names: tuple[str, ...] = ()
    """What those ids are when nobody is renamed."""
    event: Envelope | None = None
    call: Call | None = None
    finished: bool = False
    """Whether an errand finishes what a death left of it, without the caller. It may be at it while
    the command still is: each finds what the other has done, and how often they come by a place is
    another number in each run."""

    @property
    def known(self) -> frozenset[str]:
        """The ids it begins with, as they are called in every run."""
        event = self.event.model_dump_json() if self.event is not None else ""
        call = (self.call.path, self.call.body) if self.call is not None else ()
        text = json.dumps((self.seeds, call, event), ensure_ascii=False)
        return frozenset(
            RANDOM.findall(renamed(text, dict(zip(self.ids, self.names, strict=False))))
        )

    def again(self, run: int) -> Work:
        """The same work about others."""
        names = {name: f"{name}-{run}" for name in self.ids}
        seeds = json.loads(renamed(json.dumps(self.seeds, ensure_ascii=False), names))
        event = self.event
        if event is not None:
            event = Envelope.model_validate_json(renamed(event.model_dump_json(), names))
        return replace(
            self,
            seeds=tuple((collection, document) for collection, document in seeds),
            ids=tuple(names.values()),
            names=self.ids,
            event=event,
        )


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with other ids in it."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def works_of(service: str, app: FastAPI, recording: Recording) -> list[Work]:
    """All kinds of work of a service."""
    return [
        *_handlers(app.state.service, recording),
        *(_command(service, path, recording) for path in COMMANDS.get(service, ())),
        *(
            replace(_command(service, path, recording), finished=True)
            for path in OF_SEVERAL_WRITES.get(service, ())
        ),
        *_alarms(app.state.service, recording),
        *(_errands(recording) if service == "intake" else ()),
    ]


def background(service: str, recording: Recording) -> Seeds:
    """Copies of the directory, which every work finds there."""
    if service == "directory":
        return ()
    stored = recording.stored_before(service, len(recording.writes))
    return tuple(
        (collection, at_rest(document))
        for collection, document in stored
        if collection == "organizations"
    )


def at_rest(document: Stored) -> Stored:
    """The document with everything confirmed and cleared."""
    return {**document, "outbox": [], "relay_due": 0, "unsent_since": 0}


def _handlers(service: Service, recording: Recording) -> Iterator[Work]:
    for reader in service.readers:
        collection = reader.collection.spec.name
        for event in reader.handlers:
            heard = [
                write
                for write in recording.writes
                if (write.service, write.collection) == (service.name, collection)
                and write.read
                and recording.envelopes[write.read].type == event.type
            ]
            assert heard, f"nothing recorded of {event.type} at {service.name}.{collection}"
            yield _handler(max(heard, key=_telling), recording)


def _telling(write: Write) -> tuple[bool, bool]:
    """Where a handler speaks is preferred, then where it changes something."""
    before = write.before or {"state": None}
    return write.spoke, before["state"] != write.after["state"]


def _handler(write: Write, recording: Recording) -> Work:
    event = recording.envelopes[write.read or ""]
    seeds: list[tuple[str, Stored]] = []
    if write.before is not None:
        seeds.append((write.collection, at_rest(write.before)))
    seeds += [
        ("log", entry.after)
        for entry in recording.writes
        if (entry.service, entry.collection, entry.before) == (write.service, "log", None)
        and entry.after["stream"] == event.stream
        and entry.after["sequence"] < event.number
    ]
    return Work(
        service=write.service,
        name=f"{write.collection} < {event.type.removeprefix(PREFIX)}",
        at=recording.began,  # so that nothing becomes due meanwhile
        seeds=tuple(seeds),
        speaks=write.spoke,
        ids=tuple({write.after["_id"], event.subject}),
        event=event,
    )


def _command(service: str, path: str, recording: Recording) -> Work:
    calls = [
        call
        for call in recording.calls
        if call.service == service and re.fullmatch(path, call.path)
    ]
    call = calls[0]
    stored = _related(list(recording.stored_before(service, call.writes)), call)
    shown = path.replace(r"[^/]+", "{id}")
    return Work(
        service=service,
        name=f"POST {shown}",
        at=call.at,
        seeds=tuple((collection, at_rest(document)) for collection, document in stored),
        speaks=True,
        call=call,
    )


def _related(stored: Sequence[tuple[str, Stored]], call: Call) -> list[tuple[str, Stored]]:
    """The documents a call names, and those that they and these name."""
    own = [
        (collection, document, json.dumps(document, ensure_ascii=False))
        for collection, document in stored
        if collection != "organizations" or call.service == "directory"
    ]
    asked = f"{call.path} {json.dumps(call.body, ensure_ascii=False)}"
    named = {document["_id"] for _, document, _ in own if document["_id"] in asked}
    for _ in range(2):
        texts = [text for _, document, text in own if document["_id"] in named]
        named |= {
            document["_id"]
            for _, document, text in own
            if any(document["_id"] in other for other in texts)
            or (call.service != "directory" and any(name in text for name in named))
        }
    return [(collection, document) for collection, document, _ in own if document["_id"] in named]


def _alarms(service: Service, recording: Recording) -> Iterator[Work]:
    """One work for each kind of alarm that a sweeper sounded."""
    seen: set[str] = set()
    for write in _swept(service.name, recording):
        said = write.after["outbox"][-1:] if write.spoke else []
        kinds = [entry["type"] for entry in said if _is_alarm(entry["type"])]
        for kind in kinds:
            if kind not in seen:
                seen.add(kind)
                yield _due(write, kind.removeprefix(PREFIX), recording)


def _is_alarm(kind: str) -> bool:
    return re.search(r"(-due-soon|-missed|-overdue|-reminder-due)\.", kind) is not None


def _swept(service: str, recording: Recording) -> Iterator[Write]:
    """Writes that neither an event nor a command made, on documents that were due."""
    for write in recording.writes:
        before = write.before
        if write.service != service or before is None or not before["wake_at"]:
            continue
        due = before["wake_at"] <= write.at.timestamp() * 1000
        same = before["commands"] == write.after["commands"]
        if due and same and before["streams"] == write.after["streams"]:
            yield write


def _due(write: Write, name: str, recording: Recording) -> Work:
    assert write.before is not None
    stored = recording.stored_before(write.service, len(recording.writes))
    text = json.dumps(write.before, ensure_ascii=False)
    citizens = [
        ("citizens", at_rest(document))
        for collection, document in stored
        if collection == "citizens"
        and document["_id"] in text
        and document["_id"] != write.after["_id"]
    ]
    return Work(
        service=write.service,
        name=f"due: {name}",
        at=write.at,
        seeds=((write.collection, at_rest(write.before)), *citizens),
        speaks=write.spoke,
        ids=(write.after["_id"], *(document["_id"] for _, document in citizens)),
    )


def _errands(recording: Recording) -> Iterator[Work]:
    """The request to the Pension Fund, the notice to the requester, the placing of a referral."""
    swept = [
        (write, write.before["state"]["notice"]["next_attempt_at"] is not None)
        for write in _swept("intake", recording)
        if write.before is not None and write.collection == "cases"
    ]
    request = next(  # it waits in the queue of whom it is addressed to, and wakes no case
        write
        for write in recording.writes
        if write.collection == "cases"
        and write.before is not None
        and write.before.get("send_at")
        and write.spoke
        and "certificate-req" in write.after["outbox"][-1]["type"]
    )
    yield _due(request, "certificate request", recording)
    told = next(write for write, notice in swept if notice and not write.spoke)
    yield _due(told, "notice to the requester", recording)
    entry = next(write for write in recording.writes if write.collection == "journal")
    yield Work(
        service="intake",
        name="due: placing of a referral",
        at=datetime.fromtimestamp(entry.after["wake_at"] / 1000 + 1, UTC),
        seeds=(("journal", entry.after),),
        speaks=True,
    )
