"""Application and documents: what is needed, what is there, when the package is complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contracts.context import Context
from contracts.documents import ApplicationRegistered, DocumentsRegistered, PackageCompleted
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation.entries import DocumentSource, Requirement
from contracts.triage import TriageCode
from contracts.values import Identifier, IsoDate, Line, Value
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.consent import COMMISSION, TRANSFER, ConsentScope, require_consent
from services.intake.domain.dated import check_dated
from services.intake.domain.dispatching import release_request, running_terms
from services.intake.domain.records import ApplicantKind, Application, Document, Receipt
from services.intake.domain.term_codes import SENDING_TERM
from services.intake.domain.triage import record_informed


class GivenDocument(Value):
    """A document somebody hands in."""

    code: Identifier
    issued_on: IsoDate | None = None
    number: Line | None = None


def needed_documents(case: Case) -> tuple[str, ...]:
    """What the pack asks for in this case (R 2.6, 3.3.9, 3.3.14)."""
    application = case.application
    represented = application is not None and application.applicant is not ApplicantKind.CITIZEN
    circumstances = {
        Requirement.ALWAYS: True,
        Requirement.WHEN_BENEFITS: application is not None and application.has_benefits,
        Requirement.WHEN_REPRESENTED: represented,
        Requirement.WHEN_RELATIVES_CANNOT_CARE: application is not None
        and application.relatives_cannot_care,
    }
    return tuple(d.code for d in case.pack.documents if circumstances[d.required])


def missing_documents(case: Case) -> tuple[str, ...]:
    """What is needed and not there yet."""
    present = {document.code for document in case.documents}
    return tuple(code for code in needed_documents(case) if code not in present)


def register_application(
    case: Case,
    applicant: ApplicantKind,
    has_benefits: bool,
    documents: Sequence[GivenDocument],
    at: Context,
    *,
    consent: ConsentScope | None,
    relatives_cannot_care: bool = False,
    applicant_informed: bool = False,
) -> list[Event]:
    """The personal application with the first documents (R 2.6, 3.3.7).

    The interagency request has to leave within two days of it (R 3.2.4). In danger the triage does
    not wait until the applicant was told what comes; the application does (R 3.1.4).
    """
    require(case, Action.REGISTER_APPLICATION)
    if case.code is TriageCode.CONSULTATION:
        raise NotAllowedInState(
            "only-a-consultation", "a consultation has no application", clause="R 3.1.6 б"
        )
    informed = case.applicant_informed or applicant_informed
    if not informed:
        raise NotAllowedInState(
            "applicant-not-informed",
            "tell the applicant of the assessment and the personal application first",
            clause="R 3.1.4",
        )
    require_consent(consent, case.pack, at.calendar.local_date(at.now), TRANSFER, COMMISSION)
    case.consent = consent
    record_informed(case, at)
    case.application = Application(
        applicant=applicant,
        has_benefits=has_benefits,
        relatives_cannot_care=relatives_cannot_care,
        registered_at=at.now,
    )
    case.status = Status.APPLICATION_REGISTERED
    # the citizen may have applied before, declined, and been referred once more
    case.documents = [known for known in case.documents if known.code != "application"]
    case.documents.append(Document(code="application", registered_at=at.now))
    _add(case, documents, at)
    _give_receipt(case, len(documents) + 1, at)
    release_request(case, at)
    running = running_terms(case) if case.every_request else [SENDING_TERM]
    registered = ApplicationRegistered(
        by=at.by,
        documents=_codes(case),
        missing=missing_documents(case),
        opened=case.terms.open(*[at.deadline(case.pack, code) for code in running]),
    )
    return [registered, *complete_package(case, at)]


def register_documents(case: Case, documents: Sequence[GivenDocument], at: Context) -> list[Event]:
    """Further documents of the package (R 3.3.9)."""
    require(case, Action.REGISTER_DOCUMENTS)
    _add(case, documents, at)
    _give_receipt(case, len(documents), at)
    registered = DocumentsRegistered(
        by=at.by, documents=_codes(case), missing=missing_documents(case)
    )
    return [registered, *complete_package(case, at)]


def _give_receipt(case: Case, count: int, at: Context) -> None:
    """What was handed in just now is confirmed to the citizen, under the case's next number."""
    case.receipts.append(
        Receipt(
            number=len(case.receipts) + 1,
            at=at.now,
            day=at.calendar.local_date(at.now),
            taken_by=at.by.id,
            documents=tuple(case.documents[-count:]),
        )
    )


def add_from_agency(case: Case, code: str, number: str | None, at: Context) -> None:
    """A document that another body or our own work brought, never the citizen."""
    if code not in {document.code for document in case.documents}:
        case.documents.append(Document(code=code, number=number, registered_at=at.now))


def complete_package(case: Case, at: Context) -> list[Event]:
    """The package is complete the moment its last document is there (R 3.3.9).

    In a closed case too, so that the order in which others are heard is no matter.
    """
    waits = Status.APPLICATION_REGISTERED
    if waits not in {case.status, case.status is Status.CLOSED and case.status_before}:
        return []
    if missing_documents(case):
        return []
    if case.status is Status.CLOSED:
        case.status_before = Status.PACKAGE_COMPLETE
    else:
        case.status = Status.PACKAGE_COMPLETE
    return [PackageCompleted(by=at.by, documents=_codes(case))]


def _add(case: Case, documents: Iterable[GivenDocument], at: Context) -> None:
    known = {document.code: document for document in case.pack.documents}
    present = {document.code for document in case.documents}
    today = at.calendar.local_date(at.now)
    for index, given in enumerate(documents):
        field = f"documents.{index}.code"
        rule = known.get(given.code)
        if rule is None:
            raise InvalidInput(
                "unknown-document",
                f"documents are: {', '.join(known)}",
                field=field,
                clause="R 2.6",
            )
        if rule.source is DocumentSource.INTERAGENCY:
            raise InvalidInput(
                "document-not-to-be-asked",
                "this document is fetched by interagency request; demanding it of the citizen"
                " is itself a ground for complaint",
                field=field,
                clause="R 2.6.1, 5.2",
            )
        if rule.source is DocumentSource.INSTITUTION:
            raise InvalidInput(
                "document-not-handed-in",
                "the institution makes this document itself",
                field=field,
                clause="R 3.3.8",
            )
        if given.code in present:
            raise InvalidInput("document-already-there", "this document is registered", field=field)
        check_dated(given.issued_on, today, f"documents.{index}.issued_on", "R 2.6")
        present.add(given.code)
        case.documents.append(
            Document(
                code=given.code,
                issued_on=given.issued_on,
                number=given.number,
                registered_at=at.now,
            )
        )


def _codes(case: Case) -> tuple[str, ...]:
    return tuple(document.code for document in case.documents)
