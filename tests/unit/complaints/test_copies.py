"""The copy of a case, and who may know of cases and complaints."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from contracts.careplan import (
    CaseReopened,
    Decided,
    Enrolled,
    Outcome,
    Refused,
    ServiceForm,
)
from contracts.context import Context
from contracts.event import Event
from contracts.referral import (
    Channel,
    ReferralForwarded,
    ReferralRegistered,
    ReferralReturned,
    ReturnReason,
)
from contracts.values import SYSTEM, Actor
from services.complaints.domain.case import CaseCopy, serves
from services.complaints.domain.complaint import involves
from services.complaints.handlers import CASE_HANDLERS
from tests.unit.complaints.conftest import (
    BODY,
    CALENDAR,
    DEPARTMENT,
    INSTITUTION,
    REF,
    case,
    officer,
    registered,
)

HEAD = Actor(id="head", role="authorised_body_head", organization=BODY)
NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
REGISTERED = ReferralRegistered(
    by=SYSTEM,
    case=REF,
    journal_number=REF.number,
    received_at=NOW,
    channel=Channel.PORTAL,
    status_code_hash="h",
)
REFUSED = Decided(by=HEAD, outcome=Outcome.REFUSE)
NOTICE = Refused(by=HEAD, notice_number="17-о", grounds=("no_need",))
REOPENED = CaseReopened(by=SYSTEM, complaint_id="Z-1")
ENROLLED = Decided(by=HEAD, outcome=Outcome.ENROL, form=ServiceForm.HOME)
ORDER = Enrolled(by=HEAD, order_number="31-з", form=ServiceForm.HOME, provider=INSTITUTION)


def told(*events: Event) -> CaseCopy:
    copy = CaseCopy(id=REF.case_id)
    for event in events:
        handled = CASE_HANDLERS[type(event)](
            copy, event, Context(now=NOW, by=SYSTEM, calendar=CALENDAR)
        )
        assert list(handled) == []
    return copy


def test_copy_shows_the_decision_that_may_be_complained_of() -> None:
    copy = told(REGISTERED, REFUSED, NOTICE)
    assert copy.ref == REF
    assert copy.decision is not None
    assert (copy.decision.decided_by, copy.decision.decided_at) == ("head", NOW)
    assert (copy.notice_number, copy.refusal_grounds) == ("17-о", ["no_need"])
    assert copy.refused


@pytest.mark.parametrize(
    ("events", "refused"),
    [
        ((), False),
        ((REFUSED,), True),
        ((REFUSED, NOTICE, REOPENED), False),
        ((REFUSED, NOTICE, REOPENED, REFUSED), True),
        ((REFUSED, NOTICE, REOPENED, ENROLLED, ORDER), False),
    ],
)
def test_refusal_stands_until_it_is_annulled(events: tuple[Event, ...], refused: bool) -> None:
    assert told(REGISTERED, *events).refused is refused


def test_new_decision_forgets_the_notice_of_the_old_one() -> None:
    copy = told(REFUSED, NOTICE, ENROLLED, ORDER)
    assert (copy.notice_number, copy.refusal_grounds, copy.order_number) == (None, [], "31-з")


def test_order_across_streams_is_no_matter() -> None:
    """Intake's only event may come before, between or after careplan's, which keep their order."""
    careplan = [REFUSED, NOTICE, REOPENED, ENROLLED, ORDER]
    orders = [
        order
        for order in permutations([REGISTERED, *careplan])
        if [event for event in order if event is not REGISTERED] == careplan
    ]
    assert len(orders) == 6
    assert len({told(*order).model_dump_json() for order in orders}) == 1


@pytest.mark.parametrize(
    ("organization", "of_department", "knows"),
    [
        (INSTITUTION, False, True),
        (BODY, False, True),
        (DEPARTMENT, True, True),
        ("r-authorised-body-09", False, False),
        (None, True, False),
    ],
)
def test_case_is_known_to_those_who_serve_it(
    organization: str | None, of_department: bool, knows: bool
) -> None:
    actor = officer(organization=organization)
    assert serves(case(), actor, of_department=of_department) is knows


def test_case_that_others_spoke_of_first_is_known_to_nobody() -> None:
    assert not serves(told(REFUSED), officer(), of_department=True)


@pytest.mark.parametrize(
    ("organization", "of_department", "knows"),
    [
        ("mfc-1", False, True),
        (BODY, False, True),
        (INSTITUTION, False, True),
        (DEPARTMENT, True, True),
        (DEPARTMENT, False, False),
        ("r-institution-03", False, False),
        (None, True, False),
    ],
)
def test_complaint_is_known_to_the_bodies_concerned(
    organization: str | None, of_department: bool, knows: bool
) -> None:
    complaint = registered(body="mfc-1")
    actor = officer(organization=organization)
    assert involves(complaint, actor, of_department=of_department) is knows


def test_forwarded_case_is_its_new_institutions_r_3_1_2() -> None:
    with_body = REF.model_copy(update={"institution": BODY})
    forwarded = ReferralForwarded(by=SYSTEM, case=REF, sender=BODY)
    returned = ReferralReturned(
        by=SYSTEM, case=with_body, institution=INSTITUTION, reason=ReturnReason.OTHER
    )
    assert told(REGISTERED, returned).ref == with_body
    assert told(REGISTERED, returned, forwarded).ref == REF
