"""The plan is signed by the organizer and the citizen and agreed by each executor (R 3.5.3)."""

from __future__ import annotations

from contracts.careplan import PlanAgreed
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.event import Event
from contracts.roles import Role
from services.careplan.domain.case import Action, Case, Status, require, require_organizer
from services.careplan.domain.records import (
    OF_THE_DIRECTORY,
    Party,
    Plan,
    PlanExecutor,
    Signature,
)
from services.careplan.domain.terms import settle_terms


def sign_plan(case: Case, party: Party, at: Context) -> list[Event]:
    """The organizer signs; the citizen's or their representative's signature is recorded."""
    require(case, Action.SIGN_PLAN)
    require_organizer(case, at)
    plan = _open_plan(case)
    theirs = party is not Party.ORGANIZER
    if any((signature.party is not Party.ORGANIZER) == theirs for signature in plan.signatures):
        raise NotAllowedInState(
            "already-signed", "this side has signed this version", clause="R 3.5.3"
        )
    plan.signatures.append(Signature(party=party, signed_at=at.now))
    return _agreed(case, plan, at)


def answer_plan(
    case: Case, executor_id: str, agreed: bool, reason: str | None, at: Context
) -> list[Event]:
    """An executor agrees, or refuses with a reason: then the plan must be drawn up anew."""
    require(case, Action.ANSWER_PLAN)
    plan = _open_plan(case)
    executor = plan.find_executor(executor_id)
    _check_who_answers(case, executor, executor_id, at)
    if executor is None:
        raise InvalidInput(
            "unknown-executor",
            f"the plan's executors are: {', '.join(known.id for known in plan.executors)}",
            field="executor",
            clause="R 3.5.3",
        )
    if executor.agreed is not None:
        raise NotAllowedInState(
            "already-answered", "this executor has answered for this version", clause="R 3.5.3"
        )
    if not agreed and reason is None:
        raise InvalidInput(
            "refusal-unexplained",
            "an executor who refuses gives the reason",
            field="reason",
            clause="R 3.5.3",
        )
    executor.agreed, executor.answered_at = agreed, at.now
    executor.reason = None if agreed else reason
    return _agreed(case, plan, at)


def _check_who_answers(
    case: Case, executor: PlanExecutor | None, executor_id: str, at: Context
) -> None:
    """Organizations answer for themselves; the organizer records what persons answered."""
    if at.by.role == Role.PROVIDER:
        if at.by.organization != executor_id:
            raise NotPermitted(
                "not-your-agreement", "an organization answers for itself only", clause="R 3.5.3"
            )
        return
    require_organizer(case, at)
    if executor is not None and executor.kind in OF_THE_DIRECTORY:
        raise NotPermitted(
            "organization-answers-itself",
            "the organizer records the answers of persons only",
            clause="R 3.5.3",
        )


def _open_plan(case: Case) -> Plan:
    """The version that waits for signatures and answers."""
    plan = case.plan
    if plan is None:
        raise NotAllowedInState("no-plan", "there is no plan yet", clause="R 3.5.2")
    if plan.agreed_at is not None:
        raise NotAllowedInState(
            "plan-already-agreed", "the plan is signed and agreed", clause="R 3.5.3"
        )
    if plan.refused:
        raise NotAllowedInState(
            "plan-must-be-redrafted", "an executor refused: draw the plan up anew", clause="R 3.5.3"
        )
    return plan


def _agreed(case: Case, plan: Plan, at: Context) -> list[Event]:
    """The plan is agreed the moment its last signature or answer is there; planning is over."""
    if not plan.signed or not all(executor.agreed for executor in plan.executors):
        return []
    plan.agreed_at = at.now
    if case.stage is Status.DRAFTED:
        case.stage = Status.AGREED
    _, closed = settle_terms(case, at)
    return [PlanAgreed(by=at.by, plan_version=plan.version, closed=closed)]
