"""Triage: the five questions, the code the rule proposes, and the code a person assigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation import RegulationPack
from contracts.regulation.entries import AnswerKind
from contracts.triage import CaseTriaged, TriageCode
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.records import Answering, Considered, Entered, TriageProposal
from services.intake.domain.term_codes import ANALYSIS_TERM, URGENT_TERM
from services.intake.domain.urgent import needs_help_today

Answers = Mapping[str, Sequence[str]]
Weighed = Sequence[tuple[str, bool]]
"""Reasons, and whether each holds."""


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
    health_at_risk: bool = False,
) -> TriageProposal:
    """The code the rule proposes, with its reasons, and why not the others; a person decides.

    `immediate` when physical health is at risk, or a lone citizen has lost the ability of
    self-care (R 3.1.7). Neither is one of the five questions, so both are asked besides; a danger
    to life is a risk to physical health. Of the codes of R 3.1.6 there always is exactly one that
    nothing speaks against.
    """
    check_answers(pack, answers)
    facts = Facts(
        at_risk=bool(answers["danger_to_life"]) or health_at_risk,
        self_care_lost=self_care_lost,
        lone="lives_alone" in answers["household"],
        served=already_served,
        advice=consultation_only,
    )
    speaking_for, against = _speaking_for(facts), _against(facts)
    considered = tuple(_considered(code, speaking_for[code], against[code]) for code in TriageCode)
    (proposed,) = (code for code in considered if code.proposed)
    return TriageProposal(
        code=proposed.code,
        rule_version=pack.triage.rule_version,
        reasons=proposed.reasons,
        considered=considered,
    )


class Facts(NamedTuple):
    """What the rule goes by."""

    at_risk: bool
    self_care_lost: bool
    lone: bool
    served: bool
    advice: bool

    @property
    def immediate(self) -> bool:
        """Either ground of R 3.1.7."""
        return self.at_risk or (self.self_care_lost and self.lone)


def _speaking_for(facts: Facts) -> dict[TriageCode, Weighed]:
    return {
        TriageCode.IMMEDIATE: (
            ("physical_health_at_risk", facts.at_risk),
            ("self_care_lost_and_lone", facts.self_care_lost and facts.lone),
        ),
        TriageCode.CONSULTATION: (("only_advice_was_asked", True),),
        TriageCode.INITIAL_ASSESSMENT: (("need_is_to_be_assessed", True),),
        TriageCode.REASSESSMENT: (("citizen_is_already_served", True),),
    }


def _against(facts: Facts) -> dict[TriageCode, Weighed]:
    first = ("immediate_goes_first", facts.immediate)
    advice = ("advice_asks_for_no_assessment", facts.advice)
    return {
        TriageCode.IMMEDIATE: (
            ("no_risk_to_physical_health", not facts.immediate),
            ("self_care_is_kept", not facts.immediate and not facts.self_care_lost),
            ("does_not_live_alone", not facts.immediate and not facts.lone),
        ),
        TriageCode.CONSULTATION: (first, ("more_than_advice_was_asked", not facts.advice)),
        TriageCode.INITIAL_ASSESSMENT: (
            first,
            advice,
            ("reassessment_takes_its_place", facts.served),
        ),
        TriageCode.REASSESSMENT: (first, advice, ("citizen_is_not_served_yet", not facts.served)),
    }


def _considered(code: TriageCode, speaking_for: Weighed, against: Weighed) -> Considered:
    objections = tuple(reason for reason, holds in against if holds)
    reasons = objections or tuple(reason for reason, holds in speaking_for if holds)
    return Considered(code=code, proposed=not objections, reasons=reasons)


def answer_questions(
    case: Case,
    answers: Answers,
    self_care_lost: bool,
    at: Context,
    *,
    applicant_informed: bool,
    health_at_risk: bool = False,
) -> list[Event]:
    """Record the five answers and let the rule propose a code (R 3.1.3, 3.1.6). No event yet.

    They may be answered anew until the code is assigned; what was answered before is kept. Who was
    told of the assessment and the personal application stays informed (R 3.1.4).
    """
    require(case, Action.ANSWER_QUESTIONS)
    case.proposal = propose(
        case.pack,
        answers,
        self_care_lost=self_care_lost,
        already_served=case.already_served,
        consultation_only=case.consultation_only,
        health_at_risk=health_at_risk,
    )
    case.answers = {question: list(given) for question, given in answers.items()}
    case.self_care_lost, case.health_at_risk = self_care_lost, health_at_risk
    case.answerings.append(
        Answering(
            at=at.now,
            by=at.by.id,
            answers={question: tuple(given) for question, given in answers.items()},
            self_care_lost=self_care_lost,
            health_at_risk=health_at_risk,
            applicant_informed=applicant_informed,
            proposal=case.proposal,
        )
    )
    if applicant_informed:
        record_informed(case, at)
    case.status = Status.ANALYSED
    return []


def record_informed(case: Case, at: Context) -> None:
    """The applicant was told of the assessment of need, of the conditions of service and of the
    personal application: when first, and by whom (R 3.1.4)."""
    case.applicant_informed = True
    case.informed = case.informed or Entered(at=at.now, by=at.by.id)


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
    case.triaged = Entered(at=at.now, by=at.by.id)
    if code is TriageCode.IMMEDIATE and case.urgent_done_at is not None:
        case.urgent_called_at = at.now  # help was given before a further referral came
    urgent = needs_help_today(case)
    # at the institution, which is to help (R 3.1.7)
    arrived = case.analysed_since or case.reached_at or case.received_at
    over = [ANALYSIS_TERM] if urgent else [ANALYSIS_TERM, URGENT_TERM]
    due = (at.deadline(case.pack, URGENT_TERM, arrived),) if urgent else ()
    return [
        CaseTriaged(
            by=at.by,
            code=code,
            proposed=TriageCode(case.proposal.code),
            rule_version=case.proposal.rule_version,
            overridden=overridden,
            opened=case.terms.open(*due),
            closed=case.terms.close(*over, at=at.now),
        )
    ]
