"""FHIR R4 for medical organizations: push a referral (L 2.2, 5.1; K 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.errors import InvalidInput, NotFound
from contracts.regulation import pack_in_force
from services.intake.adapters.fhir import Referral, read_posted, read_referral
from services.intake.adapters.fhir_attachments import check_hosts, keep, named
from services.intake.adapters.fhir_content import differences, fingerprint
from services.intake.adapters.fhir_modifiers import check_condition
from services.intake.adapters.fhir_parsing import fail, read_json, write_json
from services.intake.adapters.fhir_said import says
from services.intake.adapters.fhir_task import (
    as_kept,
    location,
    original_of,
    request_resource,
    task_resource,
)
from services.intake.api.fhir_openapi import FAILURES, answers, takes
from services.intake.api.fhir_protocol import (
    DUPLICATE,
    Body,
    BodyTooLong,
    FhirRoute,
    Return,
    preferred,
    resource,
)
from services.intake.api.fhir_sender import Sender, WithSender
from services.intake.domain.journal import JournalEntry
from services.intake.domain.task import FollowedTask, TaskVersion, show
from services.intake.intake import Intake, Serving, WithIntake
from services.intake.notifying import shown_to
from services.intake.registering import Registered, Source, SourceReused, register_referral

MAX_LETTERS = 400_000
"""What is kept of a referral in its journal entry; attachments are kept apart."""
MEANT = "kept with the referral; it is read there: GET /fhir/Bundle/{id}"

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, responses=FAILURES)


@router.post(
    "",
    summary="Push a referral",
    response_model=None,
    responses=answers("Bundle", created=True),
    openapi_extra=takes("Bundle", "ServiceRequest", headers=("Prefer",)),
)
async def post_fhir(http: Request, sender: WithSender, body: Body, intake: WithIntake) -> Response:
    """A transaction Bundle (Patient, ServiceRequest, Task) or a bare ServiceRequest.

    The same ServiceRequest identifier from the same organization never opens a second case: the
    repetition gets the first answer, other content under that identifier is refused, and what
    differs is named. Nothing is stored of a resource that is refused; everything is kept of one
    that is taken: `GET /fhir/Bundle/{id}` gives it back as it was sent.
    """
    posted, text = read_json(body)
    registered, referral = await _register(intake, sender, posted, text)
    wanted = preferred(http)
    answer = await _answer(intake, sender, referral, registered, wanted)
    created = not registered.repeated and posted["resourceType"] != "Bundle"
    return resource(answer, 201 if created else 200)


@router.post(
    "/ServiceRequest",
    summary="Create a ServiceRequest",
    response_model=None,
    responses=answers("ServiceRequest", created=True),
    openapi_extra=takes("ServiceRequest", headers=("Prefer", "If-None-Exist")),
)
async def post_service_request(
    http: Request, sender: WithSender, body: Body, intake: WithIntake
) -> Response:
    """A referral as one ServiceRequest that contains its Patient.

    It is created if there is none of its identifier (`If-None-Exist` may say so too): 201, else
    200; `Prefer: return=minimal` answers without a body.
    """
    posted, text = read_json(body)
    if not isinstance(posted, dict) or posted.get("resourceType") != "ServiceRequest":
        fail("resourceType", "is ServiceRequest here; a Bundle is posted to /fhir")
    condition = http.headers.get("if-none-exist")
    if condition is not None:
        check_condition(read_posted(posted).parts[0], condition, "If-None-Exist")
    registered, referral = await _register(intake, sender, posted, text)
    entry, wanted = registered.entry, preferred(http)
    answered: dict[str, Any] | None = None
    if wanted is Return.OUTCOME:
        answered = _information(f"ServiceRequest/{entry.id}")
    elif wanted is not Return.MINIMAL:
        _, version = await _task(intake, entry)
        answered = request_resource(entry, referral.posted, version.state)
    return resource(
        answered,
        200 if registered.repeated else 201,
        version=1,
        modified=entry.received_at,
        location=f"/fhir/ServiceRequest/{entry.id}/_history/1",
    )


async def _register(
    intake: Intake, sender: Sender, posted: Any, text: str
) -> tuple[Registered, Referral]:
    """Read, check, and take in what was posted; raises Refusal naming the FHIR path."""
    organization = sender.organization
    referral = read_referral(posted, organization, intake.now())
    found = named(referral.posted)
    if len(text) - sum(len(one.data or b"") for one in found) * 4 // 3 > MAX_LETTERS:
        raise BodyTooLong(
            "referral-too-long", f"a referral has {MAX_LETTERS} letters at most, attachments apart"
        )
    check_hosts(found, sender.partner)
    pack = pack_in_force(intake.service.calendar.local_date(intake.now()))
    said = says(referral.posted, pack, ())

    async def complete() -> Source:
        """The attachments are stored, and the original refers to them."""
        if not found:
            return source
        kept = await keep(found, referral.source_key, intake.attachments, intake.fetching)
        whole = said.model_copy(update={"attachments": kept}) if said else None
        return replace(source, said=whole, original=_without_content(posted))

    source = Source(
        key=referral.source_key,
        fingerprint=fingerprint(referral.posted),
        recorded_by=sender.actor,
        requester=organization,
        original=text,
        said=said,
        complete=complete,
        compare=lambda entry: _require_same(entry, referral, source),
    )

    async def serving() -> Serving:
        return await intake.who_serves(referral.form.citizen.address)

    try:
        return await register_referral(intake, referral.form, serving, source), referral
    except InvalidInput as failure:
        failure.field = referral.places.path_of(failure.field)
        raise


def _without_content(posted: Any) -> str:
    """The referral as it is kept: attachments refer to their place, Binaries have none of it."""
    for entry in posted.get("entry", []):
        if isinstance(entry, dict) and entry.get("resource", {}).get("resourceType") == "Binary":
            entry["resource"].pop("data", None)
    return write_json(posted)


def _require_same(entry: JournalEntry, referral: Referral, source: Source) -> None:
    """The same identifier is the same referral; what differs is named, not what it says."""
    if entry.fingerprint == source.fingerprint or entry.original is None:
        return
    found = differences(read_posted(original_of(entry)), referral.posted)
    if not found and entry.said is None:  # kept before there were fingerprints of content
        return
    names = ", ".join(dict.fromkeys(name for name, _ in found)) or "DocumentReference.content"
    raise SourceReused(
        DUPLICATE,
        f"this identifier is that of ServiceRequest/{entry.id}, which says otherwise: {names};"
        " withdraw that one (PUT /fhir/Task), or use an identifier of its own",
        field=f"{referral.request.path}.identifier",
        clause="L 5.1",
    )


async def _task(intake: Intake, entry: JournalEntry) -> tuple[FollowedTask, TaskVersion]:
    """The referral's task as it stands now."""
    task = FollowedTask(id=entry.id)
    case = await intake.cases.get(entry.placed.case_id) if entry.placed else None
    if case is None:
        raise NotFound("Task")
    return task, show(task, case.state, intake.now())


async def _answer(
    intake: Intake,
    sender: Sender,
    referral: Referral,
    registered: Registered,
    wanted: Return | None,
) -> dict[str, Any]:
    """A transaction-response: of each entry, in order, its status and where it can be read."""
    entry, parts = registered.entry, referral.posted.parts
    entries = [
        {"response": _response(part.kind, index, registered, sender.organization)}
        for index, part in enumerate(parts)
    ]
    if "Task" not in referral.types:
        entries.append({"response": _response("Task", len(parts), registered, sender.organization)})
    if wanted is Return.REPRESENTATION:
        task, version = await _task(intake, entry)
        shown = task_resource(task, version, shown_to(sender.partner, version.state))
        for index, answered in enumerate(entries):
            kind = parts[index].kind if index < len(parts) else "Task"
            if kind == "Task":
                answered["resource"] = shown
            elif kind == "ServiceRequest":
                answered["resource"] = request_resource(entry, referral.posted, version.state)
            else:
                answered["resource"] = as_kept(referral.posted, index, entry, entry.received_at)
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def _response(kind: str, index: int, registered: Registered, organization: str) -> dict[str, Any]:
    entry, placement = registered.entry, registered.placement
    known = kind == "Patient" and placement.citizen_id != entry.citizen_candidate
    response: dict[str, Any] = {
        "status": "200 OK" if registered.repeated or known else "201 Created",
        "etag": 'W/"1"',
        "lastModified": entry.received_at.isoformat(),
    }
    placed = entry if entry.placed else entry.model_copy(update={"placed": placement})
    place = location(kind, index, placed, organization)
    if place is not None:
        response["location"] = place
    else:
        response["outcome"] = _information(MEANT.format(id=entry.id))
    return response


def _information(text: str) -> dict[str, Any]:
    issue = {"severity": "information", "code": "informational", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
