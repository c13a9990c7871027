"""What R4 forbids to pass over: elements that turn what is sent into something else.

Invariant: a referral is registered as what it says. An element that is not understood and may say
the opposite, or that speaks of somebody else, is refused by its path; a plain extension is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.adapters.fhir_bundle import SEARCH, Part, Posted, elements, identifiers
from services.intake.adapters.fhir_parsing import fail, parse
from services.intake.adapters.fhir_resources import Reference, Task, lies_ahead, moment_of

ORDERS = {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
"""Intents by which something is to be done; a proposal or a plan asks nobody for it."""
TASK_SYSTEM, FULFILL = "http://hl7.org/fhir/CodeSystem/task-code", "fulfill"
NOT_UNDERSTOOD = ("modifierExtension", "implicitRules")
ABOUT = {
    "Condition": "subject",
    "Consent": "patient",
    "DocumentReference": "subject",
    "Encounter": "subject",
    "Observation": "subject",
    "QuestionnaireResponse": "subject",
    "RelatedPerson": "patient",
    "Task": "for",
}
"""By which element each kind that is read says whom it is about."""


def check_understood(posted: Any, path: str) -> None:
    """Refuse what may change the meaning of an element and is not known here, at any depth."""
    for place, element in elements(posted):
        for name in NOT_UNDERSTOOD:
            if name in element:
                fail(f"{path}{place}.{name}", "may change what is meant, and is not known here")


def check_about(whole: Posted, patient: Part) -> None:
    """Refuse what is about anybody else than the Patient who is referred."""
    for owner in whole.parts:
        for part in (owner, *owner.contained):
            name = ABOUT.get(part.kind, "")
            said = part.resource.get(name)
            if said is None:
                continue
            reference = parse(Reference, said, f"{part.path}.{name}")
            names = reference.reference or reference.identifier
            if names and whole.find(reference, owner, "Patient") is not patient:
                fail(f"{part.path}.{name}", "refers to the Patient who is referred")


def check_condition(part: Part, search: str, path: str) -> None:
    """Refuse a condition of creation by another number than the resource bears itself."""
    read = SEARCH.fullmatch(f"{part.kind}?{search.removeprefix(f'{part.kind}?').lstrip('?')}")
    if read is None:
        fail(path, "is identifier=system|value")
    borne = [_plain(value) for system, value in identifiers(part.resource) if system == read[2]]
    if borne and _plain(read[3]) not in borne:
        fail(path, "names another identifier than the resource bears")


def _plain(value: Any) -> str:
    """A number without the hyphens and spaces that SNILS is written with."""
    return str(value).replace("-", "").replace(" ", "")


def check_task(whole: Posted, part: Part, request: Part, now: datetime) -> Task:
    """Refuse a Task that asks for anything else than this referral to be fulfilled."""
    task, path = parse(Task, part.resource, part.path), part.path
    if task.status != "requested":
        fail(f"{path}.status", "the requester sends requested")
    if task.intent not in ORDERS:
        fail(f"{path}.intent", f"one of {', '.join(sorted(ORDERS))}")
    for index, coding in enumerate(task.code.coding if task.code else []):
        if coding.system in {None, TASK_SYSTEM} and coding.code != FULFILL:
            fail(f"{path}.code.coding[{index}].code", f"a referral is sent to be done: {FULFILL}")
    check_written(task.authored_on, f"{path}.authoredOn", now)
    check_written(task.last_modified, f"{path}.lastModified", now)
    authored, modified = moment_of(task.authored_on), moment_of(task.last_modified)
    if authored and modified and modified < authored:
        fail(f"{path}.lastModified", "lies before authoredOn")
    if task.focus and whole.find(task.focus, part, "ServiceRequest") is not request:
        fail(f"{path}.focus", "refers to the ServiceRequest that is sent along")
    return task


def check_written(text: str | None, path: str, now: datetime) -> None:
    """Refuse a time of writing that has not come yet."""
    if lies_ahead(text, now):
        fail(path, "lies in the future")
