"""What a sender sent, as it is kept: its ServiceRequest, what came with it, and the whole."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from contracts.errors import NotFound
from services.intake.adapters.fhir import read_posted
from services.intake.adapters.fhir_bundle import Posted
from services.intake.adapters.fhir_task import KEPT, as_kept, original_of, request_resource
from services.intake.adapters.media_types import ALLOWED
from services.intake.api.fhir_following import case_of
from services.intake.api.fhir_openapi import FAILURES, UNCHANGED, answers, reads
from services.intake.api.fhir_protocol import MEDIA_TYPE, FhirRoute, resource, unchanged
from services.intake.api.fhir_sender import Sender, WithSender
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import task_state
from services.intake.intake import Intake, WithIntake

CONTENT = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in ALLOWED}
NUMBER = re.compile("[0-9]{1,6}")
router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, responses=FAILURES)


async def _entry(intake: Intake, entry_id: str, sender: Sender, what: str) -> JournalEntry:
    """A referral of the caller's own; anybody else's is answered like a missing one."""
    document = await intake.journal.get(entry_id)
    if document is None or not sender.sent(document.state.requester):
        raise NotFound(what)
    return document.state


def _posted(entry: JournalEntry) -> Posted | None:
    original = original_of(entry)
    return None if original is None else read_posted(original)


@router.get(
    "/ServiceRequest/{service_request_id}",
    summary="A ServiceRequest as sent",
    response_model=None,
    responses=answers("ServiceRequest"),
)
async def get_service_request(
    service_request_id: str, sender: WithSender, intake: WithIntake
) -> Response:
    """Every element and extension that was sent, the status that of the referral by now.

    References are to what is kept here; the whole as it was sent is `GET /fhir/Bundle/{id}`.
    """
    entry = await _entry(intake, service_request_id, sender, "ServiceRequest")
    case = await case_of(intake, entry.placed.case_id, entry.id) if entry.placed else None
    if case is None:
        raise NotFound("ServiceRequest")
    state = task_state(case, entry.id)
    body = request_resource(entry, _posted(entry), state)
    return resource(body, version=1, modified=entry.received_at)


@router.get(
    "/Bundle/{bundle_id}",
    summary="What was sent, whole",
    response_model=None,
    responses={**answers("Bundle", "ServiceRequest"), **UNCHANGED},
    openapi_extra=reads("If-None-Match", "If-Modified-Since"),
)
async def get_bundle(
    bundle_id: str, http: Request, sender: WithSender, intake: WithIntake
) -> Response:
    """The push as it came, byte for byte; but the content of attachments is a Binary of its own."""
    entry = await _entry(intake, bundle_id, sender, "Bundle")
    if entry.original is None:
        raise NotFound("Bundle")
    if unchanged(http, 1, entry.received_at):
        return resource(None, 304, version=1, modified=entry.received_at)
    headers = resource(None, version=1, modified=entry.received_at).headers
    kept = {name: headers[name] for name in ("etag", "last-modified", "cache-control")}
    return Response(entry.original, headers=kept, media_type=MEDIA_TYPE)


@router.get(
    "/Binary/{binary_id}",
    summary="The content of an attachment",
    response_model=None,
    responses={200: {"description": "the content", "content": CONTENT}},
)
async def get_binary(binary_id: str, sender: WithSender, intake: WithIntake) -> Response:
    """The content in its own media type, as the DocumentReference names it."""
    entry_id, _, number = binary_id.rpartition("-a")
    entry = await _entry(intake, entry_id, sender, "Binary")
    attachments = entry.said.attachments if entry.said else ()
    if not NUMBER.fullmatch(number) or int(number) >= len(attachments):
        raise NotFound("Binary")
    said = attachments[int(number)]
    if said.id is None:
        raise NotFound("Binary")
    pieces = await intake.attachments.open(said.id)
    headers = {
        "ETag": 'W/"1"',
        "Cache-Control": "no-store",
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, headers=headers, media_type=said.media_type)


@router.get(
    "/{kind}/{kept_id}",
    summary="What came with a referral",
    response_model=None,
    responses=answers(*KEPT),
)
async def get_kept(kind: str, kept_id: str, sender: WithSender, intake: WithIntake) -> Response:
    """A Condition, Consent, DocumentReference, Encounter, Observation, QuestionnaireResponse or
    RelatedPerson as it was sent; kept with the referral, never changed."""
    entry_id, _, number = kept_id.rpartition("-")
    entry = await _entry(intake, entry_id, sender, "resource")
    posted = _posted(entry)
    parts = posted.parts if posted else []
    is_number = NUMBER.fullmatch(number) is not None
    known = kind in KEPT and is_number and int(number) < len(parts)
    if posted is None or not known or parts[int(number)].kind != kind:
        raise NotFound("resource")
    body: dict[str, Any] = as_kept(posted, int(number), entry, entry.received_at)
    return resource(body, version=1, modified=entry.received_at)
