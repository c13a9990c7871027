"""The envelope: CloudEvents 1.0 with our extensions; readers ignore what they do not know."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.envelope import Envelope, sequence_text
from contracts.event import REGISTERED, Event
from contracts.triage import CaseTriaged, TriageCode
from contracts.values import Actor

BY = {"id": "ivanova", "role": "urgent_head", "organization": "r-institution-15"}


def wire(**changed: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "intake.case.C1:2",
        "source": "/leninsk-kuznetsky/intake",
        "type": CaseTriaged.type,
        "subject": "C1",
        "time": "2026-02-02T02:10:00Z",
        "dataschema": "urn:opora:schema:intake.case-triaged.v1.json",
        "stream": "intake.case.C1",
        "sequence": sequence_text(2),
        "correlationid": "r1",
        "district": "leninsk-kuznetsky",
        "data": {
            "by": BY,
            "code": "immediate",
            "proposed": "initial_assessment",
            "rule_version": "R 3.1.7 / 1",
            "overridden": True,
        },
        **changed,
    }


def test_event_is_read_from_its_envelope() -> None:
    event = Envelope.model_validate(wire()).event()
    assert isinstance(event, CaseTriaged)
    assert event.code is TriageCode.IMMEDIATE
    assert event.by == Actor(**BY)


def test_unknown_attribute_and_unknown_fields_at_any_depth_are_ignored() -> None:
    later = wire(dataregulation="152-FZ")
    later["data"] = {**later["data"], "urgency": 5, "by": {**BY, "post": "заведующая"}}
    envelope = Envelope.model_validate(later)
    assert "dataregulation" not in envelope.model_dump()
    assert isinstance(envelope.event(), CaseTriaged)


def test_unknown_type_is_no_error_but_no_event() -> None:
    assert Envelope.model_validate(wire(type="ru.opora.intake.case-sung.v1")).event() is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": "intake.case.C1:3"}, "id"),
        ({"subject": "C2"}, "subject"),
        ({"sequence": "2"}, "sequence"),
        ({"sequence": sequence_text(0), "id": "intake.case.C1:0"}, "sequence"),
        ({"type": "com.example.thing"}, "type"),
        ({"time": "2026-02-02T02:10:00"}, "time"),
        ({"data": []}, "data"),
    ],
)
def test_envelope_that_is_not_ours_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Envelope.model_validate(wire(**changed))


def test_sequence_sorts_as_text_like_the_numbers() -> None:
    numbers = [1, 2, 9, 10, 99, 100, 12345]
    assert sorted(map(sequence_text, numbers)) == [sequence_text(number) for number in numbers]


def test_attribute_names_are_those_cloudevents_allows() -> None:
    for name in Envelope.model_fields:
        assert re.fullmatch(r"[a-z0-9]{1,20}", name)


def test_name_of_an_event_derives_from_its_class() -> None:
    assert CaseTriaged.type == "ru.opora.intake.case-triaged.v1"
    assert CaseTriaged.routing_key() == "intake.case-triaged.v1"
    assert CaseTriaged.schema_name() == "intake.case-triaged.v1.json"


def test_event_declared_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="declared twice"):
        type("CaseTriaged", (Event,), {"__module__": "x"}, stream="intake.case", clause="x")
    assert REGISTERED[CaseTriaged.type] is CaseTriaged
