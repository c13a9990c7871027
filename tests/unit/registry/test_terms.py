"""How a term stands: due soon, late, met; at the very moments at which that changes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contracts import careplan, complaints, documents, intake, referral
from contracts.event import Event
from contracts.terms import ClosedTerm, Deadline
from contracts.values import SYSTEM
from services.registry.domain.case import CaseRecord, learn
from services.registry.domain.stages import Stage
from services.registry.domain.terms import Ledger, Term, TermState, title_of
from tests.unit.registry.builders import (
    DAY,
    HOUR,
    MONDAY,
    careplan_of,
    context,
    due,
    intake_of,
    read,
    ref_of,
)

TERM = due("decision", MONDAY)
TICK = timedelta(microseconds=1)
REF = ref_of("C0000000000000000000000000000031")


def running(**more: object) -> Term:
    return Term.model_validate(
        {
            "service": "careplan",
            "code": TERM.code,
            "due_at": TERM.due_at,
            "deadline": TERM,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (MONDAY, TermState.RUNNING),
        (TERM.warn_at - TICK, TermState.RUNNING),
        (TERM.warn_at, TermState.DUE_SOON),
        (TERM.due_at - TICK, TermState.DUE_SOON),
        (TERM.due_at, TermState.LATE),
        (TERM.due_at + 40 * DAY, TermState.LATE),
    ],
)
def test_running_term_at_its_boundaries_R_3_6_5(now: datetime, state: TermState) -> None:
    assert running().state(now) is state
    late = now - TERM.due_at if state is TermState.LATE else None
    assert running().late_by(now) == late


@pytest.mark.parametrize(
    ("closed_at", "state", "late_by"),
    [
        (TERM.due_at - TICK, TermState.MET, None),
        (TERM.due_at, TermState.MET, None),
        (TERM.due_at + TICK, TermState.CLOSED_LATE, TICK),
        (TERM.due_at + 2 * DAY, TermState.CLOSED_LATE, 2 * DAY),
    ],
)
def test_closed_term_at_its_boundaries(
    closed_at: datetime, state: TermState, late_by: timedelta | None
) -> None:
    closed = running(closed_at=closed_at)
    assert closed.state(TERM.due_at + 100 * DAY) is state
    assert closed.late_by(TERM.due_at + 100 * DAY) == late_by


def test_term_said_to_be_missed_is_late_whatever_our_clock_shows() -> None:
    assert running(missed=True).state(TERM.due_at - HOUR) is TermState.LATE


def ledger(service: str, *events: Event) -> Ledger:
    taken = Ledger()
    for event in events:
        taken.take(service, event)
    return taken


def said(*opened: Deadline, closed: tuple[ClosedTerm, ...] = ()) -> Event:
    return documents.PackageCompleted(by=SYSTEM, documents=(), opened=opened, closed=closed)


def ending(term: Deadline, at: datetime) -> ClosedTerm:
    return ClosedTerm(code=term.code, due_at=term.due_at, closed_at=at)


def states(taken: Ledger, now: datetime, *, over: bool = False) -> list[tuple[str, TermState]]:
    return [(term.code, term.state(now)) for term in taken.terms(over=over)]


def test_alarms_name_the_term_once() -> None:
    soon, missed = (
        careplan.TermDueSoon(by=SYSTEM, term=TERM),
        careplan.TermMissed(by=SYSTEM, term=TERM),
    )
    taken = ledger("careplan", said(TERM), soon, missed)
    assert states(taken, MONDAY) == [("decision", TermState.LATE)]
    assert states(ledger("careplan", said(TERM), soon), MONDAY) == [("decision", TermState.RUNNING)]


def test_term_opened_by_an_event_unknown_here_is_learned_from_its_alarm() -> None:
    taken = ledger("careplan", careplan.TermDueSoon(by=SYSTEM, term=TERM))
    assert states(taken, TERM.warn_at) == [("decision", TermState.DUE_SOON)]


def test_ending_whose_opening_is_unknown_here_is_kept() -> None:
    taken = ledger("careplan", said(closed=(ending(TERM, MONDAY),)))
    (term,) = taken.terms()
    assert term.deadline is None
    assert term.state(MONDAY) is TermState.MET


def test_term_opened_closed_and_opened_again_on_one_day_runs() -> None:
    again = ledger("careplan", said(TERM), said(closed=(ending(TERM, MONDAY),)), said(TERM))
    assert states(again, MONDAY) == [("decision", TermState.MET), ("decision", TermState.RUNNING)]


def test_term_begun_anew_without_a_word_lets_the_earlier_one_lapse_R_3_3_7_2() -> None:
    later = due("decision", MONDAY + 7 * DAY)
    taken = ledger("careplan", said(TERM), said(later))
    assert states(taken, MONDAY) == [
        ("decision", TermState.LAPSED),
        ("decision", TermState.RUNNING),
    ]


def test_term_missed_by_a_mistyped_receipt_is_late_no_more_once_it_is_put_right_R_3_1_8() -> None:
    case = CaseRecord(id="C0000000000000000000000000000031")
    wrong, right = due("referral-analysis", MONDAY), due("referral-analysis", MONDAY + 30 * DAY)
    receipt = referral.CorrectedReceipt(
        journal_number=REF.number,
        before=wrong.started_at,
        received_at=right.started_at,
        opened_case=True,
    )
    put_right = referral.CircumstancesCorrected(
        by=SYSTEM, in_hospital=False, home_care_asked=False, receipt=receipt, opened=(right,)
    )
    registered = intake_of(REF).told[0][0].model_copy(update={"opened": (wrong,)})
    for event in (registered, intake.TermMissed(by=SYSTEM, term=wrong), put_right):
        learn(case, event, context(MONDAY))
    now = right.started_at + HOUR
    assert [term.state(now) for term in case.terms()] == [TermState.LAPSED, TermState.RUNNING]
    assert case.received_at == right.started_at


def test_term_dropped_begun_anew_and_ended_on_one_day_runs_no_more_R_3_3_7_2() -> None:
    """The citizen declines and returns within a day: both starts run out at the same moment."""
    again = due("decision", MONDAY + HOUR)
    assert again.due_at == TERM.due_at
    taken = ledger(
        "careplan", said(TERM), said(again), said(closed=(ending(again, MONDAY + 2 * HOUR),))
    )
    assert states(taken, MONDAY + 3 * HOUR) == [
        ("decision", TermState.LAPSED),
        ("decision", TermState.MET),
    ]


def test_term_ended_and_begun_anew_on_one_day_runs() -> None:
    again = due("decision", MONDAY + 2 * HOUR)
    taken = ledger("careplan", said(TERM), said(closed=(ending(TERM, MONDAY + HOUR),)), said(again))
    assert states(taken, MONDAY + 3 * HOUR) == [
        ("decision", TermState.MET),
        ("decision", TermState.RUNNING),
    ]


def test_two_complaints_run_the_same_term_side_by_side_R_5_5() -> None:
    first, second = due("complaint", MONDAY), due("complaint", MONDAY + HOUR)
    assert first.due_at == second.due_at
    taken = ledger("complaints", said(first), said(second))
    assert states(taken, MONDAY) == [("complaint", TermState.RUNNING)] * 2
    taken.take("complaints", said(closed=(ending(second, MONDAY + DAY),)))
    assert states(taken, MONDAY) == [
        ("complaint", TermState.MET),
        ("complaint", TermState.RUNNING),
    ]


def test_what_runs_when_the_case_ends_lapses_but_complaints_run_on() -> None:
    case = read(REF.case_id, intake_of(REF).envelopes()[:3]).state
    assert [term.code for term in case.running()] == ["interagency-request"]
    told = intake_of(REF)
    told.told = told.told[:3]
    told.say(intake.CaseClosed(by=SYSTEM, reason="moved_away"), MONDAY + 2 * DAY)
    over = read(REF.case_id, told.envelopes()).state
    assert over.stage is Stage.CLOSED
    assert over.running() == []
    complaint = complaints.ComplaintRegistered(
        by=SYSTEM,
        case_id=REF.case_id,
        number="Ж-1",
        ground="late_service",
        body="r-authorised-body-07",
        citizen_id=REF.citizen_id,
        opened=(due("complaint", MONDAY + 3 * DAY),),
    )
    over.ledger.take("complaints", complaint)
    assert [term.code for term in over.running()] == ["complaint"]


def test_what_is_still_to_be_done_about_a_further_referral_outlives_the_case_R_3_1_3() -> None:
    analysis, request = due("referral-analysis", MONDAY), due("interagency-request", MONDAY)
    taken = ledger("intake", said(analysis, request))
    late = MONDAY - HOUR
    assert dict(states(taken, late, over=True)) == {
        "referral-analysis": TermState.RUNNING,
        "interagency-request": TermState.LAPSED,
    }
    taken.take("intake", said(closed=(ending(analysis, late),)))
    assert dict(states(taken, MONDAY, over=True))["referral-analysis"] is TermState.MET


def test_next_due_term_is_the_earliest_or_the_owners() -> None:
    both = intake_of(REF).envelopes()[:3] + careplan_of(REF).envelopes()[:1]
    case: CaseRecord = read(REF.case_id, both).state
    first, own = case.next_due(), case.next_due(case.standing.owner)
    assert first is not None
    assert own is not None
    assert (first.code, own.code) == ("interagency-request", "care-plan")


def test_title_comes_from_the_pack_of_the_case() -> None:
    assert title_of("decision", "kuzbass-2013").clause == "R 3.6.5"


@pytest.mark.parametrize(
    ("code", "pack"),
    [("decision", "kuzbass-2099"), ("no-such", "kuzbass-2013"), ("decision", None)],
)
def test_unknown_term_or_pack_is_shown_by_its_code(code: str, pack: str | None) -> None:
    assert title_of(code, pack).ru == code
