"""What a case is because of its referrals, whatever befalls them (L 5.1)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from contracts.errors import NotAllowedInState
from contracts.intake import CaseDeclined
from contracts.referral import CircumstancesCorrected, ReferralsParted, ReferralWithdrawn
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.circumstances import CorrectedCircumstances, correct_circumstances
from services.intake.domain.closing import rests_on_nothing
from services.intake.domain.correcting import leave_case
from services.intake.domain.ending import withdraw_referral
from services.intake.domain.journal import JournalEntry
from services.intake.domain.linked import coded_entries
from services.intake.domain.notices import followed
from services.intake.domain.registration import link_referral
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.term_codes import URGENT_TERM
from services.intake.domain.urgent import danger_reported, needs_help_today
from services.intake.domain.worklists import place_of
from tests.unit.intake.sample import (
    HOSPITAL,
    dead_code,
    entry,
    form,
    in_status,
    registered,
    triaged,
    when,
)
from tests.unit.intake.world import ONE, SAME, STRANGER, World

WORK = (
    "answer", "answer danger", "triage", "apply", "decline", "no consent", "reopen", "forward",
    "return", "review", "review anew", "died", "where", "code", "code", "refuse", "annul",
)  # fmt: skip
CITIZEN = st.sampled_from((ONE, SAME, STRANGER))
NUMBER = st.integers(0, 3)
"""Which of the referrals that came, the last first; and through it, which case."""
REFERRAL = st.tuples(st.just("refer"), CITIZEN, st.booleans(), st.booleans(), st.booleans())
STEPS = st.lists(
    st.one_of(
        REFERRAL,
        st.tuples(st.just("correct"), NUMBER, CITIZEN),
        st.tuples(st.just("withdraw"), NUMBER, st.booleans()),
        st.tuples(st.just("work"), NUMBER, st.sampled_from(WORK)),
        st.tuples(st.sampled_from(("join", "part"))),
    ),
    min_size=3,
    max_size=25,
)
FIRST = [("refer", citizen, False, False, False) for citizen in (ONE, SAME)]


def take(world: World, step: tuple[Any, ...]) -> None:
    kind, *rest = step
    if kind == "refer":
        citizen, danger, hospital, at_body = rest
        world.refer(citizen, danger=danger, hospital=hospital, at_body=at_body)
        return
    if kind == "join":
        before = goes_on(world)
        ended, into = world.join()
        assert ended not in before or into in before, "what goes on is stopped by no joining"
        return
    if kind == "part":
        world.part()
        return
    known = list(world.lines)
    if not known:
        return
    number, said = rest
    referral = known[-1 - number % len(known)]
    if kind == "correct":
        world.correct(referral, said)
    elif kind == "withdraw":
        try_to_withdraw(world, referral, in_error=said)
    else:
        world.work(world.case_of(referral), said)


def try_to_withdraw(world: World, referral: str, *, in_error: bool) -> None:
    try:
        world.withdraw(referral, in_error=in_error)
    except NotAllowedInState:
        return


def goes_on(world: World) -> set[str]:
    """Cases that are neither set aside nor over."""
    open_ones = (case for case in world.cases.values() if not case.over)
    return {case.id for case in open_ones if case.status is not Status.DECLINED}


def check(world: World) -> None:
    going = [case for case in world.cases.values() if not case.over]
    for referral in world.lines:
        assert sum(referral in case.referrals for case in going) <= 1, referral
        assert referral in world.case_of(referral).referrals, referral
    owners = [world.root(case.reference.citizen_id).id for case in going]
    assert len(owners) == len(set(owners)), "one citizen has one open case"
    for case in going:
        assert len(case.referrals) == len(set(case.referrals))
        assert not rests_on_nothing(case)
        assert case.status is Status.DECLINED or place_of(case) is not None
        check_what_it_is(world, case)
        check_codes(world, case)


def check_what_it_is(world: World, case: Case) -> None:
    counting = [
        world.lines[one].form
        for one in case.referrals
        if one not in case.withdrawals or not case.withdrawals[one].in_error
    ]
    danger = case.in_danger and case.code is None
    assert not danger or any(form.in_danger for form in counting)
    if not any(one.circumstances for one in world.cases.values()):
        assert case.in_hospital == any(form.in_hospital for form in counting)
    if case.code is None and case.status is not Status.DECLINED:
        running = {term.code for term in case.terms.deadlines}
        assert (URGENT_TERM in running) == (case.in_danger or needs_help_today(case))


def check_codes(world: World, case: Case) -> None:
    holding = {(case.entry_id, case.status_code_issue)}
    holding |= {(link, 0) for link in coded_entries(case.linked)}
    for code in holding & set(world.told):
        told = world.told[code]
        assert told in case.referrals, "who has the code referred somebody else"
        assert told not in case.withdrawals, "who has the code took the referral back"


@given(steps=STEPS)
@settings(max_examples=400, deadline=None)
def test_referral_stands_in_one_open_case_and_what_it_brought_goes_with_it_l_5_1(
    steps: list[tuple[Any, ...]],
) -> None:
    world = World()
    for step in [*FIRST, *steps]:
        note(str(step))
        take(world, step)
        check(world)


def danger_of_somebody_else() -> JournalEntry:
    return entry(2, form=form(in_danger=True, in_hospital=True, priority="stat"))


def test_what_a_referral_said_goes_with_it_r_3_1_7_r_3_3_3() -> None:
    case = registered()
    link_referral(case, danger_of_somebody_else(), when())
    assert (case.in_danger, case.in_hospital, case.priority) == (True, True, "stat")
    parted, corrected = leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
    assert [term.code for term in parted.closed] == ["urgent-measures"]
    assert isinstance(corrected, CircumstancesCorrected)  # its survey has three days again
    assert (corrected.in_hospital, case.in_hospital) == (False, False)
    assert (danger_reported(case), case.priority) == (False, None)
    assert [term.code for term in case.terms.deadlines] == ["referral-analysis"]


def test_danger_that_another_referral_reports_goes_on_r_3_1_7() -> None:
    case = registered(form=form(in_danger=True))
    link_referral(case, danger_of_somebody_else(), when())
    (parted, _) = leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
    assert (parted.closed, danger_reported(case)) == ((), True)


def test_what_a_person_said_of_the_hospital_stands_whoever_leaves_r_3_3_3() -> None:
    case = registered()
    link_referral(case, danger_of_somebody_else(), when())
    for lies_there in (False, True):
        said = CorrectedCircumstances(
            in_hospital=lies_there, home_care_asked=False, reason="звонили в больницу"
        )
        correct_circumstances(case, said, when())
    leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
    assert case.in_hospital


def test_case_stored_before_it_was_kept_who_says_what_stays_as_it_is_r_3_1_7() -> None:
    case = registered()
    link_referral(case, danger_of_somebody_else(), when())
    case.said = case.analysed = None
    leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
    assert (case.in_danger, case.in_hospital, case.priority) == (True, True, "stat")


@pytest.mark.parametrize("times", [1, 2])
def test_referral_that_came_back_counts_and_may_leave_again_l_5_1(times: int) -> None:
    case = registered(requester=HOSPITAL)
    for _ in range(times):
        link_referral(case, entry(2), when())
        leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
        assert case.referrals == [case.entry_id]
    link_referral(case, entry(2), when())
    assert case.referrals == [case.entry_id, entry(2).id]
    wanted = TaskStatus.CANCELLED
    (withdrawn,) = withdraw_referral(
        case, case.entry_id, wanted, "ошибка", when(), hash_of=dead_code
    )
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert (withdrawn.case_goes_on, case.status) == (True, Status.REGISTERED)


def test_referral_that_opened_a_case_comes_back_to_it_as_a_further_one_l_5_1() -> None:
    case = triaged(requester=HOSPITAL)
    link_referral(case, entry(2), when())
    leave_case(case, case.entry_id, "C9", when(), hash_of=dead_code)
    link_referral(case, entry(1, requester=HOSPITAL), when(), str)
    assert case.referrals == [entry(2).id, case.entry_id]
    assert [link.entry_id for link in case.to_review] == [entry(2).id, case.entry_id]
    assert dict(followed(case)).keys() == {case.entry_id}
    (parted, *_) = leave_case(case, case.entry_id, "C9", when(), hash_of=dead_code)
    assert isinstance(parted, ReferralsParted)
    assert parted.dead_code_hash == dead_code(case.entry_id, 0, "")
    assert case.referrals == [entry(2).id]


def test_decline_stands_again_when_what_took_it_up_was_of_somebody_else_r_3_3_7_2() -> None:
    case = in_status(Status.DECLINED)
    before = case.model_copy(deep=True)
    link_referral(case, entry(2), when())
    assert case.status is Status.REGISTERED
    _, declined = leave_case(case, entry(2).id, "C9", when(), hash_of=dead_code)
    assert isinstance(declined, CaseDeclined)
    assert (case.status, case.status_before, case.code, case.terms.deadlines) == (
        Status.DECLINED,
        before.status_before,
        before.code,
        [],
    )
