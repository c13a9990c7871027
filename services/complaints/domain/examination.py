"""The decision on a complaint, the remedy that follows, the answer, and the terms of all that."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.complaints import (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintOutcome,
    Remedy,
    RemedyOrdered,
    TermDueSoon,
    TermMissed,
)
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.event import Event, sound
from contracts.values import Identifier, Text, Value
from services.complaints.domain.case import CaseCopy
from services.complaints.domain.complaint import Action, Complaint, Status, require
from services.complaints.domain.records import Answer, AnswerWay, Decision, ElectronicCopy

UNLAWFUL_REFUSAL = "unlawful_refusal"
"""The ground that is aimed at the decision in the case itself (R 5.2, fifth)."""


class Verdict(Value):
    """What the official who examines a complaint decides (R 5.7)."""

    outcome: ComplaintOutcome
    remedy: Remedy | None = None
    refusal_ground: Identifier | None = None
    reasons: Text


def decide_complaint(
    complaint: Complaint, verdict: Verdict, case: CaseCopy | None, at: Context
) -> list[Event]:
    """Satisfy or refuse a complaint (R 5.7); a satisfied one orders its remedy (R 5.8).

    The answer has to leave no later than the day after (R 5.9); a nameless complaint has none.
    """
    require(complaint, Action.DECIDE)
    _refuse_the_official(complaint, case, at)
    _check_verdict(complaint, verdict, case)
    complaint.status = Status.DECIDED
    complaint.decision = Decision(
        **verdict.model_dump(),
        decided_at=at.now,
        decided_by=at.by.id,
        organization=at.by.organization,
    )
    closed = complaint.terms.close("complaint", "complaint-short", at=at.now)
    due = () if complaint.nameless else (at.deadline(complaint.regulation, "complaint-answer"),)
    decided = ComplaintDecided(
        by=at.by,
        case_id=complaint.case_id,
        outcome=verdict.outcome,
        opened=complaint.terms.open(*due),
        closed=closed,
    )
    if verdict.remedy is None:
        return [decided]
    ordered = RemedyOrdered(by=at.by, case_id=complaint.case_id, remedy=verdict.remedy)
    return [decided, ordered]


def _refuse_the_official(complaint: Complaint, case: CaseCopy | None, at: Context) -> None:
    """Whose act is complained of does not decide on the complaint (R 5.4.1)."""
    accounts = {complaint.official.account} if complaint.official else set[str | None]()
    if complaint.ground == UNLAWFUL_REFUSAL and case is not None and case.decision is not None:
        accounts.add(case.decision.decided_by)
    if at.by.id in accounts:
        raise NotPermitted(
            "official-complained-of",
            "who is complained of does not decide on the complaint",
            clause="R 5.4.1",
        )


def _check_verdict(complaint: Complaint, verdict: Verdict, case: CaseCopy | None) -> None:
    satisfied = verdict.outcome is ComplaintOutcome.SATISFIED
    if satisfied and verdict.remedy is None:
        raise InvalidInput(
            "remedy-missing", "a satisfied complaint has a remedy", field="remedy", clause="R 5.7"
        )
    if not satisfied and verdict.remedy is not None:
        raise InvalidInput(
            "remedy-not-due", "a refused complaint has no remedy", field="remedy", clause="R 5.7"
        )
    if satisfied and verdict.refusal_ground is not None:
        raise InvalidInput(
            "refusal-ground-not-due",
            "a satisfied complaint has no ground of refusal",
            field="refusal_ground",
            clause="R 5.11",
        )
    grounds = [ground.code for ground in complaint.regulation.complaint_refusal_grounds]
    if verdict.refusal_ground is not None and verdict.refusal_ground not in grounds:
        raise InvalidInput(
            "unknown-refusal-ground",
            f"grounds of refusal are: {', '.join(grounds)}",
            field="refusal_ground",
            clause="R 5.11",
        )
    if verdict.remedy is Remedy.DECISION_ANNULLED and not (case and case.refused):
        raise InvalidInput(
            "no-refusal-to-annul",
            "no decision to refuse stands in this case",
            field="remedy",
            clause="R 5.7",
        )


def answer_complaint(
    complaint: Complaint,
    parts: Mapping[str, str],
    way: AnswerWay,
    electronic_copy: ElectronicCopy | None,
    at: Context,
) -> list[Event]:
    """Send the reasoned answer with its seven parts (R 5.9, 5.10)."""
    require(complaint, Action.ANSWER)
    if complaint.nameless:
        raise NotAllowedInState(
            "complaint-is-nameless",
            "a complaint without name and address is examined, but not answered",
            clause="R 5.4.6",
        )
    _check_parts(complaint, parts)
    complaint.status = Status.ANSWERED
    complaint.answer = Answer(
        parts=dict(parts),
        way=way,
        electronic_copy=electronic_copy,
        answered_at=at.now,
        answered_by=at.by.id,
    )
    closed = complaint.terms.close("complaint-answer", at=at.now)
    return [ComplaintAnswered(by=at.by, case_id=complaint.case_id, closed=closed)]


def _check_parts(complaint: Complaint, parts: Mapping[str, str]) -> None:
    """Every part must be there; the terms of elimination only where it was satisfied (R 5.10)."""
    decision = complaint.decision
    satisfied = decision is not None and decision.outcome is ComplaintOutcome.SATISFIED
    known = {part.code: part for part in complaint.regulation.complaint_reply_parts}
    for code in parts:
        if code not in known:
            raise InvalidInput(
                "unknown-answer-part",
                f"the parts of an answer are: {', '.join(known)}",
                field="parts",
                clause="R 5.10",
            )
    for code, part in known.items():
        due = satisfied or not part.only_when_satisfied
        if due and code not in parts:
            raise InvalidInput(
                "answer-part-missing", part.title_en, field=f"parts.{code}", clause=part.clause
            )
        if not due and code in parts:
            raise InvalidInput(
                "answer-part-not-due",
                "only the answer to a satisfied complaint has this part",
                field=f"parts.{code}",
                clause=part.clause,
            )


def sound_terms(complaint: Complaint, at: Context) -> list[Event]:
    """The alarms that are due (R 5.5, 5.9). The event names the body whose term it is."""
    return sound(
        complaint.terms,
        TermDueSoon,
        TermMissed,
        at,
        case_id=complaint.case_id,
        institution=complaint.examiner,
    )
