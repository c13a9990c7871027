"""Services over HTTP: public to read, changed by editors with the reason, kept from files (S)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.offer import ServiceChanged, ServiceListed, ServiceWithdrawn
from contracts.roles import Role
from services.directory.adapters.service_files import read_services
from tests.service.directory.access_offer import SERVICE, WHY
from tests.service.directory.conftest import app_of, directory_of, loaded, settled
from tests.service.stack import INSTITUTION, Stack, running, until

RENT = f"{INSTITUTION}.equipment"


def by_editor(stack: Stack, key: str, version: int | None = None) -> dict[str, str]:
    headers: dict[str, str] = stack.headers(
        Role.DIRECTORY_EDITOR, "r-department", version=version, key=key
    )
    return headers


def form_of(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A listing as an editor sends it back, changed."""
    listing = {name: value for name, value in found["listing"].items() if name != "id"}
    return {"service": {**listing, **changes}, **WHY}


async def test_service_is_read_with_what_to_bring_and_where_it_is_printed(
    client: httpx.AsyncClient,
) -> None:
    answered = await client.get(f"/services/{INSTITUTION}.home-care")
    found = answered.json()
    assert (answered.status_code, answered.headers["etag"], found["version"]) == (200, '"0"', 0)
    assert found["listing"]["source"].startswith("R, 1.2, 2.6")
    assert {one["what"] for one in found["bring"]["bring"]} >= {"Заявление о зачислении"}
    assert found["bring"]["fetched"][0]["clause"] == "R 2.6, 2.6.1, 3.3.9 в"
    assert found["changes"] == []


async def test_organization_has_its_services(client: httpx.AsyncClient) -> None:
    found = (await client.get(f"/organizations/{INSTITUTION}/services")).json()["items"]
    assert [one["id"] for one in found] == sorted(one["id"] for one in found)
    assert {one["listing"]["organization"] for one in found} == {INSTITUTION}
    assert len(found) == 17
    assert (await client.get("/organizations/nobody/services")).status_code == 404
    assert (await client.get("/services/nobody.nothing")).status_code == 404


async def test_entered_service_is_found_told_and_repeatable(
    stack: Stack, app: FastAPI, client: httpx.AsyncClient
) -> None:
    body = {"service": {**SERVICE, "name": "Прокат слуховых аппаратов"}, **WHY}
    first = await client.post("/services", json=body, headers=by_editor(stack, "enter"))
    assert first.status_code == 201, first.text
    again = await client.post("/services", json=body, headers=by_editor(stack, "enter"))
    assert again.json() == first.json()
    event = await stack.spy.wait_for(ServiceListed, first.json()["id"])
    assert (event.listing.name, event.reason) == ("Прокат слуховых аппаратов", WHY["reason"])
    assert event.by.role == "directory_editor"
    found = (await client.get("/navigator", params={"q": "слуховой аппарат"})).json()
    assert [hit["id"] for hit in found["hits"]] == [first.json()["id"]]
    assert (await client.get(first.headers["location"])).json()["changes"][0]["action"] == "create"


async def test_first_change_of_a_filed_service_makes_its_document(
    stack: Stack, app: FastAPI, client: httpx.AsyncClient
) -> None:
    directory = directory_of(app)
    path = f"/services/{INSTITUTION}.transport"
    assert await directory.services.get(f"{INSTITUTION}.transport") is None
    found = (await client.get(path)).json()
    body = form_of(found, name="Социальное такси", groups=["mobility_disability"])
    changed = await client.post(path, json=body, headers=by_editor(stack, "taxi", 0))
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"')
    event = await stack.spy.wait_for(ServiceChanged, f"{INSTITUTION}.transport")
    assert event.listing.name == "Социальное такси"
    again = await client.post(path, json=body, headers=by_editor(stack, "taxi", 0))
    assert again.json() == changed.json()
    now = (await client.get(path)).json()
    assert [one["field"] for one in now["changes"][0]["fields"]] == ["name", "groups"]
    assert (await client.get("/navigator", params={"q": "такси"})).json()["total"] == 1


async def test_two_editors_that_begin_at_once_make_one_document(
    stack: Stack, app: FastAPI, client: httpx.AsyncClient
) -> None:
    path = f"/services/{INSTITUTION}.leisure"
    found = (await client.get(path)).json()
    answers = await asyncio.gather(
        *(
            client.post(
                path,
                json=form_of(found, name=f"Досуг {number}"),
                headers=by_editor(stack, f"leisure-{number}", 0),
            )
            for number in range(4)
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    stored = await directory_of(app).services.get(f"{INSTITUTION}.leisure")
    assert stored is not None
    assert (stored.version, stored.seq) == (1, 1)


async def test_withdrawn_service_is_found_no_more_and_again_once_relisted(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    path = f"/services/{INSTITUTION}.computer-skills"
    asked = {"q": "навыки работы на компьютере", "need": "digital_skills"}
    assert (await client.get("/navigator", params=asked)).json()["total"] == 1
    gone = await client.post(
        f"{path}/withdrawal", json=WHY, headers=by_editor(stack, "withdraw", 0)
    )
    assert gone.status_code == 200, gone.text
    await stack.spy.wait_for(ServiceWithdrawn, f"{INSTITUTION}.computer-skills")
    assert (await client.get("/navigator", params=asked)).json()["total"] == 0
    assert (await client.get(path)).json()["listing"]["status"] == "defunct"
    twice = await client.post(
        f"{path}/withdrawal", json=WHY, headers=by_editor(stack, "withdraw-2", 1)
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "not-allowed-in-state")
    back = await client.post(f"{path}/relisting", json=WHY, headers=by_editor(stack, "relist", 1))
    assert back.status_code == 200, back.text
    assert (await client.get("/navigator", params=asked)).json()["total"] == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"kinds": ["cosmetic"]}, "unknown-code", "service.kinds"),
        ({"organization": "nobody"}, "unknown-organization", "service.organization"),
        ({"kinds": []}, "too_short", "body.service.kinds"),
        ({"kinds": None}, "tuple_type", "body.service.kinds"),
        ({"name": ""}, "string_too_short", "body.service.name"),
        ({"minimum_age": -1}, "greater_than_equal", "body.service.minimum_age"),
        ({"phones": ["12"]}, "string_pattern_mismatch", "body.service.phones.0"),
        ({"status": "defunct"}, "withdraw-instead", "service.status"),
        ({"price": 100}, "extra_forbidden", "body.service.price"),
        (
            {"hours": [{"days": ["MO"], "opens": "09:00+03:00", "closes": "18:00"}]},
            "hours-not-in-minutes",
            "service.hours",
        ),
    ],
)
async def test_wrong_service_is_refused_with_the_field_and_nothing_is_stored(
    stack: Stack, app: FastAPI, client: httpx.AsyncClient, changes: Any, code: str, field: str
) -> None:
    await settled(app)
    written = directory_of(app).services.counts.writes
    body = {"service": {**SERVICE, **changes}, **WHY}
    answered = await client.post("/services", json=body, headers=by_editor(stack, f"w-{code}"))
    assert answered.status_code == 422, answered.text
    (error,) = answered.json()["errors"]
    assert (error["code"], error["field"]) == (code, field)
    assert directory_of(app).services.counts.writes == written


async def test_service_that_nobody_lists_cannot_be_changed(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    for path, body in (
        ("/services/x.nothing", {"service": SERVICE, **WHY}),
        ("/services/x.nothing/withdrawal", WHY),
    ):
        answered = await client.post(path, json=body, headers=by_editor(stack, path, 0))
        assert (answered.status_code, answered.json()["code"]) == (404, "not-found")


async def test_editors_at_two_replicas_make_one_document_of_each_service(fresh: Stack) -> None:
    apps = [app_of(fresh) for _ in range(2)]
    async with running(apps[0]) as one, running(apps[1]) as other:
        for app in apps:
            await loaded(app)
        ids = [f"r-institution-{number:02}.urgent-help" for number in range(1, 9)]

        async def change(client: httpx.AsyncClient, service: str, by: int) -> int:
            body = form_of((await client.get(f"/services/{RENT}")).json(), name=f"Помощь {by}")
            body["service"]["organization"] = service.split(".", maxsplit=1)[0]
            headers = by_editor(fresh, f"{service}-{by}", 0)
            return (
                await client.post(f"/services/{service}", json=body, headers=headers)
            ).status_code

        answers = await asyncio.gather(
            *(change(client, id, by) for id in ids for by, client in enumerate((one, other)))
        )
        assert sorted(answers) == [200] * 8 + [412] * 8
        for id in ids:
            stored = await directory_of(apps[0]).services.get(id)
            assert stored is not None
            assert (stored.version, stored.seq) == (1, 1)


async def test_change_of_one_replica_is_found_by_another(fresh: Stack) -> None:
    apps = [app_of(fresh, refresh_seconds=0.2) for _ in range(2)]
    async with running(apps[0]) as one, running(apps[1]) as other:
        for app in apps:
            await loaded(app)
        found = (await one.get(f"/services/{RENT}")).json()
        body = form_of(found, name="Выдача ходулей")
        changed = await one.post(f"/services/{RENT}", json=body, headers=by_editor(fresh, "r", 0))
        assert changed.status_code == 200, changed.text

        async def seen() -> bool:
            asked = {"q": "ходули"}
            total: int = (await other.get("/navigator", params=asked)).json()["total"]
            return total == 1

        await until(seen)


async def test_start_writes_no_service_and_a_newer_file_keeps_what_a_person_changed(
    fresh: Stack, files: Path
) -> None:
    (files / "services").mkdir()
    rows = [row.model_dump(mode="json") for row in read_services()]
    file = files / "services" / "all.json"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    first = app_of(fresh, directory_data=files)
    async with running(first) as client:
        directory = await loaded(first)
        found = (await client.get(f"/services/{RENT}")).json()
        assert directory.services.counts.writes == 0
        body = form_of(found, name="Прокат колясок")
        await client.post(f"/services/{RENT}", json=body, headers=by_editor(fresh, "f", 0))
        await settled(first)
    rent = next(row for row in rows if row["code"] == "equipment")
    rent["name"], rent["fees"] = "Пункт выдачи", "Бесплатно"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    second = app_of(fresh, directory_data=files)
    async with running(second) as client:
        directory = await loaded(second)
        now = (await client.get(f"/services/{RENT}")).json()["listing"]
        assert (now["name"], now["fees"]) == ("Прокат колясок", "Бесплатно")
        (hit,) = (await client.get("/navigator", params={"q": "прокат колясок"})).json()["hits"]
        assert (hit["name"], hit["fees"]) == ("Прокат колясок", "Бесплатно")
        assert directory.services.counts.writes == 0
