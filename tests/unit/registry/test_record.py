"""The record of a case is the same in whatever order, and however often, its events arrive."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import assessment, careplan, intake
from contracts.event import REGISTERED
from services.registry.domain.case import CaseRecord, involves
from services.registry.domain.log import CASE_STREAMS, case_of
from services.registry.domain.stages import Owner, Stage
from services.registry.domain.terms import TermState
from services.registry.handlers import CASE_HANDLERS
from tests.unit.registry.builders import (
    AUTHORISED_BODY,
    DAY,
    HOUR,
    INSTITUTION,
    MONDAY,
    Teller,
    assessment_of,
    careplan_of,
    intake_of,
    read,
    ref_of,
    somebody,
    whole_path,
)

REF = ref_of("C0000000000000000000000000000417")
PATH = [envelope for teller in whole_path(REF) for envelope in teller.envelopes()]
IN_ORDER = read(REF.case_id, PATH)


def test_every_event_of_the_streams_a_case_reads_is_taken_over() -> None:
    expected = {kind for kind in REGISTERED.values() if kind.stream in CASE_STREAMS}
    assert set(CASE_HANDLERS) == expected
    assert assessment.NeedsAssessed in expected


def test_path_ends_enrolled_with_every_term_ended() -> None:
    case = IN_ORDER.state
    assert case.standing == (Stage.ENROLLED, None)
    assert case.ref == REF
    assert case.result.enrolment is not None
    assert case.result.enrolment.order_number == "117-з"
    assert (case.result.level, case.result.group) == (2, 4)
    assert case.organizer is not None
    assert case.organizer.id == "test.organizer-3"
    assert case.received_at == MONDAY
    assert [(term.service, term.code, term.state(MONDAY)) for term in case.terms()] == [
        ("intake", "referral-analysis", TermState.MET),
        ("assessment", "primary-survey", TermState.MET),
        ("intake", "interagency-request", TermState.MET),
        ("assessment", "survey-stage", TermState.MET),
        ("intake", "interagency-answer", TermState.MET),
        ("careplan", "care-plan", TermState.MET),
        ("careplan", "decision", TermState.CLOSED_LATE),
        ("assessment", "commission", TermState.MET),
        ("complaints", "complaint", TermState.MET),
        ("complaints", "complaint", TermState.MET),
    ]


def test_care_planning_that_has_yet_to_hear_of_it_does_not_name_the_organizer_before_r_3_3_12() -> (
    None
):
    """It says whom it knows, later than the other took over."""
    named, opened = Teller(assessment.CASE, REF.case_id), Teller(careplan.CASE, REF.case_id)
    by = somebody("urgent_head")
    for organizer, moment in (("test.organizer-3", MONDAY), ("petrova@example.ru", MONDAY + DAY)):
        named.say(assessment.OrganizerAssigned(by=by, organizer=organizer), moment)
    late = careplan.PlanningOpened(by=by, case=REF, organizer="test.organizer-3")
    opened.say(late, MONDAY + DAY + HOUR)
    case = read(REF.case_id, [*named.envelopes(), *opened.envelopes()]).state
    assert case.organizer is not None
    assert case.organizer.id == "petrova@example.ru"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_order_with_duplicates_gives_the_same_bytes(data: st.DataObject) -> None:
    doubled = PATH + data.draw(st.lists(st.sampled_from(PATH), max_size=20))
    arrived = read(REF.case_id, data.draw(st.permutations(doubled)))
    assert arrived.state.model_dump_json() == IN_ORDER.state.model_dump_json()
    assert arrived.streams == IN_ORDER.streams
    assert arrived.version == IN_ORDER.version == len(PATH)
    assert arrived.parked == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_returning_citizen_is_read_the_same_in_any_order_of_streams(data: st.DataObject) -> None:
    told = [*_declined_and_back(), *whole_path(REF)[3:]]
    ahead = [e for teller in told for e in teller.envelopes()]
    arrived = read(REF.case_id, data.draw(st.permutations(ahead)))
    assert arrived.state.model_dump_json() == read(REF.case_id, ahead).state.model_dump_json()
    assert arrived.state.standing == (Stage.SURVEY, Owner.ASSESSMENT)


def _declined_and_back() -> list[Teller]:
    desk, visit = intake_of(REF), assessment_of(REF)
    visit.told = visit.told[:2]
    left, back = MONDAY + 5 * DAY, MONDAY + 6 * DAY
    desk.say(intake.CaseDeclined(by=somebody("registrar")), left)
    desk.say(intake.CaseReopened(by=somebody("registrar")), back)
    visit.say(
        assessment.AssessmentDeclined(by=somebody("system"), during_survey=False), left + HOUR
    )
    visit.say(
        assessment.AssessmentOpened(by=somebody("system"), case=REF, reopened=True), back + HOUR
    )
    return [desk, visit]


def test_each_stream_alone_already_says_whose_case_it_is() -> None:
    for teller in (intake_of(REF), assessment_of(REF), careplan_of(REF)):
        assert read(REF.case_id, teller.envelopes()).state.ref == REF


def test_word_of_intake_on_the_reference_counts_most() -> None:
    moved = REF.model_copy(update={"institution": "r-institution-16"})
    late, first = intake_of(moved).envelopes(), careplan_of(REF).envelopes()
    for order in (late + first, first + late):
        case = read(REF.case_id, order).state
        assert case.ref is not None
        assert case.ref.institution == "r-institution-16"


def test_organizer_named_last_is_the_organizer() -> None:
    path = [assessment_of(REF), careplan_of(REF)]
    path[0].say(
        assessment.OrganizerAssigned(by=somebody("specialist"), organizer="test.organizer-9"),
        MONDAY + 20 * DAY,
    )
    ahead = path[0].envelopes() + path[1].envelopes()
    behind = path[1].envelopes() + path[0].envelopes()
    for order in (ahead, behind):
        organizer = read(REF.case_id, order).state.organizer
        assert organizer is not None
        assert organizer.id == "test.organizer-9"


def test_complaint_names_its_case_and_other_streams_their_subject() -> None:
    assert {case_of(envelope) for envelope in PATH} == {REF.case_id}
    subjects = {envelope.subject for envelope in PATH if envelope.subject != REF.case_id}
    assert len(subjects) == 2


def test_complaint_without_a_case_is_nobodys() -> None:
    nameless = PATH[-1].model_copy(update={"data": {"by": {}}})
    assert case_of(nameless) is None


def test_annulled_refusal_stands_before_the_decision_again_R_5_8() -> None:
    plan = careplan_of(REF)
    plan.told = plan.told[:5]
    head = somebody("authorised_body_head", AUTHORISED_BODY)
    decided = MONDAY + 9 * DAY
    plan.say(careplan.Decided(by=head, outcome=careplan.Outcome.REFUSE), decided)
    assert read(REF.case_id, plan.envelopes()).state.stage is Stage.DECISION
    plan.say(
        careplan.Refused(by=head, notice_number="У-4", grounds=("not_in_need",)), decided + HOUR
    )
    refused = read(REF.case_id, plan.envelopes()).state
    assert refused.stage is Stage.REFUSED
    assert refused.result.refusal is not None
    plan.say(careplan.CaseReopened(by=head, complaint_id="K1"), decided + DAY)
    again = read(REF.case_id, plan.envelopes()).state
    assert again.standing == (Stage.DECISION, Owner.CAREPLAN)
    assert again.result.refusal is None


@pytest.mark.parametrize(
    ("role", "organization", "sees"),
    [
        ("registry_reader", None, True),
        ("operator", None, True),
        ("registrar", INSTITUTION, True),
        ("authorised_body_head", AUTHORISED_BODY, True),
        ("complaint_officer", AUTHORISED_BODY, True),
        ("registrar", "r-institution-16", False),
        ("authorised_body_head", "r-authorised-body-08", False),
        ("specialist", None, False),
    ],
)
def test_case_is_seen_by_who_serves_it_L_5_1(
    role: str, organization: str | None, sees: bool
) -> None:
    assert involves(IN_ORDER.state, somebody(role, organization)) is sees


@pytest.mark.parametrize(
    ("role", "organization", "sees"),
    [("registry_reader", None, True), ("registrar", INSTITUTION, False), ("registrar", "", False)],
)
def test_case_nobody_has_placed_yet_is_the_districts_only(
    role: str, organization: str, sees: bool
) -> None:
    actor = somebody(role, organization or None)
    assert involves(CaseRecord(id="C1"), actor) is sees


@pytest.mark.parametrize("length", range(1, len(PATH) + 1))
def test_every_open_case_has_one_owner_and_at_most_one_next_term(length: int) -> None:
    """At every moment of the straight path, in order of time."""
    arrived = sorted(PATH, key=lambda envelope: (envelope.time, envelope.stream, envelope.sequence))
    case = read(REF.case_id, arrived[:length]).state
    stage, owner = case.standing
    is_over = stage in {Stage.ENROLLED, Stage.REFUSED, Stage.DECLINED, Stage.CLOSED}
    assert (owner is None) is is_over
    running, first = case.running(), case.next_due()
    assert first == (running[0] if running else None)
    moments: list[datetime] = [term.due_at for term in running]
    assert moments == sorted(moments)
