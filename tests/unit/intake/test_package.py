"""The package as people look at it; what may never be asked of a citizen (R 2.6, 2.6.1, 5.2)."""

from __future__ import annotations

from itertools import product

import pytest

from contracts.documents import DocumentAttached
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.regulation.entries import DocumentSource
from services.intake.domain.attaching import (
    MOST_ATTACHMENTS,
    attach,
    check_attachable,
    get_attachment,
    verify_document,
)
from services.intake.domain.case import Case
from services.intake.domain.documents import GivenDocument, register_application, register_documents
from services.intake.domain.interagency import Addressee, request_document
from services.intake.domain.package import Standing, package_of, to_bring
from services.intake.domain.records import ApplicantKind, Attachment, Presented
from services.intake.domain.requests import RequestWay
from tests.unit.intake.sample import (
    CONSENTED,
    HEAD,
    PAPERS,
    applied,
    requested,
    sent,
    triaged,
    when,
)


def scan(content: str = "1", code: str = "identity") -> Attachment:
    return Attachment(
        id=f"A{content}",
        code=code,
        media_type="application/pdf",
        size=7,
        sha256=content * 64,
        at=when().now,
        by="test:registrar",
    )


def standing(case: Case, code: str) -> Standing:
    return next(line.standing for line in package_of(case) if line.rule.code == code)


@pytest.mark.parametrize(
    ("applicant", "benefits", "relatives", "handed_in"),
    list(product(ApplicantKind, (False, True), (False, True), (0, 1, 3))),
)
def test_citizen_is_never_asked_for_what_another_body_has_r_2_6_1(
    applicant: ApplicantKind, benefits: bool, relatives: bool, handed_in: int
) -> None:
    """In no circumstances, whatever is there: R 5.2 makes the demand a ground for complaint."""
    case = triaged()
    register_application(
        case,
        applicant,
        benefits,
        PAPERS[:handed_in],
        when(),
        consent=CONSENTED,
        relatives_cannot_care=relatives,
    )
    asked = to_bring(case)
    assert {rule.source for rule in asked} <= {DocumentSource.CITIZEN, DocumentSource.RELATIVES}
    assert not {"pension_certificate", "information_sheet"} & {rule.code for rule in asked}
    for rule in case.pack.documents:
        if rule.source is DocumentSource.INTERAGENCY:
            with pytest.raises(InvalidInput, match="document-not-to-be-asked") as refused:
                register_documents(case, [GivenDocument(code=rule.code)], when())
            assert refused.value.clause == "R 2.6.1, 5.2"


def test_list_holds_what_is_missing_and_to_be_had_of_nobody_else_r_3_3_14() -> None:
    case = triaged()
    register_application(
        case,
        ApplicantKind.CITIZEN,
        True,
        PAPERS[:1],
        when(),
        consent=CONSENTED,
        relatives_cannot_care=True,
    )
    assert {rule.code: rule.source for rule in to_bring(case)} == {
        "family_composition": DocumentSource.CITIZEN,
        "medical_certificate": DocumentSource.CITIZEN,
        "benefits_proof": DocumentSource.CITIZEN,
        "relatives_inability": DocumentSource.RELATIVES,
    }
    to = Addressee(body="b", way=RequestWay.PAPER)
    request_document(case, "benefits_proof", "R7", to, "контакт", HEAD, when())
    assert "benefits_proof" not in {rule.code for rule in to_bring(case)}  # we fetch it ourselves
    assert standing(case, "benefits_proof") is Standing.REQUESTED


def test_each_document_says_how_it_stands_r_3_3_9() -> None:
    case = requested()
    assert {line.rule.code: line.standing for line in package_of(case)} == {
        "application": Standing.PRESENT,
        "identity": Standing.PRESENT,
        "family_composition": Standing.PRESENT,
        "medical_certificate": Standing.PRESENT,
        "benefits_proof": Standing.NOT_NEEDED,
        "representative_authority": Standing.NOT_NEEDED,
        "relatives_inability": Standing.NOT_NEEDED,
        "pension_certificate": Standing.REQUESTED,
        "information_sheet": Standing.MISSING,
    }
    assert all(line.rule.clause for line in package_of(case))


def test_receipts_are_numbered_without_a_gap_and_list_what_was_handed_in_then_r_3_3_9() -> None:
    case = applied(has_benefits=True)
    register_documents(case, [GivenDocument(code="benefits_proof", number="12")], when())
    assert [receipt.number for receipt in case.receipts] == [1, 2]
    first, second = ([d.code for d in receipt.documents] for receipt in case.receipts)
    assert first == ["application", "identity", "family_composition", "medical_certificate"]
    assert second == ["benefits_proof"]
    assert {receipt.taken_by for receipt in case.receipts} == {"test:registrar"}
    with pytest.raises(InvalidInput):
        register_documents(case, [GivenDocument(code="benefits_proof")], when())
    assert len(case.receipts) == 2


def test_file_is_attached_once_and_the_old_one_is_kept_r_2_6() -> None:
    case = applied()
    (event,) = attach(case, scan("1"), None, when())
    assert isinstance(event, DocumentAttached)
    assert attach(case, scan("1"), None, when()) == []
    (event,) = attach(case, scan("2"), "A1", when())
    assert event.replaces == "A1"  # type: ignore[attr-defined]
    assert [(a.id, a.replaced_by) for a in case.attachments] == [("A1", "A2"), ("A2", None)]
    assert get_attachment(case, "A1").replaced_by == "A2"


@pytest.mark.parametrize(
    ("replaces", "code"), [("A9", "no-such-attachment"), ("A2", "attachment-is-the-same")]
)
def test_file_replaces_one_of_its_own_document(replaces: str, code: str) -> None:
    case = applied()
    attach(case, scan("2"), None, when())
    attach(case, scan("9", "medical_certificate"), None, when())
    with pytest.raises(InvalidInput, match=code) as refused:
        attach(case, scan("2"), replaces, when())
    assert refused.value.field == "query.replaces"
    assert [a.replaced_by for a in case.attachments] == [None, None]


def test_what_was_replaced_cannot_be_replaced_again() -> None:
    case = applied()
    attach(case, scan("1"), None, when())
    attach(case, scan("2"), "A1", when())
    with pytest.raises(InvalidInput, match="no-such-attachment"):
        attach(case, scan("3"), "A1", when())


def test_scan_of_a_pension_certificate_is_taken_once_it_was_asked_for_r_2_6_1() -> None:
    with pytest.raises(NotAllowedInState, match="document-not-to-be-asked") as refused:
        check_attachable(applied(), "pension_certificate")
    assert refused.value.clause == "R 2.6.1, 5.2"
    assert check_attachable(sent(), "pension_certificate")


def test_document_that_the_regulation_does_not_know_has_no_files() -> None:
    with pytest.raises(NotFound):
        check_attachable(applied(), "diploma")
    with pytest.raises(NotFound):
        get_attachment(applied(), "A1")


def test_files_of_a_case_are_bounded() -> None:
    case = applied()
    case.attachments = [scan("1").model_copy() for _ in range(MOST_ATTACHMENTS)]
    with pytest.raises(NotAllowedInState, match="too-many-attachments"):
        attach(case, scan("2"), None, when())


@pytest.mark.parametrize(
    ("presented", "made", "certified", "code"),
    [
        (Presented.ORIGINAL, True, True, None),
        (Presented.ORIGINAL, False, False, None),
        (Presented.COPY, True, False, None),
        (Presented.CERTIFIED_COPY, True, True, None),
        (Presented.COPY, True, True, "copy-of-a-copy"),
        (Presented.ORIGINAL, False, True, "no-copy-to-certify"),
    ],
)
def test_copy_is_certified_against_the_original_r_2_6(
    presented: Presented, made: bool, certified: bool, code: str | None
) -> None:
    case = applied()
    seen = {"copy_made": made, "copy_certified": certified}
    if code is not None:
        with pytest.raises(InvalidInput, match=code):
            verify_document(case, "identity", presented, when(), **seen)
        assert case.verifications == []
        return
    verify_document(case, "identity", Presented.COPY, when())
    verify_document(case, "identity", presented, when(), **seen)
    (mark,) = case.verifications
    assert (mark.presented, mark.copy_made, mark.copy_certified) == (presented, made, certified)


def test_what_was_not_registered_was_not_seen() -> None:
    with pytest.raises(NotAllowedInState, match="document-not-registered"):
        verify_document(applied(), "benefits_proof", Presented.ORIGINAL, when())
