"""What callers may not: broken input, stale versions, the wrong desk; a refusal changes nothing."""

import json
from typing import Any

import pytest

from contracts.roles import Role
from tests.service.careplan.bureau import (
    AGREEMENTS,
    CONTRACT,
    DAUGHTER,
    ENROL,
    NOTICE,
    ORDER,
    OTHER_PROVIDER,
    PLAN,
    PROGRAMME,
    PROVIDER,
    RETIRED,
    STRAIGHT,
    Bureau,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

ORGANIZER, HEAD = Role.CARE_ORGANIZER, Role.AUTHORISED_BODY_HEAD
EVERY_ACTION: list[tuple[str, str, Any]] = [
    *STRAIGHT,
    (Role.REGISTRAR, "refusal-notice", NOTICE),
]


def replaced(place: str, value: Any, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The plan (or another body) with one thing changed, named like `items.0.service`."""
    copy: dict[str, Any] = json.loads(json.dumps(body or PLAN))
    at: Any = copy
    *path, last = place.split(".")
    for step in path:
        at = at[int(step)] if step.isdigit() else at[step]
    at[int(last) if last.isdigit() else last] = value
    return copy


@pytest.mark.parametrize(("role", "action", "body"), EVERY_ACTION)
async def test_a_change_names_its_version_and_its_key(
    bureau: Bureau, role: str, action: str, body: Any
) -> None:
    desk = await bureau.planning()
    await desk.walk(STRAIGHT[0])  # a provider is a stranger to a case without a plan
    seen = await desk.version()
    await desk.refused(412, "stale-version", role, action, body, version=seen - 1)
    before = await bureau.everything()
    path = f"/cases/{desk.case_id}/{action}"
    unversioned = await bureau.client.post(path, json=body, headers=bureau.headers(role))
    assert (unversioned.status_code, unversioned.json()["code"]) == (428, "if-match-required")
    headers = bureau.headers(role, version=seen)
    del headers["Idempotency-Key"]
    keyless = await bureau.client.post(path, json=body, headers=headers)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-required")
    assert await bureau.everything() == before


async def test_a_repeated_key_gets_the_first_answer_and_another_request_none(
    bureau: Bureau,
) -> None:
    desk = await bureau.planning()
    version, key = await desk.version(), "ключ".encode().hex()
    first = await desk.post(ORGANIZER, "plan", PLAN, key=key, version=version)
    async with bureau.costs(writes=0, published=0):
        again = await desk.post(ORGANIZER, "plan", PLAN, key=key, version=version)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = replaced("negotiated_with", ["сын"])
    await desk.refused(422, "idempotency-key-reused", ORGANIZER, "plan", other, key=key)
    assert len((await desk.view())["plans"]) == 1


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("over", [0, 1])
async def test_the_plan_stays_within_the_hours_of_the_level(
    bureau: Bureau, level: int, over: int
) -> None:
    """L 3.1: 14, 21, 28 hours a week exactly; not a minute more."""
    bound = {1: 840, 2: 1260, 3: 1680}[level]
    desk = await bureau.planning(level=level, group=level + 2, weekly_minutes_to=bound)
    executor = {"kind": "provider", "organization": PROVIDER}
    items = [
        {"service": service, "minutes_per_visit": minutes, "visits_per_week": 7}
        | {"executor": executor}
        for service, minutes in (("feeding", bound // 7 - 10), ("dressing", 10))
    ]
    if over:
        items.append(
            {"service": "bathing", "minutes_per_visit": 1, "visits_per_week": 1}
            | {"executor": executor}
        )
    plan = {**PLAN, "items": items}
    if not over:
        await desk.walk((ORGANIZER, "plan", plan))
        return
    problem = await desk.refused(422, "plan-over-hours", ORGANIZER, "plan", plan)
    assert (problem["clause"], problem["errors"][0]["field"]) == ("L 3.1", "items")
    assert "1 more than the" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (replaced("items.1.service", "horse_riding"), "unknown-service", "items.1.service"),
        (
            replaced("items.0.executor.organization", "l-nobody"),
            "unknown-organization",
            "items.0.executor.organization",
        ),
        (
            replaced("items.0.executor.organization", RETIRED),
            "unknown-organization",
            "items.0.executor.organization",
        ),
        (
            replaced("items.0.executor.organization", AUTHORISED_BODY),
            "not-a-provider",
            "items.0.executor.organization",
        ),
        (replaced("items.1", PLAN["items"][0]), "item-twice", "items.1.service"),  # type: ignore[index]
        (replaced("items.0.weekdays", ["XX"]), "invalid-input", "body.items.0.weekdays.0"),
        (replaced("items.0.minutes_per_visit", 0), "invalid-input", None),
        (replaced("items", []), "invalid-input", "body.items"),
        (replaced("negotiated_with", []), "invalid-input", "body.negotiated_with"),
        ({**PLAN, "priority": "high"}, "invalid-input", "body.priority"),
    ],
)
async def test_a_broken_plan_is_refused_by_field(
    bureau: Bureau, body: dict[str, Any], code: str, field: str | None
) -> None:
    desk = await bureau.planning()
    problem = await desk.refused(422, code, ORGANIZER, "plan", body)
    assert field in {None, problem["errors"][0]["field"]}
    assert DAUGHTER not in str(problem)


async def test_a_decision_needs_a_complete_package_that_was_submitted(bureau: Bureau) -> None:
    """R 3.6.1: what is missing is named; what was not submitted is not decided on."""
    desk = await bureau.planning()
    problem = await desk.refused(409, "package-incomplete", HEAD, "decision", ENROL)
    assert problem["detail"].endswith("care_plan, individual_programme")
    await desk.walk(*STRAIGHT[:6])
    await desk.refused(409, "not-allowed-in-state", HEAD, "decision", ENROL)


@pytest.mark.parametrize(
    ("step", "body", "code"),
    [
        (5, replaced("issued_on", "2026-03-03", PROGRAMME), "programme-in-future"),
        (5, replaced("recommended_providers", [RETIRED], PROGRAMME), "unknown-provider"),
        (7, {"outcome": "enrol"}, "form-missing"),
        (7, {"outcome": "refuse", "reasons": "нет"}, "grounds-missing"),
        (7, {"outcome": "refuse", "grounds": ["not_in_need"]}, "reasons-missing"),
        (7, {"outcome": "perhaps"}, "invalid-input"),
        (8, {**CONTRACT, "handed_over": ["care_plan_copy"]}, "handover-incomplete"),
        (8, {**CONTRACT, "signed_by_citizen": False}, "contract-unsigned"),
        (9, {**ORDER, "provider": AUTHORISED_BODY}, "unknown-provider"),
    ],
)
async def test_broken_input_is_refused_at_its_step(
    bureau: Bureau, step: int, body: dict[str, Any], code: str
) -> None:
    desk = await bureau.planning()
    await desk.walk(*STRAIGHT[:step])
    role, action, _ = STRAIGHT[step]
    await desk.refused(422, code, role, action, body)
    await desk.walk(STRAIGHT[step])


@pytest.mark.parametrize(
    ("role", "action", "body", "who", "code"),
    [
        (ORGANIZER, "plan", PLAN, {"subject": "U-other"}, "not-the-organizer"),
        (ORGANIZER, "plan", PLAN, {"org": AUTHORISED_BODY}, "not-the-institution"),
        (HEAD, "decision", ENROL, {"org": INSTITUTION}, "not-the-authorised-body"),
    ],
)
async def test_the_right_role_at_the_wrong_desk_is_refused(
    bureau: Bureau, role: str, action: str, body: Any, who: dict[str, Any], code: str
) -> None:
    """R 3.3.12, 3.6.1: the organizer named, the case's own institution and authorised body."""
    desk = await bureau.planning()
    if action == "decision":
        await desk.walk(*STRAIGHT[:7])
    await desk.refused(403, code, role, action, body, **who)


async def test_executors_see_the_plan_and_nothing_else(bureau: Bureau) -> None:
    """R 3.5.3: as much as they need to agree, and no relative's name."""
    desk = await bureau.planning()
    assert (await desk.get(ORGANIZER, "/plan")).status_code == 404
    await desk.walk(STRAIGHT[0])
    seen = await desk.get(Role.PROVIDER, "/plan")
    assert (seen.status_code, seen.headers["ETag"]) == (200, f'"{await desk.version()}"')
    assert [item["service"] for item in seen.json()["items"]] == ["cooking", "cleaning"]
    assert DAUGHTER not in seen.text
    assert DAUGHTER in (await desk.get(ORGANIZER, "/plan")).text
    assert (await desk.get(Role.PROVIDER, "/plan", org=OTHER_PROVIDER)).status_code == 404
    await desk.refused(404, "not-found", *AGREEMENTS[3], org=OTHER_PROVIDER)
    others = {"executor": "relative.1", "agreed": True}
    await desk.refused(403, "not-your-agreement", Role.PROVIDER, "plan/agreements", others)
