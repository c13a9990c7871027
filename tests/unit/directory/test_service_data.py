"""The services of the sources: each with its source, known words, and documents of the pack."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.directory import OrganizationKind
from contracts.offer import ServiceListing
from contracts.regulation import FIRST_PACK, load_pack
from contracts.regulation.entries import DocumentSource
from contracts.territory import municipalities, regions
from services.directory.adapters.data_files import read_rows
from services.directory.adapters.service_files import read_services, read_vocabulary, read_words
from services.directory.domain.appendix import Appendix
from services.directory.domain.bring import to_bring
from services.directory.domain.listing_rows import WrongServiceRow, listings_of
from services.directory.domain.listing_rules import check_listing
from tests.unit.directory.offered import LANGUAGE, VOCABULARY, listing

APPENDIX = Appendix(read_rows(), municipalities(), regions())
LISTINGS = listings_of(read_services(), tuple(APPENDIX.rows), VOCABULARY)
PACK = load_pack(FIRST_PACK)


def row(**changes: Any) -> dict[str, Any]:
    item = {
        "code": "rent",
        "given_by": ["x-1"],
        "name": "Прокат",
        "description": "Ходунки.",
        "kinds": ["communication"],
        "needs": ["equipment"],
        "groups": ["anyone"],
        "forms": ["home"],
        "source": {"document": "L", "place": "3.2.8"},
    }
    return item | changes


def folder_of(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    (tmp_path / "services").mkdir()
    file = tmp_path / "services" / "x.json"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return tmp_path


def test_every_source_says_what_is_given() -> None:
    assert Counter(one.source.split(",")[0] for one in LISTINGS.values()).keys() == set("RLKMS")


def test_every_listing_stands_by_the_rules_of_an_editors() -> None:
    for one in LISTINGS.values():
        check_listing(one, APPENDIX.cards[one.organization], VOCABULARY)
        assert one.source.split(", ", 1)[1]


def test_r_every_institution_gives_home_care_urgent_help_and_assessment() -> None:
    """R 3.1.7, 3.3, 3.6."""
    for number in range(1, 51):
        for code in ("home-care", "urgent-help", "need-assessment"):
            assert f"r-institution-{number:02}.{code}" in LISTINGS


@pytest.mark.parametrize(
    ("service", "word"),
    [
        ("r-institution-15.carers-at-home", "до 28 часов"),
        ("r-institution-15.equipment", "Технические средства"),
        ("r-institution-15.sanatorium-at-home", "физиотерапия"),
        ("l-provider-01.residence", "стационарной"),
        ("k-coordination-centre-01.conflicts", "варианты решения"),
        ("m-coordination-centre-01.psychological-line", "Психологическая поддержка"),
        ("s-coordination-centre-01.call-centre", "Запись на приём"),
    ],
)
def test_services_that_the_sources_name_are_there(service: str, word: str) -> None:
    """As the sources print them (S, L, M)."""
    assert word in LISTINGS[service].description


def test_kinds_and_forms_begin_with_those_of_the_pack() -> None:
    """Order 874n, R 3.6.1: called alike in the directory and in a programme."""
    for name, entries in (("kinds", PACK.service_kinds), ("forms", PACK.service_forms)):
        own = list(VOCABULARY.terms(name).values())[: len(entries)]
        assert [(term.code, term.ru) for term in own] == [(e.code, e.title_ru) for e in entries]


def test_vocabulary_names_every_kind_of_organization() -> None:
    assert VOCABULARY.terms("organizations").keys() == {kind.value for kind in OrganizationKind}


def test_what_to_bring_to_the_regulated_service_is_what_the_pack_says() -> None:
    """R 2.6, 5.2: the directory and the office never differ."""
    answer = to_bring(LISTINGS["r-institution-15.home-care"], PACK)
    asked = [d for d in PACK.documents if d.source in {DocumentSource.CITIZEN,
                                                       DocumentSource.RELATIVES}]  # fmt: skip
    assert [(one.what, one.clause) for one in answer.bring] == [
        (d.title_ru, d.clause) for d in asked
    ]
    assert [one.what for one in answer.fetched] == [
        "Справка территориального органа ПФР о размере пенсии"
    ]
    when = {one.what: one.when for one in answer.bring}
    assert when["Документ о праве на льготы"] == "если есть льготы"
    assert when["Документ, удостоверяющий личность"] is None


def test_pack_that_asks_for_another_document_changes_what_to_bring() -> None:
    fewer = PACK.model_copy(update={"documents": PACK.documents[:2]})
    assert len(to_bring(LISTINGS["r-institution-15.home-care"], fewer).bring) == 2


def test_own_things_to_bring_are_said_as_they_are() -> None:
    own: ServiceListing = listing(bring=["Рецепт врача"])
    assert [one.what for one in to_bring(own, PACK).bring] == ["Рецепт врача"]


def test_words_of_the_list_are_understood() -> None:
    for meaning in read_words().meant:
        for said in meaning.said:
            ways = {way.meant for unit in LANGUAGE.units(said) for way in unit.ways}
            assert set(meaning.means) <= ways, said


def test_row_stands_for_every_organization_that_its_pattern_names(tmp_path: Path) -> None:
    rows = read_services(folder_of(tmp_path, row(given_by=["x-*", "y-1"])))
    found = listings_of(rows, ("x-1", "x-2", "y-1", "y-2"), VOCABULARY)
    assert list(found) == ["x-1.rent", "x-2.rent", "y-1.rent"]
    assert found["x-2.rent"].source == "L, 3.2.8"


@pytest.mark.parametrize(
    "rows",
    [
        [row(given_by=["nobody"])],
        [row(), row()],
        [row(given_by=["x-1", "x-*"])],
    ],
)
def test_row_of_nobody_or_twice_stops_the_start(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    with pytest.raises(WrongServiceRow):
        listings_of(read_services(folder_of(tmp_path, *rows)), ("x-1",), VOCABULARY)


@pytest.mark.parametrize("wrong", [{"kind": ["x"]}, {"description": ""}, {"groups": None}])
def test_misspelt_row_stops_the_start(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_services(folder_of(tmp_path, row(**wrong)))


def test_folder_without_services_has_none(tmp_path: Path) -> None:
    assert read_services(tmp_path) == []


def test_vocabulary_is_read_once_and_whole() -> None:
    assert read_vocabulary() == VOCABULARY
