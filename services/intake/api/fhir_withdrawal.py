"""The sender of a referral takes it back, by changing its Task (L 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.commands import StaleVersion
from chassis.http import PreconditionRequired
from contracts import status_code
from contracts.context import Context
from contracts.errors import InvalidInput, NotFound
from contracts.event import Event
from contracts.intake import CASE
from services.intake.adapters.fhir_parsing import fail, parse, read_json
from services.intake.adapters.fhir_resources import Concept, Task
from services.intake.api.fhir_following import Followed, as_it_stands, follow
from services.intake.api.fhir_openapi import FAILURES, answers, takes
from services.intake.api.fhir_protocol import Body, FhirRoute, Return, matched, preferred, resource
from services.intake.api.fhir_sender import Sender, WithSender
from services.intake.domain.case import Case
from services.intake.domain.ending import withdraw_referral
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import task_state, tell_requester
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake, WithIntake
from services.intake.notifying import shown_to

router = APIRouter(prefix="/fhir/Task", tags=["FHIR R4"], route_class=FhirRoute, responses=FAILURES)
ECHOED = {"resourceType", "id", "status", "statusReason", "meta", "text", "lastModified"}
"""Elements of a changed Task that may differ from the present one."""


@router.put(
    "/{task_id}",
    summary="Withdraw a referral",
    response_model=None,
    responses=answers("Task"),
    openapi_extra=takes("Task", headers=("If-Match", "Prefer")),
)
async def put_task(
    task_id: str, http: Request, sender: WithSender, body: Body, intake: WithIntake
) -> Response:
    """The sender takes its referral back: status `cancelled` or `entered-in-error`, and why.

    `If-Match` names the version that was read. A case that rests on this referral alone and is not
    triaged yet is closed; else it goes on, and the institution sees what was withdrawn. Nothing
    else of a Task is the sender's to change.
    """
    followed = await follow(intake, task_id, sender)
    if "if-match" not in http.headers:
        raise PreconditionRequired(
            "if-match-required", "send If-Match with the ETag you read", field="If-Match"
        )
    if matched(http) != followed.version.number:
        raise StaleVersion(
            "stale-version", "the Task has changed since; read it again", field="If-Match"
        )
    posted, _ = read_json(body)
    wanted, reason = _read_change(posted, followed.resource(sender), task_id)
    entry = await intake.journal.get(task_id)
    if entry is None:
        raise NotFound("Task")
    case = await _withdraw(intake, entry.state, sender, followed, wanted, reason)
    changed = await as_it_stands(intake, followed.task, case, task_id)
    minimal = preferred(http) is Return.MINIMAL
    return resource(
        None if minimal else changed.resource(sender),
        version=changed.version.number,
        modified=changed.version.changed_at,
    )


def _read_change(posted: Any, present: dict[str, Any], task_id: str) -> tuple[TaskStatus, str]:
    """The status that is wanted, and why; any other change is refused by its path."""
    if not isinstance(posted, dict) or posted.get("resourceType") != "Task":
        fail("resourceType", "is Task")
    if posted.get("id") != task_id:
        fail("Task.id", "is the id in the address")
    task = parse(Task, posted, "Task")
    try:
        wanted = TaskStatus(task.status)
    except ValueError:
        fail("Task.status", f"one of {', '.join(TaskStatus)}")
    for name, value in posted.items():
        if name not in ECHOED and value != present.get(name):
            raise InvalidInput(
                "not-the-requesters-to-change",
                "the requester changes status and statusReason, and nothing else",
                field=f"Task.{name}",
                clause="L 5.1",
            )
    if wanted.value == present["status"]:
        return wanted, ""
    concept = parse(Concept, posted.get("statusReason") or {}, "Task.statusReason")
    codes = [coding.code for coding in concept.coding if coding.code]
    reason = " ".join((concept.text or ", ".join(codes)).split())
    withdraws = wanted in {TaskStatus.CANCELLED, TaskStatus.ENTERED_IN_ERROR}
    if withdraws and not 1 <= len(reason) <= 1000:
        fail("Task.statusReason.text", "says why, in at most 1000 letters")
    return wanted, reason


async def _withdraw(
    intake: Intake,
    entry: JournalEntry,
    sender: Sender,
    followed: Followed,
    wanted: TaskStatus,
    reason: str,
) -> Case:
    """One save of the case, on the state that the caller has seen; the case as it is then."""
    at: Context = intake.service.at(sender.actor)
    seen, result = followed.version.state, followed.case
    code = intake.identity.status_code(entry.id)
    if wanted is seen.status or (not reason and wanted is shown_to(sender.partner, seen).status):
        return followed.case

    def decide(case: Case) -> Sequence[Event]:
        nonlocal result
        if task_state(case, entry.id) != seen:
            raise StaleVersion(
                "stale-version", "the Task has changed since; read it again", field="If-Match"
            )
        events = withdraw_referral(
            case,
            entry.id,
            entry.journal_number,
            wanted,
            reason,
            at,
            hash_of=lambda number: status_code.hashed(code, number),
        )
        tell_requester(case, at)
        result = case
        return events

    await intake.service.commands.execute(
        intake.cases,
        followed.case.id,
        CASE,
        None,
        at,
        decide,
        visible=lambda case: True,
        what="Task",
    )
    return result
