"""Corrections: the old line stays, the new one is checked as any, the card follows (R 3.1.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.citizen import CitizenCardChanged
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.referral import Channel, ReturnReason
from contracts.values import CitizenCard, FullName, Gender
from services.intake.domain.citizen import Citizen
from services.intake.domain.correcting import Corrected, carry_over, correct
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.domain.records import EntryState, Returned
from tests.unit.intake.sample import (
    CARD,
    CLINIC,
    NEIGHBOUR,
    NOON,
    entry,
    form,
    taken_in_entry,
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


def test_line_without_a_card_says_nothing_of_it() -> None:
    citizen = Citizen(id="P1", card=CARD)
    assert carry_over(citizen, CitizenCard(), CitizenCard(), "J-2", when()) == []


def test_contact_is_of_the_line_and_not_of_the_card_r_3_1_2() -> None:
    made = line()
    correct(made, corrected(contact=CLINIC, referrer=NEIGHBOUR), when())
    assert made.correction is not None
    assert made.correction.form.citizen == CARD
