"""How a case ends in intake: by a consultation, without object, or withdrawn by who referred."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.intake import CaseClosed
from contracts.triage import TriageCode
from contracts.values import Identifier, Text, Value
from services.intake.domain.actions import Action, Status
from services.intake.domain.belonging import take_back
from services.intake.domain.case import Case, require
from services.intake.domain.closing import UNTRIAGED, WithoutObject, close
from services.intake.domain.notices import requester_of, task_status
from services.intake.domain.records import Consultation, Entered, ReferralWithdrawal
from services.intake.domain.status_code import CodeHash
from services.intake.domain.task_states import TaskStatus, require_transition


class Advice(Value):
    """What was asked, what was answered, and where the person was directed (R 3.1.6 б)."""

    asked: Text
    answered: Text
    directed_to: tuple[Identifier, ...] = Field(
        default=(), max_length=20, description="organizations, by their ids in the directory"
    )


def close_consultation(
    case: Case, advice: Advice, at: Context, taking_part: Collection[str] = ()
) -> list[Event]:
    """A consultation was given and is recorded; nothing more is to be done (R 3.1.6 б).

    `taking_part`: those of the named organizations that the directory knows to take part.
    """
    require(case, Action.CLOSE_CONSULTATION)
    if case.code is not TriageCode.CONSULTATION:
        raise NotAllowedInState(
            "not-a-consultation", "only a consultation is closed here", clause="R 3.1.6 б"
        )
    if case.to_review:
        raise NotAllowedInState(
            "further-referral-waits",
            "a further referral came in: look at it before the case ends",
            clause="R 3.1.3",
        )
    for index, organization in enumerate(advice.directed_to):
        if organization not in taking_part:
            raise InvalidInput(
                "organization-takes-no-part",
                "the directory knows no organization of this id that takes part",
                field=f"directed_to.{index}",
                clause="R 3.1.6 б",
            )
    case.consultation = Consultation(**advice.model_dump(), given=Entered(at=at.now, by=at.by.id))
    case.status, case.closed_for = Status.CLOSED, "consultation_given"
    return [CaseClosed(by=at.by, reason=case.closed_for, closed=case.terms.close_all(at.now))]


def close_without_object(case: Case, reason: WithoutObject, at: Context) -> list[Event]:
    """There is nothing to go on with: the case ends, its terms with it (R 3.1.2)."""
    require(case, Action.CLOSE_WITHOUT_OBJECT)
    if case.enrolled:
        raise NotAllowedInState(
            "already-enrolled", "a service is ended in the care plan", clause="R 3.6.3"
        )
    if reason in {WithoutObject.NOT_OUR_TERRITORY, WithoutObject.WRONG_PERSON} and (
        case.status not in UNTRIAGED or case.triaged is not None
    ):
        raise NotAllowedInState(
            "taken-already", "a referral is rejected before triage only", clause="R 3.1.6"
        )
    return [close(case, reason, at)]


def withdraw_referral(
    case: Case,
    entry_id: str,
    wanted: TaskStatus,
    reason: str,
    at: Context,
    *,
    hash_of: CodeHash,
) -> list[Event]:
    """A sender takes its referral back; other referrals and work begun stand (L 5.1).

    A case that rests on this referral alone and is not triaged yet is closed with it. The code that
    came with it dies; `hash_of` gives what may be known of that (R 3.7.3).
    """
    if requester_of(case, entry_id) is None:
        raise NotFound("Task")
    present, _ = task_status(case, entry_id)
    if present is wanted:
        return []
    require_transition(present, wanted)
    require(case, Action.WITHDRAW_REFERRAL)
    if not reason.strip():
        raise InvalidInput(
            "reason-missing", "say why", field="Task.statusReason.text", clause="L 5.1"
        )
    in_error = wanted is TaskStatus.ENTERED_IN_ERROR
    withdrawal = ReferralWithdrawal(at=at.now, by=at.by.id, in_error=in_error, reason=reason)
    return take_back(case, entry_id, withdrawal, at, hash_of=hash_of)
