"""Reading printed addresses, phones and e-mails (R 1.3, R appendix 1, K, M, S)."""

import pytest

from contracts.territory.printed import (
    PrintedAddress,
    parse_address,
)
from contracts.territory.settlements import settlement_mark, split_settlement
from services.directory.domain.contacts import parse_email, parse_phone

from .conftest import PrintedData


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("(384-53) 6-26-88", "+73845362688"),
        ("(384-2) 36-47-17", "+73842364717"),
        ("(38453) 5-10-99", "+73845351099"),
        ("(3842) 77-25-25", "+73842772525"),
        ("8-800-302-14-10", "+78003021410"),  # K
        ("8-495-276-11-55", "+74952761155"),  # M
        ("(812) 576-05-76", "+78125760576"),  # S
        ("+7 (384) 561-23-45", "+73845612345"),
        ("8 (985) 204-58-84", "+79852045884"),
        ("8(384-56) 3-42-89", "+73845634289"),
        ("+7 (38456) 3-42-89", "+73845634289"),
        ("384-56) 2-78-29", None),  # authorised body 7: a bracket is missing
        ("(8-34-73) 2-17-44", None),  # authorised body 27: nine digits after the trunk 8
        ("(38463) 31-2-72", None),  # institution 32: ten digits, but which are misplaced?
        ("(38456) 3-42-8", None),
        ("(38456) 33-42-89", None),
        ("(12345) 3-42-89", None),
        ("112", None),
        ("", None),
        (None, None),
    ],
)
def test_phone_is_read_only_when_certain(printed: str | None, expected: str | None) -> None:
    assert parse_phone(printed) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Socialdom@mos.ru", "Socialdom@mos.ru"),  # M
        ("csgpvi-sher@yandex.ru", "csgpvi-sher@yandex.ru"),
        ("kcson@yrg.kuzbass.net", "kcson@yrg.kuzbass.net"),
        ("prom-tso @rambler.ru", None),
        ("кcson_zk@mail.ru", None),
        ("len@dsznko", None),
        ("len@@dsznko.ru", None),
        ("a..b@dsznko.ru", None),
        (None, None),
    ],
)
def test_email_is_valid_as_printed_or_nothing(printed: str | None, expected: str | None) -> None:
    assert parse_email(printed) == expected


def test_row_with_rayon_and_village_is_read_into_parts() -> None:
    """R appendix 1, institutions, row 32."""
    parts = parse_address("652774, Гурьевский район, с.Малая Салаирка, пер. Школьный,5")
    assert parts == PrintedAddress(
        postcode="652774",
        places=("Гурьевский район", "с.Малая Салаирка"),
        districts=("Гурьевский район",),
        settlements=(("с", "Малая Салаирка"),),
        street="Школьный",
        house="5",
    )


def test_row_with_residential_area_is_read_into_parts() -> None:
    """R appendix 1, institutions, row 10."""
    parts = parse_address("650903, г.Кемерово, ж.р.Кедровка, ул.Новогодняя, 11а")
    assert (parts.settlement, parts.residential_area) == ("Кемерово", "Кедровка")
    assert (parts.street, parts.house, parts.districts) == ("Новогодняя", "11а", ())


@pytest.mark.parametrize(
    ("printed", "settlement", "street", "house"),
    [
        ("650036, г. Кемерово ул.В.Терешковой,30 А", "Кемерово", "В.Терешковой", "30А"),
        ("652810 г. Осинники, ул. Советская, д. 3", "Осинники", "Советская", "3"),
        ("652210, пгт  Тисуль, ул. Ленина, д. 55", "Тисуль", "Ленина", "55"),
        ("652270, п.г.т.Верх-Чебула, ул.Мира, 2", "Верх-Чебула", "Мира", "2"),
        ("652401, г. Тайга, ул. Строительная, д. 1 /Б", "Тайга", "Строительная", None),
        ("г.Новокузнецк, ул.День Шахтера, 5", "Новокузнецк", "День Шахтера", "5"),
        ("ул. Ленина, д. 5", None, "Ленина", "5"),
    ],
)
def test_irregular_address_is_read_as_far_as_certain(
    printed: str, settlement: str | None, street: str, house: str | None
) -> None:
    """R appendix 1: a house number that is not certain stays unread."""
    parts = parse_address(printed)
    assert (parts.settlement, parts.street, parts.house) == (settlement, street, house)


def test_every_address_of_the_appendix_gives_settlement_and_street(data: PrintedData) -> None:
    """R appendix 1."""
    for row in data.appendix_rows:
        parts = parse_address(row.printed.address or "")
        assert parts.settlement, row.key
        assert parts.street, row.key


@pytest.mark.parametrize(
    ("text", "mark"),
    [("п.г.т.", "пгт"), ("пгт", "пгт"), ("П. Г. Т.", "пгт"), ("р.п.", "рп"), ("пос.", "п"),
     ("посёлок городского типа", "пгт"), ("город", "г"), ("деревня", "д"), ("край", None)],
)  # fmt: skip
def test_settlement_mark_has_one_spelling(text: str, mark: str | None) -> None:
    assert settlement_mark(text) == mark


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("г. Кемерово", ("г", "Кемерово")),
        ("г.кемерово", ("г", "кемерово")),
        ("Кемерово г", ("г", "Кемерово")),
        ("п.г.т. Яя", ("пгт", "Яя")),
        ("Спасск", (None, "Спасск")),
    ],
)
def test_settlement_is_split_from_its_mark(text: str, expected: tuple[str | None, str]) -> None:
    assert split_settlement(text) == expected
