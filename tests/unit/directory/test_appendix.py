"""From the data files to cards: read with certainty or not at all (R 1.3, R appendix 1)."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.directory import OrganizationCard
from contracts.territory import municipalities, regions
from services.directory.adapters.data_files import read_rows
from services.directory.domain.appendix import Appendix, KeyRepeated
from services.directory.domain.quality import Severity, count_by_rule
from services.intake.settings import IntakeSettings
from tests.unit.directory.builders import row
from tests.unit.directory.conftest import DATA, PrintedData


@pytest.fixture(scope="module")
def appendix() -> Appendix:
    return Appendix(read_rows(), municipalities(), regions())


def test_every_element_of_every_file_gives_one_card(appendix: Appendix, data: PrintedData) -> None:
    assert set(appendix.cards) == {item["key"] for item in data.organizations}
    assert len(appendix.cards) == 108


def test_printed_text_is_kept_where_it_could_not_be_read(appendix: Appendix) -> None:
    for key, found in appendix.rows.items():
        card = appendix.cards[key]
        assert card.name == found.printed.name.strip()
        assert bool(card.phones) != bool(card.printed_phone) or found.printed.phone is None
        assert bool(card.emails) != bool(card.printed_email) or found.printed.email is None
        assert card.printed_phone in {None, found.printed.phone}
        assert card.printed_email in {None, found.printed.email}
        if found.printed.address:
            assert card.address is not None
            assert card.address.text == found.printed.address


@pytest.mark.parametrize(
    ("key", "phones", "printed"),
    [
        ("r-authorised-body-07", (), "384-56) 2-78-29"),
        ("r-authorised-body-27", (), "(8-34-73) 2-17-44"),
        ("r-institution-32", (), "(38463) 31-2-72"),
        ("r-authorised-body-30", (), "(384-43) 2-70-05"),  # Тяжинский: maybe of Мариинск
        ("r-institution-46", (), "(38449) 2-77-41"),
        ("r-authorised-body-04", (), "(384-71) 3-02-75"),  # Калтан: maybe of Осинники
        ("r-institution-04", (), "(38472) 3-14-64"),
        ("r-authorised-body-25", ("+73846623149",), None),  # only the bracket moves
        ("r-institution-39", ("+73846623675",), None),
        ("r-institution-01", ("+73845351099",), None),
        ("k-coordination-centre-01", ("+78003021410",), None),
        ("s-coordination-centre-01", ("+78125760576",), None),
        ("l-medical-organization-01", (), None),
    ],
)
def test_r_1_3_broken_or_doubted_phone_is_shown_as_printed(
    appendix: Appendix, key: str, phones: tuple[str, ...], printed: str | None
) -> None:
    card = appendix.cards[key]
    assert (card.phones, card.printed_phone) == (phones, printed)


def test_no_field_with_an_error_is_read(appendix: Appendix) -> None:
    wrong = {(f.row_key, f.field) for f in appendix.faults if f.severity is Severity.ERROR}
    assert ("r-institution-40", "email") in wrong
    for key, field in wrong:
        card: OrganizationCard = appendix.cards[key]
        assert not (card.phones if field == "phone" else card.emails if field == "email" else ())


@pytest.mark.parametrize(
    ("key", "postal_code"),
    [
        ("r-institution-25", None),  # 625800 is not of the region
        ("r-institution-30", "652600"),
        ("r-authorised-body-23", None),  # Мариинск: 652090 or 652150
        ("r-institution-37", None),
        ("r-department", None),
    ],
)
def test_doubted_postcode_is_not_read(appendix: Appendix, key: str, postal_code: str) -> None:
    address = appendix.cards[key].address
    assert address is not None
    assert address.postal_code == postal_code


def test_house_with_two_postcodes_has_none(appendix: Appendix) -> None:
    doubted = [f.row_key for f in appendix.faults if f.code == "address.postcode_conflict"]
    assert len(doubted) == 4
    for key in doubted:
        address = appendix.cards[key].address
        assert address is not None
        assert address.postal_code is None


def test_address_whose_rayon_and_city_disagree_has_no_municipality(appendix: Appendix) -> None:
    address = appendix.cards["r-institution-48"].address
    assert address is not None
    assert (address.municipality, address.settlement) == (None, None)
    assert address.street == "Нахановича"


def test_office_of_a_rayon_stands_in_the_city_it_is_printed_in(appendix: Appendix) -> None:
    address = appendix.cards["r-authorised-body-22"].address
    assert address is not None
    assert (address.municipality, address.settlement) == ("leninsk-kuznetsky", "Ленинск-Кузнецкий")
    serves = appendix.cards["r-authorised-body-22"].serves
    assert [place.municipality for place in serves] == ["leninsk-kuznetsky-rayon"]


def test_r_1_3_reception_days_are_carried_and_hours_are_not_invented(appendix: Appendix) -> None:
    card = appendix.cards["r-institution-01"]
    assert (card.hours, card.reception_days) == ((), ("MO", "TU", "WE", "TH", "FR"))


def test_k_lunch_break_is_on_the_card(appendix: Appendix) -> None:
    (hours,) = appendix.cards["k-coordination-centre-01"].hours
    assert (f"{hours.lunch_from:%H:%M}", f"{hours.lunch_to:%H:%M}") == ("12:00", "13:00")


def test_faults_of_r_are_the_same_beside_the_other_sources(
    appendix: Appendix, data: PrintedData
) -> None:
    alone = Appendix(
        [item for item in appendix.rows.values() if item.source.document == "R"],
        municipalities(),
        regions(),
    )
    own = [f for f in appendix.faults if appendix.rows[f.row_key].source.document == "R"]
    assert own == list(alone.faults)
    assert sum(count_by_rule(own).values()) == 68


def test_l_broken_word_is_reported(appendix: Appendix) -> None:
    (found,) = [
        f for f in appendix.faults_of("l-medical-organization-03") if f.code == "name.word_break"
    ]
    assert found.proposal == "ГБУЗ «Ленинск-Кузнецкий дом сестринского ухода»"


def test_invented_offices_are_not_judged(appendix: Appendix) -> None:
    assert appendix.faults_of("example-pension-fund-office-01") == ()


def test_key_that_repeats_stops_the_start() -> None:
    with pytest.raises(KeyRepeated):
        Appendix([row(), row()], municipalities(), regions())


def test_name_that_repeats_does_not() -> None:
    twice = [row(), row(key="x-institution-02")]
    found = Appendix(twice, municipalities(), regions())
    assert {f.row_key for f in found.faults if f.code == "name.not_unique"} == set(found.rows)


def test_misspelt_field_in_a_file_stops_the_start(tmp_path: Path) -> None:
    (item,) = json.loads((DATA / "r-department.json").read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps([item | {"servse": []}]), encoding="utf-8")
    with pytest.raises(ValidationError, match="servse"):
        read_rows(tmp_path)


def test_office_that_intake_addresses_by_default_is_in_the_files(appendix: Appendix) -> None:
    default = IntakeSettings.model_fields["pension_fund_office"].default
    assert appendix.cards[default].kind == "pension_fund_office"


def test_every_institution_answers_to_a_body_that_is_there(appendix: Appendix) -> None:
    for card in appendix.cards.values():
        if card.kind == "institution":
            assert card.parent is not None
            assert appendix.cards[card.parent].kind in {"authorised_body", "department"}
