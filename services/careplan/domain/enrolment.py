"""How the procedure ends: contract and order, or the notice of refusal (R 3.6.2–3.6.4)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.careplan import ContractConcluded, Enrolled, Refused
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from services.careplan.domain.case import (
    Action,
    Case,
    Status,
    require,
    require_institution,
    require_organizer,
)
from services.careplan.domain.plan import PROVIDERS, Organizations
from services.careplan.domain.records import Contract, Decision, Delivery, Order, RefusalNotice
from services.careplan.domain.terms import settle_terms


def conclude_contract(
    case: Case, number: str, signed_by_citizen: bool, handed_over: Sequence[str], at: Context
) -> list[Event]:
    """The contract; with it the citizen gets the plan and all they must know (R 3.6.2)."""
    require(case, Action.CONCLUDE_CONTRACT)
    require_organizer(case, at)
    if case.agreed_plan is None:
        raise NotAllowedInState(
            "plan-not-agreed", "the citizen gets a copy of the agreed plan", clause="R 3.6.2 а"
        )
    if case.programme is None:
        raise NotAllowedInState(
            "programme-missing", "the programme is issued with the plan", clause="L 2.4"
        )
    if not signed_by_citizen:
        raise InvalidInput(
            "contract-unsigned",
            "a contract is concluded when the citizen has signed it",
            field="signed_by_citizen",
            clause="R 3.6.2",
        )
    check_handover(case, handed_over)
    case.contract = Contract(number=number, handed_over=tuple(handed_over), concluded_at=at.now)
    case.stage = Status.CONTRACTED
    return [ContractConcluded(by=at.by, number=number, handed_over=tuple(handed_over))]


def check_handover(case: Case, handed_over: Sequence[str]) -> None:
    """Everything of R 3.6.2 а–г was handed over; each missing piece is named."""
    required = {entry.code: entry.clause for entry in case.pack.enrolment_handover}
    for index, code in enumerate(handed_over):
        if code not in required:
            raise InvalidInput(
                "unknown-handover",
                f"handed over is: {', '.join(required)}",
                field=f"handed_over.{index}",
                clause="R 3.6.2",
            )
    missing = [code for code in required if code not in handed_over]
    if missing:
        raise InvalidInput(
            "handover-incomplete",
            f"not handed over: {', '.join(missing)}",
            field="handed_over",
            clause=required[missing[0]],
        )


def enrol(
    case: Case, order_number: str, provider: str, known: Organizations, at: Context
) -> list[Event]:
    """The director's order enrols the citizen and ends the procedure (R 3.6.3)."""
    require(case, Action.ENROL)
    require_institution(case, at)
    if known.get(provider) not in PROVIDERS:
        raise InvalidInput(
            "unknown-provider",
            "the directory has no such provider of social services",
            field="provider",
            clause="R 3.6.3",
        )
    form = _decision(case).form
    if form is None:
        raise NotAllowedInState("form-missing", "the decision names no form", clause="R 3.6.1")
    case.order = Order(number=order_number, provider=provider, ordered_at=at.now)
    case.stage = Status.ENROLLED
    _, closed = settle_terms(case, at)
    return [
        Enrolled(
            by=at.by,
            order_number=order_number,
            form=form,
            level=case.allowance.level,
            provider=provider,
            closed=closed,
        )
    ]


def send_refusal_notice(case: Case, number: str, sent_by: Delivery, at: Context) -> list[Event]:
    """The reasoned notice went to the applicant, in the term of the decision (R 3.6.4)."""
    require(case, Action.SEND_REFUSAL_NOTICE)
    require_institution(case, at)
    decision = _decision(case)
    decision.notice = RefusalNotice(number=number, sent_by=sent_by, sent_at=at.now)
    case.stage = Status.REFUSED
    _, closed = settle_terms(case, at)
    return [Refused(by=at.by, notice_number=number, grounds=tuple(decision.grounds), closed=closed)]


def _decision(case: Case) -> Decision:
    """The decision in force."""
    if case.decision is None:
        raise NotAllowedInState("not-decided", "there is no decision", clause="R 3.6.1")
    return case.decision
