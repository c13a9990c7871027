"""Triage: five questions, proposal, override, terms (R 3.1.3, 3.1.6–3.1.8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.regulation import load_pack
from contracts.regulation.entries import AnswerKind
from contracts.triage import CaseTriaged, TriageCode
from services.intake.domain.actions import Status
from services.intake.domain.documents import register_application
from services.intake.domain.records import ApplicantKind
from services.intake.domain.triage import (
    answer_questions,
    check_answers,
    propose,
    triage_case,
)
from tests.unit.intake.sample import (
    CALM,
    CONSENTED,
    DANGER,
    NOON,
    analysed,
    local,
    registered,
    triaged,
    when,
)

PACK = load_pack("kuzbass-2013")
LONE = {"household": ["lives_alone"]}
OTHERS = {"danger_to_life": ["others_lives"]}


@pytest.mark.parametrize("question", [question.code for question in PACK.triage.questions])
def test_each_question_left_out_is_named_r_3_1_3(question: str) -> None:
    answers = {code: given for code, given in CALM.items() if code != question}
    with pytest.raises(InvalidInput) as refused:
        check_answers(PACK, answers)
    assert refused.value.code == "question-unanswered"
    assert refused.value.field == f"answers.{question}"
    assert refused.value.clause == next(
        known.clause for known in PACK.triage.questions if known.code == question
    )


def test_there_are_five_questions_r_3_1_3() -> None:
    assert len(PACK.triage.questions) == 5


def test_empty_list_is_an_answer_r_3_1_3() -> None:
    check_answers(PACK, {question.code: [] for question in PACK.triage.questions})


@pytest.mark.parametrize("question", [question.code for question in PACK.triage.questions])
def test_unknown_option_is_refused_r_3_1_3(question: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(PACK, CALM | {question: ["perhaps"]})
    assert (refused.value.code, refused.value.field) == ("unknown-option", f"answers.{question}")


def test_unknown_question_is_refused_r_3_1_3() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(PACK, CALM | {"favourite_colour": []})
    assert refused.value.code == "unknown-question"


@pytest.mark.parametrize(
    ("given", "fits"), [([], False), (["illness"], True), (["illness", "injury"], False)]
)
def test_question_of_one_option_takes_exactly_one_r_3_1_3(given: list[str], fits: bool) -> None:
    questions = tuple(
        question.model_copy(update={"kind": AnswerKind.ONE_OF})
        if question.code == "cause"
        else question
        for question in PACK.triage.questions
    )
    pack = PACK.model_copy(
        update={"triage": PACK.triage.model_copy(update={"questions": questions})}
    )
    if fits:
        check_answers(pack, CALM | {"cause": given})
        return
    with pytest.raises(InvalidInput) as refused:
        check_answers(pack, CALM | {"cause": given})
    assert (refused.value.code, refused.value.field) == ("one-option-asked", "answers.cause")


RISK, LONELY = "physical_health_at_risk", "self_care_lost_and_lone"


@pytest.mark.parametrize(
    ("answers", "self_care_lost", "served", "advice", "code", "reasons"),
    [
        (CALM, False, False, False, "initial_assessment", ["need_is_to_be_assessed"]),
        (CALM, True, False, False, "initial_assessment", ["need_is_to_be_assessed"]),
        (CALM | LONE, False, False, False, "initial_assessment", ["need_is_to_be_assessed"]),
        (CALM | LONE, True, False, False, "immediate", [LONELY]),
        (CALM | LONE, True, True, True, "immediate", [LONELY]),
        (DANGER, False, False, False, "immediate", [RISK]),
        (DANGER, False, True, False, "immediate", [RISK]),
        (DANGER, False, False, True, "immediate", [RISK]),
        (CALM | OTHERS, False, False, False, "immediate", [RISK]),
        (DANGER | LONE, True, False, False, "immediate", [RISK, LONELY]),
        (CALM, False, False, True, "consultation", ["only_advice_was_asked"]),
        (CALM, False, True, True, "consultation", ["only_advice_was_asked"]),
        (CALM, False, True, False, "reassessment", ["citizen_is_already_served"]),
        (CALM | {"mental_changes": ["memory_loss"]}, True, False, False, "initial_assessment",
         ["need_is_to_be_assessed"]),
        (CALM | {"substance_abuse": ["alcohol"]}, True, True, False, "reassessment",
         ["citizen_is_already_served"]),
    ],
)  # fmt: skip
def test_rule_proposes_a_code_with_its_reasons_and_version_r_3_1_6_r_3_1_7(
    answers: dict[str, list[str]],
    self_care_lost: bool,
    served: bool,
    advice: bool,
    code: str,
    reasons: list[str],
) -> None:
    proposal = propose(
        PACK,
        answers,
        self_care_lost=self_care_lost,
        already_served=served,
        consultation_only=advice,
    )
    assert (proposal.code, list(proposal.reasons)) == (code, reasons)
    assert proposal.rule_version == "R 3.1.7 / 2"


KEPT, NOT_LONE, NO_RISK = "self_care_is_kept", "does_not_live_alone", "no_risk_to_physical_health"
MORE, FIRST = "more_than_advice_was_asked", "immediate_goes_first"
NO_ASSESSMENT, INSTEAD = "advice_asks_for_no_assessment", "reassessment_takes_its_place"
UNSERVED = "citizen_is_not_served_yet"


@pytest.mark.parametrize(
    ("answers", "lost", "served", "advice", "against"),
    [
        (CALM, False, False, False, [
            ("immediate", [NO_RISK, KEPT, NOT_LONE], "R 3.1.7"),
            ("consultation", [MORE], "R 3.1.6 б"),
            ("reassessment", [UNSERVED], "R 3.1.6 г")]),
        (CALM, True, False, False, [("immediate", [NO_RISK, NOT_LONE], "R 3.1.7")]),
        (CALM | LONE, False, False, False, [("immediate", [NO_RISK, KEPT], "R 3.1.7")]),
        (CALM | LONE, True, False, False, [
            ("consultation", [FIRST, MORE], "R 3.1.7"),
            ("initial_assessment", [FIRST], "R 3.1.7"),
            ("reassessment", [FIRST, UNSERVED], "R 3.1.7")]),
        (DANGER, False, True, True, [
            ("consultation", [FIRST], "R 3.1.7"),
            ("initial_assessment", [FIRST, NO_ASSESSMENT, INSTEAD], "R 3.1.7"),
            ("reassessment", [FIRST, NO_ASSESSMENT], "R 3.1.7")]),
        (CALM, False, True, True, [
            ("initial_assessment", [NO_ASSESSMENT, INSTEAD], "R 3.1.6 б"),
            ("reassessment", [NO_ASSESSMENT], "R 3.1.6 б")]),
        (CALM, False, True, False, [
            ("initial_assessment", [INSTEAD], "R 3.1.6 г"),
            ("consultation", [MORE], "R 3.1.6 б")]),
    ],
)  # fmt: skip
def test_rule_says_why_not_the_other_codes_r_3_1_6_r_3_1_7(
    answers: dict[str, list[str]],
    lost: bool,
    served: bool,
    advice: bool,
    against: list[tuple[str, list[str], str]],
) -> None:
    """All four codes of R 3.1.6 а, R 3.1.6 б, R 3.1.6 в and R 3.1.6 г are weighed."""
    proposal = propose(
        PACK,
        answers,
        self_care_lost=lost,
        already_served=served,
        consultation_only=advice,
    )
    weighed = {code.code: code for code in proposal.considered}
    assert list(weighed) == [str(code) for code in TriageCode]
    assert [code.code for code in proposal.considered if code.proposed] == [proposal.code]
    assert weighed[proposal.code].reasons == proposal.reasons
    clauses = {entry.code: entry.clause for entry in PACK.triage.reasons}
    for code, reasons, clause in against:
        assert (weighed[code].proposed, list(weighed[code].reasons)) == (False, reasons)
        assert clauses[reasons[0]] == clause


@pytest.mark.parametrize(
    ("reason", "clause", "for_code"),
    [
        (RISK, "R 3.1.7", "immediate"),
        (LONELY, "R 3.1.7", "immediate"),
        ("only_advice_was_asked", "R 3.1.6 б", "consultation"),
        ("need_is_to_be_assessed", "R 3.1.6 в", "initial_assessment"),
        ("citizen_is_already_served", "R 3.1.6 г", "reassessment"),
        (NO_RISK, "R 3.1.7", None),
        (KEPT, "R 3.1.7", None),
        (NOT_LONE, "R 3.1.7", None),
        (MORE, "R 3.1.6 б", None),
        (UNSERVED, "R 3.1.6 г", None),
        (FIRST, "R 3.1.7", None),
        (NO_ASSESSMENT, "R 3.1.6 б", None),
        (INSTEAD, "R 3.1.6 г", None),
    ],
)
def test_each_reason_has_its_clause_and_speaks_for_one_code_or_against_r_3_1_6_r_3_1_7(
    reason: str, clause: str, for_code: str | None
) -> None:
    entries = {
        entry.code: entry for entry in (*PACK.triage.immediate_grounds, *PACK.triage.reasons)
    }
    assert entries[reason].clause == clause
    seen = {
        (code.code, code.proposed)
        for danger, lone, lost, served, advice in product((False, True), repeat=5)
        for code in propose(
            PACK,
            (DANGER if danger else CALM) | (LONE if lone else {}),
            self_care_lost=lost,
            already_served=served,
            consultation_only=advice,
        ).considered
        if reason in code.reasons
    }
    assert seen
    assert {code for code, proposed in seen if proposed} == ({for_code} if for_code else set())
    assert all(proposed for _, proposed in seen) is (for_code is not None)


@pytest.mark.parametrize("danger", [False, True])
@pytest.mark.parametrize("threat", [False, True])
def test_threat_to_physical_health_is_immediate_without_danger_to_life_r_3_1_7(
    danger: bool, threat: bool
) -> None:
    proposal = propose(
        PACK,
        DANGER if danger else CALM,
        self_care_lost=False,
        already_served=False,
        consultation_only=True,
        health_at_risk=threat,
    )
    assert (proposal.code == "immediate") is (danger or threat)
    assert (RISK in proposal.reasons) is (danger or threat)


@given(
    answers=st.fixed_dictionaries(
        {
            question.code: st.lists(
                st.sampled_from([option.code for option in question.options]), unique=True
            )
            for question in PACK.triage.questions
        }
    ),
    facts=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
def test_whatever_is_answered_exactly_one_code_is_proposed_r_3_1_6(
    answers: dict[str, list[str]], facts: tuple[bool, bool, bool, bool]
) -> None:
    lost, served, advice, threat = facts
    proposal = propose(
        PACK,
        answers,
        self_care_lost=lost,
        already_served=served,
        consultation_only=advice,
        health_at_risk=threat,
    )
    known = {entry.code for entry in (*PACK.triage.immediate_grounds, *PACK.triage.reasons)}
    assert sum(code.proposed for code in proposal.considered) == 1
    assert all(code.reasons and known >= set(code.reasons) for code in proposal.considered)
    urgent = bool(answers["danger_to_life"]) or threat
    alone = lost and "lives_alone" in answers["household"]
    assert (proposal.code == "immediate") is (urgent or alone)


def test_codes_of_the_rule_are_those_of_the_pack_r_3_1_6() -> None:
    assert {entry.code for entry in PACK.triage.codes} == {str(code) for code in TriageCode}
    assert {ground.code for ground in PACK.triage.immediate_grounds} == {RISK, LONELY}


def test_case_pins_what_was_known_at_registration_r_3_1_6() -> None:
    case = registered(already_served=True)
    assert answer_questions(case, CALM, False, when(), applicant_informed=True) == []
    assert case.status is Status.ANALYSED
    assert case.proposal is not None
    assert case.proposal.code == "reassessment"


def test_questions_answered_anew_before_triage_keep_what_was_answered_r_3_1_3() -> None:
    case = registered()
    answer_questions(case, CALM, False, when(), applicant_informed=False)
    later = when(NOON + timedelta(minutes=20), "specialist")
    answer_questions(case, DANGER, True, later, applicant_informed=True, health_at_risk=True)
    assert case.proposal is not None
    assert case.proposal.code == "immediate"
    first, second = case.answerings
    assert (first.by, first.at) == ("test:registrar", when().now)
    assert (first.answers["danger_to_life"], first.proposal.code) == ((), "initial_assessment")
    assert (second.by, second.at) == ("test:specialist", later.now)
    assert (second.self_care_lost, second.health_at_risk) == (True, True)
    assert second.proposal == case.proposal


def test_questions_are_not_answered_anew_after_triage_r_3_1_3() -> None:
    case = triaged()
    with pytest.raises(NotAllowedInState):
        answer_questions(case, DANGER, False, when(), applicant_informed=True)
    assert len(case.answerings) == 1


def test_who_told_the_applicant_what_comes_and_when_is_kept_r_3_1_4() -> None:
    case = registered()
    answer_questions(case, CALM, False, when(), applicant_informed=False)
    assert case.informed is None
    told = when(NOON + timedelta(minutes=5), "specialist")
    answer_questions(case, CALM, False, told, applicant_informed=True)
    answer_questions(case, CALM, False, when(NOON + timedelta(hours=1)), applicant_informed=True)
    assert case.informed is not None
    assert (case.informed.at, case.informed.by) == (told.now, "test:specialist")


def test_applicant_told_with_the_application_is_told_then_r_3_1_4() -> None:
    case = registered()
    answer_questions(case, CALM, False, when(), applicant_informed=False)
    triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when())
    at = when(NOON + timedelta(days=1), "specialist")
    register_application(
        case, ApplicantKind.CITIZEN, False, [], at, consent=CONSENTED, applicant_informed=True
    )
    assert case.informed is not None
    assert (case.informed.at, case.informed.by) == (at.now, "test:specialist")


def test_who_was_told_what_comes_stays_informed_r_3_1_4() -> None:
    case = registered()
    for informed, stays in ((False, False), (True, True), (False, True)):
        answer_questions(case, CALM, False, when(), applicant_informed=informed)
        assert case.applicant_informed is stays


def test_triage_before_the_questions_is_refused_r_3_1_3() -> None:
    case = registered()
    before = case.model_copy(deep=True)
    with pytest.raises(NotAllowedInState) as refused:
        triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when())
    assert (refused.value.code, refused.value.clause) == ("questions-unanswered", "R 3.1.3")
    assert case == before


@pytest.mark.parametrize("code", list(TriageCode))
@pytest.mark.parametrize("reason", [None, "родственники уехали"])
def test_override_needs_a_reason_r_3_1_6(code: TriageCode, reason: str | None) -> None:
    case = analysed()
    overridden = code is not TriageCode.INITIAL_ASSESSMENT
    if overridden and reason is None:
        with pytest.raises(InvalidInput) as refused:
            triage_case(case, code, reason, when())
        assert (refused.value.code, refused.value.field) == ("override-unexplained", "reason")
        return
    (event,) = triage_case(case, code, reason, when())
    assert isinstance(event, CaseTriaged)
    assert (event.code, event.proposed) == (code, TriageCode.INITIAL_ASSESSMENT)
    assert (event.overridden, event.rule_version) == (overridden, "R 3.1.7 / 2")
    assert case.override_reason == (reason if overridden else None)
    assert case.triaged is not None
    assert (case.triaged.at, case.triaged.by) == (when().now, "test:registrar")


@pytest.mark.parametrize(
    ("received", "due_on", "skipped"),
    [
        (local(2026, 2, 2), date(2026, 2, 3), 0),
        (local(2026, 2, 6), date(2026, 2, 9), 2),
        (local(2026, 2, 7, 23, 59), date(2026, 2, 9), 1),
        (local(2026, 12, 30), date(2027, 1, 11), 11),
        (local(2026, 12, 30, 0, 0), date(2027, 1, 11), 11),
        (local(2025, 10, 31), date(2025, 11, 1), 0),  # a working Saturday
    ],
)
def test_analysis_takes_at_most_one_working_day_r_3_1_8(
    received: datetime, due_on: date, skipped: int
) -> None:
    case = registered(received_at=received, at=when(received))
    (term,) = case.terms.running
    assert term.deadline.code == "referral-analysis"
    assert (term.deadline.clause, term.deadline.due_on) == ("R 3.1.8", due_on)
    assert len(term.deadline.skipped) == skipped


def test_analysis_term_runs_from_the_receipt_not_from_the_recording_r_3_1_8() -> None:
    case = registered(received_at=local(2026, 2, 2), at=when(local(2026, 2, 4)))
    assert case.terms.running[0].deadline.due_on == date(2026, 2, 3)


def test_triage_ends_the_analysis_r_3_1_8() -> None:
    case = analysed()
    (event,) = triage_case(case, TriageCode.INITIAL_ASSESSMENT, None, when(local(2026, 2, 4)))
    assert isinstance(event, CaseTriaged)
    assert [(term.code, term.met) for term in event.closed] == [("referral-analysis", False)]
    assert case.terms.running == []
