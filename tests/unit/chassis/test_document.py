"""A document takes each event once, in its stream's order, however the events are delivered."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from chassis.calendar import DistrictCalendar
from chassis.document import (
    MAX_BYTES,
    PARKED_BYTES,
    Document,
    DocumentTooLarge,
    Origin,
    Reading,
    Receipt,
    TooMuchSetAside,
    issue,
    receive,
    release,
)
from chassis.stored import checked_size
from chassis.tracing import Trace
from contracts.context import Context
from contracts.envelope import Envelope
from contracts.errors import NotAllowedInState
from contracts.event import Event
from contracts.values import SYSTEM
from tests.service.chassis.sample import ThingEchoed, ThingMade, ThingMeasured, ThingRenamed

CANARY = "Канарейкина"
NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CALENDAR = DistrictCalendar(ZoneInfo("Asia/Novokuznetsk"))
ORIGIN = Origin("echo.thing", "echo", "leninsk-kuznetsky")
TRACE = Trace("r1", "cause1", "00-" + "1" * 32 + "-" + "2" * 16 + "-01")


class Heard(BaseModel):
    """Commutes across streams, as a state that reads several streams must."""

    names: dict[str, list[str]] = {}
    total: int = 0


def context(envelope: Envelope) -> Context:
    return Context(now=envelope.time, by=SYSTEM, calendar=CALENDAR)


def on_made(state: Heard, event: ThingMade, at: Context) -> Sequence[Event]:
    state.names.setdefault("made", []).append(event.name)
    state.total += 1
    return [ThingEchoed(by=at.by, heard=len(state.names["made"]))]


def on_renamed(state: Heard, event: ThingRenamed, at: Context) -> Sequence[Event]:
    state.total += 1
    state.names.setdefault("made", []).append(event.name)
    if event.name == "poison":
        raise NotAllowedInState("thing-is-poison", f"no such name: {CANARY}")
    if event.name == "defect":
        raise ZeroDivisionError(CANARY)
    if event.name == "foreign":  # an event of somebody else's stream, after one of our own
        return [ThingEchoed(by=at.by, heard=0), ThingMade(by=at.by, name="x")]
    return [ThingEchoed(by=at.by, heard=0), ThingEchoed(by=at.by, heard=1)]


def on_measured(state: Heard, event: ThingMeasured, at: Context) -> Sequence[Event]:
    state.names.setdefault("measured", []).append(str(event.size))
    state.total += 1
    return []


HANDLERS: Mapping[type[Event], Any] = {
    ThingMade: on_made,
    ThingRenamed: on_renamed,
    ThingMeasured: on_measured,
}
READING = Reading(HANDLERS, ORIGIN, context)


def made(number: int, event: Event | None = None, subject: str = "t1", **changed: Any) -> Envelope:
    """Event number so-and-so of a stream."""
    event = event or ThingMade(by=SYSTEM, name=f"n{number}")
    stream = f"{event.stream}.{subject}"
    fields = {
        "id": f"{stream}:{number}",
        "source": "/leninsk-kuznetsky/sample",
        "type": event.type,
        "subject": subject,
        "time": NOON,
        "dataschema": "urn:opora:schema:x",
        "stream": stream,
        "sequence": f"{number:010d}",
        "correlationid": "r1",
        "district": "leninsk-kuznetsky",
        "traceparent": TRACE.traceparent,
        "data": event.model_dump(mode="json"),
        **changed,
    }
    return Envelope.model_validate(fields)


def renamed(number: int, name: str) -> Envelope:
    return made(number, ThingRenamed(by=SYSTEM, name=name))


def blank() -> Document[Heard]:
    return Document(id="e1", state=Heard())


def fed(*envelopes: Envelope, document: Document[Heard] | None = None) -> Document[Heard]:
    document = document or blank()
    for envelope in envelopes:
        receive(document, envelope, READING, 0)
    return document


def bytes_of(document: Document[Heard]) -> bytes:
    """What would be stored of the case itself, in one form."""
    return json.dumps(
        {
            "state": document.state.model_dump(mode="json"),
            "streams": document.streams,
            "outbox": [envelope.model_dump(mode="json") for envelope in document.outbox],
            "seq": document.seq,
            "version": document.version,
            "parked": [entry.model_dump(mode="json") for entry in document.parked],
        },
        sort_keys=True,
    ).encode()


def test_next_event_is_applied_and_answered() -> None:
    document = blank()
    receipt = receive(document, made(1), READING, 0)
    assert receipt == Receipt(applied=1)
    assert document.state.names == {"made": ["n1"]}
    assert document.streams == {"sample.thing.t1": 1}
    assert (document.version, document.seq) == (1, 1)


def test_duplicate_changes_nothing_and_need_not_be_stored() -> None:
    document = fed(made(1), made(2))
    before = bytes_of(document)
    for number in (1, 2):
        receipt = receive(document, made(number), READING, 9)
        assert receipt.duplicate
        assert not receipt.changed
    assert bytes_of(document) == before


def test_early_event_is_parked_without_effect_once() -> None:
    document = fed(made(1))
    receipt = receive(document, made(3), READING, 77)
    assert receipt == Receipt(parked=True)
    assert receive(document, made(3), READING, 78).duplicate
    assert document.state.total == 1
    assert [(entry.envelope.number, entry.since) for entry in document.parked] == [(3, 77)]
    assert not document.blocked


def test_missing_event_releases_all_successors_in_order() -> None:
    document = fed(made(4), made(2), made(3))
    receipt = receive(document, made(1), READING, 0)
    assert receipt.applied == 4
    assert receipt.released == 3
    assert document.state.names["made"] == ["n1", "n2", "n3", "n4"]
    assert document.parked == []


def test_gap_behind_released_events_keeps_the_rest_parked() -> None:
    document = fed(made(2), made(4), made(1))
    assert document.streams["sample.thing.t1"] == 2
    assert [entry.envelope.number for entry in document.parked] == [4]


def test_unknown_type_is_passed_over_but_counted_in_its_stream() -> None:
    document = blank()
    stranger = made(1, type="ru.opora.sample.thing-sold.v9", data={"price": 5})
    receipt = receive(document, stranger, READING, 0)
    assert (receipt.unknown, receipt.applied, receipt.failed) == (1, 1, None)
    assert document.streams == {"sample.thing.t1": 1}
    assert document.version == 0
    assert receive(document, made(2), READING, 0).applied == 1


def test_known_type_without_handler_counts_but_moves_no_version() -> None:
    document = blank()
    receive(document, made(1, ThingEchoed(by=SYSTEM, heard=1)), READING, 0)
    assert document.streams == {"echo.thing.t1": 1}
    assert (document.version, document.state.total) == (0, 0)


def test_unknown_field_in_data_is_ignored() -> None:
    data = {"by": {"id": "a", "role": "b", "mood": "c"}, "name": "x", "colour": "red"}
    assert fed(made(1, data=data)).state.names == {"made": ["x"]}


def test_data_that_does_not_fit_is_parked_with_a_reason_that_holds_no_value() -> None:
    data = {"by": {"id": "a", "role": "b"}, "name": [CANARY], "size": CANARY}
    document = blank()
    receipt = receive(document, made(1, data=data), READING, 0)
    assert receipt.failed == "data-does-not-fit: name, size"
    assert document.blocked
    assert document.streams == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("poison", "thing-is-poison"),
        ("defect", "handler-error: ZeroDivisionError"),
        ("foreign", "handler-error: TypeError"),
    ],
)
def test_failing_handler_leaves_state_untouched_and_names_no_value(name: str, reason: str) -> None:
    document = fed(made(1))
    state, version, outbox = document.state.model_copy(deep=True), 1, list(document.outbox)
    receipt = receive(document, renamed(2, name), READING, 0)
    assert receipt.failed == reason
    assert (document.state, document.version, document.outbox) == (state, version, outbox)
    assert document.seq == len(outbox)
    assert document.streams == {"sample.thing.t1": 1}
    assert [(e.reason, e.attempts) for e in document.parked] == [(reason, 1)]


def test_failed_event_holds_back_its_own_stream_only() -> None:
    document = fed(renamed(1, "poison"), made(2), made(3))
    measured = ThingMeasured(by=SYSTEM, size=7)
    assert receive(document, made(1, measured), READING, 0).applied == 1
    assert receive(document, made(2, measured), READING, 0).applied == 1
    assert [entry.envelope.number for entry in document.parked] == [1, 2, 3]
    assert document.state.total == 2


def test_redelivery_of_a_failed_event_does_not_try_it_again() -> None:
    document = fed(renamed(1, "poison"))
    assert receive(document, renamed(1, "poison"), READING, 0).duplicate
    assert document.parked[0].attempts == 1


def test_failed_event_that_was_parked_early_blocks_when_its_turn_comes() -> None:
    document = fed(renamed(2, "poison"), made(3))
    assert not document.blocked
    receipt = receive(document, made(1), READING, 0)
    assert (receipt.applied, receipt.released) == (1, 0)
    assert receipt.failed == "thing-is-poison"
    assert document.blocked
    assert [entry.envelope.number for entry in document.parked] == [2, 3]


def test_retry_after_mending_releases_everything_behind() -> None:
    document = fed(renamed(1, "poison"), made(2), made(3))
    mended = Reading({**HANDLERS, ThingRenamed: on_made}, ORIGIN, context)
    receipt = Receipt()
    release(document, "sample.thing.t1", mended, receipt, retry=True)
    assert receipt.released == 3
    assert document.state.names["made"] == ["poison", "n2", "n3"]
    assert not document.blocked


def test_retry_that_fails_again_counts_the_attempt() -> None:
    document = fed(renamed(1, "poison"), made(2))
    release(document, "sample.thing.t1", READING, Receipt(), retry=True)
    assert document.parked[0].attempts == 2
    assert document.streams == {}


def test_event_that_the_store_refuses_fails_and_not_the_one_before_it() -> None:
    """Three take effect in one write and the store refuses them: the third is set aside (P5)."""
    refused = receive(fed(made(2), made(3), made(5)), made(1), READING, 0)
    document = fed(made(2), made(3), made(5))
    receipt = receive(document, made(1), READING.short_of(refused, "document-too-large"), 7)
    assert (receipt.applied, receipt.failed) == (2, "document-too-large")
    assert document.state.names == {"made": ["n1", "n2"]}
    assert [(e.envelope.number, e.reason, e.attempts) for e in document.parked] == [
        (3, "document-too-large", 1),
        (5, None, 0),
    ]


def test_single_event_that_the_store_refuses_is_set_aside_and_blocks() -> None:
    document = fed(made(3))
    receipt = receive(document, made(1), READING.short_of(Receipt(applied=1), "already-exists"), 5)
    assert (receipt.applied, receipt.failed) == (0, "already-exists")
    assert document.blocked
    assert [entry.envelope.number for entry in document.parked] == [1, 3]
    assert receive(document, made(1), READING, 5).duplicate


def test_events_set_aside_are_bounded_and_one_beyond_changes_nothing() -> None:
    """Behind a poison event its case's later ones wait, but no document outgrows the store (P5)."""
    document = fed(renamed(1, "poison"))
    heavy = {"by": {"id": "a", "role": "b"}, "name": "x" * (PARKED_BYTES // 3)}
    for number in (2, 3):
        assert receive(document, made(number, data=heavy), READING, 0).parked
    before = bytes_of(document)
    with pytest.raises(TooMuchSetAside):
        receive(document, made(4, data=heavy), READING, 0)
    assert bytes_of(document) == before
    assert receive(document, made(5), READING, 0).parked  # a small one still finds room


def test_issued_events_are_numbered_densely_over_handlers_and_commands() -> None:
    document = fed(made(1), renamed(2, "x"))
    at = Context(now=NOON, by=SYSTEM, calendar=CALENDAR)
    issue(document, [ThingEchoed(by=SYSTEM, heard=9)], at, ORIGIN, TRACE)
    assert [envelope.number for envelope in document.outbox] == [1, 2, 3, 4]
    assert [envelope.id for envelope in document.outbox] == [
        f"echo.thing.e1:{number}" for number in (1, 2, 3, 4)
    ]
    assert {envelope.stream for envelope in document.outbox} == {"echo.thing.e1"}
    assert {envelope.source for envelope in document.outbox} == {"/leninsk-kuznetsky/echo"}


def test_issued_event_names_its_cause_and_travels_under_its_trace() -> None:
    envelope = fed(made(1, correlationid="r77")).outbox[0]
    assert envelope.causationid == "sample.thing.t1:1"
    assert envelope.correlationid == "r77"
    assert envelope.traceparent == TRACE.traceparent
    assert envelope.time == NOON


def test_event_caused_by_one_without_trace_has_none_either() -> None:
    assert fed(made(1, traceparent=None)).outbox[0].traceparent is None


def test_event_of_another_stream_cannot_be_issued() -> None:
    at = Context(now=NOON, by=SYSTEM, calendar=CALENDAR)
    with pytest.raises(TypeError):
        issue(blank(), [ThingMade(by=SYSTEM, name="x")], at, ORIGIN, TRACE)


def test_envelope_survives_the_wire() -> None:
    envelope = fed(made(1)).outbox[0]
    assert Envelope.model_validate_json(envelope.model_dump_json(exclude_none=True)) == envelope


def test_size_is_bounded() -> None:
    assert checked_size({"text": "x" * 1000}) > 1000
    with pytest.raises(DocumentTooLarge):
        checked_size({"text": "x" * MAX_BYTES})


STREAMS: Mapping[str, list[Envelope]] = {
    "issuing": [
        envelope
        for number in (1, 3, 5)
        for envelope in (made(number), renamed(number + 1, f"r{number}"))
    ],
    "silent": [made(n, ThingMeasured(by=SYSTEM, size=n)) for n in range(1, 5)],
    "unknown": [made(n, subject="t2", type=f"ru.opora.sample.x{n}.v1") for n in range(1, 4)],
}
EVERYTHING = [envelope for stream in STREAMS.values() for envelope in stream]


@st.composite
def deliveries(draw: st.DrawFn) -> list[Envelope]:
    """Every event one to three times, in any order at all."""
    copies = [e for e in EVERYTHING for _ in range(draw(st.integers(1, 3)))]
    return draw(st.permutations(copies))


@settings(max_examples=300, deadline=None)
@given(deliveries())
def test_any_order_and_duplication_ends_in_the_same_bytes(order: list[Envelope]) -> None:
    document = fed(*order)
    assert document.parked == []
    assert bytes_of(document) == bytes_of(fed(*EVERYTHING))


TWO_ISSUING = [*STREAMS["issuing"], *(made(n, subject="t2") for n in (1, 2, 3))]


@settings(max_examples=200, deadline=None)
@given(st.permutations([*TWO_ISSUING, *TWO_ISSUING]))
def test_two_issuing_streams_in_any_order_say_the_same_of_each_cause(
    order: list[Envelope],
) -> None:
    """Between streams there is no order; within one, what is said is said in its order."""
    document = fed(*order)
    assert [e.number for e in document.outbox] == list(range(1, len(document.outbox) + 1))
    for subject in ("t1", "t2"):
        all_causes = [str(entry.causationid) for entry in document.outbox]
        causes = [cause for cause in all_causes if f".{subject}:" in cause]
        assert causes == sorted(causes)
    expected = fed(*TWO_ISSUING)
    assert (document.seq, document.version) == (expected.seq, expected.version)
    assert document.streams == expected.streams
    assert document.parked == []


@settings(max_examples=200, deadline=None)
@given(st.permutations([made(1), renamed(2, "poison"), made(3), made(4), *STREAMS["silent"]]))
def test_poison_in_any_order_leaves_the_same_document(order: list[Envelope]) -> None:
    reference = fed(made(1), renamed(2, "poison"), made(3), made(4), *STREAMS["silent"])
    assert bytes_of(fed(*order)) == bytes_of(reference)
    assert reference.streams == {"sample.thing.t1": 1, "measure.thing.t1": 4}


def test_event_that_nobody_here_has_a_use_for_need_not_fit() -> None:
    document = Document(id="t1", state=Heard())
    handlers = {kind: handler for kind, handler in HANDLERS.items() if kind is not ThingRenamed}
    reading = Reading(handlers, ORIGIN, context)
    strange = made(1, ThingRenamed(by=SYSTEM, name="x"), "t1").model_copy(update={"data": {}})
    with pytest.raises(ValidationError):
        strange.event()
    receipt = receive(document, strange, reading, now_ms=1)
    assert receipt == Receipt(applied=1)
    assert document.streams == {"sample.thing.t1": 1}
