"""Kinds of organizations that came later, and how a replica that does not know them lives on.

Version 1 of the events keeps its eight kinds for ever; the others are told by version 2 alone. An
older reader, which declares version 1 only, counts such an event and passes it over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chassis.calendar import DistrictCalendar
from chassis.document import Document, Origin, Reading, issue, receive
from chassis.replica import keeping
from chassis.tracing import Trace
from contracts.context import Context
from contracts.copies import OrganizationCopy
from contracts.directory import (
    FIRST_KINDS,
    ORGANIZATION,
    OrganizationCard,
    OrganizationChanged,
    OrganizationKind,
    OrganizationPublished,
    OrganizationRetired,
)
from contracts.envelope import Envelope
from contracts.event import REGISTERED, Event
from contracts.values import SYSTEM
from services.directory.domain import telling

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
AT = Context(NOW, SYSTEM, DistrictCalendar(ZoneInfo("Asia/Novokuznetsk")))
ORIGIN = Origin(ORGANIZATION, "directory", "leninsk-kuznetsky")
OLDER = ("OrganizationPublished", "OrganizationChanged", "OrganizationRetired")


def card(kind: str, **changes: Any) -> OrganizationCard:
    item = {"id": "x-1", "kind": kind, "name": "Дворец культуры", "source": "приказ № 1"}
    return OrganizationCard.model_validate(item | changes)


def told(*steps: list[Event]) -> list[Envelope]:
    """The envelopes of an organization's stream."""
    document = Document(id="x-1", state=OrganizationCopy(id="x-1"))
    for events in steps:
        issue(document, events, AT, ORIGIN, Trace("r1", None, None))
    return document.outbox


def heard(envelopes: list[Envelope], *, older: bool) -> tuple[OrganizationCopy, int]:
    """What a reader keeps, and how many events it passed over as unknown."""
    handlers = keeping(OrganizationCopy)
    reading = Reading(handlers, Origin(None, "intake", "d"), lambda envelope: AT)
    document = Document(id="x-1", state=OrganizationCopy(id="x-1"))
    unknown = 0
    for envelope in envelopes:
        receipt = receive(document, Older.of(envelope) if older else envelope, reading, 1)
        assert (receipt.failed, receipt.parked) == (None, False)
        unknown += receipt.unknown
    assert not document.blocked
    assert document.streams == {"directory.organization.x-1": len(envelopes)}
    return document.state, unknown


class Older(Envelope):
    """An event as a replica reads it that was built before version 2."""

    @classmethod
    def of(cls, envelope: Envelope) -> Older:
        return cls.model_validate(envelope.model_dump())

    @property
    def declared(self) -> type[Event] | None:
        found = REGISTERED.get(self.type)
        return found if found is not None and found.__name__ in OLDER else None


def test_version_1_promises_its_eight_kinds_and_no_other() -> None:
    first = {kind.value for kind in FIRST_KINDS}
    assert len(first) == 8
    for event in (OrganizationPublished, OrganizationChanged):
        schema = event.model_json_schema()["$defs"]["OrganizationCard"]
        assert set(schema["properties"]["kind"]["enum"]) == first
    with pytest.raises(ValidationError, match="told by version 2"):
        OrganizationPublished(by=SYSTEM, card=card("culture"))


@pytest.mark.parametrize("kind", OrganizationKind)
def test_every_kind_is_told_in_one_event(kind: OrganizationKind) -> None:
    (event,) = telling.published(card(kind), SYSTEM)
    assert isinstance(event, OrganizationPublished) == (kind in FIRST_KINDS)
    kept, unknown = heard(told([event]), older=False)
    assert (kept.kind, unknown) == (kind, 0)


def test_l_3_12_older_reader_passes_over_what_it_does_not_know_and_is_not_blocked() -> None:
    before, after = card("culture"), card("culture", name="Дворец культуры шахтёров")
    stream = told(
        telling.published(before, SYSTEM),
        telling.changed(before, after, "Переименовано", SYSTEM),
        [OrganizationRetired(by=SYSTEM, reason="Закрыт")],
    )
    kept, unknown = heard(stream, older=True)
    assert (kept.kind, kept.card, unknown) == ("", None, 2)


def test_older_reader_learns_of_one_that_becomes_of_a_kind_it_knows() -> None:
    before, after = card("culture"), card("provider")
    stream = told(
        telling.published(before, SYSTEM), telling.changed(before, after, "Иной вид", SYSTEM)
    )
    for older in (True, False):
        assert heard(stream, older=older)[0].kind == "provider"


def test_older_reader_drops_one_that_ceases_to_be_of_a_kind_it_knows() -> None:
    before, after = card("provider"), card("residential_institution")
    stream = told(
        telling.published(before, SYSTEM), telling.changed(before, after, "Иной вид", SYSTEM)
    )
    assert heard(stream, older=True)[0].kind == ""
    kept, _ = heard(stream, older=False)
    assert (kept.kind, kept.retired) == ("residential_institution", False)


def test_older_reader_of_a_street_reads_the_piece_it_lies_in() -> None:
    place = {"municipality": "kemerovo", "street": "ул. Мира", "houses": [{"parity": "odd"}]}
    (envelope,) = told(telling.published(card("mfc", serves=[place]), SYSTEM))
    event = envelope.event()
    assert isinstance(event, OrganizationPublished)
    served = envelope.data["card"]["serves"][0]
    assert served["municipality"] == "kemerovo"
    assert event.card.serves[0].houses[0].parity == "odd"
