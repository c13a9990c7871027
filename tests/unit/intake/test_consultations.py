"""A consultation: recorded, linked to the referral it turned out to be (S, R 3.1.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.errors import InvalidInput, NotAllowedInState
from services.intake.domain.consultations import (
    FORGET_AFTER,
    Asker,
    Consultation,
    Question,
    Referral,
    consult,
    forget_person,
    link_to_referral,
    may_know,
)
from tests.unit.intake.sample import INSTITUTION, NOON, when

ASKED = Question(
    asker=Asker(name="Сомова Галина", phone="+73845600002"),
    topic="documents",
    question="Какие документы нужны для индивидуальной программы?",
    answer="Паспорт, справка о составе семьи, медицинское заключение.",
)


def given(question: Question = ASKED) -> Consultation:
    return consult("Q1", question, None, when(role="call_centre"))


def test_consultation_keeps_who_asked_what_was_answered_by_whom_and_when_s() -> None:
    made = given()
    assert (made.organization, made.given_by.role) == (INSTITUTION, "call_centre")
    assert (made.given_at, made.day_number) == (NOON, 20260202)
    assert (made.asker, made.topic, made.answer) == (ASKED.asker, "documents", ASKED.answer)


def test_day_is_that_of_the_district_s() -> None:
    late = when(NOON.replace(hour=1), "call_centre")
    assert consult("Q1", ASKED, None, late).day_number == 20260202


def test_who_asked_need_not_be_known_and_the_topic_may_be_in_words_s() -> None:
    made = given(Question(topic_text="очередь на путёвку", answer="Позвоните в четверг."))
    assert (made.asker, made.forget_at) == (None, None)


def test_consultation_is_about_something_s() -> None:
    with pytest.raises(InvalidInput) as refused:
        given(Question(answer="Да."))
    assert (refused.value.code, refused.value.field) == ("topic-missing", "topic")
    assert refused.value.clause == "S"


def test_consultation_belongs_to_an_organization_s() -> None:
    with pytest.raises(InvalidInput, match="organization-missing"):
        consult("Q1", ASKED, None, when(role="call_centre", org=None))


def test_consultation_is_linked_to_one_referral_r_3_1_2() -> None:
    made, at = given(), when(role="call_centre")
    link_to_referral(made, Referral("J-1", "C1"), at)
    assert (made.referral_id, made.case_id, made.linked_by) == ("J-1", "C1", at.by)
    with pytest.raises(NotAllowedInState, match="already-linked"):
        link_to_referral(made, Referral("J-2", "C2"), at)


def test_name_and_phone_are_forgotten_a_year_afterwards() -> None:
    """152-FZ 5.7: kept no longer than they are needed; what was answered stays."""
    made = given()
    forget_person(made, when(NOON + FORGET_AFTER - timedelta(seconds=1)))
    assert made.asker == ASKED.asker
    forget_person(made, when(NOON + FORGET_AFTER))
    assert (made.asker, made.answer, made.forget_at) == (None, ASKED.answer, None)


def test_consultation_is_known_to_its_organization_only() -> None:
    made = given()
    assert may_know(made, when(role="specialist").by)
    assert not may_know(made, when(role="specialist", org="r-institution-16").by)
    assert not may_know(made, when(role="call_centre", org=None).by)
