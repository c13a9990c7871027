"""Places as people name them: inflected, in short, with their kind or without it (S)."""

from __future__ import annotations

import pytest

from contracts.errors import InvalidInput
from contracts.territory import Gazetteer, Location, municipalities, regions
from services.directory.adapters.morphology import lemmas, nearest
from services.directory.domain.places import Places, UnknownPlace

PLACES = Places(
    Gazetteer(municipalities(), regions()), municipalities(), regions(), lemmas, nearest
)


def locate(place: str | None, municipality: str | None = None) -> Location:
    found = PLACES.locate(place, municipality)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "codes", "part"),
    [
        ("Прокопьевске", ["prokopyevsk"], "прокопьевск"),
        ("в городе Прокопьевске", ["prokopyevsk"], None),
        ("Прокопьевском районе", ["prokopyevsky-rayon"], None),
        ("Ленинске-Кузнецком", ["leninsk-kuznetsky"], "ленинск-кузнецкий"),
        ("Мысках", ["myski"], "мыски"),
        ("Осинниковский округ", ["osinniki"], None),
        ("Кемеровском муниципальном округе", ["kemerovsky-rayon"], None),
        ("в посёлке Шерегеш", ["tashtagolsky-rayon"], "шерегеш"),
        ("Кедровка", ["kemerovo"], "кедровка"),
        ("Новоильинский", ["novokuznetsk"], "новоильинский"),
        ("Заводской", ["kemerovo", "novokuznetsk"], "заводский"),
    ],
)
def test_place_is_understood_in_any_form(said: str, codes: list[str], part: str | None) -> None:
    """S: as words are."""
    found = locate(said)
    assert list(found.municipalities) == codes
    assert (found.settlement or found.city_district) == part


@pytest.mark.parametrize(
    ("said", "region"),
    [("СПб", "RU-SPE"), ("Санкт-Петербурге", "RU-SPE"), ("Москве", "RU-MOW"),
     ("Кузбассе", "RU-KEM"), ("Кемеровской области", "RU-KEM")],
)  # fmt: skip
def test_region_is_understood_in_any_form(said: str, region: str) -> None:
    found = locate(said)
    assert (found.region, found.municipalities) == (region, ())


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Прокопевск", ("Прокопьевск",)),
        ("Кемирово", ("Кемерово",)),
        ("Томск", ()),
        ("Новокузнецк, Томская область", ()),
        ("район", ()),
    ],
)
def test_place_that_is_none_of_ours_is_refused_with_the_nearest_names(
    said: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownPlace) as refused:
        locate(said)
    assert (refused.value.code, refused.value.nearest) == ("unknown-place", names)


def test_kind_that_is_said_must_fit() -> None:
    """«с. Прокопьевск» is not the city."""
    with pytest.raises(UnknownPlace):
        locate("село Прокопьевск")


@pytest.mark.parametrize(
    ("place", "municipality", "codes", "part"),
    [
        (None, "yurga", ["yurga"], None),
        ("Кузбасс", "yurga", ["yurga"], None),
        ("Центральный район", "novokuznetsk", ["novokuznetsk"], "центральный"),
        ("Кемерово", "kemerovo", ["kemerovo"], "кемерово"),
    ],
)
def test_place_and_municipality_hold_together(
    place: str | None, municipality: str, codes: list[str], part: str | None
) -> None:
    found = locate(place, municipality)
    assert list(found.municipalities) == codes
    assert (found.settlement or found.city_district) == part


@pytest.mark.parametrize(
    ("place", "municipality", "code"),
    [
        ("Кемерово", "foo", "unknown-municipality"),
        (None, "foo", "unknown-municipality"),
        ("Белово", "kemerovo", "place-outside-municipality"),
        ("Москва", "kemerovo", "place-outside-municipality"),
        ("г. Томск", "kemerovo", "unknown-place"),
    ],
)
def test_place_outside_the_municipality_is_refused(
    place: str | None, municipality: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        locate(place, municipality)
    assert refused.value.code == code


def test_nothing_said_restricts_nothing() -> None:
    assert PLACES.locate(None, None) is None
