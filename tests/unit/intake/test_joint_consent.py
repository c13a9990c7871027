"""The consents of one person who has two cards, and of two persons again (152-FZ 9, 21; L 5.1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from contracts.citizen import CitizensJoined, CitizensParted, ConsentBasis
from contracts.intake import CaseDeclined, CaseReopened
from services.intake.domain import joining
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, Consent, next_wake
from services.intake.domain.consent import GivenConsent
from services.intake.domain.consenting import (
    ConsentState,
    give_consent,
    learn_consent,
    sound_erasure,
    standing_consent,
    state_of,
    withdraw_consent,
)
from services.intake.domain.joining import OpenCases
from tests.unit.intake.sample import (
    CONSENTED,
    NOON,
    analysed,
    applied,
    decline,
    registered,
    taken_in,
    when,
)

PAIR = "P1-P2"
PACK = registered().pack
NONE = OpenCases(None, None)
DAY = timedelta(days=1)


def on(day: int) -> datetime:
    return NOON + day * DAY


def two() -> tuple[Citizen, Citizen]:
    return Citizen(id="P1", open_case="C1"), Citizen(id="P2", open_case="C2")


def consents(citizen: Citizen, day: int, given: int | None = None, card: str | None = None) -> None:
    """A consent recorded on a day, given on that day or before."""
    paper = GivenConsent(
        text_version="consent-2013-1", given_on=on(day if given is None else given).date()
    )
    give_consent(citizen, paper, PACK, when(on(day)), card=card)


def withdraws(citizen: Citizen, day: int, **kept: str) -> None:
    withdraw_consent(citizen, PACK, when(on(day)), **kept)


def join(survivor: Citizen, other: Citizen, day: int = 20) -> CitizensJoined:
    at = when(on(day))
    *_, said = joining.take_over(survivor, other, PAIR, NONE, at)
    joining.join(other, survivor.id, PAIR, at)
    assert isinstance(said, CitizensJoined)
    return said


def undo(survivor: Citizen, other: Citizen, day: int = 25) -> CitizensParted:
    at = when(on(day))
    joining.part(other, survivor, PAIR, at)
    *_, said = joining.release(survivor, other, PAIR, at)
    assert isinstance(said, CitizensParted)
    return said


def erased_since(citizen: Citizen) -> datetime | None:
    return next((term.started_at for term in citizen.terms.deadlines), None)


Acts = list[tuple[str, int]]
GIVEN, BACK = [("gives", 1)], [("gives", 1), ("withdraws", 5)]


def act(citizen: Citizen, acts: Acts) -> None:
    for what, day in acts:
        if what == "gives":
            consents(citizen, day)
        elif what == "records an old paper":
            consents(citizen, day, given=2)
        elif what == "withdraws, kept by contract":
            withdraws(citizen, day, other_basis="contract", other_reason="договор Д-7")
        else:
            withdraws(citizen, day)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("one", "another", "stands", "since"),
    [
        ([], [], False, None),
        (GIVEN, [], True, None),
        (BACK, [], False, 5),
        (GIVEN, [("gives", 3)], True, None),
        (GIVEN, BACK, False, 5),
        (BACK, [("gives", 7)], True, None),
        (BACK, [("records an old paper", 7)], False, 5),
        (BACK, [("gives", 2), ("withdraws", 8)], False, 5),
        (BACK, [("gives", 7), ("withdraws", 8)], False, 8),
        (BACK, [("gives", 7), ("withdraws, kept by contract", 8)], False, None),
    ],
)
def test_of_one_person_on_two_cards_the_latest_act_decides_152_fz_9_152_fz_21(
    one: Acts, another: Acts, stands: bool, since: int | None, swapped: bool
) -> None:
    survivor, other = two()
    act(survivor, another if swapped else one)
    act(other, one if swapped else another)
    before = [citizen.model_copy(deep=True) for citizen in (survivor, other)]
    said = join(survivor, other)
    assert (standing_consent(survivor) is not None, said.consented) == (stands, stands)
    assert erased_since(survivor) == (on(since) if since is not None else None)
    assert other.terms.deadlines == []
    known = survivor.model_copy(deep=True)
    joining.take_over(survivor, other, PAIR, NONE, when(on(20)))
    assert state_of(survivor) == state_of(known)
    undo(survivor, other)
    for citizen, was in zip((survivor, other), before, strict=True):
        assert (citizen.consents, citizen.consent) == (was.consents, was.consent)
        assert citizen.terms.deadlines == was.terms.deadlines


def test_the_term_to_erase_is_said_where_it_runs_152_fz_21() -> None:
    survivor, other = two()
    act(other, BACK)
    at = when(on(20))
    (said,) = joining.take_over(survivor, other, PAIR, NONE, at)
    (joined,) = joining.join(other, "P1", PAIR, at)
    assert isinstance(said, CitizensJoined)
    assert isinstance(joined, CitizensJoined)
    assert ([term.code for term in said.opened], said.closed) == (["consent-erasure"], ())
    assert ([term.code for term in joined.closed], joined.opened) == (["consent-erasure"], ())
    assert (next_wake(other), sound_erasure(other, when(on(90)))) == (None, [])
    (parted,) = joining.part(other, survivor, PAIR, at)
    (released,) = joining.release(survivor, other, PAIR, at)
    assert isinstance(parted, CitizensParted)
    assert isinstance(released, CitizensParted)
    assert (len(parted.opened), parted.parted_consented) == (1, False)
    assert (len(released.closed), released.consented) == (1, False)


def test_a_consent_given_to_the_joint_card_ends_the_term_of_either_152_fz_21() -> None:
    survivor, other = two()
    act(other, BACK)
    join(survivor, other)
    consents(survivor, 22)
    assert survivor.terms.deadlines == other.terms.deadlines == []
    assert survivor.cases_to_tell == ["C1", "C2"]
    undo(survivor, other)
    assert standing_consent(survivor) is not None
    assert (standing_consent(other), erased_since(other)) == (None, on(5))


def test_what_is_taken_back_from_the_joint_card_is_taken_back_on_both_152_fz_9() -> None:
    survivor, other = two()
    consents(survivor, 1)
    consents(other, 3)
    join(survivor, other)
    withdraws(survivor, 22)
    undo(survivor, other)
    for citizen in (survivor, other):
        assert (standing_consent(citizen), erased_since(citizen)) == (None, on(22))
        assert len(citizen.consents) == 1


def test_a_consent_given_in_the_other_ones_case_goes_with_them_r_3_3_7() -> None:
    survivor, other = two()
    join(survivor, other)
    consents(survivor, 22, card="P2")
    assert standing_consent(survivor) is not None
    undo(survivor, other)
    given = standing_consent(other)
    assert (standing_consent(survivor), given is not None) == (None, True)
    join(survivor, other, 26)
    withdraws(survivor, 27)
    undo(survivor, other, 28)
    assert (state_of(other).withdrawn, state_of(survivor).withdrawn) == (on(27), None)


def test_what_either_did_between_two_writes_of_a_joining_is_not_lost_152_fz_9() -> None:
    """The process died when the survivor was stored and the joined one not yet."""
    for who in ("survivor", "other"):
        survivor, other = two()
        consents(other, 1)
        at = when(on(20))
        joining.take_over(survivor, other, PAIR, NONE, at)
        withdraws(survivor if who == "survivor" else other, 21)
        said = joining.take_over(survivor, other, PAIR, NONE, at)
        assert [type(event) for event in said] == ([CitizensJoined] if who == "other" else [])
        assert (standing_consent(survivor), erased_since(survivor)) == (None, on(21))
        assert len(survivor.consents) == 1


def test_what_the_survivor_took_back_between_two_writes_of_a_parting_stays_so_152_fz_9() -> None:
    survivor, other = two()
    consents(survivor, 1)
    consents(other, 3)
    join(survivor, other)
    joining.part(other, survivor, PAIR, when(on(25)))
    withdraws(survivor, 26)
    joining.release(survivor, other, PAIR, when(on(25)))
    assert state_of(survivor).withdrawn == on(26)
    assert standing_consent(other) is not None


def test_a_consent_of_the_time_when_its_text_alone_was_kept_is_taken_over_and_back_r_3_3_7() -> (
    None
):
    survivor, other = two()
    other.consent = Consent(
        basis=ConsentBasis.WRITTEN_CONSENT, text_version="consent-2013-1", given_on=date(2025, 1, 9)
    )
    join(survivor, other)
    assert survivor.consent == other.consent
    undo(survivor, other)
    assert (survivor.consent, other.consent is not None) == (None, True)


def test_joined_citizens_tell_the_cases_of_both_where_it_changes_what_they_go_by_152_fz_9() -> None:
    survivor, other = two()
    other.earlier_cases = ["C0"]
    join(survivor, other)
    assert (survivor.cases_to_tell, survivor.tell_at) == ([], None)
    undo(survivor, other)
    act(survivor, BACK)
    survivor.cases_to_tell = []
    join(survivor, other)
    assert survivor.cases_to_tell == ["C1", "C0", "C2"]
    assert survivor.tell_at is not None


BACK_THEN = ConsentState(None, on(5), frozenset({on(5)}))
NEVER = ConsentState(None, None)


def test_a_case_set_aside_by_what_somebody_else_took_back_goes_on_l_5_1_152_fz_9() -> None:
    ways = ((taken_in, NEVER), (analysed, NEVER), (applied, ConsentState(CONSENTED, None)))
    for make, own in ways:
        case = make()
        before = case.status
        assert isinstance(learn_consent(case, BACK_THEN, when(on(6)))[0], CaseDeclined)
        assert (case.status, case.consent_withdrawn) == (Status.DECLINED, True)
        reopened, *_ = learn_consent(case, own, when(on(7)))
        assert isinstance(reopened, CaseReopened)
        assert (case.status, case.consent_withdrawn, case.consent) == (before, False, own.scope)
        assert learn_consent(case, own, when(on(7))) == []


def test_a_new_consent_leaves_it_to_a_person_to_go_on_152_fz_9() -> None:
    case = applied()
    learn_consent(case, BACK_THEN, when(on(6)))
    known = ConsentState(CONSENTED, None, BACK_THEN.withdrawals)
    assert learn_consent(case, known, when(on(7))) == []
    assert (case.status, case.consent_withdrawn) == (Status.DECLINED, False)


def test_who_declined_by_themselves_still_does_when_parted_r_3_3_7_2() -> None:
    case = applied()
    decline(case)
    learn_consent(case, BACK_THEN, when(on(6)))
    assert learn_consent(case, NEVER, when(on(7))) == []
    assert (case.status, case.consent_withdrawn) == (Status.DECLINED, False)


def test_what_went_by_another_ones_consent_waits_for_its_own_152_fz_9() -> None:
    case = applied()
    for _ in range(2):
        learn_consent(case, NEVER, when(on(6)))
        assert (case.status, case.consent_withdrawn) == (Status.DECLINED, True)


def begun(day: int) -> Case:
    return registered(received_at=on(day), at=when(on(day)))


@pytest.mark.parametrize(("day", "status"), [(4, Status.DECLINED), (6, Status.REGISTERED)])
def test_a_referral_that_came_after_a_withdrawal_is_dealt_with_152_fz_9_r_3_1_2(
    day: int, status: Status
) -> None:
    case = begun(day)
    learn_consent(case, BACK_THEN, when(on(7)))
    assert (case.status, case.consent_withdrawn) == (status, status is Status.DECLINED)
