"""What others say of a case: every fact stands alone, so their order is no matter."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chassis.clock import NEVER_DUE
from contracts import careplan, intake, referral, triage
from contracts.assessment import AssessmentOpened, SurveyTermCorrected, SurveyTermShortened
from contracts.event import Event
from contracts.referral import Channel, ReferralSays, ScaleSaid
from contracts.triage import TriageCode
from contracts.values import SYSTEM
from services.assessment.domain.case import Case, Status
from services.assessment.domain.opening import SURVEY_TERMS
from services.assessment.handlers import CASE_HANDLERS
from services.assessment.stores import CASES
from tests.unit.assessment import stages
from tests.unit.assessment.stages import at

REGISTERED = referral.ReferralRegistered(
    by=SYSTEM,
    case=stages.REF,
    journal_number=stages.REF.number,
    received_at=stages.RECEIVED,
    channel=Channel.PHONE,
    in_hospital=True,
    home_care_asked=True,
    status_code_hash="0" * 64,
)
TRIAGED = triage.CaseTriaged(
    by=SYSTEM,
    code=TriageCode.INITIAL_ASSESSMENT,
    proposed=TriageCode.INITIAL_ASSESSMENT,
    rule_version="1",
)
DECLINED = intake.CaseDeclined(by=SYSTEM)
RETURNED = intake.CaseReopened(by=SYSTEM)
ENROLLED = careplan.Enrolled(
    by=SYSTEM, order_number="41-к", form=careplan.ServiceForm.HOME, provider="p-1"
)
REFUSED = careplan.Refused(by=SYSTEM, notice_number="7-у", grounds=("not_in_need",))
ANNULLED = careplan.CaseReopened(by=SYSTEM, complaint_id="K-1")


def closed_for(reason: str) -> Event:
    """Intake closes the case."""
    return intake.CaseClosed(by=SYSTEM, reason=reason)


def hear(case: Case, *events: Event) -> list[Event]:
    """Let the case hear events; returns what it says."""
    return [said for event in events for said in CASE_HANDLERS[type(event)](case, event, at())]


def test_referral_and_code_open_the_assessment() -> None:
    case = Case(id="C-1")
    (opened,) = hear(case, REGISTERED, TRIAGED)
    assert isinstance(opened, AssessmentOpened)
    assert opened.by == SYSTEM
    assert (case.in_hospital, case.home_care_asked) == (True, True)
    assert case.received_at == stages.RECEIVED
    assert case.reference == stages.REF


def test_case_is_of_whoever_has_it_when_its_code_comes_r_3_1_2() -> None:
    """It moves before triage only, so nothing here was begun for another institution."""
    case = Case(id="C-1")
    with_body = stages.REF.model_copy(update={"institution": "r-authorised-body-07"})
    forwarded = referral.ReferralForwarded(by=SYSTEM, case=stages.REF, sender=with_body.institution)
    returned = referral.ReferralReturned(
        by=SYSTEM,
        case=with_body,
        institution=stages.REF.institution,
        reason=referral.ReturnReason.ANOTHER_SERVES,
    )
    assert hear(case, REGISTERED, returned) == []
    assert case.reference == with_body
    (opened,) = hear(case, forwarded, TRIAGED)
    assert isinstance(opened, AssessmentOpened)
    assert opened.case == stages.REF


@pytest.mark.parametrize(
    ("heard", "status"),
    [
        ([ENROLLED], Status.CLOSED),
        ([REFUSED], Status.CLOSED),
        ([REFUSED, ANNULLED], Status.ASSESSED),
        ([closed_for("consultation_given")], Status.CLOSED),
        ([closed_for("refused")], Status.ASSESSED),  # care planning says it itself
        ([closed_for("moved_away"), RETURNED], Status.ASSESSED),
        ([DECLINED], Status.DECLINED),
        ([DECLINED, RETURNED], Status.ASSESSED),
    ],
)
def test_case_is_over_when_those_whose_fact_it_is_say_so(
    heard: list[Event], status: Status
) -> None:
    case = stages.assessed()
    assert hear(case, *heard) == []
    assert case.status is status


def interleavings(left: Sequence[Event], right: Sequence[Event]) -> list[list[Event]]:
    """Every order of two streams that keeps the order within each."""
    places = set(permutations([0] * len(left) + [1] * len(right)))
    orders = []
    for order in sorted(places):
        streams = [iter(left), iter(right)]
        orders.append([next(streams[which]) for which in order])
    return orders


@pytest.mark.parametrize(
    ("of_careplan", "of_intake", "status"),
    [
        ([REFUSED, ANNULLED], [closed_for("refused")], Status.ASSESSED),
        ([REFUSED], [closed_for("refused")], Status.CLOSED),
        ([REFUSED, ANNULLED, ENROLLED], [DECLINED, RETURNED], Status.CLOSED),
        ([REFUSED, ANNULLED], [DECLINED], Status.DECLINED),
    ],
)
def test_streams_end_alike_in_whatever_order_they_are_heard(
    of_careplan: list[Event], of_intake: list[Event], status: Status
) -> None:
    ends = []
    for order in interleavings(of_careplan, of_intake):
        case = stages.assessed()
        hear(case, *order)
        ends.append(case)
    assert len(ends) > 1
    assert all(case == ends[0] for case in ends)
    assert ends[0].status is status


def test_end_heard_before_the_case_is_known_still_holds() -> None:
    early, late = Case(id="C-1"), Case(id="C-1")
    assert hear(early, ENROLLED, REGISTERED, TRIAGED) == []
    hear(late, REGISTERED, TRIAGED, ENROLLED)
    assert early == late
    assert early.status is Status.CLOSED
    assert early.terms.running == []


def test_case_closed_elsewhere_has_no_term_left() -> None:
    case = stages.organized()
    hear(case, closed_for("moved_away"))
    assert case.terms.running == []


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # what is not to be assessed is in nobody's worklist
        (stages.registered(), {"status": "awaited", "institution": "", "authorised_body": ""}),
        (Case(id="C-1"), {"status": "awaited", "institution": "", "due": NEVER_DUE}),
        (stages.opened(), {"status": "open", "institution": stages.INSTITUTION}),
        (stages.opened(), {"authorised_body": stages.AUTHORISED_BODY}),
        (stages.assessed(), {"status": "assessed", "due": NEVER_DUE}),
    ],
)
def test_worklist_finds_what_is_to_be_assessed(case: Case, expected: dict[str, Any]) -> None:
    index = CASES.index(case)
    assert {name: index[name] for name in expected} == expected


def test_worklist_is_due_by_the_earliest_term() -> None:
    case = stages.opened()
    due = min(term.deadline.due_at for term in case.terms.running)
    assert CASES.index(case)["due"] == int(due.timestamp() * 1000)
    assert CASES.wake_at(case) == int(case.terms.running[0].deadline.warn_at.timestamp() * 1000)


SAYS = ReferralSays(
    scales=(ScaleSaid(instrument="barthel", version="1965", total=45),), contact_person=True
)


def test_what_referrals_say_is_kept_as_their_senders_word_l_2_2() -> None:
    case = Case(id="C-1")
    linked = referral.ReferralLinked(
        by=SYSTEM,
        journal_number="n/2",
        received_at=stages.RECEIVED,
        channel=Channel.MEDICAL_ORGANIZATION,
        requester="hospital-03",
        said=SAYS,
    )
    silent = linked.model_copy(update={"journal_number": "n/3", "said": None})
    hear(case, REGISTERED, linked, silent)
    (kept,) = case.referred
    assert (kept.journal_number, kept.says, kept.withdrawn) == ("n/2", SAYS, False)
    withdrawn = referral.ReferralWithdrawn(
        by=SYSTEM, journal_number="n/2", requester="hospital-03", case_goes_on=True
    )
    assert hear(case, withdrawn) == []
    assert case.referred[0].withdrawn
    assert case.status is Status.AWAITED


def test_what_was_said_of_somebody_else_is_shown_as_taken_back_l_5_1() -> None:
    case = Case(id="C-1")
    linked = LINKED.model_copy(update={"said": SAYS, "in_hospital": False})
    parted = referral.ReferralsParted(by=SYSTEM, journal_numbers=("n/2",), into="C-2")
    hear(case, REGISTERED, linked, linked.model_copy(update={"journal_number": "n/3"}), parted)
    assert [known.withdrawn for known in case.referred] == [True, False]


LINKED = referral.ReferralLinked(
    by=SYSTEM,
    journal_number="n/2",
    received_at=stages.RECEIVED,
    channel=Channel.MEDICAL_ORGANIZATION,
    requester="hospital-03",
    in_hospital=True,
)
AT_HOME = REGISTERED.model_copy(update={"in_hospital": False})


def survey_terms(case: Case) -> list[str]:
    """The terms of the survey that run."""
    return [term.code for term in case.terms.deadlines if term.code in SURVEY_TERMS]


def test_hospital_that_refers_second_shortens_the_survey_that_waits_r_3_3_3() -> None:
    case = Case(id="C-1")
    hear(case, AT_HOME, TRIAGED)
    (shortened,) = hear(case, LINKED)
    assert isinstance(shortened, SurveyTermShortened)
    assert [term.code for term in shortened.opened] == ["primary-survey-hospital"]
    assert [term.code for term in shortened.closed] == ["primary-survey"]
    assert (survey_terms(case), case.in_hospital) == (["primary-survey-hospital"], True)
    assert hear(case, LINKED) == []


@pytest.mark.parametrize("in_hospital", [False, True])
def test_survey_is_due_by_the_right_term_once_the_tick_is_put_right_r_3_3_2_r_3_3_3(
    in_hospital: bool,
) -> None:
    case, right = Case(id="C-1"), Case(id="C-2")
    hear(case, REGISTERED.model_copy(update={"in_hospital": not in_hospital}), TRIAGED)
    hear(right, REGISTERED.model_copy(update={"in_hospital": in_hospital}), TRIAGED)
    put_right = referral.CircumstancesCorrected(
        by=SYSTEM, in_hospital=in_hospital, home_care_asked=False
    )
    (corrected,) = hear(case, put_right)
    assert isinstance(corrected, SurveyTermCorrected)
    due, wanted = ({t.code: t.due_at for t in c.terms.deadlines} for c in (case, right))
    assert due == wanted
    assert (case.in_hospital, case.home_care_asked) == (in_hospital, False)
    assert case.in_hospital_since == right.in_hospital_since
    assert hear(case, put_right) == []


def test_tick_put_right_before_the_code_decides_the_term_r_3_3_3() -> None:
    case = Case(id="C-1")
    put_right = referral.CircumstancesCorrected(by=SYSTEM, in_hospital=True, home_care_asked=True)
    assert hear(case, AT_HOME, put_right) == []
    hear(case, TRIAGED)
    assert survey_terms(case) == ["primary-survey-hospital"]


def test_citizen_who_lies_in_no_hospital_after_all_has_the_whole_term_r_3_3_2() -> None:
    case = Case(id="C-1")
    hear(case, AT_HOME, TRIAGED, LINKED)
    hear(case, referral.CircumstancesCorrected(by=SYSTEM, in_hospital=False, home_care_asked=True))
    (survey,) = [term for term in case.terms.deadlines if term.code in SURVEY_TERMS]
    assert (survey.code, survey.started_at) == ("primary-survey", stages.RECEIVED)


def test_citizen_who_returned_is_surveyed_from_the_return_r_3_3_7_2() -> None:
    case = Case(id="C-1")
    hear(case, AT_HOME, TRIAGED, intake.CaseDeclined(by=SYSTEM), intake.CaseReopened(by=SYSTEM))
    hear(case, referral.CircumstancesCorrected(by=SYSTEM, in_hospital=True, home_care_asked=True))
    (survey,) = [term for term in case.terms.deadlines if term.code in SURVEY_TERMS]
    assert (survey.code, survey.started_at) == ("primary-survey-hospital", at().now)


def test_hospital_that_refers_before_the_code_decides_the_term_r_3_3_3() -> None:
    case = Case(id="C-1")
    hear(case, AT_HOME, LINKED, TRIAGED)
    assert survey_terms(case) == ["primary-survey-hospital"]


def test_hospital_that_refers_late_makes_no_term_longer_r_3_3_3() -> None:
    late = LINKED.model_copy(update={"received_at": stages.RECEIVED + timedelta(days=20)})
    for order in ((AT_HOME, late, TRIAGED), (AT_HOME, TRIAGED, late)):
        case = Case(id="C-1")
        hear(case, *order)
        assert survey_terms(case) == ["primary-survey"]


@pytest.mark.parametrize("registered", [AT_HOME, REGISTERED])
def test_terms_of_a_case_analysed_anew_run_from_there_r_3_3_2_r_3_3_3(
    registered: referral.ReferralRegistered,
) -> None:
    anew: tuple[Event, ...] = (
        intake.CaseReopened(by=SYSTEM, analysis_anew=True),
        referral.ReferralsReviewed(
            by=SYSTEM, outcome=referral.ReviewOutcome.ANALYSIS_ANEW, journal_numbers=("n/2",)
        ),
    )
    for again in anew:
        case = Case(id="C-1")
        hear(case, registered, again, TRIAGED)
        assert case.received_at == at().now
        assert {term.started_at for term in case.terms.deadlines} == {at().now}
        begun = Case(id="C-2")
        hear(begun, registered, TRIAGED, again)
        assert begun.received_at == stages.RECEIVED


def put_right(by: timedelta, journal_number: str = stages.REF.number) -> Event:
    """A referral was received earlier, or later, than was said."""
    return referral.CircumstancesCorrected(
        by=SYSTEM,
        in_hospital=False,
        home_care_asked=True,
        receipt=referral.CorrectedReceipt(
            journal_number=journal_number,
            before=stages.RECEIVED,
            received_at=stages.RECEIVED + by,
            opened_case=journal_number == stages.REF.number,
        ),
    )


@pytest.mark.parametrize("registered", [AT_HOME, REGISTERED])
@pytest.mark.parametrize("days", [-5, -1, 1])
def test_survey_and_stage_run_from_the_receipt_as_it_was_put_right_r_3_3_2_r_3_3_16(
    registered: referral.ReferralRegistered, days: int
) -> None:
    case, right = Case(id="C-1"), Case(id="C-2")
    moved = timedelta(days=days)
    hear(right, registered.model_copy(update={"received_at": stages.RECEIVED + moved}), TRIAGED)
    (_, corrected) = hear(case, registered, TRIAGED, put_right(moved))
    assert isinstance(corrected, SurveyTermCorrected)
    assert (case.terms.deadlines, corrected.closed) == (right.terms.deadlines, ())
    assert (case.received_at, case.in_hospital_since) == (
        right.received_at,
        right.in_hospital_since,
    )
    assert hear(case, put_right(moved)) == []


def test_receipt_put_right_before_the_code_is_counted_from_with_the_code_r_3_3_2() -> None:
    case, right = Case(id="C-1"), stages.RECEIVED - timedelta(days=2)
    assert hear(case, AT_HOME, put_right(timedelta(days=-2))) == []
    (opened,) = hear(case, TRIAGED)
    assert isinstance(opened, AssessmentOpened)
    assert {term.started_at for term in opened.opened} == {right}


def test_receipt_of_a_further_referral_moves_the_survey_in_a_hospital_alone_r_3_3_3() -> None:
    case = Case(id="C-1")
    hear(case, AT_HOME.model_copy(update={"received_at": stages.RECEIVED - timedelta(hours=3)}))
    hear(case, TRIAGED, LINKED.model_copy(update={"said": SAYS}))
    (corrected,) = hear(case, put_right(timedelta(days=-1), "n/2"))
    assert isinstance(corrected, SurveyTermCorrected)
    starts = {term.code: term.started_at for term in case.terms.deadlines}
    assert starts == {
        "primary-survey-hospital": stages.RECEIVED - timedelta(days=1),
        "survey-stage": stages.RECEIVED - timedelta(hours=3),
    }
    assert case.referred[0].received_at == stages.RECEIVED - timedelta(days=1)


def test_analysis_that_runs_anew_is_not_counted_from_the_first_receipt_r_3_3_2() -> None:
    case = Case(id="C-1")
    anew = intake.CaseReopened(by=SYSTEM, analysis_anew=True)
    hear(case, AT_HOME, DECLINED, anew, put_right(timedelta(days=-5)), TRIAGED)
    assert {term.started_at for term in case.terms.deadlines} == {at().now}
