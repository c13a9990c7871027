"""Use cases of assessment: one function, one save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chassis.commands import Request
from chassis.document import Answered
from contracts.assessment import CASE
from contracts.context import Context
from contracts.event import Event
from contracts.values import Actor
from services.assessment.assessment import Assessment
from services.assessment.domain.act import missing_signatures
from services.assessment.domain.case import Case, involves
from services.assessment.domain.typization import deciding_questionnaire

Decide = Callable[[Case, Context], Sequence[Event]]


def summary(case: Case) -> dict[str, Any]:
    """What every command answers besides its receipt."""
    return {"status": case.status}


def convened_summary(case: Case) -> dict[str, Any]:
    """How independent the commission is; none at all is a warning, not an error (R 3.4.2)."""
    independent = case.commission.independent_members if case.commission else 0
    rule = case.pack.commission
    warning = {
        "code": "no-independent-member",
        "clause": rule.independence_clause,
        "detail_ru": rule.independence_ru,
        "detail_en": rule.independence_en,
    }
    return {
        **summary(case),
        "independent_members": independent,
        "warnings": [] if independent else [warning],
    }


def signed_summary(case: Case) -> dict[str, Any]:
    """Whose signature is still missing (R 3.4.6)."""
    return {**summary(case), "missing_signatures": missing_signatures(case)}


def scored_summary(case: Case) -> dict[str, Any]:
    """The deciding score so far, with its band (L 3.3)."""
    deciding = deciding_questionnaire(case)
    return {
        **summary(case),
        "score": deciding.score.model_dump(mode="json") if deciding else None,
    }


async def change_case(
    assessment: Assessment,
    case_id: str,
    request: Request,
    by: Actor,
    decide: Decide,
    answer: Callable[[Case], dict[str, Any]] = summary,
) -> Answered:
    """Carry a decision out on a case the caller may know of."""
    at = assessment.service.at(by)
    return await assessment.service.commands.execute(
        assessment.cases,
        case_id,
        CASE,
        request,
        at,
        lambda case: decide(case, at),
        visible=lambda case: involves(case, by),
        answer=answer,
    )
