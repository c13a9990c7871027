"""The same key gives the first answer, whatever has changed since; and what another replica has
just stored is known (R 1.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from contracts.directory import OrganizationPublished
from tests.service.directory.access import CHECKS, ENTRY
from tests.service.directory.access_offer import SERVICE
from tests.service.directory.conftest import app_of, directory_of, loaded
from tests.service.directory.test_changes import CARD, REASON
from tests.service.directory.test_imports import Importing, table
from tests.service.stack import Stack, running

EDITOR = "directory_editor"
BODY = {"kind": "authorised_body", "name": "Управление", "region": "RU-KEM", "source": "Приказ"}
PARENTED = "key;kind;region;name;parent"


async def send(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], body: Any
) -> httpx.Response:
    return await client.post(path, headers=headers, json=body)


async def entered(client: httpx.AsyncClient, stack: Stack, **card: Any) -> str:
    body = {"card": BODY | {"parent": "r-department"} | card, "reason": REASON}
    made = await send(client, "/organizations", stack.headers(EDITOR), body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def retired(client: httpx.AsyncClient, stack: Stack, key: str) -> None:
    found = await client.get(f"/organizations/{key}")
    version = int(found.headers["etag"].strip('"'))
    headers = stack.headers(EDITOR, version=version)
    done = await send(client, f"/organizations/{key}/retirement", headers, {"reason": REASON})
    assert done.status_code == 200, done.text


async def test_answers_that_were_lost_are_given_again_after_the_parent_retired(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    parent = await entered(client, stack)
    calls: list[tuple[str, dict[str, str], Any]] = []
    published = {"card": CARD | {"parent": parent}, "reason": REASON}
    calls.append(("/organizations", stack.headers(EDITOR), published))
    first = await send(client, *calls[0])
    path = first.headers["location"]
    moved = {"card": published["card"] | {"phones": ["+73845643299"]}, "reason": "Новый номер"}
    calls.append((path, stack.headers(EDITOR, version=1), moved))
    later = {
        "card": CARD | {"parent": parent},
        "reason": "Позже",
        "valid_from": "2027-02-01T00:00:00Z",
    }
    calls.append((path, stack.headers(EDITOR, version=2), later))
    answers = [first, *[await send(client, *call) for call in calls[1:]]]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    await retired(client, stack, path.removeprefix("/organizations/"))
    await retired(client, stack, parent)
    again = [await send(client, *call) for call in calls]
    assert [answer.json() for answer in again] == [answer.json() for answer in answers]
    fresh = await send(client, "/organizations", stack.headers(EDITOR), published)
    assert (fresh.status_code, fresh.json()["code"]) == (422, "unknown-parent")
    reused = await send(client, "/organizations", calls[0][1], published | {"reason": "Иное"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")


async def test_row_applied_before_a_death_is_applied_though_its_parent_retired(
    client: httpx.AsyncClient, stack: Stack, app: Any
) -> None:
    parent = await entered(client, stack)
    editor, directory = Importing(client, stack), directory_of(app)
    await editor.preview(table(f"x-r-1;institution;RU-KEM;МБУ;{parent}", header=PARENTED))
    await editor.apply()
    await editor.done()
    await retired(client, stack, "x-r-1")
    await retired(client, stack, parent)
    made = await directory.imports.get(editor.path.removeprefix("/imports/"))
    assert made is not None
    part = await directory.import_parts.get(made.state.parts[0])
    assert part is not None
    part.state.done, part.state.rows[0].outcome = False, None  # as if it died before it was noted
    await directory.import_parts.save(part)
    made.state.status, made.commands = made.state.status.APPLYING, made.commands[:-1]
    await directory.imports.save(made)
    assert (await editor.done())["outcomes"]["applied"] == 1
    assert (await editor.rows())[0]["outcome"] == "applied"


async def test_services_and_counts_are_answered_again_after_the_organization_retired(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    key = await entered(client, stack)
    calls: list[tuple[str, dict[str, str], Any]] = []
    body = {"service": SERVICE | {"organization": key}, "reason": REASON}
    calls.append(("/services", stack.headers(EDITOR), body))
    listed = await send(client, *calls[0])
    assert listed.status_code == 201, listed.text
    service = str(listed.json()["id"])
    renamed = {"service": body["service"] | {"name": "Прокат кресел"}, "reason": "Уточнено"}
    calls.append((f"/services/{service}", stack.headers(EDITOR, version=1), renamed))
    counts = {
        "capacities": [{"service": service, "unit": "place", "available": 3}],
        "reason": "Сверено",
    }
    path = f"/organizations/{key}/capacity"
    calls.append((path, stack.headers(EDITOR, version=0), counts))
    answers = [listed, *[await send(client, *call) for call in calls[1:]]]
    assert [answer.status_code for answer in answers] == [201, 200, 200], answers[-1].text
    await retired(client, stack, key)
    again = [await send(client, *call) for call in calls]
    assert [answer.json() for answer in again] == [answer.json() for answer in answers]
    assert (await client.get(path)).status_code == 404


@pytest_asyncio.fixture(loop_scope="session")
async def unseeing(stack: Stack, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A replica that looks at what others changed once a day."""
    other = app_of(stack, refresh_seconds=86400)
    async with running(other) as neighbour:
        await loaded(other)
        yield neighbour


async def test_service_is_listed_where_the_organization_was_not_seen_yet(
    client: httpx.AsyncClient, unseeing: httpx.AsyncClient, stack: Stack
) -> None:
    key = await entered(client, stack)
    body = {"service": SERVICE | {"organization": key}, "reason": REASON}
    listed = await send(unseeing, "/services", stack.headers(EDITOR), body)
    assert listed.status_code == 201, listed.text
    other = {"service": body["service"] | {"name": "Прокат костылей"}, "reason": REASON}
    second = await send(client, "/services", stack.headers(EDITOR), other)
    counts = {
        "capacities": [{"service": second.json()["id"], "unit": "place", "available": 3}],
        "reason": "Сверено",
    }
    path = f"/organizations/{key}/capacity"
    counted = await send(unseeing, path, stack.headers(EDITOR, version=0), counts)
    assert counted.status_code == 200, counted.text
    unknown = body["service"] | {"organization": "organization-0"}
    refused = await send(
        unseeing, "/services", stack.headers(EDITOR), {"service": unknown, "reason": REASON}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-organization")


async def test_l_1_2_2_2_nobody_publishes_a_provider_that_was_not_checked(
    client: httpx.AsyncClient, stack: Stack, app: Any
) -> None:
    """L 1.2.2.2, 3.9: refused with the field and with where to go; a file's row is broken."""
    for kind, where in (("provider", "/providers"), ("volunteer", "/volunteers")):
        body = {"card": CARD | {"kind": kind, "parent": None}, "reason": REASON}
        refused = await send(client, "/organizations", stack.headers(EDITOR), body)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (422, "kind-of-a-register")
        assert problem["errors"][0]["field"] == "card.kind"
        assert where in refused.text
    editor = Importing(client, stack)
    await editor.preview(table("x-r-2;provider;RU-KEM;ООО;", header=PARENTED))
    (broken,) = await editor.rows()
    assert broken["state"] == "broken"
    assert [fault["rule"] for fault in broken["faults"][:1]] == ["card.kind-of-a-register"]


async def test_r_1_3_reason_of_a_publication_is_told(
    client: httpx.AsyncClient, stack: Stack, app: Any
) -> None:
    """R 1.3: every change has author and reason; that of the register too (L 1.2.2.2)."""
    made = await send(client, "/providers", stack.headers(EDITOR), ENTRY)
    path = f"/register-entries/{made.json()['id']}"
    await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
    reason = {"reason": "Внесён в реестр, приказ № 9"}
    await send(client, f"{path}/publication", stack.headers(EDITOR, version=2), reason)
    event = await stack.spy.wait_for(OrganizationPublished, made.json()["id"])
    assert event.reason == reason["reason"]
    bare = await send(client, "/organizations", stack.headers(EDITOR), {"card": CARD})
    assert (bare.status_code, bare.json()["code"]) == (422, "invalid-input")
    assert bare.json()["errors"][0]["field"] == "body.reason"
