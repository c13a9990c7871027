"""Who serves an address: R 1.3, R 3.1.2, R appendix 1 (and the centres of K, M)."""

import pytest

from contracts.territory import municipalities as known_municipalities
from contracts.territory.gazetteer import AddressQuery
from contracts.territory.serving import ServingOrganization, TerritoryIndex

from .conftest import PrintedData

TWINS = [
    # city, rayon: code of the city, code of the rayon (R appendix 1)
    ("Белово", "Беловский", "belovo", "belovsky-rayon"),
    ("Кемерово", "Кемеровский", "kemerovo", "kemerovsky-rayon"),
    ("Ленинск-Кузнецкий", "Ленинск-Кузнецкий", "leninsk-kuznetsky", "leninsk-kuznetsky-rayon"),
    ("Новокузнецк", "Новокузнецкий", "novokuznetsk", "novokuznetsky-rayon"),
    ("Прокопьевск", "Прокопьевский", "prokopyevsk", "prokopyevsky-rayon"),
    ("Юрга", "Юргинский", "yurga", "yurginsky-rayon"),
]


def served_by(index: TerritoryIndex, kind: str, **query: str) -> tuple[str, list[str]]:
    answer = index.who_serves(AddressQuery(**query)).kinds[kind]
    return answer.outcome, [item.organization for item in answer.candidates]


def municipalities(index: TerritoryIndex, **query: str) -> tuple[str, ...]:
    return index.who_serves(AddressQuery(**query)).location.municipalities


@pytest.mark.parametrize(("city", "rayon", "city_code", "rayon_code"), TWINS)
def test_r_3_1_2_city_and_rayon_of_one_name_are_told_apart(
    index: TerritoryIndex, city: str, rayon: str, city_code: str, rayon_code: str
) -> None:
    assert municipalities(index, text=f"г. {city}, ул. Мира, д. 1") == (city_code,)
    assert municipalities(index, text=f"{city}, ул. Мира, д. 1") == (city_code,)
    assert municipalities(index, settlement=f"г.{city}") == (city_code,)
    assert municipalities(index, municipality=f"{rayon} городской округ") == (city_code,)
    assert municipalities(index, text=f"{rayon} район, с. Неведомое") == (rayon_code,)
    assert municipalities(index, text=f"{rayon} р-н, д. Неведомая, ул. Мира, 1") == (rayon_code,)
    assert municipalities(index, municipality=f"{rayon} муниципальный район") == (rayon_code,)
    assert municipalities(index, municipality=f"{rayon} муниципальный округ") == (rayon_code,)
    assert municipalities(index, text=f"с. {city}") == ()


@pytest.mark.parametrize(("city", "rayon", "city_code", "rayon_code"), TWINS)
def test_r_3_1_2_name_without_city_or_rayon_is_not_decided_by_us(
    index: TerritoryIndex, city: str, rayon: str, city_code: str, rayon_code: str
) -> None:
    assert set(municipalities(index, municipality=rayon)) == {city_code, rayon_code}
    outcome, found = served_by(index, "authorised_body", municipality=rayon)
    assert (outcome, len(found)) == ("several", 2)


def test_r_appendix_1_every_municipality_has_its_authorised_body(
    index: TerritoryIndex, data: PrintedData
) -> None:
    for body in data.files["r-authorised-bodies"]:
        expected = ("one", [body["key"]])
        assert served_by(index, "authorised_body", municipality=body["municipality"]) == expected


def test_r_appendix_1_undivided_municipality_has_its_institution(
    index: TerritoryIndex, data: PrintedData
) -> None:
    divided = {"kemerovo", "novokuznetsk", "guryevsky-rayon", "tashtagolsky-rayon"}
    for row in data.files["r-institutions"]:
        if row["municipality"] not in divided:
            expected = ("one", [row["key"]])
            assert served_by(index, "institution", municipality=row["municipality"]) == expected


@pytest.mark.parametrize(
    ("text", "institution"),
    [
        ("Кемеровская область - Кузбасс, г. Кемерово, Рудничный район, пр-т Шахтёров, 6", 8),
        ("г. Кемерово, Заводский район, ул. Чкалова, 1", 7),
        ("г. Кемерово, Заводской р-н, ул. Чкалова, 1", 7),
        ("650903, г.Кемерово, ж.р.Кедровка, ул.Новогодняя, 1", 10),
        ("г. Кемерово, жилой район Промышленновский, ул. Варяжская, 2", 11),
        ("г. Новокузнецк, Заводской район, ул. Тореза, 1", 18),
        ("г. Новокузнецк, Кузнецкий район", 23),
        ("город новокузнецк, центральный район, улица кирова, 1", 19),
    ],
)
def test_r_appendix_1_city_district_decides(
    index: TerritoryIndex, text: str, institution: int
) -> None:
    answer = index.who_serves(AddressQuery(text=text)).kinds["institution"]
    assert answer.outcome == "one"
    assert answer.candidates[0].organization == f"r-institution-{institution:02}"
    assert answer.candidates[0].level == "city_district"
    assert answer.wider == ()


def test_r_appendix_1_unknown_city_district_gives_all_and_says_so(index: TerritoryIndex) -> None:
    for text in ("г. Кемерово, ул. Весенняя, 1", "г. Кемерово, Ягуновский район"):
        answer = index.who_serves(AddressQuery(text=text)).kinds["institution"]
        assert answer.outcome == "several"
        assert len(answer.candidates) == 7
        assert "city district" in answer.statement_en
        assert "район города" in answer.statement_ru


def test_city_district_of_two_cities_gives_both(index: TerritoryIndex) -> None:
    found = served_by(index, "institution", city_district="Центральный район")
    assert found == ("several", ["r-institution-05", "r-institution-19"])
    found = served_by(index, "institution", city_district="Заводской район")
    assert found == ("several", ["r-institution-07", "r-institution-18"])


@pytest.mark.parametrize(
    ("text", "outcome", "institutions"),
    [
        ("г. Гурьевск, ул. Кирова, 1", "one", [31]),
        ("г. Салаир", "one", [31]),
        ("Гурьевский район, с. Малая Салаирка", "one", [32]),
        ("Гурьевский район, с. Неведомое", "one", [32]),
        ("Гурьевский район", "several", [31, 32]),
        ("г. Таштагол", "one", [41]),
        ("Таштагольский район, п.г.т. Шерегеш, ул. Гагарина, 1", "one", [42]),
        ("пгт Мундыбаш", "one", [43]),
        ("Таштагольский р-н, п. Каз", "none", []),
        ("Таштагольский район", "several", [41, 42, 43]),
    ],
)
def test_r_appendix_1_settlement_decides(
    index: TerritoryIndex, text: str, outcome: str, institutions: list[int]
) -> None:
    """R prints institutions of towns inside two rayons; where it prints none, none is given."""
    keys = [f"r-institution-{number}" for number in institutions]
    found_outcome, found = served_by(index, "institution", text=text)
    assert (found_outcome, sorted(found)) == (outcome, keys)


def test_r_3_1_2_none_still_names_the_authorised_body(index: TerritoryIndex) -> None:
    answer = index.who_serves(AddressQuery(text="Таштагольский район, п. Каз"))
    assert answer.kinds["institution"].statement_en.startswith("No institution is recorded")
    assert answer.kinds["authorised_body"].outcome == "one"


@pytest.mark.parametrize(
    "text",
    ["КИСЕЛЁВСК", "г. Киселевск", "город Киселёвск", "Киселевск г", "киселёвск, ул. мира, 1"],
)
def test_spelling_case_and_yo_do_not_matter(index: TerritoryIndex, text: str) -> None:
    assert municipalities(index, text=text) == ("kiselevsk",)


@pytest.mark.parametrize(
    "text", ["пгт Яя", "п.г.т. Яя", "р.п. Яя", "пос. Яя", "ПГТ ЯЯ, УЛ. МИРА", "посёлок Яя", "Яя"]
)
def test_settlement_abbreviations_are_one(index: TerritoryIndex, text: str) -> None:
    assert municipalities(index, text=text) == ("yaysky-rayon",)


def test_dashes_of_a_compound_name_are_one(index: TerritoryIndex) -> None:
    expected = ("leninsk-kuznetsky-rayon",)
    assert municipalities(index, municipality="Ленинск – Кузнецкий муниципальный район") == expected


def test_rayon_and_foreign_city_together_are_reported(index: TerritoryIndex) -> None:
    """R appendix 1, institutions, row 48: «Юргинский район, г.Юрга»."""
    query = AddressQuery(text="652097, Юргинский район, г.Юрга, пер. Нахановича, 6а")
    answer = index.who_serves(query)
    assert answer.location.conflict
    assert answer.location.municipalities == ("yurga", "yurginsky-rayon")
    assert answer.kinds["institution"].outcome == "several"
    assert "different ones" in answer.kinds["institution"].statement_en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ленинск-Кузнецкий городской округ, г Ленинск-Кузнецкий, пр-кт Кирова, д 1",
         ("leninsk-kuznetsky",)),
        ("ул. Весенняя, д. 1, г. Кемерово", ("kemerovo",)),
        ("г. Белово, пгт Инской, ул. Мира, 1", ("belovo",)),
        ("Беловский район, с. Сосновка", ("belovsky-rayon",)),  # villages repeat
        ("Беловский район, пгт Инской", ("belovo", "belovsky-rayon")),  # towns do not
    ],
)  # fmt: skip
def test_order_and_completeness_of_the_parts_do_not_mislead(
    index: TerritoryIndex, text: str, expected: tuple[str, ...]
) -> None:
    assert municipalities(index, text=text) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"text": "Томская область, с. Моховая"},
        {"text": "Томский район, с. Моховая"},
        {"municipality": "Томский район", "settlement": "с. Моховая"},
        {"text": "Свердловская обл., г. Березовский"},
        {"text": "г. Томск, ул. Мира, 1"},
        {"municipality": "Марс"},
        {},
    ],
)
def test_address_elsewhere_or_unknown_gives_none(
    index: TerritoryIndex, query: dict[str, str]
) -> None:
    answer = index.who_serves(AddressQuery(**query))
    assert answer.location.municipalities == ()
    assert {item.outcome for item in answer.kinds.values()} == {"none"}
    assert answer.kinds["institution"].statement_ru


def test_k_and_m_centres_serve_their_own_region(index: TerritoryIndex) -> None:
    centre = "coordination_centre"
    kuzbass, moscow = ["k-coordination-centre-01"], ["m-coordination-centre-01"]
    assert served_by(index, centre, text="г. Юрга, пр. Победы, 1") == ("one", kuzbass)
    assert served_by(index, centre, municipality="Ленинск-Кузнецкий") == ("one", kuzbass)
    assert served_by(index, centre, text="г. Москва, ул. Тверская, 1") == ("one", moscow)


def test_structured_parts_go_before_free_text(index: TerritoryIndex) -> None:
    query = {"municipality": "yurga", "text": "г. Кемерово, ул. Весенняя, 1"}
    answer = index.who_serves(AddressQuery(**query))
    assert "yurga" in answer.location.municipalities
    assert answer.location.conflict


def test_one_candidate_for_an_undecided_address_is_only_possible(data: PrintedData) -> None:
    territory = {"municipality": "kemerovo", "city_district": "Рудничный район"}
    organization = {"key": "clinic", "kind": "medical_organization", "serves": [territory]}
    index = TerritoryIndex(data.municipalities, [ServingOrganization.model_validate(organization)])
    kind = "medical_organization"
    assert served_by(index, kind, text="г. Кемерово") == ("possible", ["clinic"])
    assert served_by(index, kind, text="г. Кемерово, Рудничный район") == ("one", ["clinic"])
    assert served_by(index, kind, text="г. Кемерово, Кировский район") == ("none", [])


def test_reason_names_the_territory_in_both_languages(index: TerritoryIndex) -> None:
    answer = index.who_serves(AddressQuery(settlement="Шерегеш"), kinds=["institution"])
    (candidate,) = answer.kinds["institution"].candidates
    assert candidate.reason_en == "serves the settlement Шерегеш"
    assert candidate.reason_ru == "обслуживает населённый пункт: Шерегеш"
    assert set(answer.kinds) == {"institution"}


def test_lookup_among_5000_organizations_looks_at_those_of_the_place_only(
    data: PrintedData,
) -> None:
    codes = [item.code for item in data.municipalities]
    kinds = ("institution", "provider", "medical_organization")
    organizations = [
        ServingOrganization.model_validate(
            {
                "key": f"o-{number}",
                "kind": kinds[number % len(kinds)],
                "region": "RU-KEM",
                "serves": [{"municipality": codes[number % len(codes)]}],
            }
        )
        for number in range(5000)
    ]
    index = TerritoryIndex(data.municipalities, organizations, data.regions)
    query = AddressQuery(text="Кемеровская область, г. Кемерово, Рудничный район, пр. Мира, 6")
    found = index.who_serves(query, kinds=["institution"]).kinds["institution"]
    place = codes.index("kemerovo")
    expected = [f"o-{n}" for n in range(place, 5000, len(codes)) if n % len(kinds) == 0]
    assert [item.organization for item in found.candidates] == sorted(expected)


@pytest.mark.parametrize("code", [item.code for item in known_municipalities()])
def test_r_1_3_every_municipal_area_answers_with_body_and_institution(
    index: TerritoryIndex, data: PrintedData, code: str
) -> None:
    """All 34: by code, and by an address as people write it, with street and house."""
    area = next(item for item in data.municipalities if item.code == code)
    town = next(iter(area.settlements), "")
    mark = "г. " if area.city else ""
    for query in (
        AddressQuery(municipality=code),
        AddressQuery(municipality=code, street="ул. Мира", house="7/1"),
        AddressQuery(text=f"{area.name}, {mark}{town}, ул. Мира, д. 7а".replace(", , ", ", ")),
    ):
        answer = index.who_serves(query)
        assert answer.location.municipalities == (code,)
        body, institution = answer.kinds["authorised_body"], answer.kinds["institution"]
        assert body.outcome == "one"
        assert institution.outcome in {"one", "several", "possible"}
        parents = {
            item["parent"]
            for item in data.organizations
            if item["key"] in {found.organization for found in institution.candidates}
        }
        assert parents <= {body.candidates[0].organization, "r-department"}


TOWNS = (
    "Анжеро-Судженск", "Белово", "Берёзовский", "Гурьевск", "Калтан", "Кемерово", "Киселёвск",
    "Ленинск-Кузнецкий", "Мариинск", "Междуреченск", "Мыски", "Новокузнецк", "Осинники",
    "Полысаево", "Прокопьевск", "Салаир", "Тайга", "Таштагол", "Топки", "Юрга",
)  # fmt: skip


@pytest.mark.parametrize("town", TOWNS)
def test_no_town_of_the_region_is_taken_for_one_elsewhere(index: TerritoryIndex, town: str) -> None:
    answer = index.who_serves(AddressQuery(text=f"г. {town}, ул. Мира, 1"))
    assert answer.location.elsewhere is None
    assert len(answer.location.municipalities) >= 1
