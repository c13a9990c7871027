"""The index: what is found, in which order, why; kept right step by step (S)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.territory import AddressQuery, Gazetteer, Location, municipalities, regions
from services.directory.domain.bitmap import Bitmaps, places_of
from services.directory.domain.finding import Question, find
from services.directory.domain.search import Entry, SearchIndex
from services.directory.domain.search import Field as Where
from services.directory.domain.vocabulary import Facet
from tests.unit.directory.builders import card
from tests.unit.directory.offered import LANGUAGE, VOCABULARY, entry, found, ids, index_of

GAZETTEER = Gazetteer(municipalities(), regions())


def place(text: str) -> Location:
    return GAZETTEER.locate(AddressQuery(text=text))


CARERS = entry("x.carers", name="Служба сиделок", needs=["carer"], kinds=["social_domestic"])
RENT = entry("x.rent", name="Прокат технических средств реабилитации")
ADVICE = entry(
    "x.advice",
    name="Консультации",
    description="Как найти сиделку и оформить документы.",
    needs=["advice"],
    groups=["carers"],
    kinds=["information"],
    forms=["remote"],
)
ALL = index_of(CARERS, RENT, ADVICE)


@pytest.mark.parametrize("words", ["сиделка", "сиделки", "СИДЕЛКУ", "сиделками"])
def test_word_is_found_in_any_form_and_the_name_goes_first(words: str) -> None:
    assert ids(found(ALL, words)) == ["x.carers", "x.advice"]


def test_s_service_is_found_by_the_kind_of_who_gives_it() -> None:
    """S: who looks for an MFC types that word, and its services are named otherwise."""
    office = card(kind="mfc", name="Центр «Мои Документы»")
    given = replace(entry("x.papers", name="Приём заявлений"), card=office)
    assert ids(found(index_of(CARERS, given), "мфц")) == ["x.papers"]


def test_hit_says_where_a_word_was_found_and_as_what() -> None:
    best, other = found(ALL, "сиделку бабушке").hits[:1], found(ALL, "сиделку").hits[1]
    assert [(why.typed, why.field, why.through) for why in best[0].why] == [
        ("сиделку", Where.NAME, None),
        ("бабушке", Where.DESCRIBED, "пожилой"),
    ]
    assert [(why.field, why.through) for why in other.why] == [(Where.TEXT, None)]


def test_what_is_meant_is_found_in_several_words() -> None:
    (hit,) = found(ALL, "инвалидная коляска").hits
    assert hit.entry.listing.id == "x.rent"
    assert hit.why[0].through == "технические средства реабилитации"


def test_misspelt_and_unfinished_words_are_found_and_said_so() -> None:
    assert found(ALL, "сидлека").hits[0].why[0].through == "сиделка"
    assert found(ALL, "консульт").hits[0].why[0].through == "консультация"


def test_all_words_must_be_there_or_it_is_said_that_they_are_not() -> None:
    every = found(ALL, "сиделка документы")
    assert (ids(every), every.partly) == (["x.advice"], False)
    some = found(ALL, "сиделка трактор")
    assert (set(ids(some)), some.partly) == ({"x.carers", "x.advice"}, True)
    none = found(ALL, "трактор экскаватор")
    assert (none.total, none.partly) == (0, False)


def test_rare_word_tells_more_than_one_that_most_services_have() -> None:
    others = [entry(f"x.{n}", name="Услуги для пожилых") for n in range(20)]
    carer = entry("x.carer", name="Служба сиделок", groups=["older_people"])
    house = entry("x.house", name="Пансионат для пожилых", needs=["carer"])
    assert ids(found(index_of(*others, house, carer), "сиделка бабушке")) == ["x.carer", "x.house"]


def test_filters_hold_together_and_several_codes_are_alternatives() -> None:
    codes = {Facet.KINDS: ["information", "communication"]}
    assert ids(found(ALL, codes=codes)) == ["x.advice", "x.rent"]
    assert ids(found(ALL, codes=codes | {Facet.GROUPS: ["carers"]})) == ["x.advice"]
    assert ids(found(ALL, "прокат", codes=codes | {Facet.GROUPS: ["carers"]})) == []


def test_facets_count_as_if_they_were_not_restricted_themselves() -> None:
    answer = found(ALL, codes={Facet.KINDS: ["information"]})
    assert answer.facets[Facet.KINDS] == {
        "social_domestic": 1, "communication": 1, "information": 1
    }  # fmt: skip
    assert answer.facets[Facet.GROUPS] == {"carers": 1}


def test_withdrawn_services_and_those_of_who_left_are_found_only_where_all_are_asked() -> None:
    index = index_of(entry("x.a", status="defunct"), entry("x.b", taking_part=False), entry("x.c"))
    assert ids(found(index)) == ["x.c"]
    assert ids(found(index, given_only=False)) == ["x.a", "x.b", "x.c"]


def test_free_capacity_is_asked_for() -> None:
    index = index_of(entry("x.full"), entry("x.free", free=True))
    assert ids(found(index, free=True)) == ["x.free"]


def test_open_now_asks_once_for_each_pattern_of_hours() -> None:
    hours = [{"days": ["MO"], "opens": "09:00", "closes": "18:00"}]
    index = index_of(*(entry(f"x.{n}") for n in range(5)), entry("x.own", hours=hours))
    asked = []

    def is_open(pattern: Any) -> bool:
        asked.append(pattern)
        return bool(pattern.hours)

    assert ids(found(index, open_in=is_open)) == ["x.own"]
    assert len(asked) == 2


def test_service_that_is_closed_for_now_is_not_open_now() -> None:
    index = index_of(entry("x.a", status="temporarily_closed"), entry("x.b"))
    assert ids(found(index)) == ["x.a", "x.b"]
    assert ids(found(index, open_in=lambda pattern: True)) == ["x.b"]


def serving(id: str, region: str = "RU-KEM", **territory: Any) -> Entry:
    return entry(id, organization={"serves": [territory], "region": region})


PLACES = index_of(
    serving("x.region"),
    serving("x.city", municipality="kemerovo"),
    serving("x.district", municipality="kemerovo", city_district="Ленинский район"),
    serving("x.other", municipality="kemerovo", city_district="Кировский район"),
    serving("x.yurga", municipality="yurga"),
    serving("x.moscow", region="RU-MOW"),
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Юрга", ["x.yurga", "x.region"]),
        ("Кемерово, Ленинский район", ["x.district", "x.city", "x.region"]),
        ("Кемерово", ["x.city", "x.district", "x.other", "x.region"]),
        ("Москва", ["x.moscow"]),
        ("Кузбасс", ["x.city", "x.district", "x.other", "x.region", "x.yurga"]),
    ],
)
def test_who_serves_a_place_is_found_the_nearest_first(where: str, expected: list[str]) -> None:
    assert ids(found(PLACES, location=place(where))) == expected


def test_place_that_has_nothing_says_how_much_there_is_elsewhere() -> None:
    index = index_of(serving("x.yurga", municipality="yurga"))
    answer = found(index, "прокат", location=place("Кемерово"))
    assert (answer.total, answer.elsewhere) == (0, 1)


def test_own_places_of_a_service_go_before_its_organizations() -> None:
    index = index_of(entry("x.a", serves=[{"municipality": "yurga"}]))
    assert ids(found(index, location=place("Юрга"))) == ["x.a"]
    assert ids(found(index, location=place("Ленинск-Кузнецкий"))) == []


def test_service_put_again_is_found_as_it_now_is_and_no_longer_as_it_was() -> None:
    index = index_of(CARERS, RENT)
    index.put(entry("x.carers", name="Няни", needs=["carer"], description="Присмотр."))
    assert ids(found(index, "присмотр")) == ["x.carers"]
    assert found(index, "служба").total == 0
    index.put(entry("x.new", name="Служба доставки"))
    assert ids(found(index, "служба")) == ["x.new"]


def test_page_goes_on_where_the_one_before_it_ended() -> None:
    index = index_of(*(entry(f"x.{n:03}") for n in range(25)), entry("x.best", name="Болезни"))
    question = Question(units=LANGUAGE.units("болезнь"))
    pages = [find(index, question, VOCABULARY, start, 10) for start in range(0, 40, 10)]
    seen = [id for answer in pages for id in ids(answer)]
    assert (seen[0], len(seen), len(set(seen))) == ("x.best", 26, 26)
    assert {answer.total for answer in pages} == {26}


def test_pages_taken_by_turns_from_two_indexes_hold_each_service_once() -> None:
    """S: a replica that started after a service came has it elsewhere than one that took it in."""
    many = [entry(f"x.{n:03}", name="Пункт проката") for n in range(45)]
    few = [entry(f"x.{n:03}b", name="Прокат колясок", needs=["carer"]) for n in range(0, 45, 7)]
    taken_in = index_of(*many)
    for one in reversed(few):
        taken_in.put(one)
    started_later = index_of(*sorted([*many, *few], key=lambda one: one.listing.id))
    question = Question(units=LANGUAGE.units("прокат"))
    pages = [
        find(index, question, VOCABULARY, start, 10)
        for start, index in zip(range(0, 60, 10), [taken_in, started_later] * 3, strict=True)
    ]
    seen = [id for answer in pages for id in ids(answer)]
    assert (len(seen), len(set(seen))) == (52, 52)


STEPS = st.lists(
    st.tuples(st.integers(0, 12), st.lists(st.sampled_from("абвгд"), max_size=4)), max_size=30
)


@settings(deadline=None)
@given(STEPS)
def test_sets_are_as_they_were_put_last_whatever_came_before(
    steps: list[tuple[int, list[str]]],
) -> None:
    bitmaps: Bitmaps[str] = Bitmaps()
    plain: dict[int, set[str]] = {}
    for at, names in steps:
        bitmaps.put(at, names)
        plain[at] = set(names)
    for name in "абвгд":
        expected = sorted(at for at, names in plain.items() if name in names)
        assert list(places_of(bitmaps[name])) == expected
    many: Bitmaps[str] = Bitmaps()
    many.put_all(plain.items())
    assert dict(many.items()) == dict(bitmaps.items())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([CARERS, RENT, ADVICE]), min_size=1, max_size=8))
def test_index_kept_step_by_step_answers_as_one_made_at_once(entries: list[Entry]) -> None:
    kept = index_of()
    for one in entries:
        kept.put(one)
    made: SearchIndex = index_of(*{one.listing.id: one for one in entries}.values())
    for words in ("сиделка", "бабушке", "документы сиделку"):
        assert ids(found(kept, words)) == ids(found(made, words))
        assert found(kept, words).facets == found(made, words).facets


@pytest.mark.parametrize("spelt", ["пгт Инской", "Инской"])
def test_service_of_a_settlement_is_found_however_it_was_entered(spelt: str) -> None:
    made = index_of(entry("x.inskoy", serves=[{"municipality": "belovo", "settlement": spelt}]))
    question = Question(location=place("г. Белово, пгт Инской"))
    assert ids(find(made, question, VOCABULARY, 0, 10)) == ["x.inskoy"]
