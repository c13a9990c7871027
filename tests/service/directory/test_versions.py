"""Versions over HTTP: what an organization was, is announced to be, and who made it so (R 1.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.document import Document
from contracts.directory import OrganizationChanged
from services.directory.directory import Directory
from services.directory.history import archive
from services.directory.main import create_app
from services.directory.settings import DirectorySettings
from tests.service.directory.conftest import settled, steps_of
from tests.service.stack import Stack, until

EDITOR = "directory_editor"
CARD: dict[str, Any] = {
    "kind": "mfc",
    "name": "МФЦ города Мыски",
    "phones": ["+73847400001"],
    "region": "RU-KEM",
    "serves": [{"municipality": "myski"}],
    "source": "Письмо МФЦ",
}


class Clock:
    """A clock that the test puts forward. It begins where no public holiday is near."""

    def __init__(self) -> None:
        self.ahead = datetime(2026, 3, 16, 4, 0, tzinfo=UTC) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(stack: Stack, clock: Clock) -> FastAPI:
    return create_app(stack.settings(DirectorySettings, refresh_seconds=0.3), clock)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(stack: Stack, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    served = await stack.serve(app)
    await settled(app)
    yield served


async def entered(client: httpx.AsyncClient, stack: Stack) -> str:
    body = {"card": CARD, "reason": "Открыт"}
    made = await client.post("/organizations", headers=stack.headers(EDITOR), json=body)
    assert made.status_code == 201, made.text
    organization_id: str = made.json()["id"]
    return organization_id


async def announcing(client: httpx.AsyncClient, **asked: str) -> list[str]:
    """Those that a change is announced of."""
    found = await client.get("/organizations", params=asked | {"announced": "true"})
    assert found.status_code == 200, found.text
    return [item["id"] for item in found.json()["items"]]


async def changed(
    client: httpx.AsyncClient, stack: Stack, path: str, version: int, **body: Any
) -> Any:
    phones = body.pop("phones")
    sent = {"card": CARD | {"phones": [phones]}, "reason": f"Новый номер {phones}"} | body
    headers = stack.headers(EDITOR, version=version)
    answer = await client.post(f"/organizations/{path}", headers=headers, json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def phone_at(client: httpx.AsyncClient, organization_id: str, at: datetime) -> str:
    params = {"at": at.isoformat()}
    found = await client.get(f"/organizations/{organization_id}", params=params)
    assert found.status_code == 200, found.text
    phone: str = found.json()["card"]["phones"][0]
    return phone


def directory_of(app: FastAPI) -> Directory:
    directory: Directory = app.state.directory
    return directory


async def test_r_1_3_old_case_shows_the_contact_as_it_was(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI, clock: Clock
) -> None:
    organization_id = await entered(client, stack)
    first = clock()
    clock.ahead += timedelta(days=10)
    await changed(client, stack, organization_id, 1, phones="+73847400002")
    second = clock()
    clock.ahead += timedelta(minutes=30)
    await changed(client, stack, organization_id, 2, phones="+73847400003")
    moments = [first, first + timedelta(days=5), second, clock()]
    expected = ["+73847400001", "+73847400001", "+73847400002", "+73847400003"]
    riding = [await phone_at(client, organization_id, moment) for moment in moments]

    clock.ahead += timedelta(hours=2)
    directory = directory_of(app)

    async def put_away() -> bool:
        document = await directory.organizations.get(organization_id)
        return document is not None and document.state.unarchived == []

    await until(put_away)
    archived = [await phone_at(client, organization_id, moment) for moment in moments]
    assert riding == archived == expected

    headers = stack.headers("registry_reader")
    path = f"/organizations/{organization_id}/versions"
    listed = (await client.get(path, headers=headers)).json()
    assert [item["edition"] for item in listed["items"]] == [1, 2, 3]
    one, two, three = listed["items"]
    assert (one["valid_until"], three["valid_until"]) == (two["valid_from"], None)
    assert (two["fields"], two["reason"]) == (["phones"], "Новый номер +73847400002")
    assert two["author"]["role"] == EDITOR
    page = (await client.get(f"{path}?limit=1", headers=headers)).json()
    rest = (await client.get(f"{path}?limit=1&cursor={page['next']}", headers=headers)).json()
    assert [item["edition"] for item in page["items"] + rest["items"]] == [1, 2, 3]


HOURS = [{"days": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "opens": "09:00", "closes": "18:00"}]


def with_hours(opens: str, closes: str) -> dict[str, Any]:
    card = CARD | {"hours": [{**HOURS[0], "opens": opens, "closes": closes}]}
    return {"card": card, "reason": "Новые часы"}


async def test_open_at_a_moment_is_answered_by_the_hours_that_held_then(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI, clock: Clock
) -> None:
    """R 1.3: past versions, put away or not, and what is announced; K, M, S: «open?»."""

    async def is_open(at: datetime) -> tuple[int, str]:
        asked = {"at": at.replace(hour=5, minute=0).isoformat()}  # noon in Kuzbass
        found = await client.get(f"/organizations/{organization_id}/open", params=asked)
        return found.status_code, found.json().get("state") or found.json()["code"]

    made = await client.post(
        "/organizations", headers=stack.headers(EDITOR), json=with_hours("09:00", "18:00")
    )
    organization_id: str = made.json()["id"]
    path, day = f"/organizations/{organization_id}", timedelta(days=1)
    first = clock()
    clock.ahead += 10 * day
    body = with_hours("13:00", "18:00") | {"reason": "Только после обеда"}
    answered = await client.post(path, headers=stack.headers(EDITOR, version=1), json=body)
    assert answered.status_code == 200, answered.text
    second = clock()
    announced = with_hours("08:00", "13:00") | {"reason": "Снова с утра"}
    announced["valid_from"] = (second + 5 * day).isoformat()
    answered = await client.post(path, headers=stack.headers(EDITOR, version=2), json=announced)
    assert answered.status_code == 200, answered.text
    expected = {
        first - 2 * day: (404, "not-known-then"),
        first + 2 * day: (200, "open"),
        second + 2 * day: (200, "closed"),
        second + 7 * day: (200, "open"),
    }
    assert {at: await is_open(at) for at in expected} == expected

    clock.ahead += timedelta(hours=2)

    async def put_away() -> bool:
        document = await directory_of(app).organizations.get(organization_id)
        return document is not None and document.state.unarchived == []

    await until(put_away)
    assert {at: await is_open(at) for at in expected} == expected

    version = (await client.get(path)).json()["version"]
    retired = await client.post(
        f"{path}/retirement",
        headers=stack.headers(EDITOR, version=version),
        json={"reason": "Закрыт"},
    )
    assert retired.status_code == 200, retired.text
    assert (await client.get(f"{path}/open")).status_code == 404
    assert await is_open(first + 2 * day) == (200, "open")
    assert await is_open(second + 2 * day) == (404, "not-found")


async def test_day_means_its_end_where_the_organization_is(
    client: httpx.AsyncClient, stack: Stack, clock: Clock
) -> None:
    organization_id = await entered(client, stack)
    day = (clock() + timedelta(days=1, hours=7)).date().isoformat()
    found = await client.get(f"/organizations/{organization_id}", params={"at": day})
    assert (found.status_code, found.json()["edition"]) == (200, 1)


@pytest.mark.parametrize(
    ("at", "status", "code"),
    [
        ("2020-03-01", 404, "not-known-then"),
        ("1999-12-31", 422, "moment-out-of-range"),
        ("2026-03-01T10:00:00", 422, "invalid-input"),
        ("yesterday", 422, "invalid-input"),
    ],
)
async def test_moment_that_cannot_be_answered_is_refused(
    client: httpx.AsyncClient, at: str, status: int, code: str
) -> None:
    found = await client.get("/organizations/r-institution-15", params={"at": at})
    assert (found.status_code, found.json()["code"]) == (status, code)


async def test_r_1_3_change_is_one_write_and_one_event_with_its_version(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    organization_id = await entered(client, stack)
    steps = await steps_of(app)
    await changed(client, stack, organization_id, 1, phones="+73847400002")
    await steps.were(writes=1, published=1)


async def test_r_1_3_announced_change_takes_effect_on_its_day_once(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI, clock: Clock
) -> None:
    organization_id = await entered(client, stack)
    day = clock() + timedelta(days=3)
    steps = await steps_of(app)
    answered = await changed(
        client, stack, organization_id, 1, phones="+73847400009", valid_from=day.isoformat()
    )
    await steps.were(writes=1, published=0)
    assert answered["events"] == []
    found = (await client.get(f"/organizations/{organization_id}")).json()
    assert found["card"]["phones"] == ["+73847400001"]
    assert found["announced"][0]["fields"] == ["phones"]
    assert organization_id in await announcing(client)
    assert await announcing(client, municipality="yurga") == []
    assert await phone_at(client, organization_id, day) == "+73847400009"

    clock.ahead += timedelta(days=4)
    event = await stack.spy.wait_for(OrganizationChanged, organization_id)
    assert (event.card.phones, event.by.role) == (("+73847400009",), EDITOR)
    await until(lambda: _phones_in_memory(app, organization_id) == ("+73847400009",))
    clock.ahead += timedelta(days=4)
    await settled(app)
    assert len(stack.spy.of(OrganizationChanged, subject=organization_id)) == 1
    found = (await client.get(f"/organizations/{organization_id}")).json()
    assert datetime.fromisoformat(found["valid_from"]) == day
    assert found["announced"] == []


@pytest.mark.parametrize("path", ["", "/retirement"])
async def test_r_1_3_decision_after_an_announced_day_is_made_on_what_holds_then(
    client: httpx.AsyncClient, stack: Stack, clock: Clock, path: str
) -> None:
    """R 1.3, 3.1.2: the office was away on the day, and an editor was faster than the sweep."""
    organization_id = await entered(client, stack)
    day = clock() + timedelta(days=3)
    await changed(
        client, stack, organization_id, 1, phones="+73847400009", valid_from=day.isoformat()
    )
    clock.ahead += timedelta(days=3, hours=8)
    card = {"card": CARD | {"phones": ["+73847400002"]}} if not path else {}
    body, url = card | {"reason": "Звонок"}, f"/organizations/{organization_id}{path}"
    stale = await client.post(url, headers=stack.headers(EDITOR, version=2), json=body)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    assert await phone_at(client, organization_id, clock()) == "+73847400009"
    done = await client.post(url, headers=stack.headers(EDITOR, version=3), json=body)
    assert done.status_code == 200, done.text
    headers = stack.headers("operator")
    found = await client.get(f"/organizations/{organization_id}/versions", headers=headers)
    versions = found.json()["items"]
    begun = [datetime.fromisoformat(version["valid_from"]) for version in versions]
    assert begun == sorted(begun)
    assert begun[1] == day
    after = versions[-1]["card"]["phones"]
    assert after == (["+73847400009"] if path else ["+73847400002"])


def _phones_in_memory(app: FastAPI, organization_id: str) -> tuple[str, ...]:
    organization = directory_of(app).snapshot.get(organization_id)
    return organization.card.phones if organization else ()


async def test_withdrawn_announcement_does_not_take_effect(
    client: httpx.AsyncClient, stack: Stack, clock: Clock
) -> None:
    organization_id = await entered(client, stack)
    day = (clock() + timedelta(days=3)).isoformat()
    answered = await changed(
        client, stack, organization_id, 1, phones="+73847400009", valid_from=day
    )
    path = f"/organizations/{organization_id}/announcements/{answered['announcement']}/withdrawal"
    headers = stack.headers(EDITOR, version=2)
    gone = await client.post(path, headers=headers, json={"reason": "Переезд отменён"})
    assert gone.status_code == 200, gone.text
    found = (await client.get(f"/organizations/{organization_id}")).json()
    assert found["announced"] == []
    missing = await client.post(
        path, headers=stack.headers(EDITOR, version=3), json={"reason": "Ещё раз"}
    )
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"valid_from": "2020-01-01T00:00:00Z"}, "valid-from-past"),
        ({"valid_from": "2099-01-01T00:00:00Z"}, "valid-from-too-far"),
        ({"valid_from": "2026-13-01"}, "invalid-input"),
        (
            {
                "valid_from": "2099-01-01T00:00:00Z",
                "card": None,
                "corrections": [{"rule": "x", "field": "phone"}],
            },
            "card-missing",
        ),
    ],
)
async def test_announcement_for_no_later_day_is_refused(
    client: httpx.AsyncClient, stack: Stack, body: dict[str, Any], code: str
) -> None:
    organization_id = await entered(client, stack)
    sent = {"card": CARD | {"phones": ["+73847400005"]}, "reason": "Переезд"} | body
    answer = await client.post(
        f"/organizations/{organization_id}", headers=stack.headers(EDITOR, version=1), json=sent
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_death_between_the_two_writes_of_putting_away_loses_nothing(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI, clock: Clock
) -> None:
    organization_id = await entered(client, stack)
    await changed(client, stack, organization_id, 1, phones="+73847400002")
    directory = directory_of(app)
    document = await directory.organizations.get(organization_id)
    assert document is not None
    (version,) = document.state.unarchived
    await directory.versions.save(Document(id=version.id, state=version))  # and then it died
    clock.ahead += timedelta(hours=2)
    await archive(directory, organization_id)
    await archive(directory, organization_id)
    kept = await directory.versions.find({"organization": organization_id}, sort=[("edition", 1)])
    assert [item.state for item in kept] == [version]
    after = await directory.organizations.get(organization_id)
    assert after is not None
    assert (after.state.unarchived, after.version) == ([], document.version)
