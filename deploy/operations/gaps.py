"""Gaps: last sequence issued against last sequence read, per stream and reader (P15).

A stream is compared twice: what was issued at the first look and is not read at the second, some
seconds later, is a gap. What is under way just now is not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.operations.answers import Position, Record, Streams
from deploy.operations.district import District
from deploy.operations.show import progress

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that a reader should have and has not."""

    stream: str
    owner: str
    owner_collection: str
    document: str
    issued: int
    reader: str
    read: int
    set_aside: bool
    """Whether something of the reader's document is set aside: it may be this stream."""

    @property
    def missing(self) -> str:
        """The first event missing, and the last."""
        first = f"{self.stream}:{self.read + 1}"
        return first if self.read + 1 == self.issued else f"{first} … {self.issued}"


@dataclass(slots=True)
class Issued:
    """How far one document has spoken."""

    owner: str
    collection: str
    document: str
    number: int


@dataclass(slots=True)
class Reader:
    """One collection of a service that reads streams, and how far it has come."""

    service: str
    reads: list[Any]
    read: dict[str, int] = field(default_factory=dict)
    aside: set[str] = field(default_factory=set)


def positions(district: District, service: str, collection: str) -> Iterator[Any]:
    """Every document of a collection, without what it holds."""
    after = ""
    while True:
        path = f"/operations/positions/{collection}"
        page = district.get(service, path, list[Position], after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]["id"]


def compare(district: District) -> list[Gap]:
    """One look at everything: what is issued and not read."""
    streams = {
        service: district.get(service, "/operations/streams", Streams)
        for service in district.services
    }
    issued: dict[str, dict[str, Issued]] = {}
    with progress() as shown:
        task = shown.add_task("streams issued", total=None)
        for service, known in streams.items():
            for collection, kind in known["speaks"].items():
                spoken = issued.setdefault(kind, {})
                for position in positions(district, service, collection):
                    shown.advance(task)
                    if position["issued"]:
                        stream = f"{kind}.{position['id']}"
                        spoken[stream] = Issued(
                            service, collection, position["id"], position["issued"]
                        )
        task = shown.add_task("streams read", total=None)
        readers: list[Reader] = []
        for service, known in streams.items():
            for collection in sorted({read["collection"] for read in known["reads"]}):
                reads = [read for read in known["reads"] if read["collection"] == collection]
                reader = Reader(service, reads)
                readers.append(reader)
                for position in positions(district, service, collection):
                    shown.advance(task)
                    reader.read.update(position["read"])
                    if position["parked_since"]:
                        reader.aside.add(position["id"])
    begun = {stream for reader in readers for stream in reader.read}
    return [gap for reader in readers for gap in _gaps_of(district, reader, issued, begun)]


def _gaps_of(
    district: District, reader: Reader, issued: dict[str, dict[str, Issued]], begun: set[str]
) -> list[Gap]:
    """What one collection of a reader lacks.

    Streams read into the document of their subject are all expected. Which of the others concern
    a reader, only their first event says: they are expected of all their readers once one of them
    has begun, and of the register's log from the first.
    """
    read = reader.read
    gaps: list[Gap] = []
    for kind in reader.reads:
        for stream, said in issued.get(kind["stream"], {}).items():
            number = read.get(stream, 0)
            expected = kind["by_subject"] or stream in begun
            if not expected and reader.service == "registry":
                expected = district.find("registry", f"/streams/{stream}", Record) is None
            if expected and number < said.number:
                gaps.append(
                    Gap(
                        stream=stream,
                        owner=said.owner,
                        owner_collection=said.collection,
                        document=said.document,
                        issued=said.number,
                        reader=reader.service,
                        read=number,
                        set_aside=said.document in reader.aside,
                    )
                )
    return gaps


def lasting(district: District, settle: float) -> list[Gap]:
    """The gaps that are still there after a while."""
    first = compare(district)
    if not first:
        return []
    time.sleep(settle)
    later = {(gap.stream, gap.reader): gap for gap in compare(district)}
    return [
        later[gap.stream, gap.reader]
        for gap in first
        if (gap.stream, gap.reader) in later and later[gap.stream, gap.reader].read < gap.issued
    ]
