"""The timeline: every event a line, in order of time, without a person's name."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from contracts import citizen, intake
from contracts.envelope import Envelope
from contracts.event import REGISTERED
from services.registry.domain.log import (
    ID_LENGTH,
    LogEntry,
    carries_personal_data,
    entry_id,
    erase,
)
from services.registry.domain.timeline import line_of, moment
from tests.unit.registry.builders import (
    CARD,
    DAY,
    INSTITUTION,
    MONDAY,
    due,
    envelopes,
    ref_of,
    somebody,
    whole_path,
)

REF = ref_of("C0000000000000000000000000000066")
PATH = [envelope for teller in whole_path(REF) for envelope in teller.envelopes()]


def position(envelope: Envelope) -> tuple[int, str]:
    return moment(envelope), entry_id(envelope.id)


def unknown(**data: object) -> Envelope:
    return PATH[0].model_copy(update={"type": "ru.opora.careplan.visit-moved.v3", "data": data})


def test_order_is_time_then_stream_then_sequence() -> None:
    shuffled = random.Random(4).sample(PATH, len(PATH))
    expected = sorted(PATH, key=lambda e: (e.time, e.stream, e.number))
    assert sorted(shuffled, key=position) == expected
    assert expected != PATH


def test_tenth_event_of_one_moment_stands_behind_the_ninth() -> None:
    told = [(PATH[0].event(), MONDAY)] * 12
    many = envelopes("intake.case", "C7", [(e, at) for e, at in told if e is not None])
    shuffled = random.Random(5).sample(many, len(many))
    assert [e.number for e in sorted(shuffled, key=position)] == list(range(1, 13))


def test_a_microsecond_decides() -> None:
    later = PATH[0].model_copy(update={"time": MONDAY + timedelta(microseconds=1)})
    assert moment(later) == moment(PATH[0]) + 1


@pytest.mark.parametrize("envelope", PATH, ids=lambda envelope: str(envelope.id))
def test_line_tells_what_who_and_by_which_clause(envelope: Envelope) -> None:
    line, declared = line_of(envelope, REF.pack), REGISTERED[envelope.type]
    assert (line.title_ru, line.title_en) == (declared.ru, declared.en)
    assert line.clause == declared.clause
    assert (line.time, line.stream, line.sequence) == (
        envelope.time,
        envelope.stream,
        envelope.number,
    )
    assert line.who.role == envelope.data["by"]["role"]
    assert envelope.data["by"]["id"] not in line.who.model_dump().values()


def line_titled(ru: str) -> Envelope:
    return next(e for e in PATH if REGISTERED[e.type].ru == ru)


def test_line_names_the_terms_it_opened_and_closed_R_3_6_5() -> None:
    (opened,) = line_of(
        line_titled("Пакет документов передан руководителю уполномоченного органа")
    ).opened
    assert (opened.code, opened.clause) == ("decision", "R 3.6.5")
    (closed,) = line_of(line_titled("Принято решение"), REF.pack).closed
    term = due("decision", MONDAY + 8 * DAY)
    assert (closed.in_time, closed.due_at) == (False, term.due_at)
    assert closed.late_by_seconds == (MONDAY + 13 * DAY - term.due_at).total_seconds()
    assert closed.title_ru == "Решение о зачислении либо об отказе"


def test_term_closed_in_time_is_late_by_nothing_R_3_1_8() -> None:
    (closed,) = line_of(line_titled("Присвоен код заявки"), REF.pack).closed
    assert (closed.in_time, closed.late_by_seconds) == (True, 0)


def test_alarm_names_its_term() -> None:
    alarm = intake.TermMissed(by=somebody("system"), term=due("referral-analysis", MONDAY))
    (envelope,) = envelopes("intake.case", "C7", [(alarm, MONDAY + 2 * DAY)])
    term = line_of(envelope).term
    assert term is not None
    assert term.code == "referral-analysis"


def test_unknown_event_is_a_line_named_by_its_type() -> None:
    term = due("care-plan", MONDAY).model_dump(mode="json") | {"colour": "red"}
    by = {"id": "test:x", "role": "care_organizer", "organization": INSTITUTION, "rank": 3}
    line = line_of(unknown(by=by, opened=[term, {"nonsense": 1}], closed="x", term=7))
    assert line.title_ru == line.title_en == "careplan.visit-moved.v3"
    assert line.clause is None
    assert line.who.model_dump() == {"role": "care_organizer", "organization": INSTITUTION}
    assert [term.code for term in line.opened] == ["care-plan"]
    assert line.closed == []
    assert line.term is None


def test_event_without_anybody_says_so() -> None:
    assert line_of(unknown()).who.role == "unknown"


def test_entry_ids_are_ours_and_never_meet() -> None:
    ids = [
        "a.b.C1:12",
        "a.b.C1.12:3",
        "a.b.C1:2",
        "a.b.C1-2:1",
        "a.b.Ж:1",
        "a.b." + "C" * 120 + ":1",
    ]
    made = {entry_id(event_id) for event_id in ids}
    assert len(made) == len(ids)
    assert all(name.startswith("E") and len(name) <= ID_LENGTH and name.isascii() for name in made)
    assert entry_id("intake.case.C1:7") == "Eintake.case.C1.0000000007"


CITIZEN = envelopes(
    "intake.citizen",
    "P1",
    [
        (citizen.CitizenRegistered(by=somebody("registrar"), card=CARD), MONDAY),
        (citizen.ConsentWithdrawn(by=somebody("registrar")), MONDAY),
        (citizen.CitizenErased(by=somebody("operator")), MONDAY),
    ],
)


@pytest.mark.parametrize(
    ("envelope", "personal"),
    [
        (CITIZEN[0], True),
        (CITIZEN[1], False),
        (CITIZEN[2], False),
        (CITIZEN[1].model_copy(update={"type": "ru.opora.intake.citizen-moved.v1"}), True),
        (PATH[0], False),
    ],
)
def test_personal_data_stand_in_the_citizens_stream_only(
    envelope: Envelope, personal: bool
) -> None:
    assert carries_personal_data(envelope) is personal


def test_erased_card_is_empty_and_still_an_event_152_FZ_21() -> None:
    entry = LogEntry(envelope=CITIZEN[0], received_at=MONDAY)
    erase(entry)
    assert entry.erased
    assert "Кузнецова" not in entry.model_dump_json()
    event = entry.envelope.event()
    assert isinstance(event, citizen.CitizenRegistered)
    assert event.card.name is None
    assert event.by.role == "registrar"


def test_erased_unknown_event_keeps_only_who_did_it_152_FZ_21() -> None:
    data = {"by": {"id": "a", "role": "registrar"}, "card": {"x": "Анна"}, "note": "Анна"}
    strange = CITIZEN[0].model_copy(
        update={"type": "ru.opora.intake.citizen-moved.v1", "data": data}
    )
    entry = LogEntry(envelope=strange, received_at=MONDAY)
    erase(entry)
    assert entry.envelope.data == {"by": {"id": "a", "role": "registrar"}}
