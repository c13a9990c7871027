"""Names and addresses in one spelling, and how names sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Address
from services.intake.domain.phones import phones_in
from services.intake.domain.spelling import home_of, plain_name, sound


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ёлкина", "ЕЛКИНА"),
        ("Римский-Корсаков", "Римский Корсаков"),
        ("Мамин–Сибиряк", "Мамин-Сибиряк"),
        ("Aннa", "Анна"),  # two Latin letters
    ],
)
def test_small_differences_of_typing_make_no_other_name(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Геннадий", "Генадий"),  # doubled letters
        ("Хабибуллин", "Хабибулин"),
        ("Наталья", "Наталия"),  # the soft sign
        ("Софья", "София"),
        ("Кузьмин", "Кузмин"),
        ("Афанасьев", "Афонасьев"),  # vowels reduced
        ("Ефимова", "Ифимова"),
        ("Медведев", "Метведев"),  # voiced and voiceless
        ("Голубев", "Голубеф"),
        ("Чеснов", "Честнов"),  # what is not spoken
        ("Братский", "Брацкий"),
        ("Счастливцева", "Щасливцева"),
    ],
)
def test_names_that_sound_alike_have_one_key(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Мария", "Марина"), ("Марина", "Карина"), ("Иван", "Илья"), ("Петров", "Петухов")],
)
def test_names_that_sound_otherwise_have_two_keys(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_a_name_without_letters_has_no_sound() -> None:
    assert sound("—") == ""


HOME = {"street": "мира", "house": "5", "flat": "12"}


@pytest.mark.parametrize(
    "text",
    [
        "ул. Мира, д. 5, кв. 12",
        "улица Мира, дом 5, квартира 12",
        "УЛ.МИРА,Д.5,КВ.12",
        "Мира ул 5-12",
        "Мира 5-12",
        "ул. Мира, 5 - 12",
        "ул Мира 5 кв 12",
        "проспект Мира, д.5, кв.12",
    ],
)
def test_a_dwelling_is_one_however_it_is_abbreviated(text: str) -> None:
    assert home_of(Address(text=text)).model_dump(exclude_none=True) == HOME


@pytest.mark.parametrize(
    ("text", "settlement", "street", "house"),
    [
        ("652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 7", "ленинсккузнецкий", "кирова", "7"),
        ("г Полысаево ул Крупской 8", "полысаево", "крупской", "8"),
        ("Полысаево, Крупской, дом 8", "полысаево", "крупской", "8"),
        ("Кемеровская область, Беловский р-н, с. Бекова, ул. Центральная, 7а", "бекова",
         "центральная", "7а"),
        ("ул. 50 лет Октября, д. 5/1, корп. 2", None, "50летоктября", "5/1к2"),
        ("улица 1-я Линия, д. 3", None, "1ялиния", "3"),
        ("с. Красное, д. 5", None, "красное", "5"),
        ("д. Красноярка", "красноярка", None, None),
        ("г. Белово, мкр. Южный, ул. Мира, 5", "белово", "мира", "5"),
        ("Беловский р-н ул. Мира 5", None, "мира", "5"),
        ("г. Белово, Набережная, 5", "белово", "набережная", "5"),
        ("г. Белово, ул. Мира 12, 5", "белово", "мира", "12"),
        ("1-я Линия, 3", None, "1ялиния", "3"),
    ],
)  # fmt: skip
def test_an_address_is_read_into_its_parts(
    text: str, settlement: str | None, street: str | None, house: str | None
) -> None:
    home = home_of(Address(text=text))
    assert (home.settlement, home.street, home.house) == (settlement, street, house)


def test_parts_given_one_by_one_count_more_than_the_text() -> None:
    address = Address(text="Мира 5", street="ул. Кирова", house="д. 6", flat="кв. 1")
    assert home_of(address).key == "кирова|6|1"


def test_an_address_without_a_house_is_no_dwelling() -> None:
    assert home_of(Address(text="г. Полысаево, ул. Мира")).key is None


TYPED = st.text(
    alphabet=st.sampled_from("АаБбЁёЖжЬьЪъЙйAaOo0123456789²½ .,-–/№()«»\t\n улдкв"), max_size=60
)


@given(TYPED)
def test_whatever_is_typed_is_read_without_an_error(text: str) -> None:
    assert sound(sound(text)) == sound(sound(sound(text)))
    if text.strip():
        home_of(Address(text=text))
    phones_in(text)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("8 (384-56) 5-34-21", [("+73845653421", None)]),
        ("8-913-123-45-67 доб. 12", [("+79131234567", "12")]),
        (
            "8 (38456) 53421, сосед 8 913 123 45 67",
            [("+73845653421", None), ("+79131234567", None)],
        ),
        ("5-34-21", []),  # without the area code it is another town's, too
        ("нет телефона", []),
        ("+49 301234567890123, 8 (384-56) 5-34-21", [("+73845653421", None)]),  # one is too long
    ],
)
def test_telephones_are_read_as_they_are_said(
    said: str, numbers: list[tuple[str, str | None]]
) -> None:
    assert [(phone.number, phone.extension) for phone in phones_in(said)] == numbers
    assert all(phone.said in said for phone in phones_in(said))
