"""Errands to those who referred: each state of a referral is kept with its task, and told.

Two documents, two writes, and a process may die between them: the case stays due until its state is
known to be handed over, the task stays due until its notice is known to be taken. Doing either
twice is doing it once, for a notice has one id.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chassis import chance
from chassis.document import Document
from chassis.races import until_won
from chassis.store import AlreadyExists, Collection, LostRace
from chassis.stored import S
from contracts.event import Event
from contracts.values import SYSTEM
from services.intake.adapters.partners import Listener, Partner
from services.intake.adapters.webhooks import NotDelivered, body_of
from services.intake.domain.case import Case
from services.intake.domain.notices import TaskState, record_handed_over, to_tell
from services.intake.domain.task import (
    Delivery,
    DeliveryState,
    FollowedTask,
    TaskVersion,
    announce,
    disable,
    due_delivery,
    present_version,
    record_delivered,
    record_failed,
    record_held,
    release,
    show,
)
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake
from services.intake.recording import record

BATCH = 100
SPREAD_SECONDS = 60.0
"""Over how long what was held back is sent, once an endpoint is enabled."""
WITHOUT_RECEIVED = (TaskStatus.REQUESTED, "received")


def shown_to(partner: Partner, state: TaskState) -> TaskState:
    """A state as this partner knows states: Gravity has no `received` (standards)."""
    if not partner.gravity_strict or state.status is not TaskStatus.RECEIVED:
        return state
    status, stage = WITHOUT_RECEIVED
    return state.model_copy(update={"status": status, "stage": stage})


async def tell_senders(intake: Intake, case: Case) -> None:
    """Hand over what is due of this case, referral by referral."""
    for entry_id in to_tell(case, intake.now()):
        await hand_over(intake, case, entry_id)


async def hand_over(intake: Intake, case: Case, entry_id: str) -> None:
    """Keep a referral's state with its task, and try to tell its sender."""
    document = await _task_of(intake, entry_id)
    version, changed = _take_over(intake, document.state, case)
    if due_delivery(document.state, intake.now()) is not None and changed:
        await _attempt(intake, document.state, intake.partners.of(document.state.requester).webhook)
    if changed:
        document.state.updated_at = intake.now()  # a call may have taken its time
        await _save(intake.tasks, document)
        await _release_after_all(intake, document)
    at = intake.service.at(SYSTEM)

    def handed_over(present: Case) -> Sequence[Event]:
        record_handed_over(present, entry_id, version.state, at)
        return ()

    await record(intake.service.commands, intake.cases, case.id, at, handed_over)


@until_won("task")
async def keep_shown(
    intake: Intake, entry_id: str, case: Case, about: str | None = None
) -> FollowedTask:
    """The task as it stands now, kept before anybody is shown it: a version has one content.

    Whoever reads may be faster than the errand; what is to be told then waits for that. `about`:
    the citizen whom it turned out to be about.
    """
    document = await _task_of(intake, entry_id)
    known = document.state.citizen_id
    document.state.citizen_id = about or known
    _, changed = _take_over(intake, document.state, case)
    if changed or document.state.citizen_id != known:
        await intake.tasks.save(document)
    return document.state


async def _task_of(intake: Intake, entry_id: str) -> Document[FollowedTask]:
    """The task of a referral; a new one is about whom the answer to the push named."""
    document = await intake.tasks.get(entry_id)
    if document is None:
        document, entry = intake.tasks.blank(entry_id), await intake.journal.get(entry_id)
        placed = entry.state.placed if entry is not None else None
        document.state.citizen_id = placed.citizen_id if placed is not None else ""
    return document


def _take_over(intake: Intake, task: FollowedTask, case: Case) -> tuple[TaskVersion, bool]:
    """The referral's present state into its task, with a notice of it to who listens."""
    before, now = task.present, intake.now()
    version = present_version(task, case, task.id)
    if version == before and task.case_id == case.id:
        return version, False
    show(task, case, now)
    partner = intake.partners.of(task.requester)
    if partner.webhook is not None:
        announce(task, version, shown_to(partner, version.state).text, now)
    return version, True


async def run_deliveries(intake: Intake, task_id: str) -> None:
    """Send a notice that is due again."""
    document = await intake.tasks.get(task_id)
    if document is None or due_delivery(document.state, intake.now()) is None:
        return
    await _attempt(intake, document.state, intake.partners.of(document.state.requester).webhook)
    await intake.tasks.save(document)
    await _release_after_all(intake, document)


async def _release_after_all(intake: Intake, document: Document[FollowedTask]) -> None:
    """The endpoint was enabled while this notice was being held back: whoever released the others
    may have looked before it was stored."""
    task = document.state
    held = task.delivery is not None and task.delivery.state is DeliveryState.HELD
    if held and await listens(intake, task.requester):
        release(task, intake.now())
        await intake.tasks.save(document)


async def listens(intake: Intake, requester: str) -> bool:
    """Whether a partner has an endpoint, and it is called."""
    if intake.partners.of(requester).webhook is None:
        return False
    endpoint = await intake.endpoints.get(requester)
    return endpoint is None or endpoint.state.enabled


async def _attempt(intake: Intake, task: FollowedTask, listener: Listener | None) -> None:
    """Call once, if there is somebody to call, and note in the task what came of it."""
    delivery = task.delivery
    if delivery is None:
        return
    endpoint = await intake.endpoints.get(task.requester)
    if listener is None or (endpoint is not None and not endpoint.state.enabled):
        record_held(delivery, intake.now())
        return
    body = body_of(task.id, delivery.status, delivery.changed_at)
    try:
        answer = await intake.webhooks.send(listener, delivery.id, body, intake.now())
        record_delivered(delivery, answer, intake.now())
    except NotDelivered as failure:
        await _not_delivered(intake, task.requester, delivery, failure)


async def _not_delivered(
    intake: Intake, requester: str, delivery: Delivery, failure: NotDelivered
) -> None:
    now = intake.now()
    if failure.gone:
        await _disable(intake, requester, now)
        record_held(delivery, now, failure.answer)
        return
    record_failed(delivery, failure.answer, now, chance.uniform(0, 1))


async def _disable(intake: Intake, requester: str, now: datetime) -> None:
    document = await intake.endpoints.get(requester) or intake.endpoints.blank(requester)
    disable(document.state, SYSTEM.id, "HTTP 410", now)
    document.version += 1
    await _save(intake.endpoints, document)


async def _save(collection: Collection[S], document: Document[S]) -> None:
    """Whoever was faster has said it: the sweeper looks again."""
    try:
        await collection.save(document)
    except AlreadyExists as faster:
        raise LostRace(document.id) from faster


async def release_held(intake: Intake, requester: str) -> None:
    """An endpoint was enabled: what was held back for it becomes due, spread over a while."""
    document = await intake.endpoints.get(requester)
    if document is None or document.state.release_at is None:
        return
    await _release(intake, requester)
    document.state.release_at = None
    await intake.endpoints.save(document)


async def release_returned(intake: Intake) -> None:
    """At the start: what was held back for partners that stood without an endpoint in the settings
    for a while, and have one again."""
    for partner in intake.partners.listeners():
        if await listens(intake, partner.organization):
            await _release(intake, partner.organization)


async def _release(intake: Intake, requester: str) -> None:
    while True:
        held = await intake.tasks.find(
            {"requester": requester, "delivery": DeliveryState.HELD.value},
            sort=[("updated", 1), ("id", 1)],
            limit=BATCH,
        )
        for task in held:
            release(task.state, intake.now() + timedelta(seconds=chance.uniform(0, SPREAD_SECONDS)))
            with suppress(LostRace):  # another replica, or a newer state: it is not held any more
                await intake.tasks.save(task)
        if len(held) < BATCH:
            break
