"""Requests of every kind and their answers: late, twice, different, no, unreadable (R 3.2, 7.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts.documents import (
    CertificateReceived,
    InteragencyAnswerOverdue,
    InteragencyAnswerReceived,
    InteragencyRequestSent,
    PackageCompleted,
)
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.intake import TermMissed
from contracts.roles import Role
from services.intake.domain.answering import (
    MOST_KEPT,
    MOST_TEXT,
    keep_garbled,
    needs_a_person,
    record_answer,
    settle_answers,
)
from services.intake.domain.case import Case
from services.intake.domain.declining import reopen
from services.intake.domain.dispatching import (
    dispatch_request,
    enter_queue,
    record_not_sent,
    record_sent,
    still_to_dispatch,
)
from services.intake.domain.interagency import (
    MOST_REQUESTS,
    Addressee,
    get_request,
    request_certificate,
    request_document,
)
from services.intake.domain.records import ApplicantKind
from services.intake.domain.request_lists import RequestList, due_of, lists_of, worklist_dues
from services.intake.domain.requests import (
    Answer,
    DispatchWay,
    FetchedDocument,
    InteragencyRequest,
    RequestState,
    RequestWay,
)
from services.intake.domain.terms import sound_terms
from tests.unit.intake.sample import (
    CERTIFICATE,
    HEAD,
    NOON,
    REQUEST,
    applied,
    decline,
    local,
    record_certificate,
    record_negative_answer,
    register_sheet,
    requested,
    sent,
    when,
)

PAPER = "R0007"
GUARDIANS = Addressee(
    body="unlisted", way=RequestWay.PAPER, name="Орган опеки", address="ул. Советская, 21"
)
FOUND = Answer(document=FetchedDocument(number="147", issued_on=date(2025, 3, 1)))
OTHER = Answer(document=FetchedDocument(number="148"))
BOTH = {DispatchWay.FAX: None, DispatchWay.POST: "80080000000017"}
TODAY = date(2026, 2, 2)
OVERDUE = local(2026, 2, 10)


def represented() -> Case:
    """A case whose applicant is a guardian; the authority is to be had of the guardians' body."""
    return applied(ApplicantKind.LEGAL_REPRESENTATIVE)


def asked(case: Case | None = None, request_id: str = PAPER) -> Case:
    made = case or represented()
    kind = "representative_authority"
    assert (
        request_document(made, kind, request_id, GUARDIANS, "opora@example.org", HEAD, when()) == []
    )
    return made


def dispatched() -> Case:
    made = asked()
    dispatch_request(made, PAPER, BOTH, TODAY, None, when())
    return made


def paper(case: Case) -> InteragencyRequest:
    return get_request(case, PAPER)


def test_case_has_several_requests_at_once_r_3_2_1() -> None:
    case = asked(requested())
    assert [request.kind for request in case.every_request] == [
        "pension_certificate",
        "representative_authority",
    ]
    numbers = [request.outgoing_number for request in case.every_request]
    assert numbers == [f"{case.reference.number}/{n}" for n in (1, 2)]
    assert [request.id for request in case.sendable] == [REQUEST]  # paper leaves by hand


def test_request_carries_what_article_7_2_asks_for_whatever_its_kind() -> None:
    request = paper(asked())
    for field in ("requesting_body", "addressed_body", "service", "legal_ground", "data_needed"):
        assert getattr(request, field), field
    assert request.return_contact
    assert request.sent_on == TODAY
    assert request.signatory == HEAD


@pytest.mark.parametrize(
    ("kind", "way", "code"),
    [
        ("passport", RequestWay.PAPER, "unknown-kind"),
        ("family_composition", RequestWay.PAPER, "document-already-there"),
        ("representative_authority", RequestWay.ELECTRONIC, "not-electronic"),
    ],
)
def test_request_that_cannot_be_made_is_refused_r_3_2_2(
    kind: str, way: RequestWay, code: str
) -> None:
    case = represented()
    with pytest.raises((InvalidInput, NotAllowedInState), match=code):
        request_document(case, kind, PAPER, Addressee(body="b", way=way), "к", HEAD, when())
    assert case.every_request == []


def test_requests_of_a_case_are_bounded() -> None:
    case = asked()
    case.requests = [
        paper(case).model_copy(update={"id": f"R{n}", "state": RequestState.NEGATIVE})
        for n in range(MOST_REQUESTS)
    ]
    with pytest.raises(NotAllowedInState, match="too-many-requests-of-case"):
        asked(case, "Rlast")


def test_paper_request_is_sent_by_hand_and_its_term_runs_from_that_day_r_3_2_2() -> None:
    case = asked()
    later = when(local(2026, 2, 5))
    (event,) = dispatch_request(case, PAPER, BOTH, date(2026, 2, 3), "01-12/345", later)
    assert isinstance(event, InteragencyRequestSent)
    assert event.document == "representative_authority"
    assert [(term.code, term.due_on) for term in event.opened] == [
        ("interagency-answer-guardianship", date(2026, 2, 10))
    ]
    request = paper(case)
    assert (request.state, request.sent_on) == (RequestState.SENT, date(2026, 2, 3))
    assert request.outgoing_number == "01-12/345"
    assert [(d.way, d.tracking) for d in request.dispatches] == list(BOTH.items())


def test_the_two_days_are_those_of_what_must_be_fetched_r_3_2_4() -> None:
    """A request that the citizen could have spared us does not end the term of one they cannot."""
    case = asked()
    (event,) = dispatch_request(case, PAPER, BOTH, TODAY, None, when())
    assert event.closed == ()  # type: ignore[attr-defined]
    assert "interagency-request" in [term.code for term in case.terms.deadlines]


@pytest.mark.parametrize(
    ("ways", "still"),
    [
        ({DispatchWay.FAX: None}, ("post_or_courier",)),
        ({DispatchWay.POST: None}, ("fax",)),
        ({DispatchWay.COURIER: None}, ("fax",)),
        ({DispatchWay.FAX: None, DispatchWay.POST: None}, ()),
        ({DispatchWay.FAX: None, DispatchWay.COURIER: None}, ()),
    ],
)
def test_fax_goes_with_post_or_courier_r_3_2_2(
    ways: dict[DispatchWay, str | None], still: tuple[str, ...]
) -> None:
    case = asked()
    dispatch_request(case, PAPER, ways, TODAY, None, when())
    assert still_to_dispatch(paper(case)) == still
    assert (RequestList.ATTENTION in lists_of(case, paper(case))) is bool(still)
    dispatch_request(case, PAPER, BOTH, TODAY, None, when())
    assert still_to_dispatch(paper(case)) == ()
    assert len(paper(case).dispatches) in {2, 3}


@pytest.mark.parametrize("day", [date(2026, 2, 1), date(2026, 2, 3)])
def test_day_of_sending_lies_between_signature_and_today_r_3_2_2(day: date) -> None:
    case = asked()
    with pytest.raises(InvalidInput, match="sent-on-impossible") as refused:
        dispatch_request(case, PAPER, BOTH, day, None, when())
    assert refused.value.field == "sent_on"
    assert paper(case).dispatches == []


def test_what_waits_for_its_gateway_may_go_on_paper_and_then_leaves_once_r_3_2_2() -> None:
    case = requested()
    (event,) = dispatch_request(case, REQUEST, BOTH, TODAY, None, when())
    assert [term.code for term in event.closed] == ["interagency-request"]  # type: ignore[attr-defined]
    assert case.sendable == []
    record_not_sent(case, when())
    assert case.sendable == []


def test_what_left_electronically_needs_no_paper_r_3_2_2() -> None:
    with pytest.raises(NotAllowedInState, match="request-left-electronically"):
        dispatch_request(sent(), REQUEST, BOTH, TODAY, None, when())


def test_answer_on_paper_is_a_document_of_the_package_210_fz_7_2() -> None:
    case = dispatched()
    (event,) = record_answer(case, PAPER, FOUND, when(local(2026, 2, 4)))
    assert isinstance(event, InteragencyAnswerReceived)
    assert not event.late
    assert [(term.code, term.met) for term in event.closed] == [
        ("interagency-answer-guardianship", True)
    ]
    assert [d.number for d in case.documents if d.code == "representative_authority"] == ["147"]
    assert not needs_a_person(case, paper(case))


def test_answer_completes_the_package_r_3_3_9() -> None:
    case = dispatched()
    record_sent_and_answered(case)
    register_sheet(case)
    events = record_answer(case, PAPER, FOUND, when())
    assert [type(event) for event in events] == [InteragencyAnswerReceived, PackageCompleted]


def record_sent_and_answered(case: Case) -> None:
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when())
    record_sent(case, when())
    record_certificate(case, REQUEST, CERTIFICATE, when())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(certificate=CERTIFICATE),
        Answer(document=FOUND.document, refusal="нет"),
    ],
)
def test_answer_of_another_kind_does_not_fit(answer: Answer) -> None:
    case = dispatched()
    with pytest.raises(InvalidInput, match="one-of-two") as refused:
        record_answer(case, PAPER, answer, when())
    assert refused.value.field == "document"
    assert paper(case).state is RequestState.SENT


def test_overdue_answer_is_said_by_name_and_each_term_is_its_own_210_fz_7_2() -> None:
    case = dispatched()
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, when())
    record_sent(case, when(local(2026, 2, 3)))
    events = sound_terms(case, when(OVERDUE))
    overdue = [event for event in events if isinstance(event, InteragencyAnswerOverdue)]
    assert [event.request_id for event in overdue] == [PAPER]
    assert [e.term.code for e in events if isinstance(e, TermMissed)] == [
        "interagency-answer-guardianship"
    ]
    states = {request.id: request.state for request in case.every_request}
    assert states == {PAPER: RequestState.OVERDUE, REQUEST: RequestState.SENT}


@pytest.mark.parametrize(("day", "late"), [(9, False), (10, True)])
def test_late_answer_is_taken_and_marked_late_210_fz_7_2(day: int, late: bool) -> None:
    case = sent()
    sound_terms(case, when(local(2026, 2, day)))
    (event,) = record_certificate(case, REQUEST, CERTIFICATE, when(local(2026, 2, day)))
    assert isinstance(event, CertificateReceived)
    assert event.late is late
    assert case.request is not None
    assert case.request.late is late
    assert case.request.certificate == CERTIFICATE


def test_repeated_request_reminds_of_the_first_and_either_may_be_answered_r_3_2() -> None:
    case = sent()
    sound_terms(case, when(OVERDUE))
    request_certificate(case, "R0002", "office-01", "opora@example.org", HEAD, when(OVERDUE))
    assert case.request is not None
    assert (case.request.id, case.request.repeats) == ("R0002", REQUEST)
    assert lists_of(case, get_request(case, REQUEST)) == set()  # its repetition stands there
    (event,) = record_certificate(case, REQUEST, CERTIFICATE, when(OVERDUE))
    assert isinstance(event, CertificateReceived)
    assert event.late
    assert case.sendable == []  # the second need not leave any more
    assert record_certificate(case, "R0002", CERTIFICATE, when(OVERDUE)) == []
    assert case.differing_answers == []


def test_second_answer_of_other_content_is_kept_for_a_person_r_2_6_1() -> None:
    case = sent()
    record_certificate(case, REQUEST, CERTIFICATE, when())
    other = CERTIFICATE.model_copy(update={"monthly_amount": 1})
    for _ in range(2):
        assert record_certificate(case, REQUEST, other, when()) == []
    assert record_certificate(case, REQUEST, CERTIFICATE, when()) == []
    assert [kept.answer for kept in case.differing_answers] == [Answer(certificate=other)]
    assert case.request is not None
    assert case.request.certificate == CERTIFICATE
    assert needs_a_person(case, case.request)
    assert lists_of(case, case.request) == {RequestList.ATTENTION}


@pytest.mark.parametrize("take_second", [False, True])
def test_person_decides_which_of_two_answers_holds_r_2_6_1(take_second: bool) -> None:
    case = dispatched()
    record_answer(case, PAPER, FOUND, when())
    record_answer(case, PAPER, OTHER, when())
    settle_answers(case, PAPER, take_second=take_second, reason="первый с опиской", at=when())
    wanted = OTHER if take_second else FOUND
    assert paper(case).fetched == wanted.document
    assert not needs_a_person(case, paper(case))
    (kept,) = case.differing_answers
    assert (kept.taken, kept.settled_by) == (take_second, "test:registrar")
    with pytest.raises(NotAllowedInState, match="nothing-to-settle"):
        settle_answers(case, PAPER, take_second=False, reason="ещё раз", at=when())


def test_second_answer_that_says_no_opens_the_request_again_when_it_holds_r_2_6_1() -> None:
    case = dispatched()
    record_answer(case, PAPER, FOUND, when())
    record_negative_answer(case, PAPER, "опека снята", when())
    settle_answers(case, PAPER, take_second=True, reason="подтверждено", at=when())
    assert paper(case).state is RequestState.NEGATIVE
    assert "representative_authority" not in {document.code for document in case.documents}
    asked(case, "R0008")


def test_negative_answer_twice_is_one_and_another_reason_is_kept_r_2_6_1() -> None:
    case = sent()
    record_negative_answer(case, REQUEST, "не состоит на учёте", when())
    record_negative_answer(case, REQUEST, "не состоит на учёте", when())
    assert case.differing_answers == []
    record_negative_answer(case, REQUEST, "умер", when())
    assert len(case.differing_answers) == 1


def test_garbled_answer_is_kept_aside_once_and_breaks_nothing_r_2_6_1() -> None:
    case = sent()
    before = case.model_copy(deep=True)
    text = "ы" * (MOST_TEXT + 5)
    assert keep_garbled(case, REQUEST, "f1", ["body.certificate: missing"], text, when())
    assert not keep_garbled(case, REQUEST, "f1", ["body.certificate: missing"], text, when())
    (kept,) = case.garbled_answers
    assert len(kept.text) == MOST_TEXT
    assert case.request is not None
    assert needs_a_person(case, case.request)
    assert case.model_copy(update={"garbled_answers": []}) == before
    (event,) = record_certificate(case, REQUEST, CERTIFICATE, when())  # put right meanwhile
    assert isinstance(event, CertificateReceived)
    settle_answers(case, REQUEST, take_second=False, reason="прислали снова", at=when())
    assert not needs_a_person(case, case.request)


def test_what_is_kept_aside_is_bounded() -> None:
    case = sent()
    for number in range(MOST_KEPT + 5):
        keep_garbled(case, REQUEST, f"f{number}", ["body: json_invalid"], "{", when())
    assert len(case.garbled_answers) == MOST_KEPT


def test_garbled_answer_alone_cannot_be_taken() -> None:
    case = sent()
    keep_garbled(case, REQUEST, "f1", ["body: json_invalid"], "{", when())
    with pytest.raises(InvalidInput, match="no-second-answer"):
        settle_answers(case, REQUEST, take_second=True, reason="взять", at=when())


@pytest.mark.parametrize("role", [Role.PENSION_FUND, Role.AGENCY])
def test_body_answers_only_what_it_was_asked_itself_r_3_2_2(role: Role) -> None:
    case = asked(sent())
    own, foreign = when(role=role, org="office-01"), when(role=role, org="office-02")
    for request_id, at in ((PAPER, own), (REQUEST, foreign)):
        with pytest.raises(NotFound):
            record_answer(case, request_id, Answer(refusal="нет"), at)
    record_answer(case, REQUEST, Answer(certificate=CERTIFICATE), own)
    assert case.request is not None
    assert case.request.state is RequestState.ANSWERED


def test_worklists_follow_a_request_on_its_way_r_3_2() -> None:
    case = requested()
    assert case.request is not None
    assert worklist_dues(case) == {RequestList.TO_SEND: case.request.send_by}
    record_sent(case, when())
    answer_due = case.terms.deadlines[-1].due_at
    assert worklist_dues(case) == {RequestList.SENT: answer_due}
    sound_terms(case, when(OVERDUE))
    assert worklist_dues(case) == {RequestList.OVERDUE: answer_due}
    record_negative_answer(case, REQUEST, "нет", when())
    assert list(worklist_dues(case)) == [RequestList.ATTENTION]
    record_certificate(case, REQUEST, CERTIFICATE, when())
    assert worklist_dues(case) == {}
    assert due_of(case, case.request) == case.request.answered_at


def test_nobody_works_at_requests_of_a_citizen_who_declined_r_3_3_7_2() -> None:
    case = asked(requested())
    decline(case, when())
    assert worklist_dues(case) == {}
    assert case.sendable == []
    reopen(case, when())
    assert [request.id for request in case.sendable] == [REQUEST]
    assert set(worklist_dues(case)) == {RequestList.TO_SEND}


def test_request_leaves_within_two_days_of_the_registration_of_documents_r_3_2_4() -> None:
    case = applied()
    later = when(NOON + timedelta(days=1))
    request_certificate(case, REQUEST, "office-01", "opora@example.org", HEAD, later)
    assert case.request is not None
    assert case.request.send_by == case.terms.deadlines[0].due_at
    assert case.terms.deadlines[0].started_at == when().now


def test_request_stored_before_there_was_a_queue_joins_it() -> None:
    case = requested()
    assert case.request is not None
    case.request.send_by = None
    assert case.sendable
    enter_queue(case)
    assert case.request.send_by == case.request.signed_at
