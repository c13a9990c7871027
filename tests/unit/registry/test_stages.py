"""Which stage follows from which facts, and whose turn it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import assessment, careplan, intake, referral, triage
from contracts.assessment import Proposal, SurveyOutcome, VisitPlace
from contracts.careplan import Outcome, ServiceForm
from contracts.event import Event
from contracts.referral import Channel, ReviewOutcome
from contracts.roles import Role
from contracts.triage import TriageCode
from contracts.values import SYSTEM
from services.registry.domain.case import CaseRecord, learn
from services.registry.domain.stages import OVER, Owner, Stage
from services.registry.domain.words import ROLES, STAGES, span_words, words_of
from tests.unit.registry.builders import MONDAY, context, ref_of

REF = ref_of("C0000000000000000000000000000052")
BY = SYSTEM

REGISTERED = referral.ReferralRegistered(
    by=BY,
    case=REF,
    journal_number=REF.number,
    received_at=MONDAY,
    channel=Channel.PORTAL,
    status_code_hash="0" * 64,
)

WITH_BODY = REF.model_copy(update={"institution": REF.authorised_body})
AT_BODY = REGISTERED.model_copy(update={"case": WITH_BODY, "to_forward": True})
FORWARDED = referral.ReferralForwarded(by=BY, case=REF, sender=REF.authorised_body)
RETURNED_TO_BODY = referral.ReferralReturned(
    by=BY,
    case=WITH_BODY,
    institution=REF.institution,
    reason=referral.ReturnReason.ANOTHER_SERVES,
)


def triaged(code: TriageCode = TriageCode.INITIAL_ASSESSMENT) -> Event:
    return triage.CaseTriaged(by=BY, code=code, proposed=code, rule_version="2013")


def surveyed(outcome: SurveyOutcome) -> Event:
    return assessment.SurveyCompleted(by=BY, outcome=outcome)


OPENED = assessment.AssessmentOpened(by=BY, case=REF)
RETURNED = assessment.AssessmentOpened(by=BY, case=REF, reopened=True)
SCHEDULED = assessment.SurveyScheduled(
    by=BY, visit_at=MONDAY, place=VisitPlace.HOSPITAL, announced=True
)
ORGANIZER = assessment.OrganizerAssigned(by=BY, organizer="test.organizer-1")
CONVENED = assessment.CommissionConvened(
    by=BY, seats=("chair",), meeting_at=MONDAY, independent_members=1
)
SIGNED = assessment.ActSigned(by=BY, signatures=3)
ASSESSED = assessment.NeedsAssessed(
    by=BY,
    case=REF,
    proposal=Proposal.SERVICE,
    organizer="test.organizer-1",
    instrument="barthel",
    instrument_version="1",
    level=1,
)
PLANNING = careplan.PlanningOpened(by=BY, case=REF, organizer="test.organizer-1")
DRAFTED = careplan.PlanDrafted(by=BY, plan_version=2, weekly_minutes=60, executors=())
SUBMITTED = careplan.PackageSubmitted(by=BY, documents=())
ENROL = careplan.Decided(by=BY, outcome=Outcome.ENROL, form=ServiceForm.HOME)
REFUSE = careplan.Decided(by=BY, outcome=Outcome.REFUSE)
CONTRACT = careplan.ContractConcluded(by=BY, number="Д-1", handed_over=())
ENROLLED = careplan.Enrolled(
    by=BY, order_number="1", form=ServiceForm.HOME, provider="l-provider-02"
)
REFUSED = careplan.Refused(by=BY, notice_number="У-1", grounds=())
ANNULLED = careplan.CaseReopened(by=BY, complaint_id="K1")
DECLINED = intake.CaseDeclined(by=BY)
REOPENED = intake.CaseReopened(by=BY)
ANEW = intake.CaseReopened(by=BY, analysis_anew=True)


def reviewed(outcome: ReviewOutcome) -> Event:
    return referral.ReferralsReviewed(by=BY, outcome=outcome, journal_numbers=("n/2",))


TAKEN_IN: list[Event] = [REGISTERED, triaged()]
AT_COMMISSION: list[Event] = [*TAKEN_IN, OPENED, surveyed(SurveyOutcome.COMMISSION)]
AT_PLANNING: list[Event] = [*AT_COMMISSION, ORGANIZER, ASSESSED, PLANNING]


def after(*events: Event) -> CaseRecord:
    """The record after these events, an hour between each and the next."""
    case = CaseRecord(id=REF.case_id)
    for hour, event in enumerate(events):
        learn(case, event, context(MONDAY + timedelta(hours=hour)))
    return case


@pytest.mark.parametrize(
    ("events", "stage", "owner"),
    [
        ([], Stage.AWAITED, Owner.INTAKE),
        ([REGISTERED], Stage.REGISTERED, Owner.INTAKE),
        ([AT_BODY], Stage.FORWARDING, Owner.INTAKE),
        ([AT_BODY, FORWARDED], Stage.REGISTERED, Owner.INTAKE),
        ([AT_BODY, FORWARDED, RETURNED_TO_BODY], Stage.FORWARDING, Owner.INTAKE),
        ([AT_BODY, FORWARDED, RETURNED_TO_BODY, FORWARDED], Stage.REGISTERED, Owner.INTAKE),
        ([AT_BODY, FORWARDED, triaged()], Stage.TRIAGED, Owner.INTAKE),
        (TAKEN_IN, Stage.TRIAGED, Owner.INTAKE),
        ([REGISTERED, triaged(TriageCode.CONSULTATION)], Stage.TRIAGED, Owner.INTAKE),
        ([OPENED], Stage.SURVEY, Owner.ASSESSMENT),
        ([*TAKEN_IN, OPENED, SCHEDULED], Stage.SURVEY, Owner.ASSESSMENT),
        (
            [*TAKEN_IN, OPENED, surveyed(SurveyOutcome.URGENT_HELP)],
            Stage.SURVEY,
            Owner.ASSESSMENT,
        ),
        (AT_COMMISSION, Stage.COMMISSION, Owner.ASSESSMENT),
        (
            [*TAKEN_IN, OPENED, surveyed(SurveyOutcome.COMBINED_WITH_COMMISSION)],
            Stage.COMMISSION,
            Owner.ASSESSMENT,
        ),
        ([*AT_COMMISSION, CONVENED, SIGNED], Stage.COMMISSION, Owner.ASSESSMENT),
        ([*AT_COMMISSION, ASSESSED], Stage.ASSESSED, Owner.ASSESSMENT),
        ([*AT_COMMISSION, ASSESSED, ORGANIZER], Stage.ASSESSED, Owner.ASSESSMENT),
        (AT_PLANNING, Stage.PLANNING, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED], Stage.DECISION, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED, DRAFTED], Stage.DECISION, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED, REFUSE], Stage.DECISION, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED, ENROL], Stage.CONTRACT, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED, ENROL, CONTRACT], Stage.CONTRACT, Owner.CAREPLAN),
        ([*AT_PLANNING, SUBMITTED, ENROL, CONTRACT, ENROLLED], Stage.ENROLLED, None),
        ([*AT_PLANNING, ENROLLED, DRAFTED, CONTRACT], Stage.ENROLLED, None),
        ([*AT_PLANNING, SUBMITTED, REFUSE, REFUSED], Stage.REFUSED, None),
        (
            [*AT_PLANNING, REFUSED, intake.CaseClosed(by=BY, reason="refused")],
            Stage.REFUSED,
            None,
        ),
        ([REGISTERED, intake.CaseClosed(by=BY, reason="refused")], Stage.REFUSED, None),
        (
            [*AT_PLANNING, REFUSED, intake.CaseClosed(by=BY, reason="refused"), ANNULLED],
            Stage.DECISION,
            Owner.CAREPLAN,
        ),
        (
            [*AT_PLANNING, REFUSED, intake.CaseClosed(by=BY, reason="refused"), ANNULLED, REOPENED],
            Stage.DECISION,
            Owner.CAREPLAN,
        ),
        (
            [REGISTERED, intake.CaseClosed(by=BY, reason="consultation_given")],
            Stage.CLOSED,
            None,
        ),
        ([*AT_PLANNING, intake.CaseClosed(by=BY, reason="moved_away")], Stage.CLOSED, None),
        ([*AT_PLANNING, ENROLLED, intake.CaseClosed(by=BY, reason="over")], Stage.ENROLLED, None),
        ([*TAKEN_IN, DECLINED], Stage.DECLINED, None),
        ([*AT_PLANNING, DECLINED], Stage.DECLINED, None),
        ([*AT_PLANNING, DECLINED, REOPENED], Stage.PLANNING, Owner.CAREPLAN),
        ([*TAKEN_IN, DECLINED, REOPENED], Stage.TRIAGED, Owner.INTAKE),
        ([*TAKEN_IN, DECLINED, ANEW], Stage.REGISTERED, Owner.INTAKE),
        ([*TAKEN_IN, reviewed(ReviewOutcome.ANALYSIS_ANEW)], Stage.REGISTERED, Owner.INTAKE),
        ([*TAKEN_IN, reviewed(ReviewOutcome.URGENT_HELP)], Stage.TRIAGED, Owner.INTAKE),
        (
            [*TAKEN_IN, OPENED, surveyed(SurveyOutcome.DECLINED)],
            Stage.DECLINED,
            None,
        ),
        (
            [*TAKEN_IN, OPENED, assessment.AssessmentDeclined(by=BY)],
            Stage.DECLINED,
            None,
        ),
        (
            [*TAKEN_IN, OPENED, assessment.AssessmentDeclined(by=BY), RETURNED],
            Stage.SURVEY,
            Owner.ASSESSMENT,
        ),
        (
            [*TAKEN_IN, OPENED, assessment.AssessmentDeclined(by=BY), REOPENED],
            Stage.SURVEY,
            Owner.ASSESSMENT,
        ),
        (
            [
                *AT_COMMISSION,
                DECLINED,
                assessment.AssessmentDeclined(by=BY, during_survey=False),
                REOPENED,
                RETURNED,
            ],
            Stage.COMMISSION,
            Owner.ASSESSMENT,
        ),
        ([*AT_PLANNING, SUBMITTED, DECLINED, REOPENED, PLANNING], Stage.DECISION, Owner.CAREPLAN),
        ([*AT_PLANNING, ENROLLED, OPENED], Stage.SURVEY, Owner.ASSESSMENT),
        ([*AT_PLANNING, OPENED, ASSESSED, PLANNING], Stage.PLANNING, Owner.CAREPLAN),
    ],
)
def test_stage_and_owner_follow_from_the_facts(
    events: list[Event], stage: Stage, owner: Owner | None
) -> None:
    assert after(*events).standing == (stage, owner)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_words_and_who_has_a_turn(stage: Stage) -> None:
    words = words_of(stage)
    assert words.title.ru
    assert words.title.en
    assert words.next.ru.endswith(".")
    assert words.next.en.endswith(".")
    assert (words.turn is None) is (stage in OVER)


def test_words_are_for_every_stage_and_role() -> None:
    assert set(STAGES) == set(Stage)
    assert set(ROLES) == {*Role, "citizen", "system", "unknown"}


def test_who_asked_for_advice_gets_advice_next_R_3_1_6() -> None:
    assert words_of(Stage.TRIAGED, TriageCode.CONSULTATION) != words_of(Stage.TRIAGED)
    assert words_of(Stage.SURVEY, TriageCode.CONSULTATION) == words_of(Stage.SURVEY)


@pytest.mark.parametrize("stage", [Stage.ASSESSED, Stage.PLANNING])
def test_proposed_refusal_speaks_of_no_plan_R_3_4_8(stage: Stage) -> None:
    words = words_of(stage, None, Proposal.REFUSAL)
    assert "план" not in words.title.ru + words.next.ru
    assert "план" in words_of(stage, None, Proposal.SERVICE).next.ru


@pytest.mark.parametrize(
    ("span", "ru", "en"),
    [
        (timedelta(seconds=1), "1 мин", "1 min"),
        (timedelta(minutes=59), "59 мин", "59 min"),
        (timedelta(hours=1), "1 ч", "1 h"),
        (timedelta(hours=23, minutes=59), "23 ч 59 мин", "23 h 59 min"),
        (timedelta(days=1), "1 дн.", "1 d"),
        (timedelta(days=2, hours=3, minutes=4), "2 дн. 3 ч", "2 d 3 h"),
    ],
)
def test_spans_are_said_as_people_say_them(span: timedelta, ru: str, en: str) -> None:
    assert span_words(span) == (ru, en)


def test_record_belongs_to_whoever_has_the_case_r_3_1_2() -> None:
    """Until it is forwarded the body has it; the number stays, wherever the case goes."""
    steps = [AT_BODY, FORWARDED, RETURNED_TO_BODY]
    held = [after(*steps[:count]).ref for count in (1, 2, 3)]
    assert [ref.institution for ref in held if ref] == [
        REF.authorised_body,
        REF.institution,
        REF.authorised_body,
    ]
    assert {ref.number for ref in held if ref} == {REF.number}
