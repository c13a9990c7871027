"""An operator's retry handles once what failed; a skip passes over just the event it names."""

import pytest

from chassis.document import Document, Receipt, receive
from chassis.recovery import NotSetAside, retry, skip
from contracts.values import SYSTEM
from tests.unit.chassis.test_document import (
    HANDLERS,
    ORIGIN,
    Heard,
    Reading,
    ThingMade,
    ThingRenamed,
    context,
    made,
)

BROKEN = Reading(HANDLERS, ORIGIN, context)
POISON = "sample.thing.t1:2"


def accepted(state: Heard, event: ThingRenamed, at: object) -> list[object]:
    state.names.setdefault("made", []).append(event.name)
    return []


MENDED = Reading({**HANDLERS, ThingRenamed: accepted}, ORIGIN, context)  # type: ignore[dict-item]


def heard(*numbers: int) -> Document[Heard]:
    """A document that was given these events, of which the second is poison."""
    document = Document(id="t1", state=Heard())
    for number in numbers:
        kind = ThingRenamed if number == 2 else ThingMade
        name = "poison" if number == 2 else f"n{number}"
        receive(document, made(number, kind(by=SYSTEM, name=name), "t1"), BROKEN, now_ms=number)
    return document


def test_retry_after_the_defect_is_mended_applies_it_and_all_behind_it() -> None:
    document = heard(1, 2, 3, 4)
    assert document.blocked
    receipt = retry(document, POISON, MENDED)
    assert (receipt.failed, receipt.released, receipt.applied) == (None, 3, 3)
    assert document.state.names["made"] == ["n1", "poison", "n3", "n4"]
    assert (document.parked, document.blocked, document.parked_since) == ([], False, 0)
    assert document.streams == {"sample.thing.t1": 4}


def test_retry_that_fails_again_changes_the_count_of_attempts_only() -> None:
    document = heard(1, 2, 3)
    state = document.state.model_copy(deep=True)
    receipt = retry(document, POISON, BROKEN)
    assert receipt.failed == "thing-is-poison"
    assert [entry.attempts for entry in document.parked] == [2, 0]
    assert (document.state, document.streams, document.seq) == (state, {"sample.thing.t1": 1}, 1)


def test_second_retry_finds_nothing_and_does_nothing() -> None:
    document = heard(1, 2)
    retry(document, POISON, MENDED)
    with pytest.raises(NotSetAside, match="not-parked"):
        retry(document, POISON, MENDED)
    assert document.state.names["made"] == ["n1", "poison"]


def test_event_that_waits_for_another_is_not_retried_and_says_for_which() -> None:
    document = heard(1, 4)
    with pytest.raises(NotSetAside, match=r"waits for sample\.thing\.t1:2"):
        retry(document, "sample.thing.t1:4", MENDED)


def test_skip_passes_over_the_failed_event_and_applies_what_follows() -> None:
    document = heard(1, 2, 3)
    receipt = skip(document, POISON, BROKEN)
    assert receipt == Receipt(applied=1, released=1)
    assert document.state.names["made"] == ["n1", "n3"]
    assert document.streams == {"sample.thing.t1": 3}
    late = made(2, ThingRenamed(by=SYSTEM, name="poison"), "t1")
    assert receive(document, late, BROKEN, now_ms=9).duplicate


def test_skip_of_an_event_that_never_came_applies_what_follows() -> None:
    document = heard(1, 3, 4)
    skip(document, POISON, BROKEN)
    assert document.state.names["made"] == ["n1", "n3", "n4"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("sample.thing.t1:3", "not-next"),  # behind the one it stands before
        ("sample.thing.t1:1", "not-next"),  # read already
        ("sample.thing.t2:1", "not-parked"),
        ("nonsense", "not-parked"),
    ],
)
def test_only_the_next_event_of_a_stream_that_waits_is_skipped(event: str, code: str) -> None:
    document = heard(1, 2, 3)
    before = [entry.envelope.id for entry in document.parked]
    with pytest.raises(NotSetAside) as refused:
        skip(document, event, BROKEN)
    assert refused.value.code == code
    assert [entry.envelope.id for entry in document.parked] == before
    assert document.streams == {"sample.thing.t1": 1}
