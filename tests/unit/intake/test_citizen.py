"""The citizen: one card, consent, one open case (R 3.3.7, 3.3.7.1, L 5.1)."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.citizen import CitizenCardChanged, CitizenRegistered
from contracts.values import CitizenCard, Gender
from services.intake.adapters.identity import Identity
from services.intake.domain.citizen import (
    Citizen,
    claim_case,
    complete_card,
    register_citizen,
)
from tests.unit.intake.sample import CARD, when


def test_card_is_registered_then_only_completed_r_3_1_2() -> None:
    citizen = Citizen(id="P1")
    bare = CitizenCard(name=CARD.name)
    (born,) = register_citizen(citizen, bare, when())
    assert isinstance(born, CitizenRegistered)
    (changed,) = complete_card(citizen, CARD, when())
    assert isinstance(changed, CitizenCardChanged)
    assert changed.card == citizen.card == CARD
    other = CARD.model_copy(update={"birth_date": date(1950, 1, 1), "gender": Gender.MALE})
    assert complete_card(citizen, other, when()) == []
    assert citizen.card == CARD


@pytest.mark.parametrize(
    ("open_case", "over", "claimed", "after"),
    [
        (None, False, True, "C2"),
        ("C1", False, False, "C1"),
        ("C1", True, True, "C2"),
        ("C2", False, False, "C2"),
        ("C2", True, False, "C2"),
    ],
)
def test_one_case_is_open_per_citizen_l_5_1(
    open_case: str | None, over: bool, claimed: bool, after: str
) -> None:
    citizen = Citizen(id="P1", open_case=open_case)
    assert claim_case(citizen, "C2", present_is_over=over) is claimed
    assert citizen.open_case == after
    assert citizen.earlier_cases == (["C1"] if claimed and open_case else [])


def test_only_an_enrolment_makes_a_citizen_served_r_3_1_6() -> None:
    citizen = Citizen(id="P1", open_case="C1")
    claim_case(citizen, "C2", present_is_over=True, served=False)
    assert not citizen.served
    claim_case(citizen, "C3", present_is_over=True, served=True)
    claim_case(citizen, "C4", present_is_over=True, served=False)
    assert citizen.served
    assert citizen.earlier_cases == ["C1", "C2", "C3"]


IDENTITY = Identity("a secret of sixteen")


@pytest.mark.parametrize(
    ("family", "address", "same"),
    [
        ("ПЕТРОВА", "652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2", True),
        (" петрова ", "652500 г Ленинск-Кузнецкий пр Кирова д1 кв2", True),
        (
            "Петро\N{CYRILLIC SMALL LETTER VE}а",
            "652500, г. Ленинск-Кузнецкий, пр. Кирова, 1, 2",
            False,
        ),
        (
            "Петрова",
            "652500, г. Ленинск-Кузнецкии\N{COMBINING BREVE}, пр. Кирова, д. 1, кв. 2",
            True,
        ),
        ("Пётрова", "652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2", True),
        ("Петров", "652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2", False),
    ],
)
def test_small_differences_of_typing_are_the_same_person_l_5_1(
    family: str, address: str, same: bool
) -> None:
    assert CARD.name is not None
    assert CARD.address is not None
    other = CARD.model_copy(
        update={
            "name": CARD.name.model_copy(update={"family": family}),
            "address": CARD.address.model_copy(update={"text": address}),
        }
    )
    assert (IDENTITY.person_key(other) == IDENTITY.person_key(CARD)) is same


@pytest.mark.parametrize("missing", ["name", "birth_date", "address"])
def test_nobody_is_recognised_by_half_of_what_identifies_l_5_1(missing: str) -> None:
    assert IDENTITY.person_key(CARD.model_copy(update={missing: None})) is None


def test_keys_tell_nothing_and_depend_on_the_secret() -> None:
    key = IDENTITY.snils_key(CARD)
    assert key is not None
    assert "11223344595" not in key
    assert key != Identity("another secret of ours").snils_key(CARD)
    assert IDENTITY.snils_key(CARD.model_copy(update={"snils": None})) is None


def test_status_code_is_ten_digits_and_always_the_same() -> None:
    code = IDENTITY.status_code("J-r-institution-15-2026-000001")
    assert code == IDENTITY.status_code("J-r-institution-15-2026-000001")
    assert code != IDENTITY.status_code("J-r-institution-15-2026-000002")
    assert len(code) == 10
    assert code.isdecimal()
