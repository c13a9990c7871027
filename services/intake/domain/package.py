"""The package as people look at it: what is needed and why, what is there, what to bring.

What a citizen may be asked to bring follows from the pack alone, so a document that another body
has can never be on that list: demanding it is itself a ground for complaint (R 2.6.1, 5.2).
"""

from __future__ import annotations

from enum import StrEnum

from contracts.regulation.entries import DocumentSource, RequiredDocument
from contracts.values import Value
from services.intake.domain.case import Case
from services.intake.domain.documents import needed_documents
from services.intake.domain.interagency import PENDING
from services.intake.domain.records import Attachment, Document, Verification
from services.intake.domain.requests import InteragencyRequest


class Standing(StrEnum):
    """How a document of the package stands."""

    PRESENT = "present"
    REQUESTED = "requested"
    """Another body was asked for it."""
    MISSING = "missing"
    NOT_NEEDED = "not_needed"


class PackageLine(Value):
    """One document that the pack knows, and what there is of it in the case."""

    rule: RequiredDocument
    standing: Standing
    registered: Document | None
    verification: Verification | None
    attachments: tuple[Attachment, ...]
    requests: tuple[str, ...]

    @property
    def to_bring(self) -> bool:
        """Whether somebody is to be asked to bring it: it is missing, and only they have it."""
        asked = {DocumentSource.CITIZEN, DocumentSource.RELATIVES}
        return self.standing is Standing.MISSING and self.rule.source in asked


def package_of(case: Case) -> list[PackageLine]:
    """Every document of the pack, in its order (R 2.6, 3.3.9, 3.3.14)."""
    needed = set(needed_documents(case))
    registered = {document.code: document for document in case.documents}
    verified = {verification.code: verification for verification in case.verifications}
    lines = []
    for rule in case.pack.documents:
        requests = requests_for(case, rule.code)
        lines.append(
            PackageLine(
                rule=rule,
                standing=_standing(rule.code, needed, set(registered), requests),
                registered=registered.get(rule.code),
                verification=verified.get(rule.code),
                attachments=tuple(a for a in case.attachments if a.code == rule.code),
                requests=tuple(request.id for request in requests),
            )
        )
    return lines


def requests_for(case: Case, code: str) -> list[InteragencyRequest]:
    """The interagency requests that fetch a document."""
    kinds = {kind.code for kind in case.pack.interagency_kinds if kind.document == code}
    return [request for request in case.every_request if request.kind in kinds]


def to_bring(case: Case) -> list[RequiredDocument]:
    """What the citizen, or for one document their relatives, are asked to bring (R 3.3.14)."""
    return [line.rule for line in package_of(case) if line.to_bring]


def _standing(
    code: str, needed: set[str], registered: set[str], requests: list[InteragencyRequest]
) -> Standing:
    if code in registered:
        return Standing.PRESENT
    if code not in needed:
        return Standing.NOT_NEEDED
    if any(request.state in PENDING for request in requests):
        return Standing.REQUESTED
    return Standing.MISSING
