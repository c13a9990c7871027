"""The document package as it is answered."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, Field, StrictBool

from chassis.http import Body
from contracts.regulation.entries import DocumentSource, Requirement
from services.intake.domain.case import Case
from services.intake.domain.documents import missing_documents
from services.intake.domain.package import PackageLine, Standing, package_of, to_bring
from services.intake.domain.records import Attachment, Document, Presented, Receipt, Verification

WHY = {
    Requirement.ALWAYS: "нужен всегда",
    Requirement.WHEN_BENEFITS: "нужен при наличии льгот",
    Requirement.WHEN_REPRESENTED: "нужен, если обращается представитель",
    Requirement.WHEN_RELATIVES_CANNOT_CARE: "нужен, если родственники не могут осуществлять уход",
}
"""Why a document is needed, as people are told."""


class VerificationBody(Body):
    """What was presented, and what was made of it."""

    presented: Presented
    copy_made: StrictBool = False
    copy_certified: StrictBool = Field(default=False, description="against the original, signed")


class AttachmentView(BaseModel):
    """A file of a document. `size` in bytes, `sha256` in hexadecimal."""

    id: str
    document: str
    media_type: str
    size: int
    sha256: str
    filename: str | None
    at: AwareDatetime
    by: str
    replaced_by: str | None = Field(description="the newer file that is looked at instead")


def attachment_view(attachment: Attachment) -> AttachmentView:
    """A file as staff see it listed."""
    return AttachmentView(document=attachment.code, **attachment.model_dump(exclude={"code"}))


class DocumentView(BaseModel):
    """One document of the package."""

    code: str
    title_ru: str
    title_en: str
    standing: Standing
    needed: bool
    required: Requirement
    why_ru: str
    clause: str
    source: DocumentSource
    may_be_asked_of_citizen: bool
    registered: Document | None
    verification: Verification | None
    attachments: list[AttachmentView]
    interagency_requests: list[str]


class PackageView(BaseModel):
    """The package of a case."""

    case_id: str
    documents: list[DocumentView]
    missing: list[str]
    complete: bool
    receipts: list[int] = Field(description="numbers of the receipts given")


def package_view(case: Case) -> PackageView:
    """The package; before an application what is needed in every case."""
    missing = missing_documents(case)
    return PackageView(
        case_id=case.id,
        documents=[_document_view(line) for line in package_of(case)],
        missing=list(missing),
        complete=not missing,
        receipts=[receipt.number for receipt in case.receipts],
    )


def _document_view(line: PackageLine) -> DocumentView:
    rule = line.rule
    return DocumentView(
        **rule.model_dump(),
        standing=line.standing,
        needed=line.standing is not Standing.NOT_NEEDED,
        why_ru=WHY[rule.required],
        may_be_asked_of_citizen=rule.may_be_asked_of_citizen,
        registered=line.registered,
        verification=line.verification,
        attachments=[attachment_view(attachment) for attachment in line.attachments],
        interagency_requests=list(line.requests),
    )


class ToBring(BaseModel):
    """A document that somebody is asked to bring."""

    code: str
    title_ru: str
    clause: str
    asked_of: DocumentSource


class BringList(BaseModel):
    """What the citizen, or for one document their relatives, are asked to bring."""

    case_id: str
    case_number: str
    documents: list[ToBring]


def bring_list(case: Case) -> BringList:
    """What is missing and to be had of nobody else (R 2.6.1, 3.3.14, 5.2)."""
    return BringList(
        case_id=case.id,
        case_number=case.reference.number,
        documents=[
            ToBring(
                code=rule.code, title_ru=rule.title_ru, clause=rule.clause, asked_of=rule.source
            )
            for rule in to_bring(case)
        ],
    )


class ReceivedDocument(BaseModel):
    """A document on a receipt."""

    code: str
    title_ru: str
    number: str | None
    issued_on: date | None


class ReceiptView(BaseModel):
    """A receipt for documents handed in."""

    case_id: str
    case_number: str
    number: int
    at: AwareDatetime
    day: date
    taken_by: str
    documents: list[ReceivedDocument]


def receipt_view(case: Case, receipt: Receipt) -> ReceiptView:
    """A receipt with the documents' names."""
    titles = {rule.code: rule.title_ru for rule in case.pack.documents}
    return ReceiptView(
        case_id=case.id,
        case_number=case.reference.number,
        number=receipt.number,
        at=receipt.at,
        day=receipt.day,
        taken_by=receipt.taken_by,
        documents=[
            ReceivedDocument(
                code=document.code,
                title_ru=titles.get(document.code, document.code),
                number=document.number,
                issued_on=document.issued_on,
            )
            for document in receipt.documents
        ],
    )
