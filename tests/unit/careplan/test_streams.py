"""Events of three services in any order, any number of times, give one and the same case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.document import Document, Origin, Reading, issue, receive
from chassis.tracing import begin
from contracts.assessment import NeedsAssessed, OrganizerAssigned, Proposal
from contracts.careplan import CASE, CaseReopened
from contracts.complaints import (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintOutcome,
    Remedy,
    RemedyOrdered,
)
from contracts.context import Context
from contracts.documents import PackageCompleted
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.intake import CaseClosed, CaseDeclined
from contracts.intake import CaseReopened as CaseResumed
from contracts.values import SYSTEM
from services.careplan.domain.case import Case, Status
from services.careplan.handlers import CASE_HANDLERS, complained_case
from tests.unit.careplan.made import (
    CALENDAR,
    INTAKE_DOCUMENTS,
    MONDAY,
    ORGANIZER,
    REF,
    in_status,
)

DAY = timedelta(days=1)


def context(envelope: Envelope) -> Context:
    return Context(envelope.time, SYSTEM, CALENDAR, about=envelope.subject)


READING = Reading(CASE_HANDLERS, Origin(CASE, "careplan", "leninsk-kuznetsky"), context)


def told(kind: str, subject: str, *events: tuple[float, Event]) -> list[Envelope]:
    """A stream as its owner publishes it; each event on its day."""
    owner: Document[Any] = Document(id=subject, state=SYSTEM)
    for days, event in events:
        at = Context(now=MONDAY + days * DAY, by=SYSTEM, calendar=CALENDAR)
        origin = Origin(kind, kind.split(".", maxsplit=1)[0], "leninsk-kuznetsky")
        issue(owner, [event], at, origin, begin())
    return owner.outbox


def deliver(document: Document[Case], envelopes: list[Envelope]) -> Document[Case]:
    """As the consumer does."""
    for envelope in envelopes:
        receive(document, envelope, READING, 0)
    return document


def needs_assessed(proposal: Proposal = Proposal.SERVICE) -> NeedsAssessed:
    return NeedsAssessed(
        by=SYSTEM,
        case=REF,
        proposal=proposal,
        organizer=ORGANIZER,
        instrument="care-need-2026",
        instrument_version="1",
        group=4,
        level=2,
        weekly_minutes_from=1080,
        weekly_minutes_to=1260,
        days_per_week=7,
    )


def remedy(remedy: Remedy = Remedy.DECISION_ANNULLED) -> RemedyOrdered:
    return RemedyOrdered(by=SYSTEM, case_id="C1", remedy=remedy)


ASSESSMENT = told(
    "assessment.case",
    "C1",
    (0.0, OrganizerAssigned(by=SYSTEM, organizer="U-first")),
    (3.0, needs_assessed()),
    (4.0, OrganizerAssigned(by=SYSTEM, organizer="U-substitute")),
)
INTAKE = told(
    "intake.case",
    "C1",
    (1.0, CaseDeclined(by=SYSTEM)),
    (2.0, PackageCompleted(by=SYSTEM, documents=INTAKE_DOCUMENTS[:2])),
    (5.0, CaseResumed(by=SYSTEM)),
    (6.0, PackageCompleted(by=SYSTEM, documents=INTAKE_DOCUMENTS)),
    (40.0, CaseClosed(by=SYSTEM, reason="refused")),
)


def complaint(subject: str, *events: tuple[float, Event]) -> list[Envelope]:
    return told("complaints.complaint", subject, *events)


SATISFIED = ComplaintDecided(by=SYSTEM, case_id="C1", outcome=ComplaintOutcome.SATISFIED)
ANSWERED = ComplaintAnswered(by=SYSTEM, case_id="C1")
COMPLAINTS = [
    *complaint("K1", (20.0, SATISFIED), (20.5, remedy()), (21.0, ANSWERED)),
    *complaint("K2", (24.0, remedy(Remedy.MONEY_RETURNED)), (25.0, remedy())),
]
SHUFFLED: dict[str, tuple[Callable[[], Case], list[Envelope]]] = {
    "from the beginning": (lambda: Case(id="C1"), [*ASSESSMENT, *INTAKE, *COMPLAINTS]),
    "refused before": (lambda: in_status(Status.REFUSED), [*INTAKE, *COMPLAINTS]),
    "refusal not sent": (lambda: in_status(Status.DECIDED_REFUSE), [*INTAKE, *COMPLAINTS]),
}


def document(state: Case) -> Document[Case]:
    return Document(id="C1", state=state)


@pytest.mark.parametrize("beginning", SHUFFLED)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_order_and_any_number_of_deliveries_give_the_same_case(
    beginning: str, data: st.DataObject
) -> None:
    make, envelopes = SHUFFLED[beginning]
    as_told = deliver(document(make()), envelopes)
    more = data.draw(st.lists(st.sampled_from(envelopes), max_size=8))
    order = data.draw(st.permutations([*envelopes, *more]))
    shuffled = deliver(document(make()), order)
    assert shuffled.state.model_dump() == as_told.state.model_dump()
    assert shuffled.streams == as_told.streams
    assert shuffled.parked == []
    assert shuffled.version == as_told.version


def test_what_the_shuffled_events_lead_to() -> None:
    """The end that every order has: not just the same, but right."""
    planned = deliver(document(Case(id="C1")), [*ASSESSMENT, *INTAKE, *COMPLAINTS]).state
    assert (planned.status, planned.organizer) == (Status.PLANNING, "U-substitute")
    assert planned.documents == list(INTAKE_DOCUMENTS)
    assert starts(planned) == [("care-plan", MONDAY + 5 * DAY)]
    annulled = deliver(document(in_status(Status.REFUSED)), [*COMPLAINTS, *INTAKE]).state
    assert annulled.status is Status.SUBMITTED
    assert annulled.decisions[0].annulled_by == ["K1", "K2"]
    assert starts(annulled) == [("decision", MONDAY + 20.5 * DAY)]


def starts(case: Case) -> list[tuple[str, datetime]]:
    return [(term.deadline.code, term.deadline.started_at) for term in case.terms.running]


def test_the_case_is_reopened_by_the_complaint_that_was_satisfied() -> None:
    """R 5.8: also when the remedy had to wait for its stream's first event."""
    first, second, third = complaint("K9", (20.0, SATISFIED), (21.0, remedy()), (22.0, ANSWERED))
    reopened = deliver(document(in_status(Status.REFUSED)), [third, second, first])
    (event,) = [envelope.event() for envelope in reopened.outbox]
    assert isinstance(event, CaseReopened)
    assert event.complaint_id == "K9"
    assert [term.started_at for term in event.opened] == [MONDAY + 21 * DAY]


@pytest.mark.parametrize(
    ("data", "target"), [({"case_id": "C7"}, "C7"), ({}, None), ({"case_id": 7}, None)]
)
def test_a_complaint_is_read_into_the_case_it_names(
    data: dict[str, object], target: str | None
) -> None:
    (envelope,) = complaint("K9", (20.0, remedy()))
    assert complained_case(envelope.model_copy(update={"data": data})) == target
