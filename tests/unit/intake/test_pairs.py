"""Pairs: what may happen in which state, what is taken over and given back (L 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.citizen import CitizenCardChanged, CitizensJoined, CitizensParted
from contracts.errors import NotAllowedInState
from contracts.intake import CaseClosed, CaseDeclined, CaseReopened
from contracts.referral import ReferralLinked, ReferralsParted
from contracts.values import CitizenCard
from services.intake.domain import joined_cases, joining, pair
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, Consent
from services.intake.domain.joining import OpenCases
from services.intake.domain.likeness import compare
from services.intake.domain.pair import (
    ALLOWED,
    CitizenPair,
    PairAction,
    PairStatus,
    Verdict,
    decide,
    overtaken,
    settled,
    undo,
)
from services.intake.domain.registration import link_referral
from tests.unit.intake.sample import CARD, NOON, dead_code, decline, entry, registered, when

BARE = CitizenCard(name=CARD.name, birth_date=CARD.birth_date, address=CARD.address)


def citizens() -> tuple[Citizen, Citizen]:
    elder = Citizen(id="P1", card=BARE, registered_at=NOON, open_case="C1")
    younger = Citizen(id="P2", card=CARD, registered_at=NOON + timedelta(days=1), open_case="C2")
    return elder, younger


def cases() -> tuple[Case, Case]:
    first = registered()
    second = registered(number=2, received_at=NOON + timedelta(days=1))
    second.id = "C2"
    return first, second


def waiting(status: PairStatus = PairStatus.OPEN) -> CitizenPair:
    made = CitizenPair(
        id="P1-P2",
        citizens=("P1", "P2"),
        found_at=NOON,
        likeness=compare(BARE, CARD),
        institution="r-institution-15",
        authorised_body="r-authorised-body-07",
    )
    if status in {PairStatus.JOINING, PairStatus.SAME, PairStatus.PARTING}:
        decide(made, Verdict.SAME, "паспорт", when(), citizens())
    if status in {PairStatus.SAME, PairStatus.PARTING}:
        settled(made)
    if status is PairStatus.PARTING:
        undo(made, "ошибка", when())
    if status is PairStatus.DIFFERENT:
        decide(made, Verdict.DIFFERENT, "мать и дочь", when())
    assert made.status is status
    return made


WAYS: dict[PairAction, Callable[[CitizenPair], None]] = {
    PairAction.DECIDE: lambda made: decide(made, Verdict.SAME, "паспорт", when(), citizens()),
    PairAction.UNDO: lambda made: undo(made, "ошибка", when()),
}


@pytest.mark.parametrize("action", list(PairAction))
@pytest.mark.parametrize("status", list(PairStatus))
def test_only_what_the_table_allows_happens_to_a_pair(
    status: PairStatus, action: PairAction
) -> None:
    """L 5.1"""
    made = waiting(status)
    before = made.model_copy(deep=True)
    if status in ALLOWED[action]:
        WAYS[action](made)
        assert made != before
        return
    with pytest.raises(NotAllowedInState) as refused:
        WAYS[action](made)
    assert (refused.value.code, refused.value.clause) == ("not-allowed-in-state", "L 5.1")
    assert made == before


def test_whoever_was_registered_earlier_goes_on() -> None:
    elder, younger = citizens()
    for roots in ((elder, younger), (younger, elder)):
        made = waiting()
        decide(made, Verdict.SAME, "паспорт", when(), roots)
        assert (made.survivor, made.joined) == ("P1", "P2")


def test_two_who_are_joined_already_have_nothing_left_to_join() -> None:
    elder, _ = citizens()
    made = waiting()
    decide(made, Verdict.SAME, "паспорт", when(), (elder, elder))
    assert (made.status, made.settle_at) == (PairStatus.SAME, None)
    undo(made, "ошибка", when())
    assert made.status is PairStatus.OPEN


def test_a_joining_that_was_overtaken_waits_for_a_person_again() -> None:
    made = waiting(PairStatus.JOINING)
    overtaken(made, when().by, NOON)
    assert (made.status, made.settle_at) == (PairStatus.OPEN, None)
    assert made.decisions[0].undone_at == NOON


def test_the_survivors_card_is_completed_and_restored() -> None:
    elder, younger = citizens()
    first, second = cases()
    events = joining.take_over(elder, younger, "P1-P2", OpenCases(first, second), when())
    assert [type(event) for event in events] == [CitizenCardChanged, CitizensJoined]
    assert (elder.card.snils, elder.card.phone) == (CARD.snils, CARD.phone)
    again = joining.take_over(elder, younger, "P1-P2", OpenCases(first, second), when())
    assert again == []
    events = joining.release(elder, younger, "P1-P2", when())
    assert [type(event) for event in events] == [CitizenCardChanged, CitizensParted]
    assert elder.card == BARE
    assert joining.release(elder, younger, "P1-P2", when()) == []


def test_what_became_the_survivors_own_since_stays_theirs() -> None:
    elder, younger = citizens()
    joining.take_over(elder, younger, "P1-P2", OpenCases(*cases()), when())
    elder.card = elder.card.model_copy(update={"phone": "+73845600099"})
    elder.open_case = "C9"  # the elder case ended, a new one was opened
    joining.release(elder, younger, "P1-P2", when())
    assert (elder.card.phone, elder.card.snils, elder.open_case) == ("+73845600099", None, "C9")


@pytest.mark.parametrize("elder_case", ["C1", "C2"])
def test_of_two_open_cases_the_elder_goes_on_whosever_it_is(elder_case: str) -> None:
    elder, younger = citizens()
    first, second = cases()
    if elder_case == "C2":
        first.received_at, second.received_at = second.received_at, first.received_at
    joining.take_over(elder, younger, "P1-P2", OpenCases(first, second), when())
    note = elder.joinings[0]
    assert (elder.open_case, note.into_case) == (elder_case, elder_case)
    assert {note.joined_case, note.into_case} == {"C1", "C2"}
    joining.release(elder, younger, "P1-P2", when())
    assert (elder.open_case, elder.earlier_cases, younger.open_case) == ("C1", [], "C2")


def test_a_survivor_without_an_open_case_takes_theirs_over_and_gives_it_back() -> None:
    elder, younger = citizens()
    _, second = cases()
    joining.take_over(elder, younger, "P1-P2", OpenCases(None, second), when())
    assert (elder.open_case, elder.earlier_cases) == ("C2", ["C1"])
    assert elder.joinings[0].joined_case is None
    joining.release(elder, younger, "P1-P2", when())
    assert (elder.open_case, elder.earlier_cases) == ("C1", [])


def test_a_case_that_the_other_one_got_meanwhile_is_taken_over_too() -> None:
    elder, younger = citizens()
    younger.open_case = None
    first, second = cases()
    joining.take_over(elder, younger, "P1-P2", OpenCases(first, None), when())
    younger.open_case = "C2"
    events = joining.take_over(elder, younger, "P1-P2", OpenCases(first, second), when())
    assert not [event for event in events if isinstance(event, CitizensJoined)]
    assert (elder.joinings[0].joined_case, len(elder.joinings)) == ("C2", 1)


def test_consent_is_taken_over_where_the_survivor_never_gave_one() -> None:
    elder, younger = citizens()
    younger.consent = Consent(
        basis="written_consent", text_version="consent-2013-1", given_on=NOON.date()
    )
    *_, said = joining.take_over(elder, younger, "P1-P2", OpenCases(None, None), when())
    assert (elder.consent, said.model_dump()["consented"]) == (younger.consent, True)
    *_, said = joining.release(elder, younger, "P1-P2", when())
    assert (elder.consent, said.model_dump()["consented"]) == (None, False)


def test_the_younger_case_ends_its_referrals_go_on_and_all_comes_back() -> None:
    first, second = cases()
    link_referral(second, entry(3), when())
    (closed,) = joined_cases.close_joined(second, "C1", when())
    assert isinstance(closed, CaseClosed)
    assert (closed.reason, closed.into, second.status) == ("joined", "C1", Status.CLOSED)
    assert joined_cases.close_joined(second, "C1", when()) == []
    linked = joined_cases.link_joined(first, second, when())
    assert [type(event) for event in linked] == [ReferralLinked] * 2
    assert [one.entry_id for one in first.linked] == [entry(2).id, entry(3).id]
    assert joined_cases.link_joined(first, second, when()) == []
    (parted,) = joined_cases.unlink_joined(first, second, when(), hash_of=dead_code)
    assert isinstance(parted, ReferralsParted)
    assert parted.journal_numbers[0] == entry(2).journal_number
    assert (first.linked, joined_cases.unlink_joined(first, second, when(), hash_of=dead_code)) == (
        [],
        [],
    )
    (reopened,) = joined_cases.reopen_parted(second, when(), hash_of=dead_code)
    assert isinstance(reopened, CaseReopened)
    assert (second.status, len(second.linked)) == (Status.REGISTERED, 1)
    assert joined_cases.reopen_parted(second, when(), hash_of=dead_code) == []


def test_a_decline_stands_after_the_case_was_parted_r_3_3_7_2() -> None:
    _, second = cases()
    decline(second)
    joined_cases.close_joined(second, "C1", when())
    events = joined_cases.reopen_parted(second, when(), hash_of=dead_code)
    assert [type(event) for event in events] == [CaseReopened, CaseDeclined]
    assert (second.status, second.status_before) == (Status.DECLINED, Status.REGISTERED)


def test_a_joined_citizen_points_to_the_survivor_until_the_same_pair_is_undone() -> None:
    elder, younger = citizens()
    assert len(joining.join(younger, "P1", "P1-P2", when())) == 1
    assert joining.join(younger, "P9", "P2-P9", when()) == []
    assert joining.part(younger, Citizen(id="P9"), "P2-P9", when()) == []
    assert younger.joined_to == "P1"
    assert len(joining.part(younger, elder, "P1-P2", when())) == 1
    assert (younger.joined_to, pair.pair_id("P2", "P1")) == (None, "P1-P2")
