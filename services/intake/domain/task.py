"""The task of one referral, as its sender follows it: states shown so far, and notices of them.

Kept beside the case, by which everything is decided: a task only shows, one version per state that
was handed over. Each state is one notice to a sender that listens; a notice that a later one has
overtaken is not sent any more, for the later one says where the referral stands.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.errors import NotAllowedInState
from contracts.values import Text, Value
from services.intake.domain.case import Case
from services.intake.domain.notices import TaskState, notice_of, requester_of, task_state

SCHEDULE_SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Pauses between attempts, three days and more in all, as the Standard Webhooks rules advise."""
JITTER = 0.1
"""Share of a pause by which it is made longer, at most: what failed together comes back apart."""
KEPT = 30


class DeliveryState(StrEnum):
    """How a notice stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Every attempt of the schedule failed; it can be replayed."""
    HELD = "held"
    """Its endpoint is disabled; it is sent once that is enabled again."""
    SUPERSEDED = "superseded"
    """A later notice says more."""


class Attempt(Value):
    """One call: when, and what was answered: an HTTP status or the name of a failure."""

    at: AwareDatetime
    answer: str


class Replay(Value):
    """Somebody had a notice sent again."""

    at: AwareDatetime
    by: str
    reason: Text


class Delivery(BaseModel):
    """One notice. `id` is its `webhook-id`, the same in every attempt and replay."""

    id: str
    status: str
    changed_at: AwareDatetime
    made_at: AwareDatetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: list[Attempt] = Field(default_factory=list, description=f"the last {KEPT}")
    failed: int = 0
    """Failures since it was sent first or replayed last: how far the schedule has come."""
    next_attempt_at: AwareDatetime | None = None
    replays: list[Replay] = Field(default_factory=list)


class TaskVersion(Value):
    """A state of the task that its sender could see, and from when it was so."""

    number: int
    state: TaskState
    changed_at: AwareDatetime


class FollowedTask(BaseModel):
    """One referral's task: the journal entry's id is its own."""

    id: str
    requester: str = ""
    case_id: str = ""
    citizen_id: str = ""
    """As its sender was told it; that stays, whoever the citizen is joined to (L 5.1)."""
    institution: str = ""
    received_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    history: list[TaskVersion] = Field(default_factory=list)
    deliveries: list[Delivery] = Field(default_factory=list)

    @property
    def present(self) -> TaskVersion | None:
        """The version shown last."""
        return self.history[-1] if self.history else None

    @property
    def delivery(self) -> Delivery | None:
        """The notice of the state shown last."""
        return self.deliveries[-1] if self.deliveries else None


def present_version(task: FollowedTask | None, case: Case, entry_id: str) -> TaskVersion:
    """How the referral stands now, with the number it has, or will have once it is kept."""
    state, shown = task_state(case, entry_id), task.present if task else None
    if shown is not None and shown.state == state:
        return shown
    changed = notice_of(case, entry_id).changed_at or case.received_at
    if changed is None:
        raise NotAllowedInState("case-not-registered", "the case is not registered")
    if shown is not None:
        changed = max(changed, shown.changed_at)
    return TaskVersion(number=shown.number + 1 if shown else 1, state=state, changed_at=changed)


def show(task: FollowedTask, case: Case, now: datetime) -> TaskVersion:
    """Take the referral's present state over; the version it has now."""
    ref, version = case.reference, present_version(task, case, task.id)
    task.requester = requester_of(case, task.id) or ""
    task.case_id, task.institution = case.id, ref.institution
    task.citizen_id = task.citizen_id or ref.citizen_id
    task.received_at = _received(case, task.id)
    task.updated_at = max(now, task.updated_at or now)
    if version != task.present:
        task.history.append(version)
    return version


def _received(case: Case, entry_id: str) -> datetime | None:
    linked = (link.received_at for link in case.linked if link.entry_id == entry_id)
    return next(linked, case.received_at)


def delivery_id(task_id: str, version: int, status: str) -> str:
    """The same for every attempt to tell this, another one when the state comes back later."""
    return "W" + hashlib.sha256(f"{task_id}:{version}:{status}".encode()).hexdigest()[:32]


def announce(task: FollowedTask, version: TaskVersion, status: str, now: datetime) -> bool:
    """Have the sender told of a version, if that is another state; whether one was made."""
    last = task.delivery
    made = delivery_id(task.id, version.number, status)
    if last is not None and (last.id == made or last.status == status):
        return False
    if last is not None and last.state is not DeliveryState.DELIVERED:
        last.state, last.next_attempt_at = DeliveryState.SUPERSEDED, None
    task.deliveries = [
        *task.deliveries[-(KEPT - 1) :],
        Delivery(
            id=made,
            status=status,
            changed_at=version.changed_at,
            made_at=now,
            next_attempt_at=now,
        ),
    ]
    return True


def due_delivery(task: FollowedTask, now: datetime) -> Delivery | None:
    """The notice that is to be sent now."""
    last = task.delivery
    if last is None or last.state is not DeliveryState.WAITING:
        return None
    return last if last.next_attempt_at is not None and last.next_attempt_at <= now else None


def record_delivered(delivery: Delivery, answer: str, now: datetime) -> None:
    """The sender took the notice."""
    _attempted(delivery, answer, now)
    delivery.state, delivery.next_attempt_at = DeliveryState.DELIVERED, None


def record_failed(delivery: Delivery, answer: str, now: datetime, stretch: float) -> None:
    """Not reached: later again by the schedule; `stretch`, from 0 to 1, is how long its jitter."""
    _attempted(delivery, answer, now)
    if delivery.failed >= len(SCHEDULE_SECONDS):
        delivery.state, delivery.next_attempt_at = DeliveryState.FAILED, None
        return
    pause = SCHEDULE_SECONDS[delivery.failed] * (1 + JITTER * stretch)
    delivery.failed += 1
    delivery.next_attempt_at = now + timedelta(seconds=pause)


def record_held(delivery: Delivery, now: datetime, answer: str | None = None) -> None:
    """The endpoint is disabled, perhaps by this very answer (410)."""
    if answer is not None:
        _attempted(delivery, answer, now)
    delivery.state, delivery.next_attempt_at = DeliveryState.HELD, None


def release(task: FollowedTask, at: datetime) -> None:
    """The endpoint is enabled again."""
    last = task.delivery
    if last is not None and last.state is DeliveryState.HELD:
        last.state, last.next_attempt_at, last.failed = DeliveryState.WAITING, at, 0


def replay(
    task: FollowedTask, wanted: str, by: str, reason: str, now: datetime, *, listens: bool = False
) -> None:
    """Send a notice once more, under its own id; only that of the state shown last.

    One that was held back goes only where somebody `listens` again.
    """
    last = task.delivery
    if last is None or last.id != wanted:
        raise NotAllowedInState(
            "delivery-superseded", "a later notice says where the referral stands", clause="L 2.2"
        )
    if last.state is DeliveryState.HELD and not listens:
        raise NotAllowedInState(
            "endpoint-disabled", "have the endpoint enabled; it is sent then", clause="L 2.2"
        )
    last.replays = [*last.replays[-(KEPT - 1) :], Replay(at=now, by=by, reason=reason)]
    last.state, last.next_attempt_at, last.failed = DeliveryState.WAITING, now, 0


def _attempted(delivery: Delivery, answer: str, now: datetime) -> None:
    delivery.attempts = [*delivery.attempts[-(KEPT - 1) :], Attempt(at=now, answer=answer)]


class EndpointChange(Value):
    """An endpoint was disabled or enabled: when, by whom, and why."""

    at: AwareDatetime
    enabled: bool
    by: str
    reason: Text


class Endpoint(BaseModel):
    """Whether a partner's endpoint is called; there is a record of one that ever was not."""

    id: str
    enabled: bool = True
    changes: list[EndpointChange] = Field(default_factory=list)
    release_at: AwareDatetime | None = None
    """When what was held back is to be looked for; None once it was."""


def disable(endpoint: Endpoint, by: str, reason: str, now: datetime) -> None:
    """Call nobody there any more."""
    if not endpoint.enabled:
        return
    endpoint.enabled, endpoint.release_at = False, None
    _changed(endpoint, by, reason, now)


def enable(endpoint: Endpoint, by: str, reason: str, now: datetime) -> None:
    """Call there again, beginning with what was held back."""
    if endpoint.enabled:
        raise NotAllowedInState("endpoint-enabled", "the endpoint is enabled", clause="L 2.2")
    endpoint.enabled, endpoint.release_at = True, now
    _changed(endpoint, by, reason, now)


def _changed(endpoint: Endpoint, by: str, reason: str, now: datetime) -> None:
    change = EndpointChange(at=now, enabled=endpoint.enabled, by=by, reason=reason)
    endpoint.changes = [*endpoint.changes[-(KEPT - 1) :], change]
