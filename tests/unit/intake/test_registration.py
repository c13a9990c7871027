"""A referral becomes a case or joins one; the citizen declines and returns; terms sound."""

from __future__ import annotations

from datetime import datetime

import pytest

from contracts.documents import PackageCompleted
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.intake import CaseDeclined, CaseReopened, TermDueSoon, TermMissed
from contracts.referral import Channel, CircumstancesCorrected, ReferralLinked, ReferralRegistered
from contracts.triage import TriageCode
from contracts.values import Actor, Contact, ContactKind
from services.intake.domain import declining
from services.intake.domain.actions import Status
from services.intake.domain.answering import may_answer
from services.intake.domain.case import Case, involves
from services.intake.domain.circumstances import CorrectedCircumstances, correct_circumstances
from services.intake.domain.declining import reopen
from services.intake.domain.parties import REFERRERS, spoken
from services.intake.domain.priority import Priority
from services.intake.domain.records import Progress
from services.intake.domain.referral_form import check_form
from services.intake.domain.registration import link_referral, register_case
from services.intake.domain.terms import next_wake, sound_terms
from tests.unit.intake.sample import (
    AUTHORISED_BODY,
    CERTIFICATE,
    CLINIC,
    HOSPITAL,
    INSTITUTION,
    NOON,
    REQUEST,
    analysed,
    applied,
    complete,
    decline,
    entry,
    form,
    in_status,
    local,
    record_certificate,
    register_sheet,
    registered,
    requested,
    sent,
    triaged,
    when,
)


def spoken_on(channel: Channel) -> bool | None:
    """What has to be said of a channel that may be either."""
    return None if spoken(channel, None) is not None else True


def referrer_of(channel: Channel) -> Contact | None:
    return CLINIC if REFERRERS.get(channel) is ContactKind.ORGANIZATION else None


@pytest.mark.parametrize("channel", Channel)
def test_referral_is_taken_by_every_channel_and_the_case_says_which_r_3_1_1(
    channel: Channel,
) -> None:
    told = form(channel=channel, oral=spoken_on(channel), referrer=referrer_of(channel))
    case, made = Case(id="C1"), entry(form=told)
    (event,) = register_case(
        case, made, "P1", already_served=False, status_code_hash="0" * 64, at=when()
    )
    assert check_form(made.form, NOON, NOON.date()) == []
    assert isinstance(event, ReferralRegistered)
    assert (event.channel, case.channel) == (channel, channel)


def test_referral_opens_a_case_and_names_nobody_r_3_1_2() -> None:
    case = Case(id="C1")
    (event,) = register_case(
        case,
        entry(requester=HOSPITAL, form=form(in_hospital=True)),
        "P1",
        already_served=False,
        status_code_hash="0" * 64,
        at=when(),
    )
    assert isinstance(event, ReferralRegistered)
    assert event.case == case.ref
    assert (event.case.institution, event.case.authorised_body) == (INSTITUTION, AUTHORISED_BODY)
    assert event.in_hospital
    text = event.model_dump_json()
    for personal in ("Петрова", "11223344595", "1941", "Кирова", "+7384", "готовить"):
        assert personal not in text


def test_priority_and_its_danger_are_the_cases_r_3_1_7() -> None:
    case = registered(form=form(priority="stat"))
    assert (case.priority, case.in_danger) == (Priority.STAT, True)
    case = registered(form=form(priority="urgent"))
    assert (case.priority, case.in_danger) == (Priority.URGENT, False)
    (linked, *_) = link_referral(case, entry(2, form=form(priority="asap")), when())
    assert isinstance(linked, ReferralLinked)
    assert (linked.in_danger, case.linked[0].in_danger, case.priority) == (
        True, True, Priority.ASAP,
    )  # fmt: skip


def test_wrong_tick_is_put_right_with_a_reason_r_3_3_3_r_3_3_10() -> None:
    case = registered(form=form(in_hospital=True))
    right = CorrectedCircumstances(in_hospital=False, home_care_asked=True, reason="выписали")
    (event,) = correct_circumstances(case, right, when())
    assert isinstance(event, CircumstancesCorrected)
    assert (event.in_hospital, event.home_care_asked) == (False, True)
    assert (case.in_hospital, case.home_care_asked) == (False, True)
    (was,) = case.circumstances
    assert (was.in_hospital, was.home_care_asked, was.reason) == (True, False, "выписали")
    assert "выписали" not in event.model_dump_json()
    with pytest.raises(InvalidInput) as refused:
        correct_circumstances(case, right, when())
    assert refused.value.code == "nothing-corrected"


def test_case_pins_the_pack_of_its_registration_r_3_1_2() -> None:
    assert registered().pack.code == "kuzbass-2013"


@pytest.mark.parametrize("status", [s for s in Status if s not in {Status.AWAITED, Status.CLOSED}])
def test_second_referral_joins_the_case_l_5_1(status: Status) -> None:
    case = in_status(status)
    second = entry(2, requester="hospital-09", form=form(channel=Channel.WRITTEN, oral=False))
    event, *moved = link_referral(case, second, when())
    assert isinstance(event, ReferralLinked)
    assert (event.journal_number, event.channel) == (second.journal_number, Channel.WRITTEN)
    # what was answered without it is looked at once more
    asked_anew = bool(moved) or status is Status.ANALYSED
    assert case.status is (Status.REGISTERED if asked_anew else status)
    # an institution has taken it up, or the citizen is to be asked once more
    assert bool(moved) is (status in {Status.TO_FORWARD, Status.DECLINED})
    assert link_referral(case, second, when()) == []
    assert len(case.linked) == 1


def test_case_that_is_over_takes_no_referral_l_5_1() -> None:
    with pytest.raises(NotAllowedInState):
        link_referral(in_status(Status.CLOSED), entry(2), when())
    enrolled = complete()
    enrolled.progress = Progress(order_number="15-з")
    with pytest.raises(NotAllowedInState) as refused:
        link_referral(enrolled, entry(2), when())
    assert refused.value.code == "case-is-over"


@pytest.mark.parametrize(
    ("organization", "knows"),
    [
        (INSTITUTION, True),
        (AUTHORISED_BODY, True),
        (HOSPITAL, True),
        ("hospital-09", True),
        ("hospital-10", False),
        ("r-institution-16", False),
        (None, False),
    ],
)
def test_only_who_serves_or_referred_may_know_of_a_case(
    organization: str | None, knows: bool
) -> None:
    case = registered(requester=HOSPITAL)
    link_referral(case, entry(2, requester="hospital-09"), when())
    link_referral(case, entry(3, requester=None), when())
    by = Actor(id="test", role="specialist", organization=organization)
    assert involves(case, by) is knows
    assert not involves(Case(id="C9"), by)


@pytest.mark.parametrize(
    ("role", "organization", "may"),
    [
        ("pension_fund", "office-01", True),
        ("pension_fund", "office-02", False),
        ("pension_fund", INSTITUTION, False),
        ("pension_fund", None, False),
        ("registrar", INSTITUTION, True),
        ("registrar", "r-institution-16", False),
        ("registrar", "office-01", False),
        ("registrar", None, False),
    ],
)
def test_only_the_office_asked_answers_or_the_own_registrar_r_3_2_2(
    role: str, organization: str | None, may: bool
) -> None:
    by = Actor(id="test", role=role, organization=organization)
    assert may_answer(sent(), by) is may
    assert may_answer(applied(), by) is (may and role == "registrar")  # nobody was asked yet


def test_declining_ends_every_term_r_3_3_7_2() -> None:
    case = applied()
    (event,) = decline(case, when())
    assert isinstance(event, CaseDeclined)
    assert [term.code for term in event.closed] == ["interagency-request"]
    assert case.terms.running == []
    assert case.status is Status.DECLINED


@pytest.mark.parametrize(
    ("prepare", "status", "terms"),
    [
        (registered, Status.REGISTERED, ["referral-analysis"]),
        (analysed, Status.ANALYSED, ["referral-analysis"]),
        (triaged, Status.TRIAGED, []),
        (lambda: triaged(TriageCode.IMMEDIATE), Status.TRIAGED, ["urgent-measures"]),
        (applied, Status.APPLICATION_REGISTERED, ["interagency-request"]),
        (requested, Status.APPLICATION_REGISTERED, ["interagency-request"]),
        (sent, Status.APPLICATION_REGISTERED, ["interagency-answer"]),
        (complete, Status.PACKAGE_COMPLETE, []),
    ],
)
def test_reopened_case_goes_on_where_it_stood_with_its_terms_anew_r_3_3_7_2(
    prepare: object, status: Status, terms: list[str]
) -> None:
    case = prepare()  # type: ignore[operator]
    decline(case, when())
    later = local(2026, 3, 2)
    (event,) = reopen(case, when(later))
    assert isinstance(event, CaseReopened)
    assert (case.status, case.status_before) == (status, None)
    assert [term.code for term in event.opened] == terms
    assert all(term.started_at == later for term in event.opened)
    assert [term.deadline for term in case.terms.running] == list(event.opened)


def test_package_that_became_complete_meanwhile_is_complete_on_return_r_3_3_7_2() -> None:
    case = sent()
    decline(case, when())
    record_certificate(case, REQUEST, CERTIFICATE, when())
    register_sheet(case)
    assert case.status_before is Status.APPLICATION_REGISTERED
    reopened, completed = reopen(case, when())
    assert isinstance(reopened, CaseReopened)
    assert isinstance(completed, PackageCompleted)
    assert case.status is Status.PACKAGE_COMPLETE


@pytest.mark.parametrize(
    ("explained", "contact", "code"),
    [
        (True, True, None),
        (False, True, "consequences-not-explained"),
        (True, False, "contact-not-left"),
        (False, False, "consequences-not-explained"),
    ],
)
def test_refusal_is_an_informed_one_r_3_3_7_2(
    explained: bool, contact: bool, code: str | None
) -> None:
    case = applied()
    before, at = case.model_copy(deep=True), when()
    if code is None:
        declining.decline(case, at, consequences_explained=explained, contact_left=contact)
        (kept,) = case.declines
        assert (kept.at, kept.recorded_by) == (at.now, at.by.id)
        assert kept.consequences_explained
        assert kept.contact_left
        return
    with pytest.raises(InvalidInput) as refused:
        declining.decline(case, at, consequences_explained=explained, contact_left=contact)
    field = "contact_left" if explained else "consequences_explained"
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.clause == "R 3.3.7.2"
    assert case == before


def test_every_refusal_is_kept_r_3_3_7_2() -> None:
    case = applied()
    for day in (3, 4):
        decline(case, when(local(2026, 2, day)))
        reopen(case, when(local(2026, 2, day)))
    assert [kept.at for kept in case.declines] == [local(2026, 2, 3), local(2026, 2, 4)]


def test_enrolled_citizen_does_not_decline_at_intake_r_3_6_3() -> None:
    case = complete()
    case.progress = Progress(order_number="15-з")
    with pytest.raises(NotAllowedInState) as refused:
        decline(case, when())
    assert refused.value.code == "already-enrolled"
    assert case.status is Status.PACKAGE_COMPLETE


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ([local(2026, 2, 2, 23, 59)], []),
        ([local(2026, 2, 3, 0, 0)], [TermDueSoon]),
        ([local(2026, 2, 3, 0, 0), local(2026, 2, 3, 12, 0)], [TermDueSoon]),
        ([local(2026, 2, 3, 12), local(2026, 2, 4, 0, 0)], [TermDueSoon, TermMissed]),
        ([local(2026, 2, 9)], [TermMissed]),
        ([local(2026, 2, 9), local(2026, 2, 10)], [TermMissed]),
    ],
)
def test_each_alarm_sounds_once_and_not_early_r_3_1_8(
    moments: list[datetime], said: list[type]
) -> None:
    case = registered()
    events = [event for moment in moments for event in sound_terms(case, when(moment))]
    assert [type(event) for event in events] == said
    assert all(event.institution == INSTITUTION for event in events)  # type: ignore[attr-defined]


def test_case_wakes_for_what_is_next() -> None:
    case = registered()
    assert next_wake(case) == local(2026, 2, 3, 0, 0)
    sound_terms(case, when(local(2026, 2, 3, 0, 0)))
    assert next_wake(case) == local(2026, 2, 4, 0, 0)
    sound_terms(case, when(local(2026, 2, 4, 0, 0)))
    assert next_wake(case) is None
    hospital = registered(requester=HOSPITAL)
    assert next_wake(hospital) == when().now
