"""A referral's task and request as FHIR resources, as their sender reads them."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from typing import Any

from services.intake.adapters.fhir_bundle import Posted
from services.intake.adapters.fhir_resources import Reference
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import REASONS, TaskState
from services.intake.domain.task import FollowedTask, TaskVersion
from services.intake.domain.task_states import TaskStatus

Resource = dict[str, Any]
TASK_CODE = {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}
BUSINESS_STATUS = "urn:opora:referral-stage"
REFERRAL_OUTPUT = "urn:opora:referral-output"
REASON = "urn:opora:referral-reason"
KEPT = (
    "Condition",
    "Consent",
    "DocumentReference",
    "Encounter",
    "Observation",
    "QuestionnaireResponse",
    "RelatedPerson",
)
"""Kinds that are kept with a referral and can be read one by one."""
OF_REQUEST = {
    TaskStatus.COMPLETED: "completed",
    TaskStatus.CANCELLED: "revoked",
    TaskStatus.REJECTED: "revoked",
    TaskStatus.FAILED: "revoked",
    TaskStatus.ENTERED_IN_ERROR: "entered-in-error",
}


def task_resource(task: FollowedTask, version: TaskVersion, shown: TaskState) -> Resource:
    """A version of a task; `shown` is its state as this partner knows states."""
    resource: Resource = {
        "resourceType": "Task",
        "id": task.id,
        "meta": {"versionId": str(version.number)},
        "status": shown.status.value,
        "intent": "order",
        "code": {"coding": [TASK_CODE]},
        "focus": {"reference": f"ServiceRequest/{task.id}"},
        "for": {"reference": f"Patient/{task.citizen_id}"},
        "requester": {"reference": f"Organization/{task.requester}"},
        "owner": {"reference": f"Organization/{task.institution}"},
    }
    changed = version.changed_at
    if task.received_at is not None:
        changed = max(changed, task.received_at)
        resource["authoredOn"] = task.received_at.isoformat()
    resource["lastModified"] = changed.isoformat()
    resource["meta"]["lastUpdated"] = (
        task.updated_at if task.updated_at and version == task.present else changed
    ).isoformat()
    if shown.stage is not None:
        resource["businessStatus"] = {"coding": [{"system": BUSINESS_STATUS, "code": shown.stage}]}
    if shown.reason is not None:
        resource["statusReason"] = {
            "coding": [{"system": REASON, "code": shown.reason}],
            "text": shown.said or REASONS[shown.reason],
        }
    if shown.output:
        resource["output"] = [
            {"type": {"coding": [{"system": REFERRAL_OUTPUT, "code": code}]}, "valueString": value}
            for code, value in shown.output.items()
        ]
    return resource


def kept_id(entry_id: str, index: int) -> str:
    """The id of what was sent in the entry of that number."""
    return f"{entry_id}-{index}"


def location(kind: str, index: int, entry: JournalEntry, organization: str) -> str | None:
    """Where what was sent can be read, or how it is known here; None where it is neither."""
    if kind == "Patient" and entry.placed is not None:
        return f"Patient/{entry.placed.citizen_id}"
    if kind == "Organization":
        return f"Organization/{organization}"
    if kind in {"ServiceRequest", "Task"}:
        return f"{kind}/{entry.id}"
    return f"{kind}/{kept_id(entry.id, index)}" if kind in KEPT else None


def as_kept(posted: Posted, index: int, entry: JournalEntry, kept_at: datetime) -> Resource:
    """A resource as it was sent, with its id here; what it refers to is named by its place here."""
    part = posted.parts[index]
    resource = copy.deepcopy(part.resource)
    requester = entry.requester or ""
    places = {id(one): n for n, one in enumerate(posted.parts)}
    waiting: list[Any] = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            _rename_reference(value, posted, index, places, entry, requester)
            _rename_attachment(value, entry)
    own = location(part.kind, index, entry, requester)
    if own is not None:
        resource["id"] = own.split("/")[1]
    meta = resource.get("meta")
    own_meta = meta if isinstance(meta, dict) else {}
    resource["meta"] = {**own_meta, "versionId": "1", "lastUpdated": kept_at.isoformat()}
    return resource


def _rename_reference(
    value: Resource,
    posted: Posted,
    index: int,
    places: dict[int, int],
    entry: JournalEntry,
    requester: str,
) -> None:
    text = value.get("reference")
    if not isinstance(text, str):
        return
    owner = posted.parts[index]
    kinds = {part.kind for part in posted.parts}
    target = posted.find(Reference(reference=text), owner, *kinds)
    number = places.get(id(target))
    if target is None or number is None:
        return
    place = location(target.kind, number, entry, requester)
    if place is not None:
        value["reference"] = place


def _rename_attachment(value: Resource, entry: JournalEntry) -> None:
    url = value.get("url")
    if not isinstance(url, str) or not url.startswith("Binary/") or entry.said is None:
        return
    for number, attachment in enumerate(entry.said.attachments):
        if url == f"Binary/{attachment.id}":
            value["url"] = f"Binary/{entry.id}-a{number}"


def request_resource(entry: JournalEntry, posted: Posted | None, state: TaskState) -> Resource:
    """The ServiceRequest as it was sent, its status that of the referral by now."""
    if posted is not None:
        index = next(i for i, part in enumerate(posted.parts) if part.kind == "ServiceRequest")
        resource = as_kept(posted, index, entry, entry.received_at)
    else:
        resource = _of_form(entry)
    resource["status"] = OF_REQUEST.get(state.status, resource.get("status", "active"))
    return resource


def _of_form(entry: JournalEntry) -> Resource:
    """A referral that did not come as FHIR."""
    placed = entry.placed
    return {
        "resourceType": "ServiceRequest",
        "id": entry.id,
        "meta": {"versionId": "1", "lastUpdated": entry.received_at.isoformat()},
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{placed.citizen_id}"} if placed else {},
        "authoredOn": entry.received_at.isoformat(),
        "requester": {"reference": f"Organization/{entry.requester}"},
        "reasonCode": [{"text": entry.form.problems}] if entry.form.problems else [],
    }


def original_of(entry: JournalEntry) -> Any:
    """What was posted, read again; None where it was no FHIR."""
    return json.loads(entry.original) if entry.original is not None else None
