"""Files of documents, and what a worker saw of the paper itself (R 2.6, 3.3.9)."""

from __future__ import annotations

from contracts.context import Context
from contracts.documents import DocumentAttached
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.regulation.entries import DocumentSource, RequiredDocument
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require
from services.intake.domain.package import requests_for
from services.intake.domain.records import Attachment, Presented, Verification

MOST_ATTACHMENTS = 200
"""Of one case: their list stands in the case's record, which has a bound."""


def check_attachable(case: Case, code: str) -> RequiredDocument:
    """Whether a file may be attached to a document now; asked before its content is received.

    What another body has is nobody's to scan, until it was asked for and answered on paper.
    """
    require(case, Action.ATTACH_DOCUMENT)
    rule = next((rule for rule in case.pack.documents if rule.code == code), None)
    if rule is None:
        raise NotFound("document")
    if rule.source is DocumentSource.INTERAGENCY and not requests_for(case, code):
        raise NotAllowedInState(
            "document-not-to-be-asked",
            "this document is fetched by interagency request; demanding it of the citizen"
            " is itself a ground for complaint",
            clause="R 2.6.1, 5.2",
        )
    if len(case.attachments) >= MOST_ATTACHMENTS:
        raise NotAllowedInState(
            "too-many-attachments", f"a case has at most {MOST_ATTACHMENTS} attachments"
        )
    return rule


def attach(case: Case, attachment: Attachment, replaces: str | None, at: Context) -> list[Event]:
    """Enter a file whose content is stored; the one it replaces is kept, and marked.

    The same content for the same document is the same attachment: it stands once.
    """
    check_attachable(case, attachment.code)
    before = None
    if replaces is not None:
        before = _replaceable(case, attachment, replaces)
    if any(_same(known, attachment) for known in case.attachments):
        return []
    if before is not None:
        before.replaced_by = attachment.id
    case.attachments.append(attachment)
    return [
        DocumentAttached(
            by=at.by,
            document=attachment.code,
            attachment=attachment.id,
            media_type=attachment.media_type,
            size=attachment.size,
            replaces=replaces,
        )
    ]


def _same(known: Attachment, new: Attachment) -> bool:
    return (known.id, known.code, known.replaced_by) == (new.id, new.code, None)


def _replaceable(case: Case, attachment: Attachment, replaces: str) -> Attachment:
    present = [a for a in case.attachments if a.code == attachment.code and not a.replaced_by]
    found = next((known for known in present if known.id == replaces), None)
    if found is None:
        raise InvalidInput(
            "no-such-attachment",
            "it names an attachment of this document that was not replaced yet",
            field="query.replaces",
        )
    if found.id == attachment.id:
        raise InvalidInput(
            "attachment-is-the-same", "the content is the one it replaces", field="query.replaces"
        )
    return found


def get_attachment(case: Case, attachment_id: str) -> Attachment:
    """An attachment of this case, replaced or not; raises NotFound."""
    for known in reversed(case.attachments):
        if known.id == attachment_id:
            return known
    raise NotFound("attachment")


def verify_document(
    case: Case,
    code: str,
    presented: Presented,
    at: Context,
    *,
    copy_made: bool = False,
    copy_certified: bool = False,
) -> list[Event]:
    """The worker held the document: original or copy, and what they made of it (R 2.6)."""
    require(case, Action.VERIFY_DOCUMENT)
    if code not in {document.code for document in case.documents}:
        raise NotAllowedInState("document-not-registered", "register the document first")
    if copy_certified and not copy_made:
        raise InvalidInput(
            "no-copy-to-certify", "there is no copy of ours to certify", field="copy_certified"
        )
    if copy_certified and presented is Presented.COPY:
        raise InvalidInput(
            "copy-of-a-copy",
            "a copy is certified against the original, or against a certified copy",
            field="copy_certified",
        )
    kept = [known for known in case.verifications if known.code != code]
    case.verifications = [
        *kept,
        Verification(
            code=code,
            presented=presented,
            copy_made=copy_made,
            copy_certified=copy_certified,
            at=at.now,
            by=at.by.id,
        ),
    ]
    return []
