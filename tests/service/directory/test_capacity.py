"""What is free at an organization, over HTTP: counted by itself, found and told at once (M, L)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.offer import CapacityChanged
from contracts.roles import Role
from tests.service.directory.conftest import app_of, directory_of, loaded, settled
from tests.service.stack import INSTITUTION, Stack, running, until

PROVIDER = "l-provider-01"
STAY = f"{PROVIDER}.residence"
PATH = f"/organizations/{PROVIDER}/capacity"


def count(available: int, **more: Any) -> dict[str, Any]:
    entry = {"service": STAY, "unit": "place", "available": available, **more}
    return {"capacities": [entry], "reason": "Выписаны двое"}


def by(
    stack: Stack, key: str, version: int, role: str = Role.PROVIDER, org: str = PROVIDER
) -> dict[str, str]:
    headers: dict[str, str] = stack.headers(role, org, version=version, key=key)
    return headers


async def test_capacity_is_counted_found_and_told_and_nothing_else_is_written(
    stack: Stack, app: FastAPI, client: httpx.AsyncClient
) -> None:
    """Places of residential institutions are counted by whom they are of (M)."""
    before = await client.get(PATH)
    assert (before.headers["etag"], before.json()["changed_at"]) == ('"0"', None)
    asked = {"q": "пансионат", "free": "true"}
    assert (await client.get("/navigator", params=asked)).json()["total"] == 0
    await settled(app)
    directory = directory_of(app)
    writes = directory.organizations.counts.writes, directory.services.counts.writes

    counted = await client.post(PATH, json=count(2, maximum=30), headers=by(stack, "c-1", 0))
    assert (counted.status_code, counted.headers["etag"]) == (200, '"1"')
    again = await client.post(PATH, json=count(2, maximum=30), headers=by(stack, "c-1", 0))
    assert again.json() == counted.json()
    event = await stack.spy.wait_for(CapacityChanged, PROVIDER)
    assert [(one.unit, one.available, one.maximum) for one in event.capacities] == [
        ("place", 2, 30)
    ]
    assert (event.by.role, event.by.organization, event.reason) == (
        "provider", PROVIDER, "Выписаны двое"
    )  # fmt: skip
    (hit,) = (await client.get("/navigator", params=asked)).json()["hits"]
    (free,) = hit["capacities"]
    assert (free["available"], free["maximum"], free["unit"]["ru"]) == (2, 30, "мест")
    assert free["updated_at"] is not None
    assert writes == (
        directory.organizations.counts.writes,
        directory.services.counts.writes,
    )
    page = (await client.get(PATH)).json()
    assert page["changes"][0]["role"] == "provider"
    assert "local-" not in str(page)


async def test_place_taken_is_free_no_more(stack: Stack, client: httpx.AsyncClient) -> None:
    taken = await client.post(PATH, json=count(0), headers=by(stack, "c-2", 1))
    assert taken.status_code == 200, taken.text
    asked = {"q": "пансионат", "free": "true"}
    assert (await client.get("/navigator", params=asked)).json()["total"] == 0
    body = {"uncounted": [{"service": STAY, "unit": "place"}], "reason": "Не считаем"}
    gone = await client.post(PATH, json=body, headers=by(stack, "c-3", 2))
    assert gone.status_code == 200, gone.text
    assert (await client.get(PATH)).json()["capacities"] == []


async def test_organization_counts_its_own_and_the_editor_anybodys(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    version = (await client.get(PATH)).json()["version"]
    for role in (Role.PROVIDER, Role.INSTITUTION_DIRECTOR):
        foreign = by(stack, f"own-{role}", version, role, INSTITUTION)
        answered = await client.post(PATH, json=count(1), headers=foreign)
        assert (answered.status_code, answered.json()["code"]) == (403, "own-capacity-only")
        assert answered.json()["clause"] == "S"
    editor = by(stack, "own-editor", version, Role.DIRECTORY_EDITOR, "r-department")
    assert (await client.post(PATH, json=count(1), headers=editor)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"reason": "…"}, 422, "nothing-counted", "capacities"),
        (count(31, maximum=30), 422, "more-than-there-is", "capacities.available"),
        (count(1, unit="soul"), 422, "unknown-code", "capacities.unit"),
        (count(1, service=f"{INSTITUTION}.day-stay"), 422, "unknown-service",
         "capacities.service"),
        (count(-1), 422, "greater_than_equal", "body.capacities.0.available"),
        ({"capacities": []}, 422, "missing", "body.reason"),
        (count(1) | {"free": True}, 422, "extra_forbidden", "body.free"),
    ],
)  # fmt: skip
async def test_wrong_count_is_refused_with_the_field_and_nothing_is_stored(
    stack: Stack,
    app: FastAPI,
    client: httpx.AsyncClient,
    body: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    await settled(app)
    version = (await client.get(PATH)).json()["version"]
    written = directory_of(app).capacities.counts.writes
    answered = await client.post(PATH, json=body, headers=by(stack, f"wrong-{code}", version))
    assert answered.status_code == status, answered.text
    (error,) = answered.json()["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert directory_of(app).capacities.counts.writes == written


async def test_nobody_counts_for_who_does_not_take_part(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    path = "/organizations/nobody/capacity"
    assert (await client.get(path)).status_code == 404
    answered = await client.post(path, json=count(1), headers=by(stack, "none", 0, org="nobody"))
    assert answered.status_code == 404


async def test_count_of_one_replica_is_found_by_another_and_after_a_start(fresh: Stack) -> None:
    apps = [app_of(fresh, refresh_seconds=0.2) for _ in range(3)]
    asked = {"q": "пансионат", "free": "true"}
    async with running(apps[0]) as one, running(apps[1]) as other:
        for app in apps[:2]:
            await loaded(app)
        counted = await one.post(PATH, json=count(5), headers=by(fresh, "r-1", 0))
        assert counted.status_code == 200, counted.text

        async def seen() -> bool:
            total: int = (await other.get("/navigator", params=asked)).json()["total"]
            return total == 1

        await until(seen)
    async with running(apps[2]) as later:
        await loaded(apps[2])
        assert (await later.get("/navigator", params=asked)).json()["total"] == 1
