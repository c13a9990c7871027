"""How lines are found: names however they are spelt, streets, houses (R 3.1.2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import InvalidInput
from contracts.values import Address, CitizenCard, FullName
from services.intake.domain.search_keys import (
    home_fits,
    home_wanted,
    keys_as_heard,
    keys_mistyped,
    keys_of,
    name_fits,
    sound_as_typed,
    words_of_name,
)

ANNA = FullName(family="Петрова", given="Анна", patronymic="Ильинична")


def finds(typed: str, name: FullName) -> bool:
    """Whether the index gives the line, and the comparison keeps it."""
    words = words_of_name(typed)
    stored = keys_of(CitizenCard(name=name))
    asked = {*keys_as_heard(words), *keys_mistyped(words[:1])}
    indexed = bool(asked & set(stored.items()))
    return indexed and name_fits(words, name) is not None


@pytest.mark.parametrize(
    ("typed", "family", "given"),
    [
        ("Петрова", "Петрова", "Анна"),
        ("петрова анна", "Петрова", "Анна"),
        ("Анна Петрова", "Петрова", "Анна"),
        ("Петрова А. И.", "Петрова", "Анна"),
        ("ПЕТРОВА АННА ИЛЬИНИЧНА", "Петрова", "Анна"),
        ("Елкина", "Ёлкина", "Зинаида"),
        ("Ёлкина", "Елкина", "Зинаида"),
        ("Вышневский", "Вишневский", "Пётр"),
        ("Вишневский", "Вышневский", "Пётр"),
        ("Филиппов", "Филипов", "Пётр"),
        ("Филипов", "Филиппов", "Пётр"),
        ("Афонасьев", "Афанасьев", "Пётр"),
        ("Пертова", "Петрова", "Анна"),
        ("Петрва", "Петрова", "Анна"),
        ("Петрнова", "Петрова", "Анна"),
        ("Кетрова", "Петрова", "Анна"),
        ("Петрота", "Петрова", "Анна"),
        ("Петров", "Петрова", "Анна"),
        ("Мамин Сибиряк", "Мамин-Сибиряк", "Пётр"),
        ("Мамин-Сибиряк", "Мамин-Сибиряк", "Пётр"),
        ("Сибиряк", "Мамин-Сибиряк", "Пётр"),
        ("Сыбиряк", "Мамин-Сибиряк", "Пётр"),
        ("Мамин Пётр", "Мамин-Сибиряк", "Пётр"),
        ("Кузнецов Федор", "Кузнецов", "Фёдор"),
    ],
)
def test_name_is_found_however_it_is_spelt_r_3_1_2(typed: str, family: str, given: str) -> None:
    patronymic = "Ильинична" if family == "Петрова" else None
    assert finds(typed, FullName(family=family, given=given, patronymic=patronymic))


@pytest.mark.parametrize("typed", ["Сидорова", "Петрова Мария", "Петрова Анна Сергеевна", "Кузин"])
def test_another_name_is_not_found_r_3_1_2(typed: str) -> None:
    assert not finds(typed, ANNA)


LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
FAMILIES = st.text(LETTERS, min_size=5, max_size=20).filter(
    lambda name: len(sound_as_typed(name)) >= 4
)


@settings(max_examples=300, deadline=None)
@given(FAMILIES, st.data())
def test_one_letter_of_the_sound_more_less_or_other_still_finds_the_line_r_3_1_2(
    family: str, data: st.DataObject
) -> None:
    """Whatever one edit does, one half of what is heard stays whole."""
    heard = sound_as_typed(family)
    place = data.draw(st.integers(0, len(heard) - 1))
    letter = data.draw(st.sampled_from("аиуклмнрт"))
    for typed in (
        heard[:place] + heard[place + 1 :],
        heard[:place] + letter + heard[place:],
        heard[:place] + letter + heard[place + 1 :],
    ):
        stored = keys_of(CitizenCard(name=FullName(family=family, given="Анна")))
        halves = {max(1, (len(typed) + more) // 2) for more in (-1, 0, 1)}
        asked = {("head", typed[:half]) for half in halves}
        asked |= {("tail", typed[-half:]) for half in halves}
        assert asked & set(stored.items())


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("П", "search-too-short"),
        (" ", "search-too-short"),
        ("", "search-too-short"),
        ("П. А. И.", "search-too-short"),
        ("12 34", "search-too-short"),
        ("П" * 1000, "search-too-long"),
        ("аа бб вв гг дд ее жж", "search-too-long"),
    ],
)
def test_search_for_too_little_or_too_much_is_refused_by_that_name(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        words_of_name(typed)
    assert (refused.value.code, refused.value.field) == (code, "name")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("К", "search-too-short"), ("К" * 1000, "search-too-long"), ("652500", "search-too-wide")],
)
def test_search_for_no_street_is_refused_by_that_name(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        home_wanted(typed)
    assert (refused.value.code, refused.value.field) == (code, "address")


HOME = Address(text="652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 2")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Кирова 1", True),
        ("кирова, 1 - 2", True),
        ("проспект Кирова, дом 1, квартира 2", True),
        ("Кирова", True),
        ("г. Ленинск-Кузнецкий, Кирова 1", True),
        ("Кирова 2", False),
        ("Кирова 1, кв. 3", False),
        ("г. Белово, ул. Кирова, 1", False),
    ],
)
def test_address_is_found_by_its_street_and_what_else_is_said_r_3_1_2(
    typed: str, found: bool
) -> None:
    street, home = home_wanted(typed)
    assert street == keys_of(CitizenCard(address=HOME))["street"]
    assert (home_fits(home, HOME) is not None) is found


def test_line_without_name_or_address_has_no_keys() -> None:
    assert keys_of(CitizenCard()) == {}
    assert name_fits(["петрова"], None) is None
    assert home_fits(home_wanted("Кирова 1")[1], None) is None
