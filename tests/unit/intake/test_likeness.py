"""How alike two cards are, at the boundaries of the rule (L 5.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Address, CitizenCard, FullName
from services.intake.adapters.identity import Identity
from services.intake.domain.likeness import (
    CERTAIN,
    POSSIBLE,
    RULE_VERSION,
    Agreement,
    Grade,
    compare,
    dates_agree,
    sound_keys,
)

SNILS, OTHER_SNILS = "11223344595", "08765430300"
CARD: dict[str, Any] = {
    "name": {"family": "Афанасьева", "given": "Наталья", "patronymic": "Геннадьевна"},
    "birth_date": "1941-03-12",
    "address": {"text": "г. Полысаево, ул. Мира, д. 5, кв. 12"},
}
NOBODY: dict[str, Any] = {
    "name": {"family": "Цой", "given": "Рустам"},
    "birth_date": "1950-01-01",
    "address": {"text": "г. Полысаево, ул. Кирова, д. 1"},
}


def card(**changed: Any) -> CitizenCard:
    """The card, but for what is changed; a part set to None is not known."""
    return CitizenCard.model_validate({**CARD, **changed})


def named(**changed: str | None) -> dict[str, Any]:
    return {"name": {**CARD["name"], **changed}}


def at(text: str) -> dict[str, Any]:
    return {"address": {"text": text}}


CASES: list[tuple[str, dict[str, Any], dict[str, Any], Grade]] = [
    ("the same card", {}, {}, Grade.CERTAIN),
    ("every name misspelt", {}, named(family="Афонасьева", given="Наталия",
     patronymic="Генадьевна"), Grade.CERTAIN),
    ("no patronymic", {}, named(patronymic=None), Grade.CERTAIN),
    ("no patronymic and the family name misspelt", {},
     named(family="Афонасьева", patronymic=None), Grade.POSSIBLE),
    ("the family name spelt alike but sounding otherwise", {}, named(family="Афанаскева"),
     Grade.POSSIBLE),
    ("the patronymic spelt alike", {}, named(patronymic="Геннадьевида"), Grade.CERTAIN),
    ("no flat", {}, at("Полысаево, Мира 5"), Grade.CERTAIN),
    ("moved", {}, at("г. Полысаево, ул. Кирова, д. 1"), Grade.POSSIBLE),
    ("address unknown", {}, {"address": None}, Grade.POSSIBLE),
    ("day and month exchanged", {}, {"birth_date": "1941-12-03"}, Grade.POSSIBLE),
    ("two digits exchanged", {}, {"birth_date": "1941-03-21"}, Grade.POSSIBLE),
    ("birth date typed wrong, and moved", {},
     {"birth_date": "1941-03-21", **at("г. Полысаево, ул. Кирова, д. 1")}, Grade.DIFFERENT),
    ("birth date unknown", {}, {"birth_date": None}, Grade.POSSIBLE),
    ("married", {}, named(family="Цой"), Grade.POSSIBLE),
    ("twins in one flat", named(given="Марина"), named(given="Карина"), Grade.DIFFERENT),
    ("only the initials", {}, named(given="Н.", patronymic="Г."), Grade.POSSIBLE),
    ("mother and daughter of one name", {}, {"birth_date": "1965-07-30"}, Grade.DIFFERENT),
    ("nothing in common", {}, NOBODY, Grade.DIFFERENT),
    ("one SNILS, moved, married", {"snils": SNILS},
     {"snils": SNILS, **named(family="Цой"), **at("ул. Кирова, д. 1")}, Grade.CERTAIN),
    ("one SNILS, the birth date wrong", {"snils": SNILS},
     {"snils": SNILS, "birth_date": "1950-01-01"}, Grade.CERTAIN),
    ("one SNILS, another person", {"snils": SNILS}, {"snils": SNILS, **NOBODY}, Grade.POSSIBLE),
    ("one SNILS, nothing else known", {"snils": SNILS},
     {"snils": SNILS, "name": None, "birth_date": None, "address": None}, Grade.CERTAIN),
    ("one SNILS, only another name known", {"snils": SNILS},
     {"snils": SNILS, "name": NOBODY["name"], "birth_date": None}, Grade.POSSIBLE),
    ("two SNILS, all else the same", {"snils": SNILS}, {"snils": OTHER_SNILS}, Grade.POSSIBLE),
    ("two SNILS, moved", {"snils": SNILS},
     {"snils": OTHER_SNILS, **at("ул. Кирова, д. 1")}, Grade.DIFFERENT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "grade"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_two_cards_are_graded_either_way_round(
    one: dict[str, Any], other: dict[str, Any], grade: Grade
) -> None:
    """L 5.1"""
    found = compare(card(**one), card(**other))
    assert found.grade is grade, found
    assert compare(card(**other), card(**one)) == found


def test_a_grade_says_its_rule_its_score_and_its_reasons() -> None:
    found = compare(card(), card(**named(family="Афонасьева"), phone="+73845600001"))
    assert (found.rule_version, found.score) == (RULE_VERSION, 86)
    assert found.agreement("family") is Agreement.CLOSE
    assert found.agreement("phone") is Agreement.UNKNOWN
    assert sum(reason.points for reason in found.reasons) == found.score


def test_the_thresholds_are_where_the_rule_says() -> None:
    lacking = compare(card(), card(**named(patronymic=None)))
    married = compare(card(), card(**named(family="Цой")))
    assert (lacking.score, married.score) == (CERTAIN, POSSIBLE)


@given(st.data())
def test_cards_that_are_certainly_one_share_a_unique_key(data: st.DataObject) -> None:
    """L 5.1: what the placing of referrals rests on."""
    families = st.sampled_from(["Афанасьева", "Афонасьева", "Афанаскева", "Цой", "А."])
    patronymics = st.sampled_from([None, "Геннадьевна", "Генадьевна", "Г.", "Ивановна"])
    births = st.sampled_from(["1941-03-12", "1941-12-03", None])
    homes = st.sampled_from(["ул. Мира, д. 5, кв. 12", "Мира 5", "ул. Кирова, д. 1"])
    cards = []
    for _ in range(2):
        given_name = data.draw(st.sampled_from(["Наталья", "Наталия", "Н.", "Анна"]))
        name = {"family": data.draw(families), "given": given_name}
        cards.append(
            card(
                name={**name, "patronymic": data.draw(patronymics)},
                birth_date=data.draw(births),
                phone=data.draw(st.sampled_from([None, "+73845600001"])),
                snils=data.draw(st.sampled_from([None, SNILS])),
                **at(data.draw(homes)),
            )
        )
    one, other = cards
    if compare(one, other).grade is not Grade.CERTAIN:
        return
    key = sound_keys(one).get("name_birth")
    assert (one.snils is not None and one.snils == other.snils) or (
        key is not None and key == sound_keys(other).get("name_birth")
    )


def test_a_reason_holds_nothing_of_the_card() -> None:
    said = compare(card(phone="+73845600001"), card()).model_dump_json()
    assert not [word for word in ("Наталья", "1941", "Мира", "+7384") if word in said]


@pytest.mark.parametrize(
    ("other", "agreement"),
    [
        (date(1941, 3, 12), Agreement.SAME),
        (date(1941, 12, 3), Agreement.CLOSE),
        (date(1941, 3, 21), Agreement.CLOSE),
        (date(1914, 3, 12), Agreement.CLOSE),
        (date(1951, 3, 12), Agreement.CLOSE),
        (date(1951, 3, 13), Agreement.DIFFERENT),
    ],
)
def test_birth_dates_agree_up_to_one_slip(other: date, agreement: Agreement) -> None:
    assert dates_agree(date(1941, 3, 12), other) is agreement


@pytest.mark.parametrize(
    ("changed", "shared"),
    [
        (named(family="Афонасьева", given="Наталия"), {"name_birth", "name_home", "birth_home"}),
        ({"birth_date": "1941-12-03"}, {"name_birth", "name_home"}),
        (at("ул. Кирова, д. 1"), {"name_birth"}),
        (named(family="Цой"), {"birth_home"}),
        (NOBODY, set()),
    ],
)
def test_alike_cards_share_a_key_to_be_found_by(changed: dict[str, Any], shared: set[str]) -> None:
    one, other = sound_keys(card()), sound_keys(card(**changed))
    assert {kind for kind in one if one[kind] == other.get(kind)} == shared


def test_a_card_that_says_too_little_has_no_key() -> None:
    assert sound_keys(CitizenCard.model_validate(named(patronymic=None))) == {}


def test_an_index_never_holds_a_name_in_clear() -> None:
    """152-FZ 19: what the cards are found by are keyed hashes, other ones under another secret."""
    keys = Identity("a secret of the district").sound_keys(card())
    assert set(keys) == {"name_birth", "name_home", "birth_home"}
    assert all(len(key) == 65 and key.startswith("k") for key in keys.values())
    others = Identity("a secret of another one").sound_keys(card())
    assert not set(keys.values()) & set(others.values())


def test_keys_of_two_kinds_are_never_equal() -> None:
    identity = Identity("a secret of the district")
    assert identity.hashed("phone", "+73845600001") != identity.hashed("name", "+73845600001")


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        (("გიორგი", "ნინო"), ("დავითი", "ანა"), Grade.DIFFERENT),
        (("გიორგი", "ნინო"), ("გიორგი", "ნინო"), Grade.CERTAIN),
        (("—", "—"), ("—", "—"), Grade.POSSIBLE),
        (("—", "—"), ("?", "…"), Grade.DIFFERENT),
    ],
)
def test_names_without_letters_of_ours_are_compared_as_they_stand_l_5_1(
    one: tuple[str, str], other: tuple[str, str], grade: Grade
) -> None:
    """Nobody is taken for somebody else because nothing of either name could be read."""
    cards = [
        CitizenCard(
            name=FullName(family=family, given=given),
            birth_date=date(1941, 3, 8),
            address=Address(text="652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2"),
        )
        for family, given in (one, other)
    ]
    assert compare(*cards).grade is grade
    assert compare(*reversed(cards)).grade is grade
