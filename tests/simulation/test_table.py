"""What the simulated tables do that the shared suite of the store does not ask for.

The suite itself, `tests/service/chassis/test_store.py`, runs on them and on the real server.
"""

from __future__ import annotations

from typing import Any

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import DuplicateKeyError

from tests.simulation.table import Table


def table_of(*documents: dict[str, Any]) -> Table:
    made = Table()
    made.index("size", unique=False)
    made.index("code", unique=True)
    for document in documents:
        made.insert(document)
    return made


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [document["_id"] for document in found]


def test_document_that_was_given_or_got_may_be_changed_without_effect() -> None:
    given = {"_id": "t1", "state": {"names": ["Стол"]}}
    table = table_of(given)
    given["state"]["names"].append("Стул")
    got = table.get("t1")
    assert got is not None
    got["state"]["names"].append("Шкаф")
    assert table.get("t1") == {"_id": "t1", "state": {"names": ["Стол"]}}


def test_what_a_database_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidDocument):
        table_of({"_id": "t1", "state": {1, 2}})


def test_replacement_of_another_revision_changes_nothing() -> None:
    table = table_of({"_id": "t1", "rev": 2})
    assert table.replace({"_id": "t1", "rev": 1}, {"_id": "t1", "rev": 9}) == 0
    assert table.get("t1") == {"_id": "t1", "rev": 2}


def test_refused_replacement_leaves_indexes_as_they_were() -> None:
    table = table_of({"_id": "t1", "code": "c1", "size": 1}, {"_id": "t2", "code": "c2", "size": 2})
    with pytest.raises(DuplicateKeyError):
        table.replace({"_id": "t2"}, {"_id": "t2", "code": "c1", "size": 7})
    assert ids(table.find({"size": 2}, [], 0)) == ["t2"]
    assert table.find({"size": 7}, [], 0) == []


def test_index_made_late_finds_what_is_there() -> None:
    table = Table()
    table.insert({"_id": "t1", "size": 3})
    table.index("size", unique=False)
    assert ids(table.find({"size": {"$gt": 2}}, [], 0)) == ["t1"]


def test_copy_goes_its_own_way() -> None:
    first = table_of({"_id": "t1", "size": 1})
    second = first.copy()
    second.replace({"_id": "t1"}, {"_id": "t1", "size": 2})
    assert first.find({"size": 2}, [], 0) == []
    assert ids(second.find({"size": 2}, [], 0)) == ["t1"]
