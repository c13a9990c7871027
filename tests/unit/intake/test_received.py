"""When a referral was received, put right: terms count from the receipt (R 3.1.2, 3.1.7, 3.1.8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import TermMissed
from contracts.referral import CircumstancesCorrected
from contracts.values import SYSTEM
from services.intake.domain.case import Case
from services.intake.domain.correcting import Corrected, correct
from services.intake.domain.forwarding import return_referral
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.domain.received import correct_receipt
from services.intake.domain.records import ReturnReason
from services.intake.domain.registration import link_referral
from services.intake.domain.terms import sound_terms
from tests.unit.intake.sample import (
    BODY,
    NOON,
    THERE,
    entry,
    form,
    local,
    registered,
    taken_in,
    taken_in_entry,
    triaged,
    when,
)

MONTH_AGO, YESTERDAY, TOMORROW = (NOON + timedelta(days=days) for days in (-31, -3, 1))
"""Yesterday is the working day before: NOON is a Monday."""


def put_right(
    case: Case, number: int, received: datetime, at: Context | None = None, *, of: int = 1
) -> list[Event]:
    """A line in place of that of a referral, which the case knows by its first."""
    first = entry(of).id
    line = entry(number, corrects=first, received_at=received)
    return correct_receipt(case, first, line, at or when())


def starts(case: Case) -> dict[str, datetime]:
    """From when each term of a case runs."""
    return {term.code: term.started_at for term in case.terms.deadlines}


def test_terms_run_from_the_receipt_as_it_was_put_right_r_3_1_8_r_3_1_7() -> None:
    case = registered(form=form(in_danger=True))
    (corrected,) = put_right(case, 2, YESTERDAY)
    assert isinstance(corrected, CircumstancesCorrected)
    assert corrected.receipt is not None
    assert (corrected.receipt.before, corrected.receipt.received_at) == (NOON, YESTERDAY)
    assert corrected.receipt.opened_case
    assert case.received_at == YESTERDAY
    assert starts(case) == {"referral-analysis": YESTERDAY, "urgent-measures": YESTERDAY}
    assert [term.code for term in corrected.opened] == ["referral-analysis", "urgent-measures"]
    assert corrected.closed == ()


def test_term_that_ran_out_by_a_mistyped_day_is_not_missed_any_more_r_3_1_8() -> None:
    case = registered(received_at=MONTH_AGO)
    assert [type(alarm) for alarm in sound_terms(case, when())] == [TermMissed]
    put_right(case, 2, NOON - timedelta(hours=1))
    (term,) = case.terms.running
    assert (term.missed, term.warned) == (False, False)
    assert term.deadline.due_on == TOMORROW.date()
    assert sound_terms(case, when()) == []


def test_term_that_ran_out_before_the_true_receipt_was_known_sounds_r_3_1_8() -> None:
    case = registered()
    put_right(case, 2, MONTH_AGO)
    (missed,) = sound_terms(case, when())
    assert isinstance(missed, TermMissed)
    assert missed.term.started_at == MONTH_AGO


def test_further_referral_waits_from_the_first_receipt_of_those_that_wait_r_3_1_8() -> None:
    case = triaged()
    link_referral(case, entry(2, received_at=YESTERDAY), when())
    link_referral(case, entry(3), when())
    assert starts(case) == {"referral-analysis": YESTERDAY}
    (corrected,) = put_right(case, 4, NOON + timedelta(hours=1), when(TOMORROW), of=2)
    assert isinstance(corrected, CircumstancesCorrected)
    assert corrected.receipt is not None
    assert not corrected.receipt.opened_case
    assert starts(case) == {"referral-analysis": NOON}
    put_right(case, 5, YESTERDAY, when(TOMORROW), of=3)
    assert starts(case) == {"referral-analysis": YESTERDAY}


def test_calm_further_referral_moves_no_term_of_the_first_r_3_1_8() -> None:
    case = registered()
    link_referral(case, entry(2), when())
    (corrected,) = put_right(case, 3, YESTERDAY, of=2)
    assert isinstance(corrected, CircumstancesCorrected)
    assert corrected.opened == ()
    assert starts(case) == {"referral-analysis": NOON}
    assert case.linked[0].received_at == YESTERDAY


def test_what_a_return_began_runs_from_the_return_r_3_1_2() -> None:
    case = taken_in(onward=THERE)
    return_referral(case, ReturnReason.ANOTHER_SERVES, None, when(TOMORROW))
    of_body = taken_in_entry(2, received_at=YESTERDAY)
    correct_receipt(case, case.entry_id, of_body, when(TOMORROW, org=BODY))
    assert (case.received_at, starts(case)) == (YESTERDAY, {"referral-forwarding": TOMORROW})


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_several_lines_the_last_says_when_it_came_in_whatever_order_r_3_1_2(
    order: tuple[int, ...],
) -> None:
    lines = [(2, YESTERDAY), (3, MONTH_AGO), (4, NOON)]
    case = registered()
    for place in (*order, *order):
        put_right(case, *lines[place])
    assert (case.received_at, starts(case)) == (NOON, {"referral-analysis": NOON})


def test_case_that_a_referral_has_left_counts_from_it_no_more_l_5_1() -> None:
    case = registered()
    case.parted.append(case.entry_id)
    assert put_right(case, 2, YESTERDAY) == []
    assert put_right(case, 3, YESTERDAY, of=9) == []
    assert case.received_at == NOON


def placed(**changed: object) -> JournalEntry:
    at = Placement(citizen_id="P1", case_id="C1", linked=False)
    return entry(**{"placed": at, "entered_at": NOON, **changed})


def test_receipt_is_not_moved_past_the_entry_in_the_journal_r_3_1_2() -> None:
    made, late = placed(), Corrected(reason="описка", received_at=NOON + timedelta(minutes=1))
    with pytest.raises(InvalidInput) as refused:
        correct(made, late, when(TOMORROW))
    assert (refused.value.code, refused.value.field) == ("received-after-entered", "received_at")
    assert made.correction is None
    correct(made, Corrected(reason="описка", received_at=NOON), when(TOMORROW))
    assert made.correction is not None


def test_institution_does_not_say_when_a_body_took_it_in_r_3_1_2() -> None:
    made = placed(forwarded_from="J-r-authorised-body-07-2026-000001", sender=BODY)
    with pytest.raises(NotAllowedInState) as refused:
        correct(made, Corrected(reason="описка", received_at=YESTERDAY), when())
    assert (refused.value.code, refused.value.clause) == ("received-by-another-body", "R 3.1.2")
    assert made.correction is None


def test_alarms_of_a_due_day_that_stays_do_not_sound_again_r_3_1_8() -> None:
    case = registered(received_at=local(2026, 1, 12, 9))
    assert len(sound_terms(case, when())) == 1
    (corrected,) = put_right(case, 2, local(2026, 1, 12, 15))
    assert isinstance(corrected, CircumstancesCorrected)
    assert [term.started_at for term in corrected.opened] == [local(2026, 1, 12, 15)]
    assert case.terms.running[0].missed
    assert corrected.by != SYSTEM
