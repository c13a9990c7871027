"""What must be true of every write, told of each as it happens.

It knows each document's last accepted revision, every event that was issued, which of them the
broker has, and every idempotency key that took effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import jwt

from chassis.clock import epoch_ms
from chassis.consumer import Reader
from chassis.service import Service
from contracts.event import REGISTERED, TermDueSoonFact, TermMissedFact
from tests.simulation.worklists import misplaced

MOST = 40
WRITTEN_ANEW = {"log", "journal"}
"""Collections whose documents change by the service's own doing, without an event or a command."""

CASES_OF_INTAKE = ("intake", "cases")

Place = tuple[str, str, str]
"""Service, collection and id of a document."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is remembered of a document as it was last written."""

    rev: int = 0
    version: int = 0
    seq: int = 0
    streams: Mapping[str, int] = field(default_factory=dict)
    outbox: frozenset[str] = frozenset()
    parked: frozenset[str] = frozenset()


NOTHING = Row()


class Model:
    """The truth about a run so far, and what contradicted it (`findings`)."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.writes = 0
        self.rows: dict[Place, Row] = {}
        self.issued: dict[str, Mapping[str, Any]] = {}
        self.last: dict[str, int] = {}
        self.routed: set[str] = set()
        self.keys: dict[tuple[str, str], tuple[Place, Mapping[str, Any]]] = {}
        self.readers: dict[str, list[Reader]] = {}
        self._waking: dict[Place, int] = {}
        self._unsent: dict[Place, None] = {}
        self._parked: dict[Place, int] = {}
        self._causes: set[tuple[str, str, str]] = set()
        self._subjects: dict[str, str] = {}

    def copy(self) -> Model:
        """The same knowledge, on its own from here on."""
        made = Model()
        made.rows, made.issued, made.last = dict(self.rows), dict(self.issued), dict(self.last)
        made.routed, made.keys = set(self.routed), dict(self.keys)
        made._causes = set(self._causes)
        return made

    def find(self, text: str) -> None:
        """Something that must not be."""
        if len(self.findings) < MOST:
            self.findings.append(text)

    def meet(self, service: str, made: Service) -> None:
        """How a service's collections read others."""
        self.readers[service] = made.readers

    def written(self, service: str, collection: str, document: Mapping[str, Any]) -> None:
        """The store has accepted this document."""
        self.writes += 1
        place = service, collection, document["_id"]
        before = self.rows.get(place, NOTHING)
        row = Row(
            rev=document["rev"],
            version=document["version"],
            seq=document["seq"],
            streams=dict(document["streams"]),
            outbox=frozenset(entry["id"] for entry in document["outbox"]),
            parked=frozenset(entry["envelope"]["id"] for entry in document["parked"]),
        )
        self.rows[place] = row
        if row.rev != before.rev + 1:
            self.find(f"{place}: revision {row.rev} was written over {before.rev}")
        self._issued(place, before, row, document["outbox"])
        advanced = self._advanced(place, before, row)
        done = self._done(place, document["commands"])
        grown = row.version - before.version
        caused = advanced or done or row.seq > before.seq
        if grown and before.rev and not caused and collection not in WRITTEN_ANEW:
            self.find(f"{place}: version {row.version} has no cause; something took effect twice")
        self._left_to_do(place, document)
        if place[:2] == CASES_OF_INTAKE:
            for wrong in misplaced(document):
                self.find(wrong)

    def _issued(self, place: Place, before: Row, row: Row, outbox: list[Mapping[str, Any]]) -> None:
        fresh = 0
        for entry in outbox:
            if entry["id"] in before.outbox:
                continue
            stream, number = entry["stream"], int(entry["sequence"])
            if entry["id"] in self.issued:
                self.find(f"{place}: {entry['id']} was issued twice")
                continue
            if number != self.last.get(stream, 0) + 1:
                self.find(f"{place}: {entry['id']} follows on {self.last.get(stream, 0)}")
            self.issued[entry["id"]], self.last[stream] = entry, number
            fresh += 1
            self._rang(place, entry)
            cause = entry["causationid"] or ""
            if ":" in cause:  # an event's id: it may have each effect once
                effect = stream, entry["type"], cause
                if effect in self._causes:
                    self.find(f"{place}: {cause} led to {entry['type']} twice")
                self._causes.add(effect)
        if row.seq != before.seq + fresh:
            self.find(f"{place}: sequence {before.seq} became {row.seq} with {fresh} new events")
        for gone in sorted(before.outbox - row.outbox):
            if gone not in self.routed:
                self.find(f"{place}: {gone} was dropped, and the broker never had it")

    def _rang(self, place: Place, entry: Mapping[str, Any]) -> None:
        """P8: each alarm of each start of a term once, and not before its moment."""
        kind = REGISTERED[entry["type"]]
        if not issubclass(kind, TermDueSoonFact | TermMissedFact):
            return
        term = entry["data"]["term"]
        moment = term["due_at" if issubclass(kind, TermMissedFact) else "warn_at"]
        if datetime.fromisoformat(entry["time"]) < datetime.fromisoformat(moment):
            self.find(f"{place}: {entry['id']} rang before {moment}")
        alarm = entry["stream"], entry["type"], " ".join((term["code"], term["started_at"], moment))
        if alarm in self._causes:
            self.find(f"{place}: {alarm} rang twice")
        self._causes.add(alarm)

    def _advanced(self, place: Place, before: Row, row: Row) -> int:
        advanced = 0
        for stream, number in row.streams.items():
            known = before.streams.get(stream, 0)
            advanced += number - known
            if number < known:
                self.find(f"{place}: {stream} went back from {known} to {number}")
            for one in range(known + 1, number + 1):
                event_id = f"{stream}:{one}"
                if event_id not in self.routed:
                    self.find(f"{place}: read {event_id}, which was never sent")
                if one > known + 1 and event_id not in before.parked:
                    self.find(f"{place}: read {event_id} after {known}, something was left out")
        for stream in before.streams.keys() - row.streams.keys():
            self.find(f"{place}: forgot {stream}")
        return advanced

    def _done(self, place: Place, commands: list[Mapping[str, Any]]) -> int:
        fresh = 0
        for entry in commands:
            key = place[0], entry["key"]
            known = self.keys.get(key)
            if known is None:
                self.keys[key] = place, entry["answer"]
                fresh += 1
            elif known != (place, entry["answer"]):
                self.find(f"{place}: one idempotency key took effect twice")
        return fresh

    def _left_to_do(self, place: Place, document: Mapping[str, Any]) -> None:
        for kept, value in (
            (self._unsent, len(document["outbox"])),
            (self._parked, len(document["parked"])),
            (self._waking, document["wake_at"]),
        ):
            if value:
                kept[place] = value  # type: ignore[index]
            else:
                kept.pop(place, None)

    def answered(self, service: str, request: httpx.Request, response: httpx.Response) -> None:
        """A caller was told that a command was carried out: it must be in the state (P10)."""
        if request.method != "POST" or not response.is_success:
            return
        body = response.json()
        if body.get("resourceType") == "Bundle":
            for entry in body["entry"]:
                location = entry["response"].get("location", "")
                if location.startswith("Task/"):
                    place = "intake", "journal", location.removeprefix("Task/")
                    if place not in self.rows:
                        self.find(f"{place}: was accepted and is not there")
            return
        if request.url.path == "/referrals":  # its key is the source of the line in the journal
            place = "intake", "journal", body["id"]
            if place not in self.rows:
                self.find(f"{place}: was accepted and is not there")
            return
        key = self._key(request)
        known = self.keys.get((service, key))
        if known is None:
            self.find(f"{service}: {request.url.path} was answered and did not take effect")
        elif known[1] != {name: body.get(name) for name in known[1]}:
            self.find(f"{service}: {request.url.path} was answered otherwise than the first time")

    def _key(self, request: httpx.Request) -> str:
        """As the services make it of the caller and the header."""
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token not in self._subjects:
            claims = jwt.decode(token, options={"verify_signature": False})
            self._subjects[token] = claims["sub"]
        text = f"{self._subjects[token]}|{request.headers['Idempotency-Key']}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def due(self, now: datetime) -> list[Place]:
        """Documents whose moment has come, and that were not looked at since."""
        present = epoch_ms(now)
        return [place for place, moment in self._waking.items() if moment <= present]

    def unsent(self) -> list[str]:
        """Outboxes that are not empty, and what is parked."""
        return [f"{place} has something to say" for place in self._unsent] + [
            f"{place} has set something aside" for place in self._parked
        ]
