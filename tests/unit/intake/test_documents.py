"""Application and documents: what is needed, what may be asked, when it is all there (R 2.6)."""

from __future__ import annotations

from itertools import permutations

import pytest

from contracts.documents import ApplicationRegistered, DocumentsRegistered, PackageCompleted
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation import load_pack
from contracts.triage import TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.documents import (
    GivenDocument,
    missing_documents,
    needed_documents,
    register_application,
    register_documents,
)
from services.intake.domain.interagency import request_certificate
from services.intake.domain.records import ApplicantKind
from services.intake.domain.triage import answer_questions, triage_case
from tests.unit.intake.sample import (
    CERTIFICATE,
    CONSENTED,
    DANGER,
    HEAD,
    PAPERS,
    REQUEST,
    applied,
    local,
    record_certificate,
    register_sheet,
    registered,
    triaged,
    when,
)

ALWAYS = {
    "application",
    "identity",
    "family_composition",
    "medical_certificate",
    "pension_certificate",
    "information_sheet",
}
CITIZEN = ApplicantKind.CITIZEN


def apply(case: Case, *documents: GivenDocument, **changed: object) -> list[Event]:
    values: dict[str, object] = {"applicant": CITIZEN, "has_benefits": False, "consent": CONSENTED}
    values |= changed
    return register_application(case, documents=documents, at=when(), **values)  # type: ignore[arg-type]


def test_application_without_consent_is_refused_r_3_3_7() -> None:
    with pytest.raises(NotAllowedInState) as refused:
        apply(triaged(), consent=None)
    assert (refused.value.code, refused.value.clause) == ("consent-missing", "R 3.3.7")


@pytest.mark.parametrize(
    ("with_answers", "with_application", "taken"),
    [(True, False, True), (True, True, True), (False, True, True), (False, False, False)],
)
def test_application_waits_until_the_applicant_was_told_what_comes_r_3_1_4(
    with_answers: bool, with_application: bool, taken: bool
) -> None:
    case = registered()
    answer_questions(case, DANGER, False, when(), applicant_informed=with_answers)
    triage_case(case, TriageCode.IMMEDIATE, None, when())  # danger does not wait for it
    before = case.model_copy(deep=True)
    if taken:
        apply(case, applicant_informed=with_application)
        assert case.applicant_informed
        return
    with pytest.raises(NotAllowedInState) as refused:
        apply(case, applicant_informed=with_application)
    assert (refused.value.code, refused.value.clause) == ("applicant-not-informed", "R 3.1.4")
    assert case == before


def test_consultation_has_no_application_r_3_1_6() -> None:
    with pytest.raises(NotAllowedInState) as refused:
        apply(triaged(TriageCode.CONSULTATION))
    assert refused.value.code == "only-a-consultation"


@pytest.mark.parametrize(
    ("circumstances", "more"),
    [
        ({}, set()),
        ({"has_benefits": True}, {"benefits_proof"}),
        ({"applicant": ApplicantKind.LEGAL_REPRESENTATIVE}, {"representative_authority"}),
        ({"applicant": ApplicantKind.AUTHORISED_PERSON}, {"representative_authority"}),
        ({"relatives_cannot_care": True}, {"relatives_inability"}),
        ({"applicant": ApplicantKind.AUTHORISED_PERSON, "has_benefits": True},
         {"benefits_proof", "representative_authority"}),
        ({"has_benefits": True, "relatives_cannot_care": True},
         {"benefits_proof", "relatives_inability"}),
    ],
)  # fmt: skip
def test_circumstances_decide_what_is_needed_r_2_6_r_3_3_14(
    circumstances: dict[str, object], more: set[str]
) -> None:
    case = triaged()
    event, *rest = apply(case, **circumstances)
    assert isinstance(event, ApplicationRegistered)
    assert rest == []
    assert set(needed_documents(case)) == ALWAYS | more
    assert set(event.missing) == (ALWAYS | more) - {"application"}
    assert event.documents == ("application",)


def test_interagency_request_is_due_two_days_after_the_application_r_3_2_4() -> None:
    case = triaged()
    (event,) = register_application(
        case, CITIZEN, False, [], when(local(2026, 2, 6)), consent=CONSENTED
    )
    assert isinstance(event, ApplicationRegistered)
    (term,) = event.opened
    assert (term.code, term.clause) == ("interagency-request", "R 3.2.4")
    assert term.due_on.isoformat() == "2026-02-08"  # a Sunday: the days are calendar days


@pytest.mark.parametrize(
    ("code", "refusal", "clause"),
    [
        ("pension_certificate", "document-not-to-be-asked", "R 2.6.1, 5.2"),
        ("information_sheet", "document-not-handed-in", "R 3.3.8"),
        ("horoscope", "unknown-document", "R 2.6"),
    ],
)
def test_what_may_not_be_asked_of_the_citizen_is_refused_r_2_6_1_r_5_2(
    code: str, refusal: str, clause: str
) -> None:
    for index, documents in enumerate([[], [PAPERS[0]]]):
        with pytest.raises(InvalidInput) as refused:
            apply(triaged(), *documents, GivenDocument(code=code))
        assert (refused.value.code, refused.value.clause) == (refusal, clause)
        assert refused.value.field == f"documents.{index}.code"
    with pytest.raises(InvalidInput) as later:
        register_documents(applied(), [GivenDocument(code=code)], when())
    assert later.value.code == refusal


def test_every_interagency_document_of_the_pack_is_kept_from_the_citizen_r_5_2() -> None:
    for document in load_pack("kuzbass-2013").documents:
        if document.may_be_asked_of_citizen or document.source == "relatives":
            continue
        with pytest.raises(InvalidInput):
            apply(triaged(), GivenDocument(code=document.code))


@pytest.mark.parametrize("twice", ["identity", "application"])
def test_document_that_is_there_is_not_taken_again(twice: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        register_documents(applied(), [GivenDocument(code=twice)], when())
    assert (refused.value.code, refused.value.field) == (
        "document-already-there",
        "documents.0.code",
    )
    with pytest.raises(InvalidInput):
        apply(triaged(), PAPERS[0], PAPERS[0])


def parts(case: Case) -> list[tuple[str, object]]:
    """What makes up the package after the application, each brought by another way."""

    def papers() -> list[Event]:
        return register_documents(case, PAPERS, when())

    def certificate() -> list[Event]:
        request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when())
        return record_certificate(case, REQUEST, CERTIFICATE, when())

    def sheet() -> list[Event]:
        register_sheet(case)
        return []

    return [("papers", papers), ("certificate", certificate), ("sheet", sheet)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_package_is_complete_whatever_comes_last_r_3_3_9(order: tuple[int, ...]) -> None:
    case = triaged()
    apply(case)
    for count, part in enumerate(order):
        assert case.status is Status.APPLICATION_REGISTERED, count
        _, bring = parts(case)[part]
        bring()  # type: ignore[operator]
    assert missing_documents(case) == ()
    assert case.status is Status.PACKAGE_COMPLETE


def test_package_waits_for_the_proof_that_relatives_cannot_care_r_3_3_14() -> None:
    case = triaged()
    apply(case, *PAPERS, relatives_cannot_care=True)
    register_sheet(case)
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when())
    answered = record_certificate(case, REQUEST, CERTIFICATE, when())
    assert not any(isinstance(event, PackageCompleted) for event in answered)
    assert missing_documents(case) == ("relatives_inability",)
    assert case.status is Status.APPLICATION_REGISTERED
    _, completed = register_documents(case, [GivenDocument(code="relatives_inability")], when())
    assert isinstance(completed, PackageCompleted)
    assert set(completed.documents) == ALWAYS | {"relatives_inability"}


def test_completion_is_said_once_with_every_document_r_3_3_9() -> None:
    case = triaged()
    apply(case)
    register_sheet(case)
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when())
    record_certificate(case, REQUEST, CERTIFICATE, when())
    registered, completed = register_documents(case, PAPERS, when())
    assert isinstance(registered, DocumentsRegistered)
    assert isinstance(completed, PackageCompleted)
    assert set(completed.documents) == ALWAYS
    register_sheet(case)
    assert len(case.documents) == len(ALWAYS)


def test_sheet_that_came_before_the_application_counts_r_3_3_8() -> None:
    case = triaged()
    register_sheet(case)
    assert case.status is Status.TRIAGED
    apply(case)
    assert "information_sheet" not in missing_documents(case)
