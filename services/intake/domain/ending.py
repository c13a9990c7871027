"""How a case ends in intake: by a consultation, without object, or withdrawn by who referred."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum

from pydantic import Field

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.intake import CaseClosed
from contracts.referral import ReferralWithdrawn
from contracts.triage import TriageCode
from contracts.values import Identifier, Text, Value
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.dispatching import hold_request
from services.intake.domain.further import close_review_terms
from services.intake.domain.notices import requester_of, task_status
from services.intake.domain.records import Consultation, Entered, ReferralWithdrawal
from services.intake.domain.status_code import bury_code
from services.intake.domain.task_states import TaskStatus, require_transition

UNTRIAGED = frozenset({Status.TO_FORWARD, Status.REGISTERED, Status.ANALYSED})
WITHDRAWN = "referral_withdrawn"


class Advice(Value):
    """What was asked, what was answered, and where the person was directed (R 3.1.6 б)."""

    asked: Text
    answered: Text
    directed_to: tuple[Identifier, ...] = Field(
        default=(), max_length=20, description="organizations, by their ids in the directory"
    )


class WithoutObject(StrEnum):
    """Why there is nothing to go on with."""

    NOT_OUR_TERRITORY = "not_our_territory"
    """The address is served elsewhere, and the referral was sent on there (R 3.1.2)."""
    WRONG_PERSON = "wrong_person"
    """The referral meant somebody else."""
    DIED = "died"
    MOVED = "moved"


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
    return [_close(case, reason, at)]


def withdraw_referral(
    case: Case,
    entry_id: str,
    journal_number: str,
    wanted: TaskStatus,
    reason: str,
    at: Context,
    *,
    hash_of: Callable[[str], str],
) -> list[Event]:
    """A sender takes its referral back; other referrals and work begun stand (L 5.1).

    A case that rests on this referral alone and is not triaged yet is closed with it. The code that
    came with it dies; `hash_of` gives what may be known of that, by the case's number (R 3.7.3).
    """
    requester = requester_of(case, entry_id)
    if requester is None:
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
    case.withdrawals[entry_id] = ReferralWithdrawal(
        at=at.now,
        by=at.by.id,
        in_error=wanted is TaskStatus.ENTERED_IN_ERROR,
        reason=reason,
    )
    for link in case.linked:
        link.to_review = link.to_review and link.entry_id != entry_id
    ends = case.status in UNTRIAGED and case.triaged is None and not standing(case)
    withdrawn = ReferralWithdrawn(
        by=at.by,
        journal_number=journal_number,
        requester=requester,
        in_error=wanted is TaskStatus.ENTERED_IN_ERROR,
        case_goes_on=not ends and case.status is not Status.CLOSED,
        dead_code_hash=bury_code(case, entry_id, hash_of),
        closed=close_review_terms(case, at),
    )
    return [withdrawn, _close(case, WITHDRAWN, at)] if ends else [withdrawn]


def standing(case: Case) -> list[str]:
    """Journal entries that the case still rests on: those nobody took back."""
    return [entry for entry in case.referrals if entry not in case.withdrawals]


def _close(case: Case, reason: str, at: Context) -> Event:
    if case.waits:  # the journal of the body that has it says so
        case.status_before, case.pass_on_at = Status.TO_FORWARD, at.now
    else:
        case.status_before = None
    case.status = Status.CLOSED
    case.closed_for, case.think_until, case.ask_again_at = str(reason), None, None
    for link in case.linked:
        link.to_review = False  # they have lost their object with it
    hold_request(case)
    return CaseClosed(by=at.by, reason=str(reason), closed=case.terms.close_all(at.now))
