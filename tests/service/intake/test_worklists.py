"""Worklists as the staff of an institution and its authorised body see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from contracts import assessment
from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.intake import CaseAssigned
from contracts.triage import UrgentMeasuresDone, UrgentMeasuresFailed, UrgentMeasuresPlanned
from contracts.values import SYSTEM
from tests.service.intake.bodies import ADVICE, ASSIGNED, DECLINE, answers_of
from tests.service.intake.desk import (
    OTHER_INSTITUTION,
    Clock,
    Desk,
    knows_directory,
    open_desk,
    publish_directory,
)
from tests.service.intake.outside import Outside
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, until

ZONE = ZoneInfo("Asia/Novokuznetsk")
MONDAY = datetime(2027, 3, 15, 9, 0, tzinfo=ZONE)
MEASURE = {"measure": "Вызвать скорую помощь", "responsible": "Орлова"}


@pytest_asyncio.fixture(loop_scope="session")
async def office(stack: Stack) -> AsyncIterator[tuple[Desk, Clock]]:
    """A desk on a Monday morning."""
    clock = Clock(MONDAY)
    desk = await open_desk(stack, clock, Outside())
    await publish_directory(stack)
    await knows_directory(desk)
    yield desk, clock


async def listed(desk: Desk, path: str, role: str = "specialist", **who: Any) -> list[Any]:
    """Every case of a list, over all its pages."""
    items: list[Any] = []
    cursor = ""
    joint = "&" if "?" in path else "?"
    while True:
        answered = await desk.get(f"/worklists/{path}{joint}limit=3{cursor}", role, **who)
        assert answered.status_code == 200, answered.text
        found = answered.json()
        items += found["items"]
        if found["next"] is None:
            return items
        cursor = f"&cursor={found['next']}"


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


async def places(desk: Desk, case_id: str) -> list[str]:
    """The lists a case is in."""
    lists = (await desk.get("/worklists")).json()["items"]
    return [
        one["worklist"] for one in lists if case_id in ids(await listed(desk, str(one["worklist"])))
    ]


async def test_case_goes_from_list_to_list_and_is_in_one_only(office: tuple[Desk, Clock]) -> None:
    desk, _ = office
    case_id = str((await desk.register())["case_id"])
    assert await places(desk, case_id) == ["analysis"]
    await desk.act(case_id, "answers", answers_of(danger_to_life=["own_life"]))
    assert await places(desk, case_id) == ["triage"]
    await desk.act(case_id, "triage", {"code": "immediate"}, "urgent_head")
    assert await places(desk, case_id) == ["urgent_measures"]
    plan = {"measures": [MEASURE]}
    await desk.act(case_id, "urgent-measures", plan, "urgent_head")
    done = {"results": [{"measure": 1, "done": True, "result": "вызвана"}]}
    await desk.act(case_id, "urgent-measures/results", done)
    assert await places(desk, case_id) == ["application"]
    await desk.act(case_id, "decline", DECLINE)
    assert await places(desk, case_id) == []
    assert (await desk.case(case_id))["worklist"] is None
    await desk.act(case_id, "reopening")
    assert await places(desk, case_id) == ["application"]


async def test_overdue_come_first_and_are_counted_r_3_1_8(office: tuple[Desk, Clock]) -> None:
    desk, clock = office
    clock.put_to(MONDAY)
    late = [str((await desk.register())["case_id"]) for _ in range(4)]
    clock.put_to(MONDAY + timedelta(days=2))
    fresh = str((await desk.register())["case_id"])
    clock.put_to(MONDAY + timedelta(days=3))  # the last day of the fresh one
    newest = str((await desk.register())["case_id"])
    shown = {item["id"]: item for item in await listed(desk, "analysis")}
    mine = [one for one in shown if one in {*late, fresh, newest}]
    assert mine[-2:] == [fresh, newest]
    states = [shown[one]["state"] for one in mine]
    assert states == ["overdue"] * 4 + ["due_soon", "in_time"]
    for state, expected in (("overdue", late), ("due_soon", [fresh]), ("in_time", [newest])):
        found = ids(await listed(desk, f"analysis?state={state}"))
        assert set(expected) <= set(found)
        assert not ({*late, fresh, newest} - set(expected)) & set(found)
    answered = (await desk.get("/worklists")).json()
    counted = {one["worklist"]: one for one in answered["items"]}["analysis"]
    assert answered["all_counted"]
    assert counted["overdue"] == len(await listed(desk, "analysis?state=overdue"))
    assert counted["due_soon"] == len(await listed(desk, "analysis?state=due_soon"))
    assert (counted["role"], counted["clause"]) == ("registrar", "R 3.1.3")
    clock.put_to(MONDAY)


async def test_assigned_and_reassigned_and_mine_r_3_1_5(office: tuple[Desk, Clock]) -> None:
    desk, _ = office
    case_id = await desk.triaged()
    assert case_id in ids(await listed(desk, "mine"))  # nobody's, and my role acts next
    await desk.act(case_id, "assignment", ASSIGNED, "urgent_head")
    assert case_id not in ids(await listed(desk, "mine"))
    assert ids(await listed(desk, "application?assignee=staff:0117")) == [case_id]
    assert case_id not in ids(await listed(desk, "application?unassigned=true"))
    subject = (await desk.get(f"/cases/{case_id}")).json()["assignments"][0]["by"]
    who = {"assignee": subject.replace("urgent_head", "specialist"), "reason": "замена"}
    await desk.act(case_id, "assignment", who, "institution_director")
    assert case_id in ids(await listed(desk, "mine"))
    for _ in range(3):
        await desk.triaged()
    mine = await listed(desk, "mine")  # of two lists, over several pages
    assert len(set(ids(mine))) == len(mine) > 3
    assert {item["owner"]["assignee"] for item in mine} == {None, who["assignee"]}
    assert mine == sorted(mine, key=lambda item: (item["next_term"]["due_at"], item["id"]))
    found = await desk.case(case_id)
    assert [kept["reason"] for kept in found["assignments"]] == ["её участок", "замена"]
    assert found["worklist"]["owner"] == {"role": "specialist", "assignee": who["assignee"]}
    event = await desk.stack.spy.wait_for(CaseAssigned, case_id)
    assert "участок" not in event.model_dump_json()


async def test_list_can_be_narrowed_by_code_and_institution(office: tuple[Desk, Clock]) -> None:
    desk, _ = office
    first = await desk.triaged("initial_assessment")
    second = await desk.triaged("reassessment")
    found = ids(await listed(desk, "application?code=reassessment"))
    assert second in found
    assert first not in found
    head = {"role": "authorised_body_head", "org": AUTHORISED_BODY}
    assert second in ids(await listed(desk, f"application?institution={INSTITUTION}", **head))
    assert await listed(desk, f"application?institution={OTHER_INSTITUTION}", **head) == []
    assert await listed(desk, f"application?institution={OTHER_INSTITUTION}") == []
    assert await listed(desk, "application", org=OTHER_INSTITUTION) == []
    assert await listed(desk, "mine", org=None) == []


async def test_follow_up_says_that_it_is_ours_and_why(office: tuple[Desk, Clock]) -> None:
    desk, _ = office
    case_id = await desk.triaged("consultation")
    (shown,) = [one for one in await listed(desk, "consultation") if one["id"] == case_id]
    term = shown["next_term"]
    assert (term["clause"], term["source"]) == ("ours", "follow_up")
    assert "R 3.1.6 б" in term["reason_ru"]
    assert term["due_on"] == "2027-03-16"
    await desk.act(case_id, "consultation", ADVICE)
    assert await places(desk, case_id) == []
    kept = (await desk.case(case_id))["consultation"]
    assert (kept["asked"], kept["answered"]) == (ADVICE["asked"], ADVICE["answered"])


async def test_survey_that_finds_urgent_help_brings_the_case_to_the_head_r_3_3_8(
    office: tuple[Desk, Clock],
) -> None:
    desk, _ = office
    case_id = await desk.triaged()
    await desk.stack.story(assessment.CASE, case_id).tell(
        SurveyCompleted(by=SYSTEM, outcome=SurveyOutcome.URGENT_HELP)
    )

    async def urgent() -> bool:
        return (await desk.case(case_id))["worklist"]["worklist"] == "urgent_measures"

    await until(urgent)
    assert case_id in ids(await listed(desk, "mine", "urgent_head"))
    await desk.act(case_id, "urgent-measures", {"measures": [MEASURE]}, "urgent_head")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/worklists/nothing", 422, "invalid-input"),
        ("/worklists/analysis?state=late", 422, "invalid-input"),
        ("/worklists/analysis?code=later", 422, "invalid-input"),
        ("/worklists/analysis?assignee=%D0%9E%D1%80%D0%BB%D0%BE%D0%B2%D0%B0", 422, "invalid-input"),
        ("/worklists/analysis?cursor=x", 422, "invalid-cursor"),
        ("/worklists/mine?limit=0", 422, "invalid-input"),
        ("/worklists/analysis?assignee=a&unassigned=true", 422, "one-of-two"),
    ],
)
async def test_bad_question_is_named(
    office: tuple[Desk, Clock], path: str, status: int, code: str
) -> None:
    answered = await office[0].get(path)
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text


async def test_failed_measure_stays_visible_and_keeps_the_case_urgent_r_3_1_7(
    office: tuple[Desk, Clock],
) -> None:
    desk, _ = office
    case_id = await desk.triaged("immediate", danger_to_life=["own_life"])
    drawn_in = {**MEASURE, "organization": OTHER_INSTITUTION, "persons": ["Яшин"]}
    nobody = {**MEASURE, "organization": "nobody-01"}
    version = await desk.version(case_id)
    refused = await desk.post(
        f"/cases/{case_id}/urgent-measures",
        {"measures": [drawn_in, nobody]},
        "urgent_head",
        version=version,
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "organization-takes-no-part")
    assert refused.json()["errors"][0]["field"] == "measures.1.organization"
    await desk.act(case_id, "urgent-measures", {"measures": [drawn_in]}, "urgent_head")
    planned = await desk.stack.spy.wait_for(UrgentMeasuresPlanned, case_id)
    assert planned.organizations == (OTHER_INSTITUTION,)
    failed = {"results": [{"measure": 1, "done": False, "result": "машины нет"}]}
    await desk.act(case_id, "urgent-measures/results", failed)
    said = await desk.stack.spy.wait_for(UrgentMeasuresFailed, case_id)
    assert (said.measures, said.organizations) == ((1,), (OTHER_INSTITUTION,))
    assert await places(desk, case_id) == ["urgent_measures"]
    instead = {"measures": [{**MEASURE, "instead_of": 1}]}
    await desk.act(case_id, "urgent-measures", instead, "urgent_head")
    done = {"results": [{"measure": 2, "done": True, "result": "отвезли сами"}]}
    await desk.act(case_id, "urgent-measures/results", done)
    told = await desk.stack.spy.wait_for(UrgentMeasuresDone, case_id)
    assert told.failed == 1
    first, second = (await desk.case(case_id))["urgent_measures"]
    assert (first["number"], first["failed"], first["result"]) == (1, True, "машины нет")
    assert (second["number"], second["instead_of"], second["failed"]) == (2, 1, False)
    assert first["recorded"]["at"] <= second["planned"]["at"]
    assert await places(desk, case_id) == ["application"]


async def test_consultation_directs_only_to_who_takes_part_r_3_1_6_b(
    office: tuple[Desk, Clock],
) -> None:
    """R 3.1.6 б."""
    desk, _ = office
    case_id = await desk.triaged("consultation")
    version = await desk.version(case_id)
    path = f"/cases/{case_id}/consultation"
    body = {**ADVICE, "directed_to": [OTHER_INSTITUTION, "nobody-01"]}
    refused = await desk.post(path, body, version=version)
    assert (refused.status_code, refused.json()["code"]) == (422, "organization-takes-no-part")
    assert refused.json()["errors"][0]["field"] == "directed_to.1"
    assert await desk.version(case_id) == version
    await desk.act(case_id, "consultation", {**ADVICE, "directed_to": [OTHER_INSTITUTION]})
    assert (await desk.case(case_id))["consultation"]["directed_to"] == [OTHER_INSTITUTION]


async def test_triage_keeps_every_answering_and_who_told_the_applicant_r_3_1_3_r_3_1_4(
    office: tuple[Desk, Clock],
) -> None:
    desk, _ = office
    case_id = str((await desk.register())["case_id"])
    untold = {**answers_of(), "applicant_informed": False}
    await desk.act(case_id, "answers", untold)
    await desk.act(case_id, "answers", answers_of() | {"health_at_risk": True}, "specialist")
    found = await desk.case(case_id)
    first, second = found["answerings"]
    assert (first["proposal"]["code"], second["proposal"]["code"]) == (
        "initial_assessment",
        "immediate",
    )
    assert found["informed"] == {"at": second["at"], "by": second["by"]}
    weighed = {code["code"]: code for code in found["triage"]["considered"]}
    assert set(weighed) == {"immediate", "consultation", "initial_assessment", "reassessment"}
    assert weighed["initial_assessment"]["reasons"] == ["immediate_goes_first"]


async def test_case_that_a_version_without_worklists_stored_is_listed(
    office: tuple[Desk, Clock],
) -> None:
    desk, _ = office
    case_id = await desk.triaged("consultation")
    await desk.settle()
    cases = desk.intake.cases
    raw = await cases._stored.find_one({"_id": case_id})
    assert raw is not None
    listed_by = [name for name in raw if name.startswith("row_")]
    for name in ("worklist", "owner", "list_due", "list_warn", "code", *listed_by):
        del raw[name]
    for name in ("follow_up", "moved_at", "followed", "assignments"):
        del raw["state"][name]
    await cases._stored.replace_one({"_id": case_id}, raw)
    assert case_id not in ids(await listed(desk, "consultation"))
    assert await cases.relist() == 1
    assert await cases.relist() == 0
    assert await places(desk, case_id) == ["consultation"]
    (shown,) = [one for one in await listed(desk, "consultation") if one["id"] == case_id]
    assert shown["next_term"]["code"] == "consultation-follow-up"
    assert shown["next_term"]["due_at"] == shown["received_at"]
