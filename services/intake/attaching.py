"""Attaching a file: its content first, then the case that names it.

Should we die in between, the content stands under a name that follows from it: the repetition
finds it there and stores nothing twice.
"""

from __future__ import annotations

from chassis.commands import repeated
from chassis.document import Answered
from chassis.uploads import Upload
from contracts.context import Context
from contracts.values import Actor
from services.intake.adapters.attachments import StoredAttachment
from services.intake.commands import change_case
from services.intake.domain.attaching import attach, check_attachable
from services.intake.domain.records import Attachment
from services.intake.intake import Intake


async def attach_upload(
    intake: Intake,
    case_id: str,
    code: str,
    by: Actor,
    upload: Upload,
    filename: str | None,
    replaces: str | None,
) -> Answered:
    """Receive a file for a document of a case. Nothing is received for a case that may not be
    seen, a document it may not be attached to, or from a key that was used for another file."""
    before = await intake.get_case(case_id, by)
    if before.answered(upload.key) is None:
        check_attachable(before.state, code)
    stored = await intake.attachments.put(
        upload.content, upload.media_type, upload.sha256, owner=case_id
    )
    request = upload.request(stored.sha256)
    known = repeated(before, request)
    if known is not None:
        return known
    return await change_case(
        intake,
        case_id,
        request,
        by,
        lambda case, at: attach(case, _attachment(stored, code, filename, at), replaces, at),
        answer=lambda case: {"attachment_id": stored.id, "sha256": stored.sha256},
    )


def _attachment(
    stored: StoredAttachment, code: str, filename: str | None, at: Context
) -> Attachment:
    return Attachment(
        id=stored.id,
        code=code,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        filename=filename,
        at=at.now,
        by=at.by.id,
    )
