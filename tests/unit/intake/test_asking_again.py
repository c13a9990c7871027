"""Who thought a decline over is asked once more, and returns or still declines (R 3.3.7.2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from contracts.context import Context
from contracts.intake import CaseDeclined, ThinkingTimeEnded
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.closing import WithoutObject
from services.intake.domain.consenting import ConsentState, learn_consent
from services.intake.domain.declining import decline, reopen
from services.intake.domain.ending import close_without_object
from services.intake.domain.notices import task_state
from services.intake.domain.registration import link_referral
from services.intake.domain.terms import next_wake, sound_terms
from services.intake.domain.worklists import Worklist, place_of, settle
from tests.unit.intake.sample import BODY, HOSPITAL, NOON, applied, entry, taken_in, when

UNTIL = (NOON + timedelta(days=7)).date()
ASKED = when(NOON + timedelta(days=8))


def still_declines(case: Case, at: Context, until: date | None = None) -> list[object]:
    events = decline(
        case, at, consequences_explained=True, contact_left=True, think_until=until
    )  # fmt: skip
    settle(case, at, moved=True)
    return list(events)


def thinks() -> Case:
    case = applied(requester=HOSPITAL)
    still_declines(case, when(), UNTIL)
    return case


def thought_over() -> Case:
    case = thinks()
    (ended,) = sound_terms(case, ASKED)
    assert isinstance(ended, ThinkingTimeEnded)
    return case


def listed(case: Case) -> tuple[Worklist, str, datetime] | None:
    place = place_of(case)
    if place is None:
        return None
    assert place.term is not None
    return place.row.worklist, place.owner, place.term.deadline.due_at


def test_who_thought_it_over_is_listed_to_be_asked_from_that_day_on_r_3_3_7_2() -> None:
    assert listed(thinks()) is None
    place = listed(thought_over())
    assert place is not None
    assert place[:2] == (Worklist.ASKING_AGAIN, "role:specialist")
    assert place[2] > ASKED.now  # counted from the end of the time to think


def test_case_that_waits_at_a_body_is_its_registrars_to_ask_again_r_3_3_7_2() -> None:
    case, at_body = taken_in(), when(org=BODY)
    still_declines(case, at_body, UNTIL)
    sound_terms(case, ASKED)
    place = listed(case)
    assert place is not None
    assert place[:2] == (Worklist.ASKING_AGAIN, "role:registrar")


def test_sender_sees_that_it_is_thought_over_until_they_were_asked_l_2_2() -> None:
    case = thought_over()
    assert task_state(case).text == "on-hold/thinking-over"
    still_declines(case, ASKED)
    assert task_state(case).text == "cancelled/citizen-declined"


def test_who_still_declines_is_asked_no_more_and_what_was_said_is_kept_r_3_3_7_2() -> None:
    case = thought_over()
    (declined,) = still_declines(case, ASKED)
    assert isinstance(declined, CaseDeclined)
    assert (listed(case), next_wake(case) is None) == (None, False)  # the hospital is to be told
    assert [kept.at for kept in case.declines] == [when().now, ASKED.now]
    assert case.status is Status.DECLINED
    reopen(case, ASKED)
    assert case.status is Status.APPLICATION_REGISTERED  # it goes on where it stood before both


def test_who_asks_for_more_time_is_asked_again_after_it_r_3_3_7_2() -> None:
    case, later = thought_over(), when(NOON + timedelta(days=30))
    still_declines(case, ASKED, (NOON + timedelta(days=20)).date())
    assert listed(case) is None
    sound_terms(case, later)
    assert listed(case) is not None


@pytest.mark.parametrize("end", ["reopened", "referred", "moved", "consent withdrawn"])
def test_nobody_is_asked_once_the_decline_stands_no_more_r_3_3_7_2(end: str) -> None:
    case = thought_over()
    if end == "reopened":
        reopen(case, ASKED)
    elif end == "referred":
        link_referral(case, entry(2, received_at=ASKED.now), ASKED)
    elif end == "moved":
        close_without_object(case, WithoutObject.MOVED, ASKED)
    else:
        learn_consent(case, ConsentState(None, ASKED.now), ASKED)
    settle(case, ASKED, moved=True)
    place = listed(case)
    assert place is None or place[0] is not Worklist.ASKING_AGAIN


def test_case_stored_before_anybody_was_listed_reads_as_nobody_to_ask() -> None:
    stored = thinks().model_dump(exclude={"ask_again_at", "taken_up", "reunite_at", "reached"})
    assert listed(Case.model_validate(stored)) is None
