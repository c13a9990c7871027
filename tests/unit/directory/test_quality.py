"""Every fault class of R appendix 1 in its real row; invented rows where R has no such fault."""

import time

import pytest

from services.directory.domain.quality import (
    RULES,
    Fault,
    PrintedContact,
    PrintedRow,
    Severity,
    count_by_rule,
    find_faults,
)

from .conftest import PrintedData


def of(faults: list[Fault], code: str) -> dict[str, Fault]:
    return {fault.row_key: fault for fault in faults if fault.code == code}


def check(data: PrintedData, **printed: str | None) -> dict[str, Fault]:
    """Faults by code of one invented row beside the real ones."""
    contact: dict[str, str | None] = {
        "name": "МБУ «Забота»",
        "phone": "(38456) 3-00-01",
        "address": "652500, г. Ленинск-Кузнецкий, ул. Мира, 1",
        "email": "a@example.org",
    }
    contact |= printed
    row = PrintedRow(
        key="invented",
        kind="institution",
        region="RU-KEM",
        municipality="leninsk-kuznetsky",
        printed=PrintedContact.model_validate(contact),
    )
    found = find_faults([*data.appendix_rows, row], data.municipalities, data.regions[0])
    return {fault.code: fault for fault in found if fault.row_key == "invented"}


def test_r_appendix_1_faults_by_rule(faults: list[Fault]) -> None:
    """The whole report of R appendix 1; a rule that changes shows here."""
    assert count_by_rule(faults) == {
        "phone.missing": 0,
        "phone.unbalanced_bracket": 1,
        "phone.area_code_outside_region": 1,
        "phone.area_code_differs": 4,
        "phone.bracket_elsewhere": 2,
        "phone.digit_count": 1,
        "phone.odd_grouping": 1,
        "address.missing": 0,
        "address.postcode_missing": 4,
        "address.postcode_outside_region": 1,
        "address.postcode_conflict": 4,
        "address.postcode_far": 2,
        "address.postcode_shared": 2,
        "address.settlement_missing": 0,
        "address.settlement_outside_municipality": 0,
        "address.rayon_and_city_disagree": 1,
        "address.settlement_mark_differs": 2,
        "address.street_spelling": 2,
        "address.odd_punctuation": 5,
        "email.missing": 1,
        "email.space": 2,
        "email.cyrillic_letter": 1,
        "email.invalid": 0,
        "name.not_unique": 8,
        "name.unbalanced_quotes": 1,
        "name.word_break": 1,
        "name.dash_in_compound": 3,
        "name.phrase_slip": 1,
        "name.word_left_out": 2,
        "name.rayon_not_in_full": 3,
        "text.printed_differently": 1,
        "text.mixed_alphabet": 0,
        "text.repeated_spaces": 11,
    }


def test_every_rule_has_unique_code_and_source() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all("R appendix 1" in rule.source for rule in RULES)


def test_every_fault_names_row_value_and_reason_in_both_languages(
    faults: list[Fault], data: PrintedData
) -> None:
    rows = {row.key: row for row in data.appendix_rows}
    for fault in faults:
        assert fault.printed == getattr(rows[fault.row_key].printed, fault.field)
        assert fault.reason_en.isprintable()
        assert any("а" <= letter <= "я" for letter in fault.reason_ru)
        assert fault.proposal != fault.printed or fault.proposal is None


@pytest.mark.parametrize(
    ("code", "row", "printed", "proposal"),
    [
        ("phone.unbalanced_bracket", "r-authorised-body-07", "384-56) 2-78-29", "(384-56) 2-78-29"),
        ("phone.area_code_outside_region", "r-authorised-body-27", "(8-34-73) 2-17-44",
         "(38473) 2-17-44"),
        ("phone.digit_count", "r-authorised-body-27", "(8-34-73) 2-17-44", "(38473) 2-17-44"),
        ("phone.odd_grouping", "r-institution-32", "(38463) 31-2-72", "(38463) 3-12-72"),
        ("address.postcode_outside_region", "r-institution-25", "625800, г.Осинники, ул. Кирова,76",
         "652800, г.Осинники, ул. Кирова,76"),
        ("address.postcode_missing", "r-institution-20", "г.Новокузнецк, ул.День Шахтера, 5", None),
        ("address.rayon_and_city_disagree", "r-institution-48",
         "652097, Юргинский район, г.Юрга, пер. Нахановича, 6а", None),
        ("address.odd_punctuation", "r-authorised-body-14",
         "652401, г. Тайга, ул. Строительная, д. 1 /Б", None),
        ("address.odd_punctuation", "r-authorised-body-11",
         "652810 г. Осинники, ул. Советская, д. 3", None),
        ("address.odd_punctuation", "r-institution-34",
         "650036, г. Кемерово ул.В.Терешковой,30 А", None),
        ("email.missing", "r-institution-21", None, None),
        ("email.space", "r-institution-40", "prom-tso @rambler.ru", "prom-tso@rambler.ru"),
        ("email.space", "r-institution-47", "cheb.soc @kuzbass.net", "cheb.soc@kuzbass.net"),
        ("email.cyrillic_letter", "r-institution-07", "кcson_zk@mail.ru", "kcson_zk@mail.ru"),
        ("name.unbalanced_quotes", "r-institution-43",
         "МКУ «Центр социального обслуживания граждан пожилого возраста и инвалидов» "
         "Мундыбашского городского поселения»", None),
        ("name.word_break", "r-institution-37",
         "МБУ «Комплексный центр социального обслуживания населения» "
         "Мариинского муници-пального района",
         "МБУ «Комплексный центр социального обслуживания населения» "
         "Мариинского муниципального района"),
        ("name.dash_in_compound", "r-authorised-body-07",
         "Управление социальной защиты населения администрации  "
         "Ленинск – Кузнецкого городского округа",
         "Управление социальной защиты населения администрации  "
         "Ленинск-Кузнецкого городского округа"),
        ("name.phrase_slip", "r-institution-28",
         "МБУ «Комплексный центр социально обслуживания населения»",
         "МБУ «Комплексный центр социального обслуживания населения»"),
        ("text.repeated_spaces", "r-authorised-body-28", "652210, пгт  Тисуль, ул. Ленина, д. 55",
         "652210, пгт Тисуль, ул. Ленина, д. 55"),
    ],
)  # fmt: skip
def test_r_appendix_1_fault_is_found_in_its_row(
    faults: list[Fault], code: str, row: str, printed: str | None, proposal: str | None
) -> None:
    fault = of(faults, code)[row]
    assert (fault.printed, fault.proposal) == (printed, proposal)


@pytest.mark.parametrize(
    ("row", "other_code"),
    [
        ("r-authorised-body-04", "38472"),  # Калтан
        ("r-institution-04", "38471"),
        ("r-authorised-body-30", "38449"),  # Тяжинский
        ("r-institution-46", "38443"),
    ],
)
def test_r_appendix_1_area_codes_of_one_municipality_differ(
    faults: list[Fault], row: str, other_code: str
) -> None:
    fault = of(faults, "phone.area_code_differs")[row]
    assert (fault.severity, fault.proposal) == (Severity.SUSPICION, None)
    assert other_code in fault.reason_en


@pytest.mark.parametrize(
    ("row", "other_code", "proposal"),
    [
        # Прокопьевский: 384-66 2-31-49 is 3846 62-31-49, the same ten digits.
        ("r-authorised-body-25", "3846", "(3846) 62-31-49"),
        ("r-institution-39", "38466", None),
    ],
)
def test_r_appendix_1_ten_digits_that_fit_both_codes_are_no_doubt_but_of_the_bracket(
    faults: list[Fault], row: str, other_code: str, proposal: str | None
) -> None:
    fault = of(faults, "phone.bracket_elsewhere")[row]
    assert (fault.severity, fault.proposal) == (Severity.COSMETIC, proposal)
    assert other_code in fault.reason_en
    assert row not in of(faults, "phone.area_code_differs")


def test_r_appendix_1_area_code_of_a_neighbour_is_named_as_a_hint(faults: list[Fault]) -> None:
    fault = of(faults, "phone.area_code_differs")["r-authorised-body-30"]
    assert "Мариинский муниципальный район" in fault.reason_en


def test_r_appendix_1_same_house_with_two_postcodes(faults: list[Fault]) -> None:
    found = of(faults, "address.postcode_conflict")
    assert set(found) == {
        "r-authorised-body-30", "r-institution-46", "r-authorised-body-34", "r-institution-50"
    }  # fmt: skip
    assert "652240" in found["r-authorised-body-30"].reason_en


def test_r_appendix_1_one_postcode_for_city_and_village(faults: list[Fault]) -> None:
    found = of(faults, "address.postcode_shared")
    assert set(found) == {"r-authorised-body-24", "r-institution-38"}


@pytest.mark.parametrize(
    ("code", "row", "reason"),
    [
        ("address.postcode_far", "r-authorised-body-23", "6521…"),  # Мариинск 652090
        ("address.postcode_far", "r-institution-37", "6520…"),
        ("address.street_spelling", "r-authorised-body-25", "r-institution-39: крупской"),
        ("address.street_spelling", "r-institution-39", "r-authorised-body-25: н крупской"),
        ("address.settlement_mark_differs", "r-authorised-body-19", "r-institution-33: рп"),
        ("address.settlement_mark_differs", "r-institution-33", "r-authorised-body-19: пгт"),
        ("name.word_left_out", "r-authorised-body-10", "«населения»"),
        ("name.word_left_out", "r-authorised-body-16", "«защиты Краснобродского»"),
        ("name.rayon_not_in_full", "r-authorised-body-34", "«Яшкинского района»"),
        ("name.rayon_not_in_full", "r-institution-32", "«Гурьевского района»"),
        ("name.rayon_not_in_full", "r-institution-44", "«Тисульского района»"),
        ("text.printed_differently", "r-department", "д. 19А"),
    ],
)
def test_r_appendix_1_rows_that_disagree_are_named_with_the_reason(
    faults: list[Fault], code: str, row: str, reason: str
) -> None:
    assert reason in of(faults, code)[row].reason_ru


def test_postcode_of_another_area_is_doubted_and_those_of_most_rows_are_not(
    data: PrintedData,
) -> None:
    row = PrintedRow(
        key="invented",
        kind="institution",
        region="RU-KEM",
        municipality="leninsk-kuznetsky",
        printed=PrintedContact(name="МБУ «Забота»", address="652600, г. Ленинск-Кузнецкий"),
    )
    usual = [
        row.model_copy(
            update={
                "key": f"usual-{n}",
                "printed": PrintedContact(
                    name=f"МБУ «Забота {n}»", address="652500, г. Ленинск-Кузнецкий"
                ),
            }
        )
        for n in range(2)
    ]
    rows = [*data.appendix_rows, row, *usual]
    found = of(find_faults(rows, data.municipalities, data.regions[0]), "address.postcode_far")
    assert found.keys() - {"r-authorised-body-23", "r-institution-37"} == {"invented"}


def test_r_appendix_1_postcodes_of_no_other_municipality_are_a_town_s_own(
    faults: list[Fault],
) -> None:
    """«650903, г.Кемерово, ж.р.Кедровка»: a part of the city with postcodes of its own."""
    assert not of(faults, "address.postcode_far").keys() & {"r-institution-10", "r-institution-11"}


def test_district_of_a_city_is_no_rayon_named_in_short(faults: list[Fault]) -> None:
    """«… Заводского района г.Кемерово» is named in full."""
    assert "r-institution-07" not in of(faults, "name.rayon_not_in_full")


def test_r_appendix_1_names_repeat_so_a_name_is_no_key(faults: list[Fault]) -> None:
    found = of(faults, "name.not_unique")
    names = {fault.printed for fault in found.values()}
    assert names == {
        "МБУ «Центр социального обслуживания населения»",
        "МКУ «Центр социального обслуживания»",
    }
    assert len(found) == 8


def test_l_hospital_name_with_line_end_hyphen(data: PrintedData) -> None:
    """L 2.4 prints «Ленинск-Кузнец-кий» every time; the hyphen of the city's name stays."""
    rows = [PrintedRow(**item) for item in data.files["l-medical-organizations"]]
    found = find_faults([*data.appendix_rows, *rows], data.municipalities, data.regions[0])
    fault = of(found, "name.word_break")["l-medical-organization-03"]
    assert fault.proposal == "ГБУЗ «Ленинск-Кузнецкий дом сестринского ухода»"
    assert "l-medical-organization-01" not in of(found, "name.word_break")


@pytest.mark.parametrize(
    ("field", "printed", "code", "proposal"),
    [
        ("name", "МБУ «Дом со\u00adциального ухода»", "name.word_break",
         "МБУ «Дом социального ухода»"),
        ("name", "МБУ «Цeнтр»", "text.mixed_alphabet", None),
        ("phone", None, "phone.missing", None),
        ("phone", "(38456) 3-00-011", "phone.odd_grouping", None),
        ("phone", "(38456) 33-00-01", "phone.digit_count", None),
        ("phone", "((38456) 3-00-01", "phone.unbalanced_bracket", None),
        ("address", None, "address.missing", None),
        ("address", "652500, ул. Мира, 1", "address.settlement_missing", None),
        ("address", "652500, г. Тайга, ул. Мира, 1", "address.settlement_outside_municipality",
         None),
        ("address", "652500, д. Неизвестная, ул. Мира, 1",
         "address.settlement_outside_municipality", None),
        ("email", "zabota.example.org", "email.invalid", None),
        ("email", "жук@example.org", "email.cyrillic_letter", None),
    ],
)  # fmt: skip
def test_invented_row_with_a_fault_r_does_not_have(
    data: PrintedData, field: str, printed: str | None, code: str, proposal: str | None
) -> None:
    fault = check(data, **{field: printed})[code]
    assert (fault.field, fault.printed, fault.proposal) == (field, printed, proposal)


def test_sound_row_has_no_faults(data: PrintedData) -> None:
    assert check(data) == {}


def test_real_compound_word_is_no_line_end_hyphen(data: PrintedData) -> None:
    assert check(data, name="МБУ «Социально-медицинский дом»") == {}


def test_toll_free_number_is_no_foreign_area_code(data: PrintedData) -> None:
    """K prints 8-800-302-14-10."""
    assert check(data, phone="8-800-302-14-10") == {}


def test_rayon_office_in_the_city_of_the_same_name_is_no_fault(faults: list[Fault]) -> None:
    """R appendix 1, authorised bodies, row 17: Беловский район sits in г. Белово."""
    assert not any(
        fault.code.startswith("address.settlement") and fault.row_key == "r-authorised-body-17"
        for fault in faults
    )


def test_report_changes_nothing(data: PrintedData) -> None:
    before = [row.model_dump() for row in data.appendix_rows]
    rows = data.appendix_rows
    find_faults(rows, data.municipalities, data.regions[0])
    assert [row.model_dump() for row in rows] == before


def test_rows_of_other_regions_are_left_out(data: PrintedData) -> None:
    rows = [PrintedRow(**item) for item in data.files["m-coordination-centre"]]
    assert find_faults(rows, data.municipalities, data.regions[0]) == []


def test_faults_of_5000_rows_cost_little_more_than_the_rows(data: PrintedData) -> None:
    """Each bad postcode was compared with all rows: 8.7 s for a file of 5,000."""
    rows = [
        PrintedRow(
            key=f"x-{number}",
            kind="mfc",
            region="RU-KEM",
            municipality="leninsk-kuznetsky",
            printed=PrintedContact(
                name=f"МФЦ «Юг {number}»",
                phone="(38456) 3-00-01",
                address=f"562500, г. Ленинск-Кузнецкий, ул. Мира, {number}",
                email="a@example.org",
            ),
        )
        for number in range(5000)
    ]
    began = time.process_time()
    found = find_faults([*data.appendix_rows, *rows], data.municipalities, data.regions[0])
    assert time.process_time() - began < 4
    outside = of(found, "address.postcode_outside_region")
    assert len(outside.keys() & {row.key for row in rows}) == 5000
    proposal = outside["x-1"].proposal
    assert proposal is not None
    assert proposal.startswith("652500")
