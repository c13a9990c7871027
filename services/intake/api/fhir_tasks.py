"""FHIR Tasks: follow a referral, find one's own, withdraw one (L 2.2, 5.1; K 3)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from contracts.errors import NotFound
from services.intake.adapters.fhir_task import task_resource
from services.intake.api.fhir_following import follow
from services.intake.api.fhir_found import found
from services.intake.api.fhir_openapi import (
    FAILURES,
    UNCHANGED,
    answers,
    reads,
    searches,
    searches_by_form,
)
from services.intake.api.fhir_protocol import Body, FhirRoute, is_strict, resource, unchanged
from services.intake.api.fhir_search import (
    BY_FORM,
    DESCRIBED,
    Search,
    read_form,
    read_search,
)
from services.intake.api.fhir_sender import Sender, WithSender
from services.intake.intake import Intake, WithIntake
from services.intake.notifying import shown_to

router = APIRouter(prefix="/fhir/Task", tags=["FHIR R4"], route_class=FhirRoute, responses=FAILURES)


@router.get(
    "",
    summary="Find one's own referrals",
    response_model=None,
    responses=answers("Bundle"),
    openapi_extra=searches(DESCRIBED),
)
async def search_tasks(http: Request, sender: WithSender, intake: WithIntake) -> Response:
    """`identifier` (of the ServiceRequest), `status`, `_lastUpdated`, `focus`, `patient`, `_id`.

    A page at a time, the oldest change first unless `_sort=-_lastUpdated`; `_count` at most 100,
    with a `next` link. Commas are "or", a repeated parameter is "and". SNILS is personal data and
    stands in no address: search by it with POST.
    """
    search = read_search(http.query_params.multi_items(), strict=is_strict(http))
    return await _searched(http, intake, sender, search)


@router.post(
    "/_search",
    summary="Find one's own referrals, asked in a form",
    response_model=None,
    responses=answers("Bundle"),
    openapi_extra=searches_by_form(DESCRIBED | BY_FORM),
)
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


@router.get(
    "/{task_id}",
    summary="Follow a referral",
    response_model=None,
    responses={**answers("Task"), **UNCHANGED},
    openapi_extra=reads("If-None-Match", "If-Modified-Since"),
)
async def get_task(task_id: str, http: Request, sender: WithSender, intake: WithIntake) -> Response:
    """The referral's present state; only for the organization that sent it.

    `If-None-Match` with the ETag of the last answer gives 304 as long as nothing has changed.
    """
    followed = await follow(intake, task_id, sender)
    version = followed.version
    if unchanged(http, version.number, version.changed_at):
        return resource(None, 304, version=version.number, modified=version.changed_at)
    return resource(followed.resource(sender), version=version.number, modified=version.changed_at)


@router.get(
    "/{task_id}/_history",
    summary="What became of a referral",
    response_model=None,
    responses=answers("Bundle"),
)
async def get_history(
    task_id: str, http: Request, sender: WithSender, intake: WithIntake
) -> Response:
    """Every state that was shown, the last one first, with its time and stage."""
    followed = await follow(intake, task_id, sender)
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


@router.get(
    "/{task_id}/_history/{version_id}",
    summary="A referral as it was",
    response_model=None,
    responses=answers("Task"),
)
async def get_version(
    task_id: str, version_id: str, sender: WithSender, intake: WithIntake
) -> Response:
    """One version of the Task."""
    followed = await follow(intake, task_id, sender)
    for version in followed.task.history:
        if str(version.number) == version_id:
            return resource(
                followed.resource(sender, version),
                version=version.number,
                modified=version.changed_at,
            )
    raise NotFound("version of this Task")
