"""One referral as its sender follows it: found for its own sender only, shown as it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.errors import NotFound
from services.intake.adapters.fhir_task import task_resource
from services.intake.api.fhir_sender import Sender
from services.intake.domain.case import Case
from services.intake.domain.notices import requester_of
from services.intake.domain.task import FollowedTask, TaskVersion, present_version
from services.intake.intake import Intake
from services.intake.notifying import keep_shown, shown_to


@dataclass(frozen=True, slots=True)
class Followed:
    """One referral as its sender follows it, at this moment."""

    case: Case
    task: FollowedTask
    version: TaskVersion

    def resource(self, sender: Sender, version: TaskVersion | None = None) -> dict[str, Any]:
        """A version of the Task, by default the present one."""
        of = version or self.version
        return task_resource(self.task, of, shown_to(sender.partner, of.state))


async def follow(intake: Intake, task_id: str, sender: Sender) -> Followed:
    """A referral of the caller's own; anybody else's is answered like a missing one.

    Where it stands is asked of its case; what was shown before, of the task kept beside it.
    """
    kept = await intake.tasks.get(task_id)
    requester = kept.state.requester if kept else None
    case_id = kept.state.case_id if kept else None
    if kept is None:  # a moment after the push
        entry = await intake.journal.get(task_id)
        if entry is not None and entry.state.placed is not None:
            requester, case_id = entry.state.requester, entry.state.placed.case_id
    case = await case_of(intake, case_id, task_id) if case_id and sender.sent(requester) else None
    if case is None:
        raise NotFound("Task")
    return await as_it_stands(intake, kept.state if kept else None, case, task_id)


async def case_of(intake: Intake, case_id: str, task_id: str) -> Case | None:
    """The case a referral belongs to; of two that were joined the elder, once it has it (L 5.1)."""
    found = await intake.cases.get(case_id)
    while found is not None and found.state.joined_to is not None:
        elder = await intake.cases.get(found.state.joined_to)
        if elder is None or requester_of(elder.state, task_id) is None:
            break
        found = elder
    return None if found is None else found.state


async def as_it_stands(
    intake: Intake, task: FollowedTask | None, case: Case, task_id: str
) -> Followed:
    """A referral as it stands now; what was not kept with its task yet is kept first."""
    if task is None or present_version(task, case, task_id) != task.present:
        task = await keep_shown(intake, task_id, case)
    return Followed(case, task, task.present or present_version(task, case, task_id))
