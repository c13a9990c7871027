"""Every state × action: what the table allows succeeds, all else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from contracts.referral import Channel, ReturnReason, ReviewOutcome
from contracts.triage import TriageCode
from services.intake.domain.actions import ALLOWED, Action, Status
from services.intake.domain.answering import settle_answers
from services.intake.domain.assignment import assign_case
from services.intake.domain.attaching import attach, verify_document
from services.intake.domain.case import Case, require
from services.intake.domain.circumstances import CorrectedCircumstances, correct_circumstances
from services.intake.domain.closing import WithoutObject
from services.intake.domain.declining import reopen
from services.intake.domain.dispatching import dispatch_request
from services.intake.domain.documents import GivenDocument, register_application, register_documents
from services.intake.domain.ending import (
    close_consultation,
    close_without_object,
    withdraw_referral,
)
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.further import review_referrals
from services.intake.domain.interagency import Addressee, request_certificate, request_document
from services.intake.domain.joined_cases import close_joined
from services.intake.domain.linked import LinkedReferral
from services.intake.domain.records import (
    ApplicantKind,
    Attachment,
    ChosenBy,
    Forwarding,
    Presented,
    UrgentMeasure,
)
from services.intake.domain.registration import link_referral
from services.intake.domain.requests import (
    Answer,
    DifferingAnswer,
    DispatchWay,
    InteragencyRequest,
    RequestWay,
)
from services.intake.domain.status_code import issue_status_code
from services.intake.domain.task_states import TaskStatus
from services.intake.domain.triage import answer_questions, triage_case
from services.intake.domain.urgent import (
    MeasureResult,
    PlannedMeasure,
    plan_urgent_measures,
    record_urgent_results,
)
from tests.unit.intake.sample import (
    ADVICE,
    BODY,
    CERTIFICATE,
    CONSENTED,
    DANGER,
    HEAD,
    INSTITUTION,
    REQUEST,
    THERE,
    dead_code,
    decline,
    entry,
    in_status,
    record_certificate,
    when,
)

Prepare = Callable[[Case], object]
Do = Callable[[Case], Sequence[Event]]
IN_HOSPITAL = CorrectedCircumstances(
    in_hospital=True, home_care_asked=False, reason="отметили не то"
)
MEASURE = PlannedMeasure(measure="Вызвать врача", responsible="Орлова")


def nothing(case: Case) -> None:
    """The state alone decides."""


def immediate(case: Case) -> None:
    case.code, case.urgent_measures = TriageCode.IMMEDIATE, []


def planned(case: Case) -> None:
    case.code = TriageCode.IMMEDIATE
    case.urgent_measures = [UrgentMeasure(measure="Вызвать врача", responsible="Орлова")]


def consultation(case: Case) -> None:
    case.code = TriageCode.CONSULTATION


def asked(case: Case) -> None:
    case.request = InteragencyRequest(
        id=REQUEST,
        requesting_body="r-institution-15",
        addressed_body="office-01",
        service="зачисление",
        legal_ground="R 2.6.1",
        data_needed="размер пенсии",
        return_contact="opora@example.org",
        signed_at=when().now,
        sent_on=when().now.date(),
        signatory=HEAD,
    )


def answered_twice(case: Case) -> None:
    asked(case)
    case.differing_answers = [
        DifferingAnswer(
            request_id=REQUEST, answer=Answer(refusal="нет"), at=when().now, by="test:registrar"
        )
    ]


SCAN = Attachment(
    id="A1",
    code="identity",
    media_type="application/pdf",
    size=1,
    sha256="0" * 64,
    at=when().now,
    by="test:registrar",
)


def sent_by_hospital(case: Case) -> None:
    case.entry_id, case.requester = entry().id, "hospital-03"


def referred_again(case: Case) -> None:
    case.linked = [
        LinkedReferral(
            entry_id=entry(2).id,
            received_at=when().now,
            channel=Channel.PHONE,
            to_review=True,
        )
    ]


def forwarded(case: Case) -> None:
    case.forwardings = [
        Forwarding(
            sender=BODY,
            sender_body=BODY,
            institution=INSTITUTION,
            sent_at=when().now,
            sent_by="test:registrar",
            chosen_by=ChosenBy.PERSON,
        )
    ]
    if case.ref is not None:
        case.ref = case.ref.model_copy(update={"institution": INSTITUTION})


def of_citizen(action: Action) -> Do:
    """Consent is asked of the case and kept with the citizen."""

    def do(case: Case) -> Sequence[Event]:
        require(case, action)
        return []

    return do


OF_CITIZEN = (Action.RECORD_CONSENT, Action.WITHDRAW_CONSENT)


WAYS: dict[Action, tuple[Prepare, Do]] = {
    Action.ANSWER_QUESTIONS: (
        nothing,
        lambda case: answer_questions(case, DANGER, False, when(), applicant_informed=True),
    ),
    Action.TRIAGE: (
        nothing,
        lambda case: triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when()),
    ),
    Action.PLAN_URGENT_MEASURES: (
        immediate,
        lambda case: plan_urgent_measures(case, [MEASURE], when()),
    ),
    Action.COMPLETE_URGENT_MEASURES: (
        planned,
        lambda case: record_urgent_results(
            case, [MeasureResult(measure=1, done=True, result="сделано")], when()
        ),
    ),
    Action.CLOSE_CONSULTATION: (
        consultation,
        lambda case: close_consultation(case, ADVICE, when()),
    ),
    **{action: (nothing, of_citizen(action)) for action in OF_CITIZEN},
    Action.REGISTER_APPLICATION: (
        nothing,
        lambda case: register_application(
            case, ApplicantKind.CITIZEN, False, [], when(), consent=CONSENTED
        ),
    ),
    Action.REGISTER_DOCUMENTS: (
        nothing,
        lambda case: register_documents(case, [GivenDocument(code="benefits_proof")], when()),
    ),
    Action.REQUEST_CERTIFICATE: (
        nothing,
        lambda case: request_certificate(case, "R2", "office-01", "контакт", HEAD, when()),
    ),
    Action.VERIFY_DOCUMENT: (
        nothing,
        lambda case: verify_document(case, "application", Presented.ORIGINAL, when()),
    ),
    Action.ATTACH_DOCUMENT: (nothing, lambda case: attach(case, SCAN, None, when())),
    Action.REQUEST_DOCUMENT: (
        nothing,
        lambda case: request_document(
            case,
            "representative_authority",
            "R2",
            Addressee(body="guardians-01", way=RequestWay.PAPER),
            "контакт",
            HEAD,
            when(),
        ),
    ),
    Action.DISPATCH_REQUEST: (
        asked,
        lambda case: dispatch_request(
            case, REQUEST, {DispatchWay.FAX: None}, when().now.date(), None, when()
        ),
    ),
    Action.SETTLE_ANSWER: (
        answered_twice,
        lambda case: settle_answers(case, REQUEST, take_second=False, reason="опечатка", at=when()),
    ),
    Action.RECORD_ANSWER: (
        asked,
        lambda case: record_certificate(case, REQUEST, CERTIFICATE, when()),
    ),
    Action.FORWARD_REFERRAL: (
        nothing,
        lambda case: forward_referral(case, THERE, ChosenBy.PERSON, None, when(org=BODY)),
    ),
    Action.RETURN_REFERRAL: (
        forwarded,
        lambda case: return_referral(case, ReturnReason.ANOTHER_SERVES, None, when()),
    ),
    Action.LINK_REFERRAL: (nothing, lambda case: link_referral(case, entry(2), when())),
    Action.REVIEW_REFERRAL: (
        referred_again,
        lambda case: review_referrals(case, ReviewOutcome.NOTHING_NEW, "то же самое", when()),
    ),
    Action.WITHDRAW_REFERRAL: (
        sent_by_hospital,
        lambda case: withdraw_referral(
            case, entry().id, TaskStatus.ENTERED_IN_ERROR, "ошибка", when(), hash_of=dead_code
        ),
    ),
    Action.CLOSE_WITHOUT_OBJECT: (
        nothing,
        lambda case: close_without_object(case, WithoutObject.DIED, when()),
    ),
    Action.JOIN: (nothing, lambda case: close_joined(case, "C0", when())),
    Action.DECLINE: (nothing, decline),
    Action.REOPEN: (nothing, lambda case: reopen(case, when())),
    Action.ASSIGN: (
        referred_again,
        lambda case: assign_case(case, "test:ivanova", "её участок", when()),
    ),
    Action.ISSUE_STATUS_CODE: (
        nothing,
        lambda case: issue_status_code(case, lambda issue: f"{issue:064d}", when()),
    ),
    Action.CORRECT_CIRCUMSTANCES: (
        nothing,
        lambda case: correct_circumstances(case, IN_HOSPITAL, when()),
    ),
}
"""For each action what must hold besides the state, and a minimal valid call."""


def test_every_action_is_walked() -> None:
    assert set(WAYS) == set(Action) == set(ALLOWED)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", list(Status))
def test_only_what_the_table_allows_happens(status: Status, action: Action) -> None:
    case = in_status(status)
    prepare, do = WAYS[action]
    prepare(case)
    before = case.model_copy(deep=True)
    if status in ALLOWED[action]:
        events = do(case)
        assert (case != before) is (action not in OF_CITIZEN)
        assert all(event.stream == "intake.case" for event in events)
        return
    with pytest.raises(NotAllowedInState) as refused:
        do(case)
    assert refused.value.code in {"not-allowed-in-state", "questions-unanswered"}
    assert case == before


@pytest.mark.parametrize("status", list(Status))
def test_answer_without_a_request_is_no_record(status: Status) -> None:
    with pytest.raises(NotFound):
        record_certificate(in_status(status), "R9", CERTIFICATE, when())


def test_every_state_but_the_last_leads_on() -> None:
    """A state that no action leaves is an end; only a closed case is one."""
    leaving = set(Action) - {
        Action.RECORD_ANSWER,
        Action.SETTLE_ANSWER,
        Action.LINK_REFERRAL,
        Action.REVIEW_REFERRAL,
        Action.WITHDRAW_REFERRAL,
        Action.WITHDRAW_CONSENT,
        Action.ASSIGN,
        Action.ISSUE_STATUS_CODE,
    }
    ends = {s for s in Status if not any(s in ALLOWED[action] for action in leaving)}
    assert ends == {Status.AWAITED, Status.CLOSED}
