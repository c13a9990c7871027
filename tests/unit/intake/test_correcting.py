"""Corrections: the old line stays, the new one is checked as any, the card follows (R 3.1.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.citizen import CitizenCardChanged
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.intake import CaseClosed
from contracts.referral import Channel, ReferralsParted, ReturnReason, ReviewOutcome
from contracts.values import CitizenCard, FullName, Gender
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.citizen import (
    Citizen,
    complete_card,
    register_citizen,
    take_out,
    without,
)
from services.intake.domain.closing import UNTRIAGED
from services.intake.domain.correcting import Corrected, Placed, carry_over, correct, leave_case
from services.intake.domain.further import review_referrals
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.domain.records import EntryState, ReferralWithdrawal, Returned
from services.intake.domain.registration import link_referral
from tests.unit.intake.sample import (
    CARD,
    CLINIC,
    HOSPITAL,
    NEIGHBOUR,
    NOON,
    dead_code,
    entry,
    form,
    in_status,
    registered,
    taken_in_entry,
    triaged,
    when,
)

PLACED = Placement(citizen_id="P1", case_id="C1", linked=False)
RENAMED = CARD.model_copy(update={"name": FullName(family="Петрово", given="Анна")})


def line(**changed: Any) -> JournalEntry:
    return entry(**{"placed": PLACED, **changed})


def corrected(**changed: Any) -> Corrected:
    return Corrected(**{"reason": "описка", **changed})


def test_correction_leaves_the_line_as_it_was_and_makes_it_due_r_3_1_2() -> None:
    made, at = line(), when()
    before = made.form.model_copy(deep=True)
    correct(made, corrected(citizen=RENAMED), at)
    assert made.form == before
    assert made.state is EntryState.CORRECTED
    kept = made.correction
    assert kept is not None
    assert (kept.form.citizen, kept.reason, kept.by, kept.at) == (RENAMED, "описка", at.by, at.now)
    assert made.place_at == at.now + timedelta(seconds=5)


def test_what_is_left_out_stays_as_it_was_r_3_1_2() -> None:
    made = line()
    correct(made, corrected(problems="Упала, сломала шейку бедра"), when())
    assert made.correction is not None
    assert made.correction.form == made.form.model_copy(
        update={"problems": "Упала, сломала шейку бедра"}
    )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({}, "nothing-corrected", "body"),
        ({"citizen": CARD}, "nothing-corrected", "body"),
        (
            {"citizen": CARD.model_copy(update={"address": None})},
            "journal-field-missing",
            "citizen.address",
        ),
        (
            {"citizen": CARD.model_copy(update={"birth_date": date(2026, 2, 3)})},
            "birth-date-in-future",
            "citizen.birth_date",
        ),
        ({"received_at": NOON + timedelta(hours=1)}, "received-in-future", "received_at"),
        ({"channel": Channel.IN_PERSON}, "manner-missing", "oral"),
        ({"channel": Channel.ORGANIZATION, "oral": False}, "referrer-missing", "referrer"),
    ],
)
def test_new_line_is_checked_as_any_other_r_3_1_2(
    change: dict[str, Any], code: str, field: str
) -> None:
    made = line()
    before = made.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        correct(made, corrected(**change), when())
    assert (refused.value.code, refused.value.field) == (code, field)
    assert made == before


def test_corrected_channel_says_anew_whether_it_was_spoken_r_3_1_1() -> None:
    made = line()
    correct(made, corrected(channel=Channel.WRITTEN), when())
    assert made.correction is not None
    assert made.correction.form.oral is False


def test_line_taken_in_danger_does_not_become_a_written_one_r_3_1_2() -> None:
    made = line(form=form(in_danger=True, contact=None), missing=["contact"])
    with pytest.raises(InvalidInput) as refused:
        correct(made, corrected(channel=Channel.WRITTEN), when())
    assert refused.value.code == "exception-is-for-oral-referrals"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"passed_on": "J-x-2026-000001", "passed_to": "x", "taken_in": True}, "entry-forwarded"),
        (
            {"returned": Returned(at=NOON, recorded_by="a", reason=ReturnReason.OTHER)},
            "entry-returned",
        ),
    ],
)
def test_line_its_journal_does_not_answer_for_is_not_corrected_r_3_1_2(
    changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(NotAllowedInState) as refused:
        correct(line(**changed), corrected(problems="иное"), when())
    assert (refused.value.code, refused.value.clause) == (code, "R 3.1.2")


def test_line_is_corrected_once_and_then_its_successor_r_3_1_2() -> None:
    made = line()
    correct(made, corrected(problems="иное"), when())
    with pytest.raises(NotAllowedInState) as refused:
        correct(made, corrected(problems="ещё иное"), when())
    assert refused.value.code == "entry-corrected"


def test_line_that_waits_at_a_body_is_corrected_there_r_3_1_2() -> None:
    made = taken_in_entry(placed=PLACED)
    correct(made, corrected(contact=CLINIC), when())
    assert made.state is EntryState.CORRECTED


def test_line_that_has_no_place_yet_waits_for_it() -> None:
    with pytest.raises(NotAllowedInState) as refused:
        correct(entry(), corrected(problems="иное"), when())
    assert refused.value.code == "entry-is-being-placed"


def test_card_says_what_the_new_line_says_r_3_1_2() -> None:
    citizen = Citizen(id="P1", card=CARD)
    (event,) = carry_over(citizen, CARD, RENAMED, "J-2", when())
    assert isinstance(event, CitizenCardChanged)
    assert event.card == citizen.card == RENAMED
    assert carry_over(citizen, CARD, RENAMED, "J-2", when()) == []  # twice is once


def test_what_the_old_line_alone_said_is_taken_back_r_3_1_2() -> None:
    citizen = Citizen(id="P1", card=CARD)
    without = CARD.model_copy(update={"snils": None, "gender": Gender.UNKNOWN})
    carry_over(citizen, CARD, without, "J-2", when())
    assert (citizen.card.snils, citizen.card.gender) == (None, Gender.UNKNOWN)


def test_what_the_card_has_from_elsewhere_stays_r_3_1_2() -> None:
    known = CARD.model_copy(update={"snils": "10689744900", "phone": "+73845600099"})
    citizen = Citizen(id="P1", card=known)
    carry_over(citizen, CARD, CARD.model_copy(update={"snils": None}), "J-2", when())
    assert citizen.card == known


def test_older_line_does_not_take_back_what_the_card_learned_since_r_3_1_2() -> None:
    newer = CARD.model_copy(update={"phone": "+73845600099"})
    citizen = Citizen(id="P1", card=newer)
    other = CARD.model_copy(update={"phone": "+73845600077", "gender": Gender.MALE})
    carry_over(citizen, CARD, other, "J-2", when())
    assert (citizen.card.phone, citizen.card.gender) == ("+73845600099", Gender.MALE)


def placed(*cases: Case, card: CitizenCard = CARD, referral: str = "J-2") -> Placed:
    citizen = Citizen(id="P1", card=card)
    return Placed(referral=referral, lines=(referral,), citizen=citizen, cases=cases)


MARRIED = CARD.model_copy(update={"name": FullName(family="Сидорова", given="Анна")})
STRANGER = CARD.model_copy(update={"snils": "08765430300", "birth_date": date(1950, 1, 1)})


@pytest.mark.parametrize(
    ("card", "another"),
    [
        (CARD, False),
        (RENAMED.model_copy(update={"snils": None}), False),  # it sounds alike
        (MARRIED, False),  # one SNILS, one birth date
        (MARRIED.model_copy(update={"snils": None}), True),  # only possibly the same
        (STRANGER, True),
    ],
)
def test_line_is_of_another_unless_it_certainly_is_of_the_citizen_l_5_1(
    card: CitizenCard, another: bool
) -> None:
    made, case = line(), registered()
    link_referral(case, entry(2), when())
    correct(made, corrected(citizen=card, problems="иное"), when(), placed(case, referral="J-2"))
    assert made.of_another is another


def test_citizen_known_by_the_line_alone_is_who_it_says_now_r_3_1_2() -> None:
    made, case = line(), registered()
    correct(made, corrected(citizen=STRANGER), when(), placed(case, referral=case.entry_id))
    assert not made.of_another


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.AWAITED])
def test_case_is_left_only_where_nothing_was_decided_in_it_r_3_1_2(status: Status) -> None:
    made, case, other = line(), in_status(status), registered(number=7)
    known = placed(case, other, referral=case.entry_id)
    if case.over or status in UNTRIAGED:
        correct(made, corrected(citizen=STRANGER), when(), known)
        assert made.of_another
        return
    with pytest.raises(NotAllowedInState) as refused:
        correct(made, corrected(citizen=STRANGER), when(), known)
    assert (refused.value.code, refused.value.clause) == ("case-rests-on-this-line", "R 3.1.2")
    assert made.correction is None


def dead(*known: str) -> str:
    return "dead"


def test_case_once_triaged_is_not_emptied_while_it_is_analysed_anew_r_3_1_2() -> None:
    case, other, head = triaged(), registered(number=7), when(role="urgent_head")
    link_referral(case, entry(2), when())
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "хуже", head)
    leave_case(case, entry(2).id, "C9", when(), hash_of=dead)
    made, known = line(), placed(case, other, referral=case.entry_id)
    with pytest.raises(NotAllowedInState) as refused:
        correct(made, corrected(citizen=STRANGER), when(), known)
    assert refused.value.code == "case-rests-on-this-line"
    assert made.correction is None


def test_case_that_goes_on_by_the_time_it_is_left_does_not_stop_the_correction_r_3_1_2() -> None:
    """It was triaged, and its analysis begun anew, after the correction was taken."""
    case = triaged()
    link_referral(case, entry(2), when())
    review_referrals(case, ReviewOutcome.ANALYSIS_ANEW, "хуже", when(role="urgent_head"))
    leave_case(case, entry(2).id, "C9", when(), hash_of=dead)
    (parted,) = leave_case(case, case.entry_id, "C9", when(), hash_of=dead)
    assert isinstance(parted, ReferralsParted)
    assert case.status is Status.REGISTERED


def test_referral_its_sender_took_back_is_not_placed_anew_l_5_1() -> None:
    made, case = line(), registered()
    link_referral(case, entry(2, requester=HOSPITAL), when())
    reason = ReferralWithdrawal(at=NOON, by="a", reason="ошибка")
    case.withdrawals[entry(2).id] = reason
    with pytest.raises(NotAllowedInState) as refused:
        correct(made, corrected(citizen=STRANGER), when(), placed(case, referral=entry(2).id))
    assert refused.value.code == "referral-withdrawn"


def test_referral_leaves_its_case_once_and_nobody_follows_it_there_l_5_1() -> None:
    case = registered(requester=HOSPITAL)
    events = leave_case(case, case.entry_id, "C9", when(), hash_of=dead_code)
    parted, closed = events
    assert isinstance(parted, ReferralsParted)
    assert (parted.into, parted.dead_code_hash) == ("C9", dead_code(case.entry_id, 0, ""))
    assert isinstance(closed, CaseClosed)
    assert (case.closed_for, case.requester, case.referrals) == ("wrong_person", None, [])
    assert leave_case(case, case.entry_id, "C9", when(), hash_of=dead_code) == []


def test_what_lines_filled_in_is_taken_back_and_nothing_else_l_5_1() -> None:
    bare = CARD.model_copy(update={"snils": None, "phone": None})
    citizen = Citizen(id="P1")
    register_citizen(citizen, bare, when(), "J-1")
    complete_card(citizen, bare.model_copy(update={"phone": "+73845600011"}), when(), "J-3")
    complete_card(citizen, CARD, when(), "J-2")
    assert without(citizen, ["J-1"]) == citizen.card
    (changed,) = take_out(citizen, ["J-2"], when())
    assert isinstance(changed, CitizenCardChanged)
    assert citizen.card == bare.model_copy(update={"phone": "+73845600011"})
    assert take_out(citizen, ["J-2"], when()) == []


def test_line_without_a_card_says_nothing_of_it() -> None:
    citizen = Citizen(id="P1", card=CARD)
    assert carry_over(citizen, CitizenCard(), CitizenCard(), "J-2", when()) == []


def test_contact_is_of_the_line_and_not_of_the_card_r_3_1_2() -> None:
    made = line()
    correct(made, corrected(contact=CLINIC, referrer=NEIGHBOUR), when())
    assert made.correction is not None
    assert made.correction.form.citizen == CARD
