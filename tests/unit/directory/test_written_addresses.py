"""Addresses as the state address register, the post and people write them: R 3.1.2, R appendix 1.

A certain answer is the right one; where the address leaves it open, a person decides.
"""

from __future__ import annotations

import pytest

from contracts.territory.gazetteer import AddressQuery
from contracts.territory.serving import TerritoryIndex

from .conftest import PrintedData

YURGA, RAYON = "yurga", "yurginsky-rayon"
KUZBASS = "Кемеровская область - Кузбасс"


def institutions(index: TerritoryIndex, query: AddressQuery) -> tuple[str, list[int]]:
    found = index.who_serves(query).kinds["institution"]
    keys = [item.organization for item in found.candidates]
    return found.outcome, sorted(int(key.removeprefix("r-institution-")) for key in keys)


@pytest.mark.parametrize(
    ("text", "outcome", "numbers"),
    [
        # The smaller settlement goes before the town, in any order and with any punctuation.
        ("г. Таштагол, пгт Шерегеш, ул. Гагарина, 6", "one", [42]),
        ("пгт Шерегеш, г. Таштагол, ул. Гагарина, 6", "one", [42]),
        ("г. Таштагол пгт Шерегеш ул. Гагарина 6", "one", [42]),
        ("ТАШТАГОЛ ПГТ ШЕРЕГЕШ УЛ ГАГАРИНА 6", "one", [42]),
        ("Таштагол, Шерегеш, ул. Гагарина, 6", "one", [42]),
        ("Таштагольский район, г. Таштагол, пгт Мундыбаш, ул. Ленина 19", "one", [43]),
        ("г. Гурьевск, с. Малая Салаирка, пер. Школьный 5", "one", [32]),
        ("г. Белово, пгт Инской", "one", [2]),
        ("пгт Инской, г. Белово", "one", [2]),
        # Two of one size, or one that may as well be a street.
        ("г. Гурьевск, г. Салаир", "several", [31, 32]),
        ("Таштагол, Шерегеш, 5", "several", [41, 42, 43]),
        ("г. Белово, Моховая, 5", "one", [2]),
        # Settlements of two municipalities contradict each other.
        ("г. Юрга, с. Проскоково, ул. Мира 1", "several", [29, 48]),
        ("с. Проскоково, г. Юрга, ул. Мира 1", "several", [29, 48]),
        ("г. Прокопьевск, п. Трудармейский", "several", [27, 39]),
        # One that is not known may lie in the town, or in the rayon around it.
        ("Белово, п. Бабанаково", "possible", [2]),
        ("г. Юрга, Неведомое с, ул. Мира 1", "possible", [29]),
        ("г. Гурьевск, с. Неведомое", "several", [31, 32]),
        ("Гурьевский район, с. Неведомое", "one", [32]),
        ("п/ст Юрга-2, ул. Мира, 1", "none", []),
        ("г. Юрга, г. Юрга-2", "possible", [29]),
        # The register's kinds of municipalities, before the name and after it.
        (f"{KUZBASS}, м.р-н Беловский, с Вишневка", "one", [30]),
        ("м.о. Беловский, с Старобачаты", "one", [30]),
        ("Беловский м.о., с Старобачаты", "one", [30]),
        ("Вишневка с, Беловский р-н", "one", [30]),
        ("Березовский г.о., г Березовский, ул Мира, д 5", "one", [3]),
        (f"{KUZBASS}, м.о. Ижморский, пгт. Ижморский, ул. Ленинская, д. 59", "one", [33]),
        (f"{KUZBASS}, г.о. Кемеровский, г. Кемерово, р-н Рудничный, пр-кт Шахтёров, д. 6",
         "one", [8]),
        (f"{KUZBASS}, Таштагольский м.р-н, Шерегешское г.п., пгт Шерегеш, ул Гагарина, д. 6",
         "one", [42]),
        (f"{KUZBASS}, м.р-н Таштагольский, г.п. Таштагольское, г Таштагол, ул Ленина, д. 84",
         "one", [41]),
        ("Юргинский р-н, Проскоковский с/с, с. Проскоково", "one", [48]),
        # As the post writes them: the name before the kind.
        ("652050, Россия, Кемеровская обл, Юрга г, Победы пр-кт, дом 13", "one", [29]),
    ],
)  # fmt: skip
def test_r_3_1_2_awkward_address_is_answered_rightly_or_left_to_a_person(
    index: TerritoryIndex, text: str, outcome: str, numbers: list[int]
) -> None:
    assert institutions(index, AddressQuery(text=text)) == (outcome, numbers)


@pytest.mark.parametrize(
    "region",
    [
        "Кемеровская область", "Кемеровская обл.", "Кемеровская обл", "обл. Кемеровская",
        "обл Кемеровская", "Кем. обл.", "Кузбасс", "КЕМЕРОВСКАЯ ОБЛАСТЬ", KUZBASS,
        f"{KUZBASS} обл", f"обл. {KUZBASS}", "Кемеровская область Кузбасс",
        "Кемеровская область (Кузбасс)", "Россия Кемеровская область", "РФ, Кемеровская обл.",
        "652050, Россия, Кемеровская область", "652050 Кемеровская обл.",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "rest", [", г. Юрга, ул. Мира 1", " г. Юрга ул. Мира 1", ", Юрга г, Мира ул, 1"]
)
def test_r_3_1_1_own_region_is_understood_however_it_is_written(
    index: TerritoryIndex, region: str, rest: str
) -> None:
    location = index.who_serves(AddressQuery(text=region + rest)).location
    assert (location.elsewhere, location.region, location.municipalities) == (
        None, "RU-KEM", (YURGA,),
    )  # fmt: skip
    assert location.street is not None
    assert location.street.name == "мира"


@pytest.mark.parametrize(
    "text",
    [
        "Новосибирская область г. Юрга", "Свердловская обл., г. Березовский", "г. Асино",
        "Ханты-Мансийский АО, г. Березовский", "Ямало-Ненецкий автономный округ, с. Моховая",
        "г. Томск, с. Моховая", "Томский район, с. Моховая",
    ],
)  # fmt: skip
def test_other_region_town_or_rayon_is_elsewhere(index: TerritoryIndex, text: str) -> None:
    location = index.who_serves(AddressQuery(text=text)).location
    assert location.elsewhere is not None
    assert location.municipalities == ()


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Санкт-Петербург, г. Колпино", "RU-SPE"),
        ("Москва, г. Зеленоград", "RU-MOW"),
        ("г. Москва ул. Тверская 5", "RU-MOW"),
        ("Кемеровская область, г. Новый", "RU-KEM"),
    ],
)
def test_own_region_in_the_line_rules_out_elsewhere(
    index: TerritoryIndex, text: str, region: str
) -> None:
    location = index.who_serves(AddressQuery(text=text)).location
    assert (location.elsewhere, location.region, location.municipalities) == (None, region, ())


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Россия Кемеровская область, г. Юрга", "one"),
        ("Томская область, г. Томск", "possible"),
        ("г. Томск", "possible"),
        ("Москва", "possible"),
    ],
)
def test_r_3_1_2_municipality_by_its_code_goes_before_the_text(
    index: TerritoryIndex, text: str, outcome: str
) -> None:
    query = AddressQuery(municipality=YURGA, text=text)
    assert index.who_serves(query).location.elsewhere is None
    assert institutions(index, query) == (outcome, [29])


@pytest.mark.parametrize(
    ("municipality", "codes"),
    [
        ("Юргинский м.о.", (RAYON,)), ("м.о. Юргинский", (RAYON,)), ("Юргинский м.р-н", (RAYON,)),
        ("м.р-н Юргинский", (RAYON,)), ("Юргинский муниципальный р-н", (RAYON,)),
        ("Юргинский муниципальный округ", (RAYON,)), ("МО Юргинский район", (RAYON,)),
        ("муниципальное образование Юргинский район", (RAYON,)),
        ("Юргинский г.о.", (YURGA,)), ("г.о. Юргинский", (YURGA,)), ("Юрга г", (YURGA,)),
        ("г.о. город Юрга", (YURGA,)), ("городской округ Юргинский", (YURGA,)),
        ("МО Юргинский", (YURGA, RAYON)), ("Юргинский", (YURGA, RAYON)),
        ("Новокузнецк г", ("novokuznetsk",)), ("Таштагол", ("tashtagolsky-rayon",)),
        ("г. Гурьевск", ("guryevsky-rayon",)), ("пгт Шерегеш", ("tashtagolsky-rayon",)),
        ("Марс", ()),
    ],
)  # fmt: skip
def test_r_appendix_1_municipality_is_understood_as_the_register_calls_it(
    index: TerritoryIndex, municipality: str, codes: tuple[str, ...]
) -> None:
    location = index.who_serves(AddressQuery(municipality=municipality)).location
    assert location.municipalities == codes


def test_r_3_1_2_settlement_in_a_field_is_weighed_against_the_line(index: TerritoryIndex) -> None:
    query = AddressQuery(settlement="Таштагол", text="г. Таштагол, пгт Шерегеш")
    assert institutions(index, query) == ("one", [42])
    query = AddressQuery(municipality="Таштагол", settlement="с. Неведомое")
    assert institutions(index, query) == ("several", [41, 42, 43])
    query = AddressQuery(municipality="Сосновка")
    assert institutions(index, query) == ("possible", [38])


DIVIDED = {"kemerovo", "novokuznetsk"}
IN_TOWNS = {
    "Гурьевск": [31], "Малая Салаирка": [32], "Таштагол": [41], "Шерегеш": [42], "Мундыбаш": [43],
}  # fmt: skip
AREAS = {"r-institution-10": [10], "r-institution-11": [11]}
"""Their printed addresses name the part of the city."""


def test_r_appendix_1_every_printed_address_has_its_right_answer(
    index: TerritoryIndex, data: PrintedData
) -> None:
    """Each organization's own house: where it stands, and who serves there."""
    known = {item.code: item for item in data.municipalities}
    bodies = {row["municipality"]: row["key"] for row in data.files["r-authorised-bodies"]}
    whole = {
        row["municipality"]: int(row["key"][-2:])
        for row in data.files["r-institutions"]
        if row["serves"] and not any(row["serves"][0][p] for p in ("city_district", "settlement"))
    }
    walked = 0
    for row in data.organizations:
        address = row["printed"].get("address")
        if not address or row["key"] in {"r-institution-48", "r-department"}:
            continue
        walked += 1
        own = known[row["municipality"]]
        towns = (own.city, known[own.seat].city if own.seat else None, *own.settlements)
        town = max((name for name in towns if name and name in address), key=address.rindex)
        home = own.code if town in own.settlements else own.seat or ""
        answer = index.who_serves(AddressQuery(text=address))
        assert answer.location.municipalities == (home,), row["key"]
        body = answer.kinds["authorised_body"]
        assert (body.outcome, body.candidates[0].organization) == ("one", bodies[home]), row["key"]
        outcome, numbers = institutions(index, AddressQuery(text=address))
        if home in DIVIDED and row["key"] not in AREAS:
            assert outcome == "several", row["key"]
        else:
            expected = AREAS.get(row["key"]) or IN_TOWNS.get(town) or [whole[home]]
            assert (outcome, numbers) == ("one", expected), row["key"]
    assert walked >= 84


def test_r_1_3_every_organization_is_found_by_what_it_serves(
    index: TerritoryIndex, data: PrintedData
) -> None:
    """Of every source: asked by the very words with which it is entered, and by a text of them."""
    names = {item.code: item.name for item in (*data.municipalities, *data.regions)}
    for row in data.organizations:
        for place in row["serves"]:
            area = place["municipality"] or row["region"]
            parts = [names[area], place["city_district"], place["settlement"]]
            text = ", ".join(part for part in parts if part)
            asked = AddressQuery(
                **{k: v for k, v in place.items() if k in AddressQuery.model_fields}
            )
            for query in (AddressQuery(text=text), *([asked] if place["municipality"] else [])):
                found = index.who_serves(query).kinds[row["kind"]]
                assert row["key"] in {one.organization for one in found.candidates}, row["key"]


def test_r_3_1_1_place_beside_a_town_of_ours_is_not_far_away(index: TerritoryIndex) -> None:
    location = index.who_serves(AddressQuery(text="г. Юрга-2, ул. Мира, 1")).location
    assert (location.elsewhere, location.municipalities) == (None, ())
