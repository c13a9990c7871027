"""The loaded directory: every row of R appendix 1 as printed, and the centres of K, M, S, L."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from contracts.directory import OrganizationKind
from contracts.territory.municipality import city_district_stem
from services.directory.adapters.data_files import WrongVersion, read_version

from .conftest import DATA, PrintedData

KINDS = {kind.value for kind in OrganizationKind}

SERVING_NOBODY = {
    "k-public-body-01", "k-public-body-02", "l-coordination-centre-01", "r-institution-12",
    "r-institution-24",
}  # fmt: skip
"""No source says that these serve an address of their own."""

# Taken when the files were compared with the sources character by character. A change of a printed
# value, be it a repaired typing error, makes this fail: corrections belong beside the printed text.
PRINTED_DIGESTS = {
    "r-department": "df938ad8ba189d8761867d0eeb07c046b7957f28810ee89aec699b45951826e1",
    "r-authorised-bodies": "cd59644cf6df3d7fb9be4577d2b7659f42bd84968f71bd12763c683f5b67f846",
    "r-institutions": "f65bba1ff90a3234da4568ee665291e915049fb804c5a690e106ccb21025563d",
    "k-coordination-centre": "22e8653e0bca183ad891d77ed0406ca2443be9bcb7e62f90412710511fc8d0a0",
    "m-coordination-centre": "50b300aad3eda09dd3b9daf81d4fb9fbb7a597cc8dea8caa4d079ee41395264d",
    "s-coordination-centre": "93c9f214cf17d6e5d35b7bf90688d46797420926ee7f161bab93deab1a5a217e",
    "l-medical-organizations": "5436acbc644d56e1d821c9c7ea340b109a273c57ce75fecb905d39623667dbfd",
    "k-public-bodies": "b2197eaf0ee14ee90397a728c6cc22dc0ae441b8e981a8ff15105a518da9c64d",
    "l-coordination-centre": "89e018da39b84520bd80e9d980eb9b45d3308ccff9f434b2c16c2f5906c76586",
    "l-public-bodies": "8e80c1be597e7c424d4a5aa9c90e308c7d693b603f52c3b636e3b42044542d31",
    "l-social-route": "bce544baead54a9f8f572f65d282b9594d07504f4024e35207da10c2a1e36ef9",
    "m-department": "b6651983e5a3be992a0bd66d8f712ddb41c51e448be5179e199602584570a628",
    "m-mfc": "6768665bd38b7425d25b06078870106685acb39cacb8c7cf8bb90d575838056f",
    "m-residential-institution": "9d9871c8af69581b4381a66dd10b457db5d7b331f6aabb8f5d903029fd72849e",
    "s-department": "c79ff39c0536e28e4797e7da45d79ca52b68b5fa6712cf8715fc8c76384e3649",
    "l-providers": "3f63c5f35cbd911d8f0819121fcfd17809e87b2b3b1b24889ce05292a3a1b63a",
}


def test_r_appendix_1_has_one_department_34_bodies_and_50_institutions(data: PrintedData) -> None:
    counts = Counter(row.kind for row in data.appendix_rows)
    assert counts == {"department": 1, "authorised_body": 34, "institution": 50}


def test_r_appendix_1_rows_stand_in_print_order(data: PrintedData) -> None:
    bodies, institutions = data.files["r-authorised-bodies"], data.files["r-institutions"]
    for number, row in enumerate(bodies, start=1):
        assert row["key"] == f"r-authorised-body-{number:02}"
        assert row["source"] == {
            "document": "R", "place": f"appendix 1, authorised bodies, row {number}"
        }  # fmt: skip
    for number, row in enumerate(institutions, start=1):
        assert row["key"] == f"r-institution-{number:02}"
        assert row["source"]["place"] == f"appendix 1, institutions, row {number}"


@pytest.mark.parametrize("name", PRINTED_DIGESTS)
def test_printed_values_are_those_compared_with_the_source(data: PrintedData, name: str) -> None:
    printed = json.dumps([item["printed"] for item in data.files[name]], ensure_ascii=False)
    assert hashlib.sha256(printed.encode()).hexdigest() == PRINTED_DIGESTS[name]


@pytest.mark.parametrize(
    ("key", "field", "printed"),
    [
        ("r-authorised-body-07", "phone", "384-56) 2-78-29"),
        ("r-authorised-body-27", "phone", "(8-34-73) 2-17-44"),
        ("r-institution-07", "email", "кcson_zk@mail.ru"),
        ("r-institution-25", "address", "625800, г.Осинники, ул. Кирова,76"),
        ("r-institution-28", "name", "МБУ «Комплексный центр социально обслуживания населения»"),
        ("r-institution-32", "phone", "(38463) 31-2-72"),
        ("r-institution-40", "email", "prom-tso @rambler.ru"),
    ],
)
def test_r_appendix_1_typing_errors_are_kept(
    data: PrintedData, key: str, field: str, printed: str
) -> None:
    row = next(item for item in data.organizations if item["key"] == key)
    assert row["printed"][field] == printed


def test_keys_are_unique_ascii_and_not_names(data: PrintedData) -> None:
    keys = [item["key"] for item in data.organizations]
    assert len(keys) == len(set(keys))
    assert all(key.isascii() and key == key.lower() for key in keys)


def test_every_element_has_kind_source_and_known_region(data: PrintedData) -> None:
    regions = {region.code for region in data.regions}
    for item in data.organizations:
        assert item["kind"] in KINDS
        assert item["source"]["document"] in {"R", "K", "M", "S", "L", "example"}
        assert item["source"]["place"]
        assert item["region"] in regions
        assert item["printed"]["name"]


def test_r_1_3_has_34_municipalities_with_unique_codes(data: PrintedData) -> None:
    assert len({item.code for item in data.municipalities}) == 34
    kinds = Counter(item.kind for item in data.municipalities)
    assert kinds == {"urban_district": 16, "municipal_district": 18}


def test_r_appendix_1_every_municipality_has_one_body_and_an_institution(data: PrintedData) -> None:
    bodies = Counter(item["municipality"] for item in data.files["r-authorised-bodies"])
    institutions = Counter(item["municipality"] for item in data.files["r-institutions"])
    codes = {item.code for item in data.municipalities}
    assert bodies == dict.fromkeys(codes, 1)
    assert set(institutions) == codes


def test_r_appendix_1_parent_is_the_body_of_the_same_municipality(data: PrintedData) -> None:
    bodies = {item["municipality"]: item["key"] for item in data.files["r-authorised-bodies"]}
    for item in data.files["r-institutions"]:
        # Institutions of the region itself (ГКУ КО) answer to the department.
        regional = item["printed"]["name"].startswith("ГКУ КО")
        assert item["parent"] == ("r-department" if regional else bodies[item["municipality"]])
    assert {item["parent"] for item in data.files["r-authorised-bodies"]} == {"r-department"}


def test_r_appendix_1_regional_institutions_serve_no_address_that_r_does_not_print(
    data: PrintedData,
) -> None:
    regional = [
        item
        for item in data.files["r-institutions"]
        if item["printed"]["name"].startswith("ГКУ КО")
    ]
    assert [item["key"] for item in regional] == ["r-institution-12", "r-institution-24"]
    for item in regional:
        assert item["serves"] == []
        assert "R does not print its territory" in item["note"]


def test_served_territories_are_known_places(data: PrintedData) -> None:
    known = {item.code: item for item in data.municipalities}
    for item in data.organizations:
        assert item["serves"] or item["key"] in SERVING_NOBODY, item["key"]
        for territory in item["serves"]:
            if territory["municipality"] is None:
                continue
            municipality = known[territory["municipality"]]
            districts = {district.name for district in municipality.city_districts}
            assert territory["city_district"] in {None, *districts}
            assert territory["settlement"] in {None, *municipality.settlements}


def test_r_appendix_1_every_city_district_has_one_institution(data: PrintedData) -> None:
    served = Counter(
        (territory["municipality"], territory["city_district"])
        for item in data.files["r-institutions"]
        for territory in item["serves"]
        if territory["city_district"]
    )
    expected = {
        (item.code, district.name): 1
        for item in data.municipalities
        for district in item.city_districts
    }
    assert served == expected
    assert len(expected) == 13
    for item in data.files["r-institutions"]:
        district = next((place["city_district"] for place in item["serves"]), None)
        if district:
            # «Рудничный район» → «рудничн», which the printed «Рудничного района» contains.
            stem = city_district_stem(district).removesuffix("ий").removesuffix("ый")
            assert stem in item["printed"]["name"].lower()


def test_seats_are_urban_districts(data: PrintedData) -> None:
    urban = {item.code for item in data.municipalities if item.kind == "urban_district"}
    seats = {item.code: item.seat for item in data.municipalities if item.seat}
    assert set(seats.values()) <= urban
    assert len(seats) == 6


def test_r_1_3_prints_reception_days_but_no_hours(data: PrintedData) -> None:
    for name in ("r-authorised-bodies", "r-institutions"):
        for item in data.files[name]:
            assert item["reception_days"] == ["MO", "TU", "WE", "TH", "FR"]
            assert "hours" not in item


WORKDAYS = ["MO", "TU", "WE", "TH", "FR"]


def test_k_regional_centre_has_lunch_break(data: PrintedData) -> None:
    (centre,) = data.files["k-coordination-centre"]
    assert centre["printed"]["phone"] == "8-800-302-14-10"
    assert centre["hours"] == [
        {"days": WORKDAYS, "opens": "08:30", "closes": "17:30", "lunch": ["12:00", "13:00"]}
    ]


def test_m_centre_works_every_day_without_break(data: PrintedData) -> None:
    (centre,) = data.files["m-coordination-centre"]
    assert centre["printed"]["phone"] == "8-495-276-11-55"
    assert centre["printed"]["email"] == "Socialdom@mos.ru"
    assert centre["hours"] == [
        {"days": [*WORKDAYS, "SA", "SU"], "opens": "08:00", "closes": "20:00", "lunch": None}
    ]


def test_s_call_centre_closes_earlier_on_friday_without_break(data: PrintedData) -> None:
    (centre,) = data.files["s-coordination-centre"]
    assert centre["printed"]["phone"] == "(812) 576-05-76"
    assert centre["hours"] == [
        {"days": ["MO", "TU", "WE", "TH"], "opens": "09:00", "closes": "18:00", "lunch": None},
        {"days": ["FR"], "opens": "09:00", "closes": "17:00", "lunch": None},
    ]


def test_l_names_three_hospitals_and_one_provider(data: PrintedData) -> None:
    assert len(data.files["l-medical-organizations"]) == 3
    assert "«Родная гавань»" in data.files["l-providers"][0]["printed"]["name"]
    for item in data.files["l-medical-organizations"] + data.files["l-providers"]:
        assert item["municipality"] == "leninsk-kuznetsky"
        assert item["printed"]["phone"] is None


def test_invented_offices_are_marked_and_no_others(data: PrintedData) -> None:
    """R 2.2 names the Pension Fund's territorial bodies without printing any."""
    marked = {item["key"] for item in data.organizations if item.get("provenance") == "example"}
    assert marked == {item["key"] for item in data.files["example-pension-fund-offices"]}
    for item in data.files["example-pension-fund-offices"]:
        assert item["kind"] == "pension_fund_office"
        assert item["printed"]["email"].endswith("@example.org")


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        (
            "l-employment-01",
            "employment",
            "ГКУ Центр занятости населения города Ленинска-Кузнецкого",
        ),
        ("l-culture-01", "culture", "управление культуры администрации"),
        ("l-sport-01", "sport", "управление по физической культуре, спорту и туризму"),
        ("l-public-association-01", "public_association", "«Всероссийское общество инвалидов»"),
        ("l-public-association-02", "public_association", "общество слепых»"),
        ("l-public-association-03", "public_association", "общество глу-хих»"),
        ("l-public-body-01", "public_body", "Администрация Ленинск-Кузнецкого городского округа"),
        ("l-coordination-centre-01", "coordination_centre", "Единый координационный центр"),
        ("k-public-body-01", "public_body", "Министерство социальной защиты населения Кузбасса"),
        ("k-public-body-02", "public_body", "«Центр социальных выплат и информатизации"),
        ("m-department-01", "department", "Департамент труда и социальной защиты населения"),
        ("m-mfc-01", "mfc", "«Мои Документы»"),
        ("m-residential-institution-01", "residential_institution", "Запись на очные посещения"),
        ("s-department-01", "department", "Комитет по социальной политике Санкт-Петербурга"),
    ],
)
def test_k_l_m_s_further_organizations_are_there(
    data: PrintedData, key: str, kind: str, said: str
) -> None:
    """L 3.8-3.12 and 5.1, the names K, M and S print in passing."""
    row = next(item for item in data.organizations if item["key"] == key)
    assert row["kind"] == kind
    assert said in row["printed"]["name"]


def test_everyone_answers_to_somebody_or_the_row_says_that_no_source_names_whom(
    data: PrintedData,
) -> None:
    keys = {item["key"] for item in data.organizations}
    for item in data.organizations:
        if item.get("provenance") == "example" or item["key"] == "r-department":
            continue
        unnamed = ("answers to", "answer to", "Its parent is", "R knows it as the department",
                   "no source says that the two are one")  # fmt: skip
        assert item["parent"] in keys or any(said in item["note"] for said in unnamed), item["key"]


def test_m_visits_are_booked_every_day_from_9_to_17(data: PrintedData) -> None:
    (institution,) = data.files["m-residential-institution"]
    assert institution["printed"]["phone"] == "8 (985) 204-58-84"
    assert institution["hours"][0]["opens"] == "09:00"
    assert len(institution["hours"][0]["days"]) == 7


def test_l_1_2_2_2_the_one_provider_not_of_the_state_is_marked(data: PrintedData) -> None:
    marked = {item["key"]: item.get("ownership") for item in data.organizations}
    assert marked["l-provider-01"] == "private"
    assert {marked[item["key"]] for item in data.files["r-institutions"]} == {"state"}


FILES = {3: "ca484155a4d587af"}
"""The number of the file set and what it holds: a change of the files raises `data/VERSION`, else a
replica of the version before would write its older rows over them."""


def test_number_of_the_files_is_raised_with_every_change_of_them() -> None:
    digest = hashlib.sha256()
    for path in sorted(DATA.glob("*.json")):
        digest.update(path.name.encode() + b"\n" + path.read_bytes())
    assert {read_version(): digest.hexdigest()[:16]} == FILES


@pytest.mark.parametrize("text", ["x", "", "-1", "1.5", "²"])
def test_number_that_is_none_stops_the_start(tmp_path: Path, text: str) -> None:
    assert read_version(tmp_path) == 0
    (tmp_path / "VERSION").write_text(text, encoding="utf-8")
    with pytest.raises(WrongVersion):
        read_version(tmp_path)
