"""Triage: the five questions, the code the rule proposes, and the code a person assigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import CaseClosed, CaseTriaged, TriageCode
from contracts.regulation import RegulationPack
from contracts.regulation.entries import AnswerKind
from services.intake.domain.case import Action, Case, Status, require
from services.intake.domain.records import TriageProposal

Answers = Mapping[str, Sequence[str]]


def check_answers(pack: RegulationPack, answers: Answers) -> None:
    """All five questions are answered, with options the pack knows (R 3.1.3).

    An empty list is an answer ("no"); a question left out is not.
    """
    for question in pack.triage.questions:
        given = answers.get(question.code)
        if given is None:
            raise InvalidInput(
                "question-unanswered",
                f"all five questions are answered before triage: {question.title_en}",
                field=f"answers.{question.code}",
                clause=question.clause,
            )
        if question.kind is AnswerKind.ONE_OF and len(given) != 1:
            raise InvalidInput(
                "one-option-asked",
                "this question has exactly one answer",
                field=f"answers.{question.code}",
                clause=question.clause,
            )
        options = {option.code for option in question.options}
        if set(given) - options:
            raise InvalidInput(
                "unknown-option",
                f"the options are: {', '.join(sorted(options))}",
                field=f"answers.{question.code}",
                clause=question.clause,
            )
    if set(answers) - {question.code for question in pack.triage.questions}:
        raise InvalidInput(
            "unknown-question", "the pack has no such question", field="answers", clause="R 3.1.3"
        )


def propose(
    pack: RegulationPack,
    answers: Answers,
    *,
    self_care_lost: bool,
    already_served: bool,
    consultation_only: bool,
) -> TriageProposal:
    """The code the rule proposes; a person confirms or overrides it.

    `immediate` when physical health is at risk, or a lone citizen has lost the ability of
    self-care (R 3.1.7). Loss of self-care is none of the five questions, so it is asked besides.
    """
    check_answers(pack, answers)
    reasons: list[str] = []
    if answers["danger_to_life"]:
        reasons.append("physical_health_at_risk")
    if self_care_lost and "lives_alone" in answers["household"]:
        reasons.append("self_care_lost_and_lone")
    if reasons:
        code = TriageCode.IMMEDIATE
    elif consultation_only:
        code, reasons = TriageCode.CONSULTATION, ["only_advice_was_asked"]
    elif already_served:
        code, reasons = TriageCode.REASSESSMENT, ["citizen_is_already_served"]
    else:
        code, reasons = TriageCode.INITIAL_ASSESSMENT, ["need_is_to_be_assessed"]
    return TriageProposal(code=code, rule_version=pack.triage.rule_version, reasons=tuple(reasons))


def answer_questions(
    case: Case, answers: Answers, self_care_lost: bool, at: Context, *, applicant_informed: bool
) -> list[Event]:
    """Record the five answers and let the rule propose a code (R 3.1.3, 3.1.6). No event yet.

    Who was told of the assessment and the personal application stays informed (R 3.1.4).
    """
    require(case, Action.ANSWER_QUESTIONS)
    case.proposal = propose(
        case.pack,
        answers,
        self_care_lost=self_care_lost,
        already_served=case.already_served,
        consultation_only=case.consultation_only,
    )
    case.answers = {question: list(given) for question, given in answers.items()}
    case.self_care_lost = self_care_lost
    case.applicant_informed = case.applicant_informed or applicant_informed
    case.status = Status.ANALYSED
    return []


def triage_case(
    case: Case, code: TriageCode, override_reason: str | None, at: Context
) -> list[Event]:
    """A person confirms the proposed code, or overrides it with a reason (R 3.1.6).

    Ends the analysis (R 3.1.8). An immediate case gets its urgent measures the day it arrived.
    """
    if case.status is Status.REGISTERED:
        raise NotAllowedInState(
            "questions-unanswered",
            "all five questions are answered before triage",
            clause="R 3.1.3",
        )
    require(case, Action.TRIAGE)
    if case.proposal is None:
        raise NotAllowedInState("no-proposal", "there is no proposal yet", clause="R 3.1.6")
    overridden = code != case.proposal.code
    if overridden and override_reason is None:
        raise InvalidInput(
            "override-unexplained",
            f"the rule proposes {case.proposal.code}; another code needs a reason",
            field="reason",
            clause="R 3.1.6",
        )
    case.code, case.status = code, Status.TRIAGED
    case.override_reason = override_reason if overridden else None
    urgent = code is TriageCode.IMMEDIATE
    arrived = case.reached_at or case.received_at  # at the institution, which is to help (R 3.1.7)
    due = (at.deadline(case.pack, "urgent-measures", arrived),) if urgent else ()
    return [
        CaseTriaged(
            by=at.by,
            code=code,
            proposed=TriageCode(case.proposal.code),
            rule_version=case.proposal.rule_version,
            overridden=overridden,
            opened=case.terms.open(*due),
            closed=case.terms.close("referral-analysis", at=at.now),
        )
    ]


def close_consultation(case: Case, at: Context) -> list[Event]:
    """A consultation was given and recorded; nothing more is to be done (R 3.1.6 б)."""
    require(case, Action.CLOSE_CONSULTATION)
    if case.code is not TriageCode.CONSULTATION:
        raise NotAllowedInState(
            "not-a-consultation", "only a consultation is closed here", clause="R 3.1.6 б"
        )
    case.status, case.closed_for = Status.CLOSED, "consultation_given"
    return [CaseClosed(by=at.by, reason=case.closed_for, closed=case.terms.close_all(at.now))]
