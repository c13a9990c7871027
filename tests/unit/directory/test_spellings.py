"""However an address is spelt, it is understood rightly or the doubt is said: R 3.1.2, R 1.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.territory import Gazetteer, municipalities, regions
from contracts.territory.gazetteer import AddressQuery
from contracts.territory.houses import House, parse_house
from contracts.territory.municipality import city_district_stem
from contracts.territory.printed import parse_address
from contracts.territory.serving import ServingOrganization, TerritoryIndex
from contracts.territory.streets import Street, entered_street, parse_street, street_and_house
from contracts.values import Address
from services.directory.domain.reading import read_address

GAZETTEER = Gazetteer(municipalities(), regions())


@pytest.mark.parametrize(
    ("text", "street", "house"),
    [
        ("г. Кемерово, Советский пр. 54", Street("советский", "пр"), House(54)),
        ("г. Кемерово, Советский проспект 54", Street("советский", "пр-кт"), House(54)),
        ("г. Кемерово Советский пр., 54", Street("советский", "пр"), House(54)),
        ("ул Ленина д 5 кв 3", Street("ленина", "ул"), House(5)),
        ("Ленина ул д5", Street("ленина", "ул"), House(5)),
        ("Строителей б-р, 7", Street("строителей", "б-р"), House(7)),
        ("Школьный пер 5", Street("школьный", "пер"), House(5)),
        ("проезд Горный, 2", Street("горный", "пр-д"), House(2)),
        ("Притомская набережная 2", Street("притомская", "наб"), House(2)),
        ("Набережная ул. 2", Street("набережная", "ул"), House(2)),
        ("Кленовая аллея, дом № 2", Street("кленовая", "ал"), House(2)),
        ("1-я Линия, 5", Street("1 линия"), House(5)),
        ("ул. 1-я Линия 5", Street("1 линия", "ул"), House(5)),
        ("ул. имени 8 Марта 8", Street("8 марта", "ул"), House(8)),
        ("50 лет Октября ул. 7а", Street("50 лет октября", "ул"), House(7, "а")),
        ("пр.50лет Комсомола, 58А", Street("50 лет комсомола", "пр"), House(58, "а")),
        ("ул. XX Партсъезда, 3", Street("20 партсъезда", "ул"), House(3)),
        ("ул. Королёва 12а/1", Street("королева", "ул"), House(12, "а", 1)),
        ("ул. Мира, 12 «А»", Street("мира", "ул"), House(12, "а")),
        ("ул. Мира, 12-А, корп. 2", Street("мира", "ул"), House(12, "а", 0, "", 2)),
        ("ул. Мира 12, 5", Street("мира", "ул"), House(12)),
        ("Ал. Матросова пер., 5", Street("ал матросова", "пер"), House(5)),
        ("г. Белово Г. Титова ул. 5", Street("г титова", "ул"), House(5)),
        ("мкр. Южный, ул. Мира, 5", Street("мира", "ул"), House(5)),
        ("г. Междуреченск мкр 3, 5", Street("3", "мкр"), House(5)),
        ("мкр 3 д 5", Street("3", "мкр"), House(5)),
        ("г. Юрга, Набережная, 5", None, None),  # no word says which of them is the street
    ],
)
def test_r_3_1_2_street_and_house_are_read_in_every_common_order(
    text: str, street: Street | None, house: House | None
) -> None:
    assert street_and_house(text) == (street, house)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ул. Маркса Карла", "ул. Карла Маркса", True),
        ("ул. им. Ленина", "ул. Ленина", True),
        ("ул. Королёва", "Королева ул.", True),
        ("1-я Линия", "ул. Линия 1", True),
        ("ул. 1-го Мая", "ул. 1 Мая", True),
        ("ул. XXII Партсъезда", "ул. 22 Партсъезда", True),
        ("ул. ХХ Партсъезда", "ул. 20 Партсъезда", True),
        ("пр. Мира", "проспект Мира", True),
        ("пр. Мира", "проезд Мира", None),
        ("ул. К.Маркса", "ул. Карла Маркса", None),
        ("ул. Маркса", "ул. К. Маркса", None),
        ("ул. Мл. Гвардии", "ул. Молодой Гвардии", None),
        ("ул. 50-летия Октября", "ул. 50 лет Октября", None),
        ("ул. Заводская", "ул. 1-я Заводская", None),
        ("ул. К. Маркса", "ул. Карла Либкнехта", False),
        ("ул. К. Маркса", "ул. Розы Маркса", False),
        ("ул. 1-я Заводская", "ул. 2-я Заводская", False),
        ("ул. 50 лет Октября", "ул. 60 лет Октября", False),
        ("проспект Мира", "проезд Мира", False),
        ("ул. Советская", "пр. Советский", False),
    ],
)
def test_r_3_1_2_a_name_that_may_be_short_for_another_is_neither_it_nor_another(
    one: str, other: str, same: bool | None
) -> None:
    assert parse_street(one).may_be(parse_street(other)) is same
    assert parse_street(other).may_be(parse_street(one)) is same


def index(**serves: list[dict[str, object]]) -> TerritoryIndex:
    return TerritoryIndex(
        municipalities(),
        [
            ServingOrganization.model_validate(
                {"key": key, "kind": "institution", "region": "RU-KEM", "serves": places}
            )
            for key, places in serves.items()
        ],
        regions(),
    )


def ask(made: TerritoryIndex, text: str) -> tuple[str, list[str]]:
    found = made.who_serves(AddressQuery(text=text)).kinds["institution"]
    return found.outcome, [item.organization for item in found.candidates]


AVENUE = index(
    a=[{"municipality": "kemerovo", "street": "пр. Советский", "houses": [{"last": "60"}]}],
    b=[{"municipality": "kemerovo"}],
)


@pytest.mark.parametrize(
    "street",
    ["пр. Советский, 54", "Советский пр. 54", "Советский проспект 54", "пр-т Советский 54"],
)
def test_r_3_1_2_order_of_name_and_kind_changes_nobody(street: str) -> None:
    assert ask(AVENUE, f"г. Кемерово, {street}") == ("one", ["a"])
    assert ask(AVENUE, f"Кемерово {street.replace('54', '62')}") == ("one", ["b"])


MARX = index(
    c=[{"municipality": "topkinsky-rayon", "settlement": "Топки", "street": "ул. К.Маркса"}],
    d=[{"municipality": "topkinsky-rayon"}],
)


@pytest.mark.parametrize("street", ["ул. Карла Маркса, 6", "ул. Маркса, 6", "Маркса Карла ул. 6"])
def test_r_3_1_2_initial_in_the_directory_gives_several_and_says_why(street: str) -> None:
    """R appendix 1, institutions, row 45 prints «ул.К.Маркса»."""
    assert ask(MARX, f"г. Топки, {street}") == ("several", ["c", "d"])
    query = AddressQuery(text=f"г. Топки, {street}")
    said = MARX.who_serves(query).kinds["institution"].statement_ru
    assert said.endswith("поделена улица с похожим названием, и не ясно, одна ли это улица.")
    assert ask(MARX, "г. Топки, ул. К. Маркса 6") == ("one", ["c"])
    assert ask(MARX, "г. Топки, ул. Розы Люксембург, 6") == ("one", ["d"])


def test_r_3_1_2_the_very_street_goes_before_one_of_a_longer_name() -> None:
    made = index(
        c=[{"municipality": "yurga", "street": "ул. Заводская", "houses": [{"last": "20"}]}],
        d=[{"municipality": "yurga", "street": "ул. 1-я Заводская"}],
        e=[{"municipality": "yurga"}],
    )
    assert ask(made, "г. Юрга, ул. Заводская, 5") == ("one", ["c"])
    assert ask(made, "г. Юрга, 1-я Заводская ул., 5") == ("one", ["d"])
    assert ask(made, "г. Юрга, ул. Заводская, 21") == ("several", ["d", "e"])
    made.remove("c")
    assert ask(made, "г. Юрга, ул. Заводская, 5") == ("several", ["d", "e"])
    made.remove("d")
    assert ask(made, "г. Юрга, ул. Заводская, 5") == ("one", ["e"])


def test_r_3_1_2_quarter_that_is_served_whole_is_found_where_a_street_in_it_is_named() -> None:
    made = index(
        a=[{"municipality": "yurga", "street": "мкр. Южный"}],
        b=[{"municipality": "yurga", "street": "мкр. 3", "houses": [{"last": "9"}]}],
        c=[{"municipality": "yurga"}],
    )
    assert ask(made, "г. Юрга, мкр. Южный, ул. Мира, 5") == ("one", ["a"])
    assert ask(made, "г. Юрга, 3-й микрорайон, 5") == ("one", ["b"])
    assert ask(made, "г. Юрга, мкр. 3, ул. Мира, 55") == ("several", ["b", "c"])
    assert ask(made, "г. Юрга, ул. Мира, 5") == ("one", ["c"])


@pytest.mark.parametrize(
    ("street", "house", "expected"),
    [
        ("ул. Мира", "д. 5", (Street("мира", "ул"), House(5))),
        ("ул. Мира 5", None, (Street("мира", "ул"), House(5))),
        ("Мира 5", None, (Street("мира"), House(5))),
        ("Мира", None, (Street("мира"), None)),
        ("ул. Юности 2", "5", (Street("юности 2", "ул"), House(5))),
    ],
)
def test_house_entered_with_the_street_is_read_where_none_is_entered_apart(
    street: str, house: str | None, expected: tuple[Street, House | None]
) -> None:
    assert entered_street(street, house) == expected


@pytest.mark.parametrize(
    "text",
    [
        "г. Кемерово, р-н Рудничный",
        "г. Кемерово, район Рудничный, ул. Мира, 5",
        "г. Кемерово, Рудничный",
        "Кемерово Рудничный район",
        "г Кемерово р-н Рудничный ул Мира 5",
        "г. Кемерово, ул. Мира 5, Рудничный р-н",
        "кемерово рудничный",
    ],
)
def test_r_appendix_1_city_district_is_read_in_every_common_form(text: str) -> None:
    found = GAZETTEER.locate(AddressQuery(text=text))
    assert (found.municipalities, found.city_district) == (("kemerovo",), "рудничный")
    card = read_address(text, GAZETTEER)
    assert card is not None
    assert city_district_stem(card.city_district or "") == "рудничный"


@pytest.mark.parametrize(
    "text",
    [
        "г. Кемерово, Кедровка",
        "г. Кемерово, ж.р. Кедровка",
        "Кемерово ж/р Кедровка, ул. Новогодняя, 1",
        "КЕМЕРОВО Ж.Р. КЕДРОВКА УЛ. НОВОГОДНЯЯ 1",
        "г. Кемерово, жилой р-н Кедровка",
    ],
)
def test_r_appendix_1_residential_area_is_read_in_every_common_form(text: str) -> None:
    assert GAZETTEER.locate(AddressQuery(text=text)).city_district == "кедровка"


def test_residential_area_of_several_words_is_named_whole() -> None:
    found = GAZETTEER.locate(AddressQuery(text="г. Кемерово, ж.р. Лесная Поляна"))
    assert found.unknown_city_district == "Лесная Поляна"


@pytest.mark.parametrize(
    ("text", "municipality"),
    [
        ("Ленинск-Кузнецкий район", "leninsk-kuznetsky-rayon"),
        ("Ленинск-Кузнецкий р-н с. Драченино", "leninsk-kuznetsky-rayon"),
        ("Кемерово г, ул. Мира 5", "kemerovo"),
        ("Беловский р-н ул. Мира 5", "belovsky-rayon"),
        ("р-н Беловский, с. Сосновка", "belovsky-rayon"),
    ],
)
def test_name_of_a_town_within_another_is_not_taken_for_it(text: str, municipality: str) -> None:
    assert GAZETTEER.locate(AddressQuery(text=text)).municipalities == (municipality,)


def test_name_of_a_district_before_a_house_is_a_street() -> None:
    found = GAZETTEER.locate(AddressQuery(text="г. Кемерово, Центральный, 5"))
    assert found.city_district is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("с. Сосновка", "possible"),
        ("Сосновка, ул. Мира, 5", "possible"),
        ("с. Безруково", "possible"),  # R prints it, but villages repeat
        ("Новокузнецкий район, с. Сосновка", "one"),
        ("п.г.т. Яя", "one"),
    ],
)
def test_r_3_1_2_village_without_its_rayon_does_not_decide(text: str, outcome: str) -> None:
    """`further_settlements` is never complete: another rayon may have a village of that name."""
    made = index(x=[{"municipality": "novokuznetsky-rayon"}], y=[{"municipality": "yaysky-rayon"}])
    found = made.who_serves(AddressQuery(text=text)).kinds["institution"]
    assert (found.outcome, len(found.candidates)) == (outcome, 1)
    if outcome == "possible":
        assert "может быть и в другом городе или районе" in found.statement_ru
    card = read_address(text, GAZETTEER)
    assert card is not None
    assert (card.municipality is None) is (outcome == "possible")


def test_r_3_1_2_city_district_without_its_city_does_not_decide() -> None:
    """R appendix 1 prints the districts of two cities; others have such too."""
    made = index(x=[{"municipality": "kemerovo", "city_district": "Рудничный район"}])
    assert ask(made, "Рудничный район, пр. Шахтёров, 6") == ("possible", ["x"])
    assert ask(made, "г. Кемерово, Рудничный район, пр. Шахтёров, 6") == ("one", ["x"])


@pytest.mark.parametrize(
    ("text", "street", "house"),
    [
        ("г. Юрга, проезд Горный, 5", "Горный", "5"),
        ("г. Юрга, Томская набережная, 5а", "Томская", "5а"),
        ("г. Юрга, аллея Героев, 12/1", "Героев", "12/1"),
        ("г. Юрга, Победы пр-т 3, корп. 2", "Победы", "3 корп. 2"),
    ],
)
def test_card_has_the_street_and_house_that_the_question_understands(
    text: str, street: str, house: str
) -> None:
    read = read_address(text, GAZETTEER)
    assert read == Address(
        text=text, municipality="yurga", settlement="Юрга", street=street, house=house
    )
    asked = street_and_house(text)
    assert asked[0] is not None
    assert asked[0].name == parse_street(street).name
    assert asked[1] == parse_house(house)


PARTS = (
    "г. Кемерово", "Юрга", "с.", "Сосновка", "ж.р.", "р-н", "район", "Рудничный", "ул.", "пр-т",
    "1-я", "Линия", "мкр", "К.", "Маркса", "д. 5", "12а/1", "кв 3", "корп. А", ",", ", ", "-", "«",
    "XX", "ХХ", "им.", "650000", "обл.", "²", "①", "\u1c82", "ß", "İ",
)  # fmt: skip
TYPED = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=12).map(" ".join)


@given(TYPED, TYPED, TYPED)
def test_whatever_is_typed_is_located_without_an_error(text: str, street: str, house: str) -> None:
    parse_address(text)
    GAZETTEER.read(text)
    GAZETTEER.locate(AddressQuery(text=text))
    GAZETTEER.locate(AddressQuery(text=text, street=street, house=house, settlement=text))
    assert parse_street(street).may_be(parse_street(street)) is True
    AVENUE.who_serves(AddressQuery(municipality="kemerovo", street=street, house=house))
