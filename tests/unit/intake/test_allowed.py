"""Every state × action: what the table allows succeeds, all else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from contracts.intake import ReturnReason, TriageCode
from services.intake.domain.case import ALLOWED, Action, Case, Status, require
from services.intake.domain.documents import GivenDocument, register_application, register_documents
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.interagency import record_certificate, request_certificate
from services.intake.domain.records import (
    ApplicantKind,
    ChosenBy,
    Forwarding,
    InteragencyRequest,
    UrgentMeasure,
)
from services.intake.domain.registration import link_referral, reopen
from services.intake.domain.triage import answer_questions, close_consultation, triage_case
from services.intake.domain.urgent import complete_urgent_measures, plan_urgent_measures
from tests.unit.intake.sample import (
    BODY,
    CERTIFICATE,
    DANGER,
    HEAD,
    INSTITUTION,
    REQUEST,
    THERE,
    decline,
    entry,
    in_status,
    when,
)

Prepare = Callable[[Case], object]
Do = Callable[[Case], Sequence[Event]]
MEASURE = UrgentMeasure(measure="Вызвать врача", responsible="Орлова")


def nothing(case: Case) -> None:
    """The state alone decides."""


def immediate(case: Case) -> None:
    case.code, case.urgent_measures = TriageCode.IMMEDIATE, []


def planned(case: Case) -> None:
    case.code, case.urgent_measures = TriageCode.IMMEDIATE, [MEASURE]


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


def consent(case: Case) -> Sequence[Event]:
    """Consent is asked of the case and kept with the citizen."""
    require(case, Action.RECORD_CONSENT)
    return []


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
        lambda case: complete_urgent_measures(case, ["сделано"], when()),
    ),
    Action.CLOSE_CONSULTATION: (consultation, lambda case: close_consultation(case, when())),
    Action.RECORD_CONSENT: (nothing, consent),
    Action.REGISTER_APPLICATION: (
        nothing,
        lambda case: register_application(
            case, ApplicantKind.CITIZEN, False, [], when(), consented=True
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
    Action.DECLINE: (nothing, decline),
    Action.REOPEN: (nothing, lambda case: reopen(case, when())),
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
        assert (case != before) is (action is not Action.RECORD_CONSENT)
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
    leaving = set(Action) - {Action.RECORD_ANSWER, Action.LINK_REFERRAL}
    ends = {s for s in Status if not any(s in ALLOWED[action] for action in leaving)}
    assert ends == {Status.AWAITED, Status.CLOSED}
