"""Worklists: what is to be done, by whom and by when; and whose case it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from chassis.clock import epoch_ms
from chassis.http import Body, CommandReceipt
from chassis.paging import Cursor, Limit, Page, merged, page
from contracts.errors import InvalidInput
from contracts.triage import TriageCode
from contracts.values import Actor, Identifier, Line
from services.intake.api.callers import Assigner, Reader, own_records
from services.intake.api.changing import ChangeOfCase
from services.intake.api.worklist_views import (
    DueState,
    WorklistItem,
    Worklists,
    WorklistView,
    worklist_item,
)
from services.intake.domain.assignment import assign_case
from services.intake.domain.worklists import ROWS, Worklist, person, role
from services.intake.intake import WithIntake

router = APIRouter(tags=["worklists"])

MOST_COUNTED = 500
Assignee = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$"),
    Field(description="the subject of a person's token: an id, never a name"),
]
Code = Annotated[TriageCode | None, Query(description="triage code")]
Whose = Annotated[Assignee | None, Query(description="cases assigned to this person")]
Unassigned = Annotated[bool, Query(description="cases assigned to nobody by name")]
State = Annotated[DueState | None, Query(description="how the next term stands")]
Of = Annotated[Identifier | None, Query(description="one institution of the authorised body")]


class AssignmentRequest(Body):
    """Whose case it is to be; null gives it back to the role that acts next."""

    assignee: Assignee | None
    reason: Line


@router.get("/worklists", summary="The worklists")
async def get_worklists(by: Reader, intake: WithIntake) -> Worklists:
    """Every list in the order a case goes through them, with what is overdue or due soon in it.

    What presses is counted up to 500 cases, the first that pressed; `all_counted` says whether
    that was all.
    """
    now = epoch_ms(intake.now())
    pressing = await intake.cases.look(
        {**own_records(by), "list_warn": {"$lt": now + 1}},
        "worklist",
        "list_due",
        sort=(("list_warn", 1),),
        limit=MOST_COUNTED + 1,
    )
    counted = Counter(
        (found["worklist"], found["list_due"] <= now) for found in pressing[:MOST_COUNTED]
    )
    return Worklists(
        items=[
            WorklistView(
                worklist=worklist,
                title_ru=ROWS[worklist].title_ru,
                title_en=ROWS[worklist].title_en,
                clause=ROWS[worklist].clause,
                role=ROWS[worklist].role,
                follows=ROWS[worklist].follows,
                overdue=counted[worklist, True],
                due_soon=counted[worklist, False],
            )
            for worklist in Worklist
        ],
        all_counted=len(pressing) <= MOST_COUNTED,
    )


@router.get("/worklists/mine", summary="My cases")
async def get_mine(
    by: Reader,
    intake: WithIntake,
    code: Code = None,
    state: State = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorklistItem]:
    """Cases of any list assigned to the caller, and those of nobody that wait for their role."""
    now = intake.now()
    narrowed = {**own_records(by), **_filters(code, state, now)}
    return await merged(
        intake.cases,
        [{**narrowed, "owner": owner} for owner in (person(by.id), role(by.role))],
        "list_due",
        cursor,
        limit,
        lambda found: worklist_item(found, now),
    )


@router.get("/worklists/{worklist}", summary="One worklist")
async def get_worklist(
    worklist: Worklist,
    by: Reader,
    intake: WithIntake,
    code: Code = None,
    assignee: Whose = None,
    unassigned: Unassigned = False,
    state: State = None,
    institution: Of = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorklistItem]:
    """Cases of the list in the caller's organization: the longest overdue first, then as they fall
    due. An authorised body's head sees all its institutions, or one of them."""
    now = intake.now()
    query = {**_of(by, institution), "worklist": worklist.value, **_filters(code, state, now)}
    if assignee is not None and unassigned:
        raise InvalidInput(
            "one-of-two",
            "ask for what is assigned to somebody, or to nobody",
            field="query.unassigned",
        )
    if assignee is not None:
        query["owner"] = person(assignee)
    elif unassigned:
        query["owner"] = role(ROWS[worklist].role)
    return await page(
        intake.cases, query, "list_due", cursor, limit, lambda found: worklist_item(found, now)
    )


def _of(by: Actor, institution: str | None) -> dict[str, Any]:
    """The caller's own records, and of these one institution's."""
    own: dict[str, Any] = dict(own_records(by))
    if institution is None:
        return own
    elsewhere = own.get("institution", institution) != institution
    return {**own, "institution": "-" if elsewhere else institution}


def _filters(code: TriageCode | None, state: DueState | None, now: datetime) -> Mapping[str, Any]:
    """The query of a triage code, and of how the next term stands now."""
    query: dict[str, Any] = {} if code is None else {"code": code.value}
    present = epoch_ms(now)
    if state is DueState.OVERDUE:
        query["list_due"] = {"$lt": present + 1}
    elif state is DueState.DUE_SOON:
        query |= {"list_due": {"$gt": present}, "list_warn": {"$lt": present + 1}}
    elif state is DueState.IN_TIME:
        query["list_warn"] = {"$gt": present}
    return query


@router.post("/cases/{case_id}/assignment", summary="Assign the case")
async def post_assignment(
    body: AssignmentRequest, by: Assigner, change: ChangeOfCase
) -> CommandReceipt:
    """Make it somebody's case, or nobody's by name, with a reason that is kept (R 3.1.5)."""
    return await change(
        by, lambda case, at: assign_case(case, body.assignee, body.reason, at), moves=False
    )
