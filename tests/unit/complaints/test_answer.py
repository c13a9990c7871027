"""The answer to a complaint and the alarms of its terms, clause by clause."""

import pytest

from contracts.complaints import ComplaintAnswered, ComplaintDecided, TermDueSoon, TermMissed
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.values import SYSTEM
from services.complaints.domain.complaint import Status
from services.complaints.domain.examination import (
    Verdict,
    answer_complaint,
    decide_complaint,
    sound_terms,
)
from services.complaints.domain.records import AnswerWay, ElectronicCopy
from tests.unit.complaints.conftest import (
    BODY,
    PACK,
    PARTS,
    REFUSED,
    REFUSED_PARTS,
    SATISFIED,
    at,
    case,
    decided,
    refused_with,
    registered,
)


@pytest.mark.parametrize(
    ("moment", "met"),
    [("2026-03-03T23:59:59+07:00", True), ("2026-03-04T00:00:01+07:00", False)],
)
def test_r_5_9_answer_closes_its_term(moment: str, met: bool) -> None:
    complaint = decided()
    [event] = answer_complaint(
        complaint, PARTS, AnswerWay.IN_PERSON, ElectronicCopy.EMAIL, at(moment)
    )
    assert isinstance(event, ComplaintAnswered)
    assert [(term.code, term.met) for term in event.closed] == [("complaint-answer", met)]
    assert complaint.terms.running == []
    assert complaint.terms.next_alarm() is None


def test_r_5_4_6_nameless_complaint_is_decided_and_not_answered() -> None:
    complaint = registered(complainant=None)
    [event] = decide_complaint(complaint, REFUSED, case(), at())
    assert isinstance(event, ComplaintDecided)
    assert event.opened == ()
    assert complaint.terms.running == []
    with pytest.raises(NotAllowedInState) as failure:
        answer_complaint(complaint, REFUSED_PARTS, AnswerWay.POST, None, at())
    assert refused_with(failure) == ("complaint-is-nameless", None, "R 5.4.6")


@pytest.mark.parametrize("number", range(7))
def test_r_5_10_each_of_the_seven_parts_must_be_there(number: int) -> None:
    assert len(PACK.complaint_reply_parts) == 7
    part = PACK.complaint_reply_parts[number]
    given = {code: text for code, text in PARTS.items() if code != part.code}
    with pytest.raises(InvalidInput) as failure:
        answer_complaint(decided(), given, AnswerWay.POST, None, at())
    assert refused_with(failure) == ("answer-part-missing", f"parts.{part.code}", part.clause)


@pytest.mark.parametrize(
    ("given", "parts", "rule"),
    [
        (SATISFIED, PARTS, None),
        (REFUSED, REFUSED_PARTS, None),
        (REFUSED, PARTS, ("answer-part-not-due", "parts.remedy_terms", "R 5.10 (6)")),
        (SATISFIED, PARTS | {"greeting": "Уважаемая"}, ("unknown-answer-part", "parts", "R 5.10")),
    ],
)
def test_r_5_10_terms_of_elimination_stand_only_where_it_was_satisfied(
    given: Verdict, parts: dict[str, str], rule: tuple[str, str, str] | None
) -> None:
    complaint = decided(given)
    if rule is None:
        assert answer_complaint(complaint, parts, AnswerWay.POST, None, at())
        assert complaint.answer is not None
        assert complaint.answer.parts == parts
        return
    with pytest.raises(InvalidInput) as failure:
        answer_complaint(complaint, parts, AnswerWay.POST, None, at())
    assert refused_with(failure) == rule
    assert complaint.status is Status.DECIDED


def test_terms_sound_once_each_and_not_before_their_time() -> None:
    complaint = registered()
    moments = [
        ("2026-03-23T23:59:59+07:00", []),
        ("2026-03-24T00:00:00+07:00", [TermDueSoon]),
        ("2026-03-24T12:00:00+07:00", []),
        ("2026-03-24T23:59:59+07:00", []),
        ("2026-03-25T00:00:00+07:00", [TermMissed]),
        ("2026-06-01T00:00:00+07:00", []),
    ]
    for moment, expected in moments:
        events = sound_terms(complaint, at(moment, by=SYSTEM))
        assert [type(event) for event in events] == expected, moment
        for event in events:
            assert isinstance(event, TermDueSoon | TermMissed)
            assert (event.term.code, event.case_id) == ("complaint", "Ccase1")
            assert event.institution == BODY


def test_term_missed_while_nobody_looked_is_said_as_missed_only() -> None:
    events = sound_terms(registered(), at("2026-04-01T00:00+07:00", by=SYSTEM))
    assert [type(event) for event in events] == [TermMissed]
