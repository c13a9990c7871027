"""The interagency request to the Pension Fund and its answer (R 3.2, 2.6.1, 210-FZ 7.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts.documents import (
    CertificateOverdue,
    CertificateReceived,
    CertificateRequested,
    PackageCompleted,
)
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.intake import TermDueSoon, TermMissed
from contracts.regulation import load_pack
from services.intake.adapters.gateways import content
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.declining import reopen
from services.intake.domain.dispatching import record_not_sent, record_sent
from services.intake.domain.interagency import LONGEST_PAUSE_SECONDS, request_certificate
from services.intake.domain.requests import RequestState, Signatory, SigningAuthority
from services.intake.domain.terms import sound_terms
from tests.unit.intake.sample import (
    CARD,
    CERTIFICATE,
    HEAD,
    NOON,
    REQUEST,
    applied,
    decline,
    local,
    record_certificate,
    record_negative_answer,
    register_sheet,
    requested,
    sent,
    when,
)


def ask(case: Case, signatory: Signatory = HEAD, request_id: str = REQUEST) -> None:
    assert (
        request_certificate(case, request_id, "office-01", "opora@example.org", signatory, when())
        == []
    )


def state(case: Case) -> RequestState:
    assert case.request is not None
    return case.request.state


@pytest.mark.parametrize(
    ("authority", "order_number", "order_date", "missing"),
    [
        (SigningAuthority.HEAD, None, None, None),
        (SigningAuthority.HEAD, "12-к", None, None),
        (SigningAuthority.BY_ORDER, "12-к", date(2026, 1, 12), None),
        (SigningAuthority.BY_ORDER, None, date(2026, 1, 12), "order_number"),
        (SigningAuthority.BY_ORDER, "12-к", None, "order_date"),
    ],
)
def test_head_signs_or_who_has_the_heads_order_r_3_2_2(
    authority: SigningAuthority,
    order_number: str | None,
    order_date: date | None,
    missing: str | None,
) -> None:
    case = applied()
    order = {"order_number": order_number, "order_date": order_date}
    signatory = HEAD.model_copy(update={"authority": authority, **order})
    if missing is None:
        ask(case, signatory)
        assert state(case) is RequestState.TO_SEND
        return
    with pytest.raises(InvalidInput) as refused:
        ask(case, signatory)
    assert (refused.value.code, refused.value.field) == (
        "authority-unproven",
        f"signatory.{missing}",
    )
    assert refused.value.clause == "R 3.2.2"
    assert case.request is None


def test_content_holds_all_that_article_7_2_asks_for() -> None:
    case = requested()
    assert case.request is not None
    posted = content(case.request, case.reference.number, CARD)
    for field in load_pack("kuzbass-2013").interagency_request_fields:
        assert posted[field.code], field.title_en
    assert posted["requesting_body"] == "r-institution-15"
    assert posted["signatory"]["name"] == HEAD.name
    assert posted["data_needed"]["person"]["snils"] == "11223344595"


def test_content_tells_no_more_of_the_person_than_is_needed() -> None:
    case = requested()
    assert case.request is not None
    person = content(case.request, "n", CARD)["data_needed"]["person"]
    assert set(person) == {"snils", "name", "birth_date"}


@pytest.mark.parametrize(
    ("hour", "day"), [(23, "2026-02-02"), (0, "2026-02-03"), (6, "2026-02-03")]
)
def test_date_of_sending_is_the_districts_210_fz_7_2(hour: int, day: str) -> None:
    moment = local(2026, 2, 2 if hour == 23 else 3, hour)
    case = applied()
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when(moment))
    assert case.request is not None
    assert content(case.request, "n", CARD)["sent_on"] == day


def test_acceptance_ends_the_two_day_term_and_begins_the_answers_r_3_2_4() -> None:
    case = requested()
    (event,) = record_sent(case, when(local(2026, 2, 4, 23, 59)))
    assert isinstance(event, CertificateRequested)
    assert [(term.code, term.met) for term in event.closed] == [("interagency-request", True)]
    assert [(term.code, term.due_on) for term in event.opened] == [
        ("interagency-answer", date(2026, 2, 11))
    ]
    assert record_sent(case, when()) == []


def test_unreachable_fund_is_asked_ever_more_slowly_r_3_2() -> None:
    case = requested()
    pauses = []
    for _ in range(11):
        assert record_not_sent(case, when()) == []
        assert case.request is not None
        assert case.request.next_attempt_at is not None
        pauses.append(round((case.request.next_attempt_at - NOON).total_seconds()))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, LONGEST_PAUSE_SECONDS]
    assert state(case) is RequestState.TO_SEND


def test_certificate_comes_once_however_often_it_is_sent_r_2_6_1() -> None:
    case = sent()
    (event,) = record_certificate(case, REQUEST, CERTIFICATE, when(local(2026, 2, 5)))
    assert isinstance(event, CertificateReceived)
    assert not event.negative
    assert [(term.code, term.met) for term in event.closed] == [("interagency-answer", True)]
    other = CERTIFICATE.model_copy(update={"monthly_amount": 1})
    assert record_certificate(case, REQUEST, other, when(local(2026, 2, 6))) == []
    assert record_negative_answer(case, REQUEST, "нет такого", when(local(2026, 2, 6))) == []
    assert case.request is not None
    assert case.request.certificate == CERTIFICATE
    assert case.request.answered_at == local(2026, 2, 5)


def test_sums_stay_with_intake_r_2_6_1() -> None:
    case = sent()
    events = record_certificate(case, REQUEST, CERTIFICATE, when())
    assert not any("1945032" in event.model_dump_json() for event in events)


def test_answer_before_the_acceptance_was_recorded_r_2_6_1() -> None:
    case = requested()
    asked, received = record_certificate(case, REQUEST, CERTIFICATE, when())
    assert isinstance(asked, CertificateRequested)
    assert isinstance(received, CertificateReceived)
    assert case.terms.running == []
    assert [term.code for term in asked.closed] == ["interagency-request"]
    assert [term.code for term in received.closed] == ["interagency-answer"]
    assert record_sent(case, when()) == []
    assert record_not_sent(case, when()) == []
    assert state(case) is RequestState.ANSWERED


def test_answer_to_another_request_is_no_answer() -> None:
    case = sent()
    with pytest.raises(NotFound):
        record_certificate(case, "R9999", CERTIFICATE, when())
    with pytest.raises(NotFound):
        record_negative_answer(case, "R9999", "нет", when())
    assert state(case) is RequestState.SENT


def test_negative_answer_is_said_and_ends_the_term_r_2_6_1() -> None:
    case = sent()
    (event,) = record_negative_answer(case, REQUEST, "не состоит на учёте", when())
    assert isinstance(event, CertificateReceived)
    assert event.negative
    assert [term.code for term in event.closed] == ["interagency-answer"]
    assert "учёте" not in event.model_dump_json()
    assert case.terms.running == []
    assert record_negative_answer(case, REQUEST, "ещё раз", when()) == []


def test_after_a_negative_answer_one_asks_anew_r_2_6_1() -> None:
    case = sent()
    record_negative_answer(case, REQUEST, "опечатка в СНИЛС", when())
    ask(case, request_id="R0002")
    (event,) = record_sent(case, when())
    assert isinstance(event, CertificateRequested)
    assert [term.code for term in event.opened] == ["interagency-answer"]
    record_certificate(case, "R0002", CERTIFICATE, when())
    assert state(case) is RequestState.ANSWERED


def test_certificate_after_a_negative_answer_counts_r_2_6_1() -> None:
    case = sent()
    record_negative_answer(case, REQUEST, "архив закрыт", when())
    (event,) = record_certificate(case, REQUEST, CERTIFICATE, when())
    assert isinstance(event, CertificateReceived)
    assert not event.negative


@pytest.mark.parametrize("prepare", [requested, sent])
def test_running_request_is_not_made_twice_r_3_2_2(prepare: object) -> None:
    case = prepare()  # type: ignore[operator]
    with pytest.raises(NotAllowedInState) as refused:
        ask(case, request_id="R0002")
    assert refused.value.code == "request-exists"


DUE_SOON, OVERDUE = local(2026, 2, 9), local(2026, 2, 10)
"""Sent on Monday the 2nd, an answer is due with the end of Monday the 9th."""


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (local(2026, 2, 8, 23, 59), []),
        (local(2026, 2, 9, 0, 0), [TermDueSoon]),
        (local(2026, 2, 9, 23, 59), [TermDueSoon]),
        (local(2026, 2, 10, 0, 0), [TermMissed, CertificateOverdue]),
    ],
)
def test_answer_that_does_not_come_is_overdue_210_fz_7_2(moment: object, said: list[type]) -> None:
    case = sent()
    events = sound_terms(case, when(moment))  # type: ignore[arg-type]
    assert [type(event) for event in events] == said
    assert sound_terms(case, when(moment)) == []  # type: ignore[arg-type]
    overdue = CertificateOverdue in said
    assert state(case) is (RequestState.OVERDUE if overdue else RequestState.SENT)


def test_late_answer_still_counts_and_its_term_was_not_met_210_fz_7_2() -> None:
    case = sent()
    sound_terms(case, when(OVERDUE))
    register_sheet(case)
    received, completed = record_certificate(case, REQUEST, CERTIFICATE, when(local(2026, 2, 16)))
    assert isinstance(received, CertificateReceived)
    assert [(term.code, term.met) for term in received.closed] == [("interagency-answer", False)]
    assert isinstance(completed, PackageCompleted)


def test_overdue_request_may_be_made_anew_with_a_term_of_its_own_r_3_2() -> None:
    case = sent()
    sound_terms(case, when(OVERDUE))
    ask(case, request_id="R0002")
    (event,) = record_sent(case, when(local(2026, 2, 11)))
    assert isinstance(event, CertificateRequested)
    assert [(term.code, term.met) for term in event.closed] == [("interagency-answer", False)]
    assert [term.due_on for term in event.opened] == [date(2026, 2, 18)]
    assert len(case.terms.running) == 1


def test_nothing_leaves_about_a_citizen_who_declined_r_3_3_7_2() -> None:
    case = requested()
    decline(case, when())
    assert case.request is not None
    assert case.request.next_attempt_at is None
    record_not_sent(case, when())  # an attempt was under way
    assert case.request.next_attempt_at is None
    later = when(NOON + timedelta(days=1))
    reopen(case, later)
    assert case.request.next_attempt_at == later.now


def test_acceptance_after_the_citizen_declined_starts_no_term_r_3_3_7_2() -> None:
    case = requested()
    decline(case, when())
    (event,) = record_sent(case, when())
    assert isinstance(event, CertificateRequested)
    assert event.opened == ()
    assert case.terms.running == []
    (reopened,) = reopen(case, when())
    assert [term.code for term in reopened.opened] == ["interagency-answer"]  # type: ignore[attr-defined]
    assert case.status is Status.APPLICATION_REGISTERED
