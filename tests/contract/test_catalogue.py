"""The events as published: no change of meaning within a version (style habit 2)."""

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest

from contracts.catalogue import CATALOGUE, SCHEMAS, asyncapi, events, incompatible, written
from contracts.compatibility import breaks
from contracts.event import CaseEvent

OLD: dict[str, Any] = {
    "properties": {
        "code": {"type": "string", "enum": ["a", "b"]},
        "who": {"$ref": "#/$defs/Actor"},
    },
    "required": ["code"],
    "type": "object",
    "$defs": {"Actor": {"type": "object", "properties": {"id": {"type": "string"}}}},
}


def changed(*path: str, value: Any = None, drop: bool = False) -> dict[str, Any]:
    new = deepcopy(OLD)
    node: Any = new
    for name in path[:-1]:
        node = node[name]
    if drop:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return new


def test_published_schema_is_never_changed_but_by_optional_fields() -> None:
    assert incompatible() == []


def test_catalogue_files_are_what_the_classes_say() -> None:
    for path, content in written().items():
        assert path.read_text(encoding="utf-8") == content, (
            f"{path.name} is old: python -m contracts.catalogue"
        )


def test_optional_field_added_is_compatible() -> None:
    assert breaks(OLD, changed("properties", "note", value={"type": "string"})) == []


def test_documentation_changed_is_compatible() -> None:
    assert breaks(OLD, changed("description", value="other words")) == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (changed("properties", "code", drop=True), "code: field removed"),
        (changed("properties", "code", "type", value="integer"), "code.type: changed"),
        (changed("properties", "code", "enum", value=["a", "b", "c"]), "code.enum: changed"),
        (changed("properties", "code", "enum", value=["a", "c"]), "code.enum[1]: changed"),
        (changed("properties", "code", "maxLength", value=3), "code.maxLength: added"),
        (changed("required", value=["code", "who"]), "who: newly required"),
        (changed("required", value=[]), "code: no longer required"),
        (
            changed("$defs", "Actor", "properties", "id", "type", value="integer"),
            "who.id.type: changed",
        ),
        (changed("$defs", "Actor", "properties", "id", drop=True), "who.id: field removed"),
    ],
)
def test_any_other_change_is_named_and_refused(new: dict[str, Any], reason: str) -> None:
    assert breaks(OLD, new) == [reason]


OURS = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$", "title": "Organizer"}
TOKENS = {"type": "string", "minLength": 1, "maxLength": 200, "title": "Organizer"}


@pytest.mark.parametrize(
    ("before", "after", "compatible"),
    [
        (OURS, TOKENS, True),
        (TOKENS, OURS, False),
        (OURS, {**TOKENS, "maxLength": 300}, False),
        (OURS, {"type": "string"}, False),
        ({**OURS, "pattern": "^[a-z]+$"}, TOKENS, False),
        ({"type": "string"}, TOKENS, False),
    ],
)
def test_id_of_ours_may_become_the_subject_of_a_token_and_no_other_bound_moves(
    before: dict[str, Any], after: dict[str, Any], compatible: bool
) -> None:
    old, new = ({"properties": {"organizer": organizer}} for organizer in (before, after))
    assert (breaks(old, new) == []) is compatible


def test_schemas_are_valid_json_schema() -> None:
    for path in SCHEMAS.glob("*.json"):
        jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_asyncapi_names_every_event_once_and_points_to_files_that_exist() -> None:
    document = asyncapi()
    messages = document["components"]["messages"]
    assert set(messages) == {event.type for event in events()}
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].rsplit("/", 1)[1] in messages
    for message in messages.values():
        for part in message["payload"]["allOf"]:
            target = part.get("$ref") or part["properties"]["data"]["$ref"]
            assert (CATALOGUE / target).resolve().exists()


def test_every_event_says_what_it_is_to_people_and_by_which_clause() -> None:
    for event in events():
        assert event.ru, event
        assert event.en, event
        assert event.clause, event
        assert event.__doc__, event


def test_only_the_citizen_stream_carries_personal_data() -> None:
    personal = {"FullName", "Contact", "CitizenCard", "Phone"}
    for event in events():
        used = set(event.model_json_schema().get("$defs", {}))
        fields = {name for name in event.model_fields if name in {"snils", "birth_date", "phone"}}
        if event.stream != "intake.citizen":
            assert not used & personal, event
            assert not fields, event


def test_case_events_carry_the_terms_they_open_and_close() -> None:
    for event in events():
        if event.stream.endswith(".case") and not event.__name__.startswith("Term"):
            assert issubclass(event, CaseEvent), event
