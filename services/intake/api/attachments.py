"""Files of documents: received as a stream, handed out to those who may see the case."""

from __future__ import annotations

import re
from email.message import Message
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from chassis.http import CommandReceipt, etag, receipt
from chassis.uploads import Streamed, Upload
from contracts.errors import InvalidInput, NotFound
from contracts.values import Identifier
from services.intake.adapters.attachments import MAX_ATTACHMENT_BYTES
from services.intake.adapters.media_types import ALLOWED, SUFFIXES
from services.intake.api.callers import Frontline, Reader
from services.intake.api.document_views import AttachmentView, attachment_view
from services.intake.attaching import attach_upload
from services.intake.domain.attaching import get_attachment
from services.intake.domain.records import Attachment
from services.intake.intake import WithIntake

router = APIRouter(tags=["documents"])

AttachmentUpload = Annotated[Upload, Depends(Streamed(MAX_ATTACHMENT_BYTES))]
BINARY = {"schema": {"type": "string", "format": "binary"}}
CONTENT = {"content": dict.fromkeys(ALLOWED, BINARY)}
MOST_NAME = 200


@router.post(
    "/cases/{case_id}/documents/{code}/attachments",
    summary="Attach a file to a document",
    openapi_extra={"requestBody": {"required": True, **CONTENT}},
)
async def post_attachment(
    case_id: str,
    code: Identifier,
    by: Frontline,
    upload: AttachmentUpload,
    response: Response,
    intake: WithIntake,
    replaces: Annotated[
        Identifier | None, Query(description="id of the file that this one replaces; it is kept")
    ] = None,
) -> CommandReceipt:
    """The body is the file, at most 20 MB, of the kind that Content-Type says.

    Content-Digest (RFC 9530) is checked when sent; Content-Disposition may name the file. If-Match
    may be left out: files of several documents come in side by side, and none undoes another.
    """
    filename = filename_of(upload.disposition)
    answered = await attach_upload(intake, case_id, code, by, upload, filename, replaces)
    return receipt(answered, response)


@router.get("/cases/{case_id}/attachments", summary="The files of a case")
async def get_attachments(
    case_id: str, response: Response, by: Reader, intake: WithIntake
) -> list[AttachmentView]:
    """All of them, those that were replaced too, in the order they came."""
    document = await intake.get_case(case_id, by)
    response.headers["ETag"] = etag(document.version)
    return [attachment_view(attachment) for attachment in document.state.attachments]


@router.get(
    "/cases/{case_id}/attachments/{attachment_id}",
    summary="A file",
    response_class=StreamingResponse,
    responses={200: CONTENT, 304: {"description": "the caller has it already"}},
)
async def get_file(
    case_id: str,
    attachment_id: str,
    by: Reader,
    intake: WithIntake,
    if_none_match: Annotated[str | None, Header(max_length=2000)] = None,
) -> Response:
    """Its content. It never changes: the ETag is its checksum."""
    document = await intake.get_case(case_id, by)
    attachment = get_attachment(document.state, attachment_id)
    headers = _headers(attachment)
    if if_none_match is not None and headers["ETag"] in if_none_match:
        return Response(status_code=304, headers={"ETag": headers["ETag"]})
    try:
        content = await intake.attachments.open(attachment.id)
    except NotFound:
        raise ContentMissing from None
    return StreamingResponse(content, media_type=attachment.media_type, headers=headers)


class ContentMissing(NotFound):
    """The case names a file whose content is not there any more."""

    status = 410

    def __init__(self) -> None:
        super().__init__("content")
        self.code = "content-missing"


def _headers(attachment: Attachment) -> dict[str, str]:
    """It is saved, not shown: whatever it holds, no browser runs it on our address."""
    plain = f"{attachment.code}.{SUFFIXES.get(attachment.media_type, 'bin')}"
    name = attachment.filename or plain
    return {
        "ETag": f'"{attachment.sha256}"',
        "Content-Length": str(attachment.size),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
    }


def filename_of(disposition: str | None) -> str | None:
    """The file's name as Content-Disposition gives it (RFC 6266, 8187), without any path."""
    if disposition is None:
        return None
    message = Message()
    message["Content-Disposition"] = disposition
    try:
        found = message.get_filename()
    except (TypeError, ValueError):  # parameters that contradict each other, or in no known charset
        found = ""
    if found is None:
        return None
    name = re.split(r"[\\/]", found)[-1].strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise InvalidInput(
            "invalid-filename",
            f"a file's name has 1 to {MOST_NAME} printable characters",
            field="Content-Disposition",
        )
    return name
