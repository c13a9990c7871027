"""Who serves a street and a house of it: R 3.1.2. Every range here is invented."""

from typing import Any

import pytest

from contracts.directory import HouseRange, Territory
from contracts.errors import InvalidInput
from contracts.territory import municipalities, regions
from contracts.territory.gazetteer import AddressQuery
from contracts.territory.houses import House, covers, in_order, parse_house
from contracts.territory.serving import ServingOrganization, TerritoryIndex
from contracts.territory.streets import Street, parse_street, street_and_house
from services.directory.domain.card_rules import check_card
from tests.unit.directory.builders import card, organization

TOWN = "leninsk-kuznetsky"


def houses(**item: Any) -> HouseRange:
    return HouseRange.model_validate(item)


@pytest.mark.parametrize(
    ("text", "house"),
    [
        ("12", House(12)),
        ("д. 12", House(12)),
        ("дом 12а", House(12, "а")),
        ("12 А", House(12, "а")),
        ("12/1", House(12, "", 1)),
        ("12/1б, кв. 3", House(12, "", 1, "б")),
        ("д. 12, корп. 2, кв. 7", House(12, "", 0, "", 2)),
        ("12 к2", House(12, "", 0, "", 2)),
        ("12к2", House(12, "", 0, "", 2)),
        ("12 к. 2", House(12, "", 0, "", 2)),
        ("12 кв. 5", House(12)),
        ("12а корпус 3", House(12, "а", 0, "", 3)),
        ("12а/1к2", House(12, "а", 1, "", 2)),
        ("12/А", House(12, "а")),
        ("1 /Б", House(1, "б")),  # R appendix 1, authorised bodies, row 14
        ("12 / 1", House(12, "", 1)),
        ("12 лит. Б", House(12, "б")),
        ("12, литера Б, кв. 5", House(12, "б")),
        ("12A", House(12, "а")),  # Latin
        ("12.б", House(12, "б")),
        ("5 -а", House(5, "а")),
        ("12 к-2", House(12, "", 0, "", 2)),
        ("12с3", House(12, "", 0, "", 3)),
        ("двлд. 5", House(5)),
        ("12, подъезд 2, эт. 3", House(12)),
        ("12-5", House(12)),
        ("12 соор. Х", House(12, unread=True)),
        ("12b", House(12, unread=True)),
        ("12 литер А1", House(12, "а", unread=True)),
        ("12 г Юрга", House(12, unread=True)),
        ("б/н", None),
        ("", None),
        (None, None),
    ],
)
def test_house_is_read_in_all_its_parts(text: str | None, house: House | None) -> None:
    assert parse_house(text) == house


@pytest.mark.parametrize(
    ("text", "street", "house"),
    [
        ("652500, г. Ленинск-Кузнецкий, пр. Кирова, д. 1, кв. 4", Street("кирова", "пр"), House(1)),
        ("г. Ленинск-Кузнецкий, ул. Ленина 12а", Street("ленина", "ул"), House(12, "а")),
        ("г. Юрга, Победы пр-кт, 3", Street("победы", "пр-кт"), House(3)),
        ("г. Юрга, Победы проспект", Street("победы", "пр-кт"), None),
        ("г. Белово, ул. 50 лет Октября, 7", Street("50 лет октября", "ул"), House(7)),
        ("г. Белово, ул. 50 лет Октября 7", Street("50 лет октября", "ул"), House(7)),
        ("г. Юрга, пр\u1c82спект Победы, 3\u1c80", Street("победы", "пр-кт"), House(3, "в")),
        ("г. Юрга, ул. Мира, 12, лит. Б", Street("мира", "ул"), House(12, "б")),
        ("г. Юрга, ул. Мира, д. 12, А", Street("мира", "ул"), House(12, "а")),
        ("с. Красное", None, None),
        (None, None, None),
    ],
)
def test_street_and_house_are_read_from_one_line(
    text: str | None, street: Street | None, house: House | None
) -> None:
    assert street_and_house(text) == (street, house)


def test_two_kinds_of_one_name_are_two_streets_and_an_unsaid_kind_is_either() -> None:
    lenin = parse_street("ул. Ленина")
    assert not lenin.may_be(parse_street("пр. Ленина"))
    assert lenin.may_be(parse_street("Ленина"))
    assert lenin.may_be(parse_street("Ленина улица"))


@pytest.mark.parametrize(
    ("ranges", "inside", "outside"),
    [
        ([], ["1", "12а"], []),
        ([houses(parity="odd")], ["1", "7а", "13/2"], ["2", "14/1"]),
        ([houses(parity="even", first="2", last="20")], ["2", "20", "20а", "20/1"], ["22", "3"]),
        ([houses(first="12")], ["12", "12а", "12/1", "13", "999"], ["11", "11/12"]),
        ([houses(last="12")], ["1", "12", "12а", "12/3", "12 корп. 4"], ["13"]),
        ([houses(first="12а", last="12в")], ["12а", "12б", "12в", "12в/1"], ["12", "12г", "13"]),
        ([houses(first="12/1", last="12/3")], ["12/1", "12/2", "12/3а"], ["12", "12/4", "11/2"]),
        ([houses(first="5 корп. 1", last="5 корп. 2")], ["5к1", "5 корп. 2"], ["5", "5к3"]),
        ([houses(last="3"), houses(first="9")], ["1", "3", "9", "40"], ["4", "8"]),
    ],
)
def test_range_has_its_ends_and_nothing_beyond(
    ranges: list[HouseRange], inside: list[str], outside: list[str]
) -> None:
    def served(text: str) -> bool:
        house = parse_house(text)
        assert house is not None
        return covers(tuple(ranges), house)

    assert [text for text in inside if not served(text)] == []
    assert [text for text in outside if served(text)] == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (houses(first="2", last="1"), False),
        (houses(first="12б", last="12а"), False),
        (houses(first="2", last="2", parity="odd"), False),
        (houses(first="2", last="2"), True),
        (houses(first="12а", last="12"), True),
        (houses(), True),
    ],
)
def test_range_that_can_have_no_house_is_told(item: HouseRange, expected: bool) -> None:
    assert in_order(item) is expected


def place(**changes: Any) -> dict[str, Any]:
    return {"municipality": TOWN, "street": "ул. Ленина", **changes}


ODD, EVEN = [{"parity": "odd"}], [{"parity": "even"}]


def index(**serves: list[dict[str, Any]]) -> TerritoryIndex:
    organizations = [
        ServingOrganization.model_validate(
            {"key": key, "kind": "institution", "region": "RU-KEM", "serves": places}
        )
        for key, places in serves.items()
    ]
    return TerritoryIndex(municipalities(), organizations, regions())


def ask(made: TerritoryIndex, text: str) -> tuple[str, list[str], list[str]]:
    found = made.who_serves(AddressQuery(text=text)).kinds["institution"]
    return (
        found.outcome,
        [item.organization for item in found.candidates],
        [item.organization for item in found.wider],
    )


CITY = "г. Ленинск-Кузнецкий"
SIDES = {
    "left": [place(houses=ODD)],
    "right": [place(houses=EVEN)],
    "whole": [{"municipality": TOWN}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{CITY}, ул. Ленина, 7", ("one", ["left"], ["whole"])),
        (f"{CITY}, ул. Ленина, д. 8/1", ("one", ["right"], ["whole"])),
        (f"{CITY}, ул. Ленина", ("several", ["left", "right", "whole"], [])),
        (f"{CITY}, пр. Ленина, 7", ("one", ["whole"], [])),
        (f"{CITY}, ул. Мира, 7", ("one", ["whole"], [])),
        (CITY, ("several", ["left", "right", "whole"], [])),
    ],
)
def test_r_3_1_2_side_of_the_street_decides_and_what_is_open_is_said(
    text: str, expected: tuple[str, list[str], list[str]]
) -> None:
    assert ask(index(**SIDES), text) == expected


def test_r_3_1_2_unknown_house_is_named_as_what_decides() -> None:
    found = index(**SIDES).who_serves(AddressQuery(text=f"{CITY}, ул. Ленина"))
    answer = found.kinds["institution"]
    assert answer.statement_en.endswith("the street or house that decides is not known.")
    assert "не указаны улица или дом" in answer.statement_ru
    assert answer.candidates[0].reason_ru == "обслуживает: ул. Ленина, дома нечётные"
    assert answer.candidates[0].level == "street"


def test_only_a_street_is_served_and_the_house_lies_elsewhere_gives_none() -> None:
    made = index(left=[place(houses=ODD)])
    assert ask(made, f"{CITY}, ул. Ленина, 8") == ("none", [], [])
    assert ask(made, CITY) == ("possible", ["left"], [])


def test_street_of_a_city_district_asks_for_the_district() -> None:
    made = index(
        near=[
            {
                "municipality": "kemerovo",
                "city_district": "Рудничный район",
                "street": "ул. Мира",
            }
        ]
    )
    assert ask(made, "г. Кемерово, Рудничный район, ул. Мира, 1")[0] == "one"
    assert ask(made, "г. Кемерово, Кировский район, ул. Мира, 1")[0] == "none"
    assert ask(made, "г. Кемерово, ул. Мира, 1")[0] == "possible"


def test_structured_street_and_house_are_understood() -> None:
    query = AddressQuery(municipality=TOWN, street="Ленина", house="7а")
    (found,) = index(**SIDES).who_serves(query).kinds["institution"].candidates
    assert found.organization == "left"


def test_town_outside_the_region_is_said_to_be_so() -> None:
    found = index(**SIDES).who_serves(AddressQuery(text="г. Асино, ул. Ленина, 7"))
    assert found.location.elsewhere == "г. асино"
    assert "нет в справочнике" in found.kinds["institution"].statement_ru


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"street": None, "houses": ODD}, "street-missing"),
        ({"houses": [{"first": "9", "last": "1"}]}, "houses-not-in-order"),
        ({"municipality": None}, "municipality-missing"),
    ],
)
def test_r_1_3_street_that_cannot_be_served_is_refused(changes: dict[str, Any], code: str) -> None:
    parent = organization(kind="authorised_body", parent=None)
    parent.id = "r-authorised-body-07"
    served = Territory.model_validate(place(**changes))
    with pytest.raises(InvalidInput) as refused:
        check_card(card(serves=[served]), [parent])
    assert (refused.value.code, refused.value.field) == (code, "card.serves")


@pytest.mark.parametrize("house", ["", "дом", "12-14", "x", "12345", "12 корп."])
def test_house_that_is_none_is_refused(house: str) -> None:
    with pytest.raises(ValueError, match="first"):
        HouseRange(first=house)


LETTERS = {
    "low": [place(houses=[{"first": "1", "last": "12а"}])],
    "high": [place(houses=[{"first": "12б", "last": "40"}])],
}


@pytest.mark.parametrize(
    ("house", "expected"),
    [
        ("12", ("one", ["low"], [])),
        ("12 лит. А", ("one", ["low"], [])),
        ("12 лит. Б", ("one", ["high"], [])),
        ("12/Б", ("one", ["high"], [])),
        ("12B", ("one", ["high"], [])),  # a Latin letter for «В»
        ("12b", ("several", ["high", "low"], [])),
        ("14b", ("one", ["high"], [])),
    ],
)
def test_r_3_1_2_letter_of_the_house_decides_and_one_that_cannot_be_read_does_not(
    house: str, expected: tuple[str, list[str], list[str]]
) -> None:
    assert ask(index(**LETTERS), f"{CITY}, ул. Ленина, {house}") == expected


def test_r_3_1_2_part_of_the_house_that_cannot_be_read_is_named_as_what_decides() -> None:
    query = AddressQuery(text=f"{CITY}, ул. Ленина, 12b")
    answer = index(low=LETTERS["low"]).who_serves(query).kinds["institution"]
    assert answer.outcome == "possible"
    assert answer.statement_ru.endswith("не прочитана часть номера дома, от которой это зависит.")


@pytest.mark.parametrize(
    "spelt", ["пгт Инской", "Инской", "ИНСКОЙ пгт", "п. Инской", "п.г.т.Инской"]
)
@pytest.mark.parametrize(
    "asked", ["г. Белово, пгт Инской", "Белово, Инской", "Белово г, Инской пгт"]
)
def test_r_3_1_2_settlement_is_served_however_it_is_entered_and_asked_for(
    spelt: str, asked: str
) -> None:
    served = {"municipality": "belovo", "settlement": spelt}
    made = index(a=[{"municipality": "belovo"}], b=[served])
    assert ask(made, f"{asked}, ул. Мира, 5") == ("one", ["b"], ["a"])
    made = index(a=[{"municipality": "belovo"}], b=[served | {"street": "ул. Мира"}])
    assert ask(made, f"{asked}, ул. Мира, 5") == ("one", ["b"], ["a"])
    assert ask(made, f"{asked}, ул. Лесная, 5") == ("one", ["a"], [])
    made.remove("b")
    assert ask(made, f"{asked}, ул. Мира, 5") == ("one", ["a"], [])


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("г. Гурьевск, ул. Ленина, 5", "possible"),
        ("Гурьевский район, с. Урск, ул. Ленина, 5", "possible"),
        ("Гурьевский район, ул. Ленина, 5", "possible"),
        ("г. Гурьевск, ул. Ленина, 6", "none"),
        ("г. Гурьевск, ул. Мира, 5", "none"),
    ],
)
def test_r_3_1_2_street_of_a_rayon_without_its_settlement_decides_nothing(
    text: str, outcome: str
) -> None:
    """Such were entered before it was asked for."""
    made = index(a=[{"municipality": "guryevsky-rayon", "street": "ул. Ленина", "houses": ODD}])
    assert ask(made, text)[0] == outcome


def test_r_3_1_2_street_of_a_city_is_not_the_one_of_a_settlement_beside_it() -> None:
    made = index(a=[{"municipality": "belovo", "street": "ул. Ленина"}])
    assert ask(made, "г. Белово, ул. Ленина, 5") == ("one", ["a"], [])
    assert ask(made, "Беловский городской округ, ул. Ленина, 5") == ("one", ["a"], [])
    assert ask(made, "г. Белово, пгт Инской, ул. Ленина, 5") == ("possible", ["a"], [])
