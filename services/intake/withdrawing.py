"""A sender takes its referral back, on the state of it that it has seen (L 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.commands import StaleVersion
from contracts.event import Event
from contracts.values import Actor
from services.intake.domain.case import Case
from services.intake.domain.ending import withdraw_referral
from services.intake.domain.notices import TaskState, task_state
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake
from services.intake.notifying import shown_to
from services.intake.recording import record


async def withdraw(
    intake: Intake,
    case: Case,
    line: str,
    seen: TaskState,
    by: Actor,
    wanted: TaskStatus,
    reason: str,
) -> Case:
    """One save of the case that the journal's line belongs to; the case as it is then.

    Where the referral is as wanted already, nothing is saved. Raises StaleVersion if it is not as
    it was `seen` any more.
    """
    partner = intake.partners.of(by.organization or "")
    if wanted is seen.status or (not reason and wanted is shown_to(partner, seen).status):
        return case
    at, hash_of, result = intake.service.at(by), intake.identity.code_hash, case

    def decide(present: Case) -> Sequence[Event]:
        nonlocal result
        if task_state(present, line) != seen:
            raise StaleVersion(
                "stale-version", "the Task has changed since; read it again", field="If-Match"
            )
        result = present
        return withdraw_referral(present, line, wanted, reason, at, hash_of=hash_of)

    await record(intake.service.commands, intake.cases, case.id, at, decide, what="Task")
    return result
