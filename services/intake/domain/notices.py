"""What a sender is told: the state of its referral as a FHIR Task (L 2.2, K 3).

Everybody who referred the citizen is told of their own referral; the states are those of the case
they all belong to, but for a referral that its sender took back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import Field

from contracts.context import Context
from contracts.intake import REFUSED
from contracts.values import Value
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.records import Notice
from services.intake.domain.task_states import TaskStatus

REASONS = {
    "citizen-declined": "Гражданин отказался от услуг",
    "thinking-over": "Гражданин обдумывает предложенное",
    "not-our-territory": "Адрес обслуживает другая территория",
    "wrong-person": "Обращение касается другого человека",
    "died": "Гражданин умер",
    "moved": "Гражданин переехал",
    "withdrawn": "Обращение отозвано отправителем",
    "entered-in-error": "Обращение направлено ошибочно",
    "closed": "Дело закрыто",
}
"""Why a task is on hold, rejected, cancelled or failed, as the sender reads it."""


class TaskState(Value):
    """A referral's state: that of the Task, the stage within it, why, and what came of it."""

    status: TaskStatus
    stage: str | None = None
    reason: str | None = None
    said: str | None = None
    """The sender's own words, where they withdrew it."""
    output: dict[str, str] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """State and stage as one word."""
        return as_text(self.status, self.stage)

    @property
    def digest(self) -> str:
        """Short, and another one whenever anything that is shown has changed."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


Stage = tuple[Callable[[Case], bool], TaskStatus, str | None]


def _closed_for(*reasons: str) -> Callable[[Case], bool]:
    return lambda case: case.status is Status.CLOSED and case.closed_for in reasons


def _begun(case: Case) -> bool:
    progress = case.progress
    return bool(progress.surveyed or progress.assessed or progress.planned or progress.decided)


def _thinks_it_over(case: Case) -> bool:
    """Until they were asked once more."""
    thinks = case.think_until is not None or case.ask_again_at is not None
    return thinks and case.code is not None


def _lost(reason: str) -> tuple[Stage, Stage]:
    """The procedure lost its object: failed once it had begun, cancelled before that."""
    holds = _closed_for(reason)
    return (
        (lambda case: holds(case) and _begun(case), TaskStatus.FAILED, reason),
        (holds, TaskStatus.CANCELLED, reason),
    )


STAGES: tuple[Stage, ...] = (
    (lambda case: case.progress.order_number is not None, TaskStatus.COMPLETED, "enrolled"),
    (lambda case: bool(case.progress.refusal_grounds), TaskStatus.COMPLETED, "refused"),
    (lambda case: case.closed_for == REFUSED, TaskStatus.COMPLETED, "refused"),
    (_closed_for("not_our_territory", "not-our-territory"), TaskStatus.REJECTED,
     "not-our-territory"),
    (_closed_for("wrong_person", "wrong-person"), TaskStatus.REJECTED, "wrong-person"),
    *_lost("died"),
    *_lost("moved"),
    (_closed_for("referral_withdrawn"), TaskStatus.CANCELLED, "withdrawn"),
    (_thinks_it_over, TaskStatus.ON_HOLD, "thinking-over"),
    (lambda case: case.status is Status.DECLINED or case.declined_before,
     TaskStatus.CANCELLED, "citizen-declined"),
    (lambda case: case.progress.declined, TaskStatus.CANCELLED, "citizen-declined"),
    (_closed_for("consultation_given"), TaskStatus.COMPLETED, "consultation-given"),
    (lambda case: case.status is Status.CLOSED and case.joined_to is None,
     TaskStatus.CANCELLED, "closed"),
    (lambda case: case.progress.decided is not None, TaskStatus.IN_PROGRESS, "decision"),
    (lambda case: case.progress.planned, TaskStatus.IN_PROGRESS, "plan"),
    (lambda case: case.progress.assessed, TaskStatus.IN_PROGRESS, "commission"),
    (lambda case: case.progress.convened, TaskStatus.IN_PROGRESS, "commission"),
    (lambda case: case.progress.surveyed, TaskStatus.IN_PROGRESS, "survey"),
    (lambda case: case.code is not None or case.triaged is not None, TaskStatus.ACCEPTED, None),
    (lambda case: True, TaskStatus.RECEIVED, None),
)  # fmt: skip
"""What a referral has come to: the first row that holds is the furthest it got. One whose case was
joined to another shows what it showed, until that one's state takes its place (`reached`)."""

GOING_ON = {TaskStatus.RECEIVED, TaskStatus.ACCEPTED, TaskStatus.IN_PROGRESS}
WAY = tuple(dict.fromkeys((s, stage) for _, s, stage in reversed(STAGES) if s in GOING_ON))
"""The states of a referral that goes on, in the order in which it comes to them."""


def task_status(case: Case, entry_id: str | None = None) -> tuple[TaskStatus, str | None]:
    """The state of a referral and, within it, the stage of the procedure."""
    withdrawal = case.withdrawals.get(entry_id or case.entry_id)
    if withdrawal is not None and withdrawal.in_error:
        return TaskStatus.ENTERED_IN_ERROR, "entered-in-error"
    if withdrawal is not None:
        return TaskStatus.CANCELLED, "withdrawn"
    unseen = any(link.entry_id == entry_id for link in case.to_review)
    if unseen and (case.status is Status.DECLINED or case.progress.declined):
        present = WAY[0]  # what was declined before it came is not its answer
    else:
        present = next((status, stage) for holds, status, stage in STAGES if holds(case))
    reached = next((one for one in WAY if as_text(*one) == case.reached.get(entry_id or "")), None)
    goes_on = reached is not None and present in WAY
    return max(reached, present, key=WAY.index) if reached and goes_on else present


def as_text(status: TaskStatus, stage: str | None) -> str:
    """State and stage as one word, e.g. `in-progress/survey`."""
    return f"{status}/{stage}" if stage else str(status)


def task_state(case: Case, entry_id: str | None = None) -> TaskState:
    """Everything that is told of a referral."""
    status, stage = task_status(case, entry_id)
    withdrawal = case.withdrawals.get(entry_id or case.entry_id)
    return TaskState(
        status=status,
        stage=stage,
        reason=stage if stage in REASONS else None,
        said=withdrawal.reason if withdrawal else None,
        output=_output(case) if status is not TaskStatus.ENTERED_IN_ERROR else {},
    )


def _output(case: Case) -> dict[str, str]:
    """What came of the referral: decision, level, order, provider, grounds of a refusal."""
    progress = case.progress
    found = {
        "decision": progress.decided,
        "level": str(progress.assessed_level) if progress.assessed_level else None,
        "order": progress.order_number,
        "provider": progress.provider,
        "refusal-grounds": ", ".join(progress.refusal_grounds) or None,
    }
    return {code: value for code, value in found.items() if value is not None}


def requester_of(case: Case, entry_id: str) -> str | None:
    """Who sent a referral of this case; None where nobody did who could be told."""
    further = (link.requester for link in case.linked if link.entry_id == entry_id)
    return next(further, case.requester if entry_id == case.entry_id else None)


def followed(case: Case) -> Iterator[tuple[str, Notice]]:
    """Every referral of this case that somebody follows, with what they are to be told. A case that
    was joined to another tells nobody: its referrals are that one's."""
    if case.joined_to is None:
        yield from notices(case)


def notices(case: Case) -> Iterator[tuple[str, Notice]]:
    """Every referral that somebody follows, whichever case tells them."""
    if case.requester is not None:
        yield case.entry_id, case.notice
    for link in case.linked:
        if link.requester is not None:
            yield link.entry_id, case.linked_notices.setdefault(link.entry_id, Notice())


def tell_requester(case: Case, at: Context) -> None:
    """After a change: have everybody who referred told, if they were shown something else last."""
    case.notice.changed_at = max(at.now, case.notice.changed_at or at.now)
    for entry_id, notice in followed(case):
        notice.changed_at = max(at.now, notice.changed_at or at.now)
        if task_state(case, entry_id).digest != notice.shown and notice.next_attempt_at is None:
            notice.next_attempt_at = at.now


def to_tell(case: Case, now: datetime) -> list[str]:
    """Referrals whose sender is to be told now."""
    return [
        entry_id
        for entry_id, notice in followed(case)
        if notice.next_attempt_at is not None and notice.next_attempt_at <= now
    ]


def notice_of(case: Case, entry_id: str) -> Notice:
    """What the sender of a referral was told, and is to be told."""
    return dict(notices(case))[entry_id]


def record_handed_over(case: Case, entry_id: str, state: TaskState, at: Context) -> None:
    """A state is kept with the task, from where it is told; if more has happened, that follows."""
    notice = dict(followed(case)).get(entry_id)
    if notice is None:
        return  # it left the case meanwhile
    if notice.told != state.text:
        notice.number += 1
    notice.told, notice.shown, notice.next_attempt_at = state.text, state.digest, None
    if state != task_state(case, entry_id):
        tell_requester(case, at)
