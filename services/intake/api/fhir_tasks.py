"""FHIR Tasks: follow a referral, find one's own, withdraw one (L 2.2, 5.1; K 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.commands import StaleVersion
from chassis.http import PreconditionRequired
from contracts.context import Context
from contracts.errors import InvalidInput, NotFound
from contracts.event import Event
from contracts.intake import CASE
from services.intake.adapters.fhir_parsing import fail, parse, read_json
from services.intake.adapters.fhir_resources import Concept, Task
from services.intake.adapters.fhir_task import task_resource
from services.intake.api.fhir_protocol import (
    Body,
    FhirRoute,
    Return,
    Sender,
    WithSender,
    is_strict,
    matched,
    preferred,
    resource,
    unchanged,
)
from services.intake.api.fhir_search import Search, found, read_form, read_search
from services.intake.domain.case import Case
from services.intake.domain.ending import withdraw_referral
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import task_state, tell_requester
from services.intake.domain.task import FollowedTask, TaskVersion, present_version
from services.intake.domain.task_states import TaskStatus
from services.intake.intake import Intake, WithIntake
from services.intake.notifying import keep_shown, shown_to

router = APIRouter(prefix="/fhir/Task", tags=["FHIR R4"], route_class=FhirRoute)
ECHOED = {"resourceType", "id", "status", "statusReason", "meta", "text", "lastModified"}
"""Elements of a changed Task that may differ from the present one."""


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


async def _follow(intake: Intake, task_id: str, sender: Sender) -> Followed:
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
    case = await intake.cases.get(case_id) if case_id and sender.sent(requester) else None
    if case is None:
        raise NotFound("Task")
    return await _as_it_stands(intake, kept.state if kept else None, case.state, task_id)


async def _as_it_stands(
    intake: Intake, task: FollowedTask | None, case: Case, task_id: str
) -> Followed:
    """A referral as it stands now; what was not kept with its task yet is kept first."""
    if task is None or present_version(task, case, task_id) != task.present:
        task = await keep_shown(intake, task_id, case)
    return Followed(case, task, task.present or present_version(task, case, task_id))


@router.get("", summary="Find one's own referrals", response_model=None)
async def search_tasks(http: Request, sender: WithSender, intake: WithIntake) -> Response:
    """`identifier` (of the ServiceRequest), `status`, `_lastUpdated`, `focus`, `patient`, `_id`.

    A page at a time, oldest change first, `_count` at most 100, with a `next` link. SNILS is
    personal data and stands in no address: search by it with POST.
    """
    search = read_search(http.query_params.multi_items(), strict=is_strict(http))
    return await _searched(http, intake, sender, search)


@router.post("/_search", summary="Find one's own referrals, asked in a form", response_model=None)
async def post_search(
    http: Request, sender: WithSender, body: Body, intake: WithIntake
) -> Response:
    """As by GET; besides `patient.identifier=<system of SNILS>|<SNILS>`."""
    search = read_form(body, strict=is_strict(http))
    return await _searched(http, intake, sender, search)


async def _searched(http: Request, intake: Intake, sender: Sender, search: Search) -> Response:
    page = await found(intake, sender, search)
    base = f"{http.url.scheme}://{http.url.netloc}/fhir"
    entries = []
    for task in page.tasks:
        version = task.present
        if version is not None:
            body = task_resource(task, version, shown_to(sender.partner, version.state))
            entry = {"fullUrl": f"{base}/Task/{task.id}", "resource": body}
            entries.append({**entry, "search": {"mode": "match"}})
    links = [{"relation": "self", "url": f"{base}/Task?{page.query()}"}]
    if page.next is not None:
        links.append({"relation": "next", "url": f"{base}/Task?{page.query(page.next)}"})
    return resource(
        {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
        if entries
        else {"resourceType": "Bundle", "type": "searchset", "link": links}
    )


@router.get("/{task_id}", summary="Follow a referral", response_model=None)
async def get_task(task_id: str, http: Request, sender: WithSender, intake: WithIntake) -> Response:
    """The referral's present state; only for the organization that sent it.

    `If-None-Match` with the ETag of the last answer gives 304 as long as nothing has changed.
    """
    followed = await _follow(intake, task_id, sender)
    version = followed.version
    if unchanged(http, version.number, version.changed_at):
        return resource(None, 304, version=version.number, modified=version.changed_at)
    return resource(followed.resource(sender), version=version.number, modified=version.changed_at)


@router.get("/{task_id}/_history", summary="What became of a referral", response_model=None)
async def get_history(
    task_id: str, http: Request, sender: WithSender, intake: WithIntake
) -> Response:
    """Every state that was shown, the last one first, with its time and stage."""
    followed = await _follow(intake, task_id, sender)
    base = f"{http.url.scheme}://{http.url.netloc}/fhir"
    entries = [
        {
            "fullUrl": f"{base}/Task/{task_id}",
            "resource": followed.resource(sender, version),
            "request": {
                "method": "POST" if version.number == 1 else "PUT",
                "url": "Task" if version.number == 1 else f"Task/{task_id}",
            },
            "response": {
                "status": "201 Created" if version.number == 1 else "200 OK",
                "etag": f'W/"{version.number}"',
                "lastModified": version.changed_at.isoformat(),
            },
        }
        for version in reversed(followed.task.history)
    ]
    links = [{"relation": "self", "url": f"{base}/Task/{task_id}/_history"}]
    return resource(
        {
            "resourceType": "Bundle",
            "type": "history",
            "total": len(entries),
            "link": links,
            "entry": entries,
        }
    )


@router.get("/{task_id}/_history/{version_id}", summary="A referral as it was", response_model=None)
async def get_version(
    task_id: str, version_id: str, sender: WithSender, intake: WithIntake
) -> Response:
    """One version of the Task."""
    followed = await _follow(intake, task_id, sender)
    for version in followed.task.history:
        if str(version.number) == version_id:
            return resource(
                followed.resource(sender, version),
                version=version.number,
                modified=version.changed_at,
            )
    raise NotFound("version of this Task")


@router.put("/{task_id}", summary="Withdraw a referral", response_model=None)
async def put_task(
    task_id: str, http: Request, sender: WithSender, body: Body, intake: WithIntake
) -> Response:
    """The sender takes its referral back: status `cancelled` or `entered-in-error`, and why.

    `If-Match` names the version that was read. A case that rests on this referral alone and is not
    triaged yet is closed; else it goes on, and the institution sees what was withdrawn. Nothing
    else of a Task is the sender's to change.
    """
    followed = await _follow(intake, task_id, sender)
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
    changed = await _as_it_stands(intake, followed.task, case, task_id)
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
    if wanted is seen.status or (not reason and wanted is shown_to(sender.partner, seen).status):
        return followed.case

    def decide(case: Case) -> Sequence[Event]:
        nonlocal result
        if task_state(case, entry.id) != seen:
            raise StaleVersion(
                "stale-version", "the Task has changed since; read it again", field="If-Match"
            )
        events = withdraw_referral(case, entry.id, entry.journal_number, wanted, reason, at)
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
