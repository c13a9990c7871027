"""What HSDS is told: whose numbers are shown, sites, hours divided by breaks, ids that stay."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.directory import OpeningHours, Ownership
from contracts.values import Actor
from services.directory.api.hsds_organizations import identifiers
from services.directory.api.hsds_schedules import pieces
from services.directory.api.hsds_services import area_names
from services.directory.domain.register_entry import Particulars, RegisterEntry
from services.directory.domain.site import uri
from services.directory.hsds_ids import hsds_id
from tests.contract.hsds.schemas import wrong
from tests.unit.directory.builders import NOW, organization


def of_register(inn: str | None, ogrn: str | None) -> Any:
    found = organization(kind="provider", parent=None)
    found.entry = RegisterEntry(
        stage=None,
        particulars=Particulars(form=Ownership.PRIVATE, legal_form="ООО", inn=inn, ogrn=ogrn),
        proposed_by=Actor(id="p", role="provider"),
        proposed_at=NOW,
    )
    return found


def test_legal_entity_shows_its_inn_and_ogrn() -> None:
    shown = identifiers(of_register("7707083893", "1027700132195"))
    assert [(one.identifier_type, one.identifier_scheme, one.identifier) for one in shown] == [
        ("INN", "RU-INN", "7707083893"),
        ("OGRN", "RU-OGRN", "1027700132195"),
    ]


def test_sole_trader_is_a_person_and_shows_no_numbers() -> None:
    assert identifiers(of_register("500100732259", "304500116000157")) == []


def test_organization_of_no_register_shows_none() -> None:
    assert identifiers(organization()) == []


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("https://cosospb.ru", "https://cosospb.ru"),
        ("www.dsznko.ru", "http://www.dsznko.ru"),
        ("http://dszn.ru/", "http://dszn.ru/"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        ("Пример.РФ", "http://xn--e1afmkfd.xn--p1ai"),
        ("https://dszn.ru/о нас?q=уход&n=1", "https://dszn.ru/%D0%BE%20%D0%BD%D0%B0%D1%81"
         "?q=%D1%83%D1%85%D0%BE%D0%B4&n=1"),
        ("https://dszn.ru:8443/a|b[1]?скидка=5%#вход", "https://dszn.ru:8443/a%7Cb%5B1%5D"
         "?%D1%81%D0%BA%D0%B8%D0%B4%D0%BA%D0%B0=5%25#%D0%B2%D1%85%D0%BE%D0%B4"),
        ("https://dszn.ru/%D0%BE", "https://dszn.ru/%D0%BE"),
        ("http://а б", None),
        ("http:///dszn.ru", None),
        ("http:\\\\dszn.ru", None),
        ("javascript://dszn.ru/%0Aalert(1)", None),
        ("javascript:alert(1)", None),
        ("ftp://dszn.ru", None),
        ("http://user:secret@dszn.ru", None),
        ("info@dszn.ru", None),
        ("http://dszn.ru, http://coso.ru", None),
        ("http://xn--zz.ru", None),
        ("http://localhost", None),
        ("нет сайта", None),
        ("нет", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_site_is_a_uri_or_left_out(printed: str | None, expected: str | None) -> None:
    found = uri(printed)
    assert found == expected
    record = {"id": SERVICE, "name": "ДСЗН", "description": "Департамент", "website": found}
    assert found is None or wrong("organization", record) == []


def hours(opens: str, closes: str, **more: Any) -> OpeningHours:
    return OpeningHours.model_validate({"days": ["MO"], "opens": opens, "closes": closes, **more})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (hours("09:00", "18:00"), ["09:00–18:00"]),
        (
            hours("09:00", "18:00", lunch_from="12:00", lunch_to="13:00"),
            ["09:00–12:00", "13:00–18:00"],
        ),
        (
            hours(
                "09:00",
                "18:00",
                lunch_from="13:00",
                lunch_to="14:00",
                breaks=[{"begins": "10:00", "ends": "10:15"}],
            ),
            ["09:00–10:00", "10:15–13:00", "14:00–18:00"],
        ),
        (
            hours("20:00", "08:00", breaks=[{"begins": "01:00", "ends": "02:00"}]),
            ["20:00–01:00", "02:00–08:00"],
        ),
        (
            hours(
                "09:00:30",
                "18:00",
                lunch_from="12:00Z",
                lunch_to="13:00+03:00",
                breaks=[{"begins": "15:00", "ends": "15:15"}],
            ),
            ["09:00–12:00", "13:00–15:00", "15:15–18:00"],
        ),
        (hours("00:00", "00:00"), ["00:00–00:00"]),
        (hours("09:00", "18:00", lunch_from="17:00", lunch_to="18:00"), ["09:00–17:00"]),
    ],
)
def test_breaks_divide_the_hours(entry: OpeningHours, expected: list[str]) -> None:
    assert [f"{start:%H:%M}–{end:%H:%M}" for start, end in pieces(entry)] == expected


def test_ids_are_those_of_yesterday() -> None:
    """Others keep them: they may never change."""
    assert hsds_id("service", "r-institution-15.equipment") == SERVICE
    assert hsds_id("organization", "r-institution-15") != hsds_id("location", "r-institution-15")


SERVICE = "4235a3db-8ff9-5dd5-bc0a-1d2082f6e620"


def test_r_3_1_2_service_area_names_the_houses_of_a_street() -> None:
    """R 3.1.2: a copy that reads the street alone believes that all of it is served."""
    houses = [{"parity": "odd", "first": "1", "last": "15"}]
    served = [
        {"municipality": "yurga", "street": "ул. Мира", "houses": houses},
        {"municipality": "yurga", "street": "ул. Мира"},
    ]
    found = organization(serves=served)
    assert list(area_names(found.card.serves, found)) == [
        "Юргинский городской округ, ул. Мира, дома с 1 по 15 нечётные",
        "Юргинский городской округ, ул. Мира",
    ]
