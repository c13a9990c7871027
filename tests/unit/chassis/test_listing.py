"""A list is one field that sorts as its values do, and a question to it is one range."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.listing import Lists, NoSuchList, Scalar

LISTS = Lists(
    (("number",), ("place", "due"), ("place", "state", "due", "id"), ("due", "id")), ("wake_at",)
)
ORDERS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}

texts = st.text(alphabet='a!"~ я-', max_size=3)
numbers = st.integers(min_value=0, max_value=12)
ids = st.sampled_from(["C-1", "C-10", "C-2", "c"])
documents = st.lists(
    st.fixed_dictionaries({"place": texts, "state": texts, "due": numbers, "id": ids}), max_size=8
)


def rows(document: dict[str, Any]) -> dict[str, str]:
    return LISTS.rows(document, document["id"])


def answered(among: list[dict[str, Any]], query: dict[str, Any], **more: Any) -> list[Any]:
    """What the store answers to the narrowed question: (due, id) of each document, in order."""
    narrowed, ((field, direction),) = LISTS.narrow(query, [("due", more.pop("way", 1))], **more)
    bounds = narrowed.pop(field)
    found = [
        document
        for document in among
        if all(ORDERS[name](rows(document)[field], edge) for name, edge in bounds.items())
        and all(document[name] == value for name, value in narrowed.items())
    ]
    found.sort(key=lambda document: rows(document)[field], reverse=direction < 0)
    return [(document["due"], document["id"]) for document in found]


def expected(among: list[dict[str, Any]], **equal: Any) -> list[Any]:
    return sorted(
        (document["due"], document["id"])
        for document in among
        if all(document[name] == value for name, value in equal.items())
    )


@given(among=documents, place=texts, state=texts)
def test_list_answers_as_its_fields_would(
    among: list[dict[str, Any]], place: str, state: str
) -> None:
    assert answered(among, {"place": place}) == expected(among, place=place)
    both = {"place": place, "state": state}
    assert answered(among, both) == expected(among, **both)
    assert answered(among, both, way=-1) == expected(among, **both)[::-1]
    assert answered(among, {}) == expected(among)


@given(among=documents, place=texts, name=st.sampled_from(sorted(ORDERS)), edge=numbers)
def test_range_of_the_last_field_narrows_the_list(
    among: list[dict[str, Any]], place: str, name: str, edge: int
) -> None:
    within = [one for one in expected(among, place=place) if ORDERS[name](one[0], edge)]
    assert answered(among, {"place": place, "due": {name: edge}}) == within


@given(among=documents, place=texts, after=st.tuples(numbers, ids))
def test_page_goes_on_right_behind_the_one_before(
    among: list[dict[str, Any]], place: str, after: tuple[Scalar, str]
) -> None:
    rest = [one for one in expected(among, place=place) if one > after]
    assert answered(among, {"place": place}, after=after) == rest
    before = [one for one in expected(among, place=place) if one < after]
    assert answered(among, {"place": place}, after=after, way=-1) == before[::-1]


def test_question_to_one_field_is_left_as_it_is() -> None:
    assert LISTS.narrow({"number": 7}, ()) == ({"number": 7}, ())
    wide = {"wake_at": {"$gt": 0}, "id": {"$gt": "C-1"}}
    assert LISTS.narrow(wide, [("id", 1)]) == (wide, [("id", 1)])


def test_what_one_field_finds_is_asked_for_the_rest() -> None:
    both = {"number": 7, "state": "b"}
    assert LISTS.narrow(both, ()) == (both, ())


def test_what_the_longest_list_does_not_hold_is_asked_of_what_it_finds() -> None:
    narrowed, _ = LISTS.narrow({"place": "a", "state": "b", "kind": "c"}, [("due", 1)])
    assert narrowed == {"row_place_state_due": {"$gte": "=a!b!", "$lt": '=a!b"'}, "kind": "c"}


@pytest.mark.parametrize(
    ("query", "by"),
    [
        ({"state": "a"}, "due_on"),
        ({"state": "a", "kind": "b"}, None),
        ({"place": "a"}, "number"),
        ({"anything": 5}, None),
        ({"anything": 5}, "anything"),
        ({"anything": 5, "id": {"$gt": "C-1"}}, "id"),
        ({"number": 5, "anything": 5}, "number"),
        ({}, "anything"),
    ],
)
def test_question_without_a_list_is_refused(query: dict[str, Any], by: str | None) -> None:
    with pytest.raises(NoSuchList):
        LISTS.narrow(query, [(by, 1)] if by else ())


def test_cursor_without_a_list_is_refused() -> None:
    with pytest.raises(NoSuchList):
        LISTS.narrow({}, [("number", 1)], after=(3, "C-1"))


def test_negative_number_is_not_listed() -> None:
    with pytest.raises(ValueError, match="not negative"):
        LISTS.rows({"place": "a", "state": "b", "due": -1, "id": "C-1"}, "C-1")


def test_indexes_are_of_one_field_each() -> None:
    assert LISTS.indexed == ["number", "row_place_due", "row_place_state_due", "row_due"]
