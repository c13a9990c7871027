"""Others' events: any order and number of deliveries across the streams gives the same state."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.document import Document, Origin, Reading, issue, receive
from chassis.tracing import begin
from contracts import assessment, careplan
from contracts.assessment import SurveyOutcome
from contracts.careplan import Outcome, ServiceForm
from contracts.context import Context
from contracts.documents import PackageCompleted
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.intake import CASE, CaseClosed, CaseReopened
from contracts.values import SYSTEM
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.notices import task_status
from services.intake.handlers import CASE_HANDLERS
from tests.unit.intake.sample import (
    CALENDAR,
    CERTIFICATE,
    HOSPITAL,
    NOON,
    REQUEST,
    decline,
    in_status,
    record_certificate,
    sent,
    when,
)

READING = Reading(
    CASE_HANDLERS,
    Origin(CASE, "intake", "leninsk-kuznetsky"),
    lambda envelope: Context(now=envelope.time, by=SYSTEM, calendar=CALENDAR),
)
BY = when().by


def stream(kind: str, *events: Event, minutes: int = 0) -> list[Envelope]:
    """The envelopes of one owner's stream, an hour between them."""
    document: Document[Any] = Document(id="C1", state=SYSTEM)
    for hour, event in enumerate(events):
        moment = NOON + timedelta(days=1, hours=hour, minutes=minutes)
        at = Context(now=moment, by=SYSTEM, calendar=CALENDAR)
        issue(document, [event], at, Origin(kind, kind.split(".", maxsplit=1)[0], "d"), begin())
    return document.outbox


def surveyed(outcome: SurveyOutcome = SurveyOutcome.COMMISSION) -> Event:
    return assessment.SurveyCompleted(by=BY, outcome=outcome)


def assessed(case: Case) -> Event:
    return assessment.NeedsAssessed(
        by=BY,
        case=case.reference,
        proposal=assessment.Proposal.SERVICE,
        organizer="org-1",
        instrument="care-need-2026",
        instrument_version="1",
        group=4,
        level=2,
    )


def opened(case: Case, *, reopened: bool) -> Event:
    return assessment.AssessmentOpened(by=BY, case=case.reference, reopened=reopened)


DRAFTED = careplan.PlanDrafted(by=BY, plan_version=1, weekly_minutes=600, executors=("p-1",))
ENROL = careplan.Decided(by=BY, outcome=Outcome.ENROL, form=ServiceForm.HOME)
REFUSE = careplan.Decided(by=BY, outcome=Outcome.REFUSE)
REFUSED = careplan.Refused(by=BY, notice_number="9-у", grounds=("no_need",))
ANNULLED = careplan.CaseReopened(by=BY, complaint_id="K1")
ENROLLED = careplan.Enrolled(
    by=BY, order_number="15-з", form=ServiceForm.HOME, level=2, provider="p-1"
)


def case_in(status: Status) -> Document[Case]:
    case = in_status(status)
    case.requester = HOSPITAL
    return Document(id="C1", state=case, rev=1, version=1)


def awaiting_sheet() -> Document[Case]:
    """Only the information sheet is missing in the package."""
    case = sent()
    record_certificate(case, REQUEST, CERTIFICATE, when())
    return Document(id="C1", state=case, rev=1, version=1)


def deliver(document: Document[Case], envelopes: Sequence[Envelope]) -> Document[Case]:
    for envelope in envelopes:
        receipt = receive(document, envelope, READING, 0)
        assert receipt.failed is None, receipt.failed
    return document


def seen(document: Document[Case]) -> dict[str, Any]:
    """All that a case is, but the moment at which the next notice is tried."""
    return {
        "state": document.state.model_dump(exclude={"notice": {"next_attempt_at"}}),
        "streams": document.streams,
        "parked": document.parked,
        "said": sorted(envelope.type for envelope in document.outbox),
    }


STORIES: dict[str, tuple[list[Event], bool]] = {
    "enrolled": ([ENROL, ENROLLED], False),
    "refused": ([REFUSE, REFUSED], False),
    "refused, annulled, enrolled": ([REFUSE, REFUSED, ANNULLED, ENROL, ENROLLED], False),
    "declined at the survey and back": ([ENROL], True),
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("status", [Status.TRIAGED, Status.APPLICATION_REGISTERED, None])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), copies=st.integers(1, 3))
def test_any_order_and_number_of_deliveries_is_the_same_state(
    status: Status | None, story: str, seed: int, copies: int
) -> None:
    def start() -> Document[Case]:
        return awaiting_sheet() if status is None else case_in(status)

    planned, returns = STORIES[story]
    case = start().state
    first: list[Event] = [opened(case, reopened=False)]
    if returns:
        first += [assessment.AssessmentDeclined(by=BY), opened(case, reopened=True)]
    envelopes = [
        *stream(assessment.CASE, *first, surveyed(), assessed(case)),
        *stream(careplan.CASE, DRAFTED, *planned, minutes=30),
    ]
    expected = deliver(start(), envelopes)
    assert expected.parked == []
    shuffled = envelopes * copies
    random.Random(seed).shuffle(shuffled)
    assert seen(deliver(start(), shuffled)) == seen(expected)


def test_information_sheet_completes_the_package_r_3_3_8() -> None:
    document = deliver(awaiting_sheet(), stream(assessment.CASE, surveyed()))
    assert document.state.status is Status.PACKAGE_COMPLETE
    assert [envelope.type for envelope in document.outbox] == [PackageCompleted.type]


def test_sheet_heard_after_the_refusal_still_completes_the_package_on_return_r_5_8() -> None:
    document = deliver(
        awaiting_sheet(),
        [
            *stream(careplan.CASE, REFUSE, REFUSED),
            *stream(assessment.CASE, surveyed()),
        ],
    )
    assert document.state.over
    deliver(document, stream(careplan.CASE, REFUSE, REFUSED, ANNULLED)[2:])
    assert document.state.status is Status.PACKAGE_COMPLETE


def test_refusal_notice_closes_the_case_and_its_terms_r_3_6_4() -> None:
    document = Document(id="C1", state=sent(), rev=1, version=1)
    deliver(document, stream(careplan.CASE, REFUSE, REFUSED))
    assert document.state.over
    assert document.state.terms.running == []
    closed = document.outbox[0].event()
    assert isinstance(closed, CaseClosed)
    assert closed.reason == "refused"
    assert [term.code for term in closed.closed] == ["interagency-answer"]


def test_annulled_refusal_takes_the_case_up_again_with_its_terms_r_5_8() -> None:
    document = Document(id="C1", state=sent(), rev=1, version=1)
    deliver(document, stream(careplan.CASE, REFUSE, REFUSED, ANNULLED))
    assert document.state.status is Status.APPLICATION_REGISTERED
    assert not document.state.over
    assert document.state.progress.refusal_grounds == []
    reopened = document.outbox[1].event()
    assert isinstance(reopened, CaseReopened)
    assert [term.code for term in reopened.opened] == ["interagency-answer"]


def test_refusal_of_a_declined_case_remembers_where_it_stood_r_5_8() -> None:
    case = sent()
    decline(case, when())
    document = Document(id="C1", state=case, rev=1, version=1)
    deliver(document, stream(careplan.CASE, REFUSE, REFUSED, ANNULLED))
    assert document.state.status is Status.APPLICATION_REGISTERED


def test_enrolment_ends_the_procedure_and_a_new_referral_is_a_new_case_r_3_6_3() -> None:
    document = deliver(case_in(Status.PACKAGE_COMPLETE), stream(careplan.CASE, ENROL, ENROLLED))
    assert document.state.over
    assert document.state.enrolled
    assert document.state.progress.provider == "p-1"


@pytest.mark.parametrize(("during_survey", "declined"), [(True, True), (False, False)])
def test_decline_at_the_survey_is_told_until_the_citizen_returns_r_3_3_7_2(
    during_survey: bool, declined: bool
) -> None:
    document = case_in(Status.TRIAGED)
    case = document.state
    events = [
        opened(case, reopened=False),
        assessment.AssessmentDeclined(by=BY, during_survey=during_survey),
        opened(case, reopened=True),
    ]
    envelopes = stream(assessment.CASE, *events)
    deliver(document, envelopes[:2])
    assert (task_status(document.state)[1] == "citizen-declined") is declined
    deliver(document, envelopes[2:])
    assert task_status(document.state) == ("accepted", None)


def test_event_of_an_unknown_type_is_counted_and_passed_over() -> None:
    document = case_in(Status.TRIAGED)
    known = stream(careplan.CASE, DRAFTED)[0]
    unknown = known.model_copy(update={"type": "ru.opora.careplan.plan-sung.v1"})
    receipt = receive(document, unknown, READING, 0)
    assert (receipt.unknown, receipt.applied) == (1, 1)
    assert document.state == case_in(Status.TRIAGED).state
