"""Organizations changed over HTTP: by editors, with a reason, on the version read (R 1.3)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.directory import OrganizationChanged, OrganizationPublished, OrganizationRetired
from tests.service.directory.conftest import app_of, loaded, steps_of
from tests.service.stack import Stack

EDITOR = "directory_editor"
CARD: dict[str, Any] = {
    "kind": "institution",
    "name": "МБУ «Дом ветерана» города Полысаево",
    "phones": ["+73845643210"],
    "region": "RU-KEM",
    "parent": "r-department",
    "serves": [{"municipality": "polysaevo"}],
    "source": "Приказ департамента № 15",
}

REASON = "Приказ департамента № 15"
MYSKI = {"municipality": "myski", "kinds": ["institution"]}


async def version_of(client: httpx.AsyncClient, organization_id: str) -> int:
    answer = await client.get(f"/organizations/{organization_id}")
    return int(answer.headers["etag"].strip('"'))


async def published(client: httpx.AsyncClient, stack: Stack, **card: Any) -> str:
    """An organization of the test's own."""
    answer = await client.post(
        "/organizations",
        headers=stack.headers(EDITOR),
        json={"card": CARD | card, "reason": REASON},
    )
    assert answer.status_code == 201, answer.text
    organization_id: str = answer.json()["id"]
    return organization_id


async def test_r_1_3_change_moves_the_etag_and_is_told(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    organization_id = await published(client, stack)
    version = await version_of(client, organization_id)
    await stack.spy.wait_for(OrganizationPublished, organization_id)
    steps = await steps_of(app)
    headers = stack.headers(EDITOR, version=version)
    body = {"card": CARD | {"phones": ["+73845643299"]}, "reason": "Новый номер, письмо № 4"}
    answer = await client.post(f"/organizations/{organization_id}", headers=headers, json=body)
    assert (answer.status_code, answer.headers["etag"]) == (200, f'"{version + 1}"')
    await steps.were(writes=1, published=1)
    event = await stack.spy.wait_for(OrganizationChanged, organization_id)
    assert (event.reason, event.card.phones) == ("Новый номер, письмо № 4", ("+73845643299",))
    assert event.by.role == EDITOR

    again = await client.post(f"/organizations/{organization_id}", headers=headers, json=body)
    assert again.json() == answer.json()
    await steps.were(writes=1, published=1)
    assert await version_of(client, organization_id) == version + 1


async def test_publication_is_one_write_and_repeatable(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    steps, headers = await steps_of(app), stack.headers(EDITOR)
    body = {"card": CARD, "reason": REASON}
    first = await client.post("/organizations", headers=headers, json=body)
    second = await client.post("/organizations", headers=headers, json=body)
    assert (first.status_code, second.json()) == (201, first.json())
    assert first.headers["location"] == f"/organizations/{first.json()['id']}"
    await steps.were(writes=2, published=1)  # the second write is the insert that is refused
    event = await stack.spy.wait_for(OrganizationPublished, first.json()["id"])
    assert (event.card.name, event.reason) == (CARD["name"], REASON)
    assert (await client.get(first.headers["location"])).json()["reason"] == REASON


async def test_r_1_3_accepted_correction_is_applied_and_marked(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    path = "/organizations/r-authorised-body-07"
    version = await version_of(client, "r-authorised-body-07")
    body = {
        "corrections": [{"rule": "phone.unbalanced_bracket", "field": "phone"}],
        "reason": "Проверено звонком",
    }
    steps = await steps_of(app)
    answer = await client.post(path, headers=stack.headers(EDITOR, version=version), json=body)
    assert answer.status_code == 200, answer.text
    await steps.were(writes=1, published=1)
    found = (await client.get(path)).json()
    assert found["card"]["phones"] == ["+73845627829"]
    assert "printed_phone" not in found["card"] or found["card"]["printed_phone"] is None
    assert found["printed"]["phone"] == "384-56) 2-78-29"
    corrected = {fault["rule"]: fault["corrected"] for fault in found["faults"]}
    assert corrected["phone.unbalanced_bracket"] is True
    assert corrected["name.dash_in_compound"] is False
    report = await client.get(
        "/quality?rule=phone.unbalanced_bracket", headers=stack.headers("operator")
    )
    assert report.json()["corrected"] == 1

    again = stack.headers(EDITOR, version=version + 1)
    answer = await client.post(path, headers=again, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-corrected")


async def test_r_1_3_retired_organization_serves_nobody_and_stays_readable(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    organization_id = await published(client, stack, serves=[{"municipality": "myski"}])
    version = await version_of(client, organization_id)
    before = (await client.post("/serving", json=MYSKI)).json()
    assert organization_id in [
        item["organization"] for item in before["kinds"]["institution"]["candidates"]
    ]
    steps = await steps_of(app)
    path = f"/organizations/{organization_id}/retirement"
    headers = stack.headers(EDITOR, version=version)
    answer = await client.post(path, headers=headers, json={"reason": "Ликвидировано"})
    assert answer.status_code == 200
    await steps.were(writes=1, published=1)
    assert (await stack.spy.wait_for(OrganizationRetired, organization_id)).reason == (
        "Ликвидировано"
    )
    after = (await client.post("/serving", json=MYSKI)).json()
    assert organization_id not in [
        item["organization"] for item in after["kinds"]["institution"]["candidates"]
    ]
    found = (await client.get(f"/organizations/{organization_id}")).json()
    assert (found["status"], found["reason"]) == ("retired", "Ликвидировано")
    listed = (await client.get("/organizations?municipality=myski")).json()["items"]
    assert organization_id not in [item["id"] for item in listed]
    retired = (await client.get("/organizations?status=retired")).json()["items"]
    assert organization_id in [item["id"] for item in retired]
    assert (await client.get(f"/organizations/{organization_id}/open")).status_code == 404
    answer = await client.post(
        path, headers=stack.headers(EDITOR, version=version + 1), json={"reason": "Ещё раз"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not-allowed-in-state")


ZONED = [{"days": ["MO"], "opens": "09:00Z", "closes": "18:00"}]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"version": 99}, 412, "stale-version"),
        ({"version": None}, 428, "if-match-required"),
        ({"id": "unbekannt"}, 404, "not-found"),
        ({"body": {"reason": "Без карточки"}}, 422, "one-of-two"),
        ({"body": {"card": CARD}}, 422, "invalid-input"),
        ({"body": {"card": CARD | {"kind": "bank"}, "reason": "—"}}, 422, "invalid-input"),
        ({"body": {"card": CARD | {"fax": "1"}, "reason": "—"}}, 422, "invalid-input"),
        (
            {"body": {"card": CARD | {"serves": [{"municipality": "tomsk"}]}, "reason": "—"}},
            422,
            "unknown-municipality",
        ),
        ({"body": {"card": CARD | {"parent": "unbekannt"}, "reason": "—"}}, 422, "unknown-parent"),
        ({"body": {"card": CARD | {"hours": ZONED}, "reason": "—"}}, 422, "hours-not-in-minutes"),
        (
            {"body": {"card": CARD | {"parent": "l-provider-01"}, "reason": "—"}},
            422,
            "parent-required",
        ),
        (
            {"body": {"corrections": [{"rule": "email.space", "field": "email"}], "reason": "—"}},
            422,
            "no-such-proposal",
        ),
    ],
)
async def test_bad_changes_are_refused_and_change_nothing(
    client: httpx.AsyncClient,
    stack: Stack,
    app: FastAPI,
    change: dict[str, Any],
    status: int,
    code: str,
) -> None:
    version = await version_of(client, "r-institution-15")
    steps = await steps_of(app)
    answer = await client.post(
        f"/organizations/{change.get('id', 'r-institution-15')}",
        headers=stack.headers(EDITOR, version=change.get("version", version)),
        json=change.get("body", {"card": CARD, "reason": "Проверка"}),
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    await steps.were(writes=0, published=0)
    assert await version_of(client, "r-institution-15") == version


async def test_r_1_3_body_that_institutions_answer_to_is_not_retired(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """R 1.3, 3.1.2: it was, and then not even a phone of theirs could be corrected."""
    key = "r-authorised-body-07"
    headers = stack.headers(EDITOR, version=await version_of(client, key))
    path = f"/organizations/{key}/retirement"
    refused = await client.post(path, headers=headers, json={"reason": REASON})
    assert (refused.status_code, refused.json()["code"]) == (409, "others-answer-to-it")
    assert "r-institution-15" in refused.json()["detail"]
    body = await published(client, stack, kind="authorised_body", parent="r-department")
    office = await published(client, stack, kind="authorised_body", parent=body)
    for parent, code in ((office, "parent-cycle"), ("m-department-01", "foreign-parent")):
        card = CARD | {"kind": "authorised_body", "parent": parent}
        headers = stack.headers(EDITOR, version=1)
        sent = {"card": card, "reason": REASON}
        refused = await client.post(f"/organizations/{body}", headers=headers, json=sent)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_r_1_3_body_that_an_institution_was_just_entered_under_is_not_retired(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """R 1.3, 3.1.2: another replica entered it, and this one has not looked since."""
    other = app_of(stack, refresh_seconds=3600.0)
    beside = await stack.serve(other)
    await loaded(other)
    body = await published(client, stack, kind="authorised_body")
    key = await published(client, stack, parent=body)
    refused = await beside.post(
        f"/organizations/{body}/retirement",
        headers=stack.headers(EDITOR, version=1),
        json={"reason": REASON},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "others-answer-to-it")
    assert key in refused.json()["detail"]
    for gone in (key, body):
        path = f"/organizations/{gone}/retirement"
        headers = stack.headers(EDITOR, version=1)
        done = await client.post(path, headers=headers, json={"reason": REASON})
        assert done.status_code == 200, done.text
    sent = {"card": CARD | {"parent": body}, "reason": REASON}
    late = await beside.post("/organizations", headers=stack.headers(EDITOR), json=sent)
    assert (late.status_code, late.json()["code"]) == (422, "unknown-parent")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reinstate": True, "valid_from": "2027-02-01T00:00:00Z"}, "reinstate"),
        ({"reinstate": True, "corrections": [{"rule": "a", "field": "phone"}]}, "reinstate"),
        ({}, "card"),
    ],
)
async def test_request_for_two_things_or_none_is_refused(
    client: httpx.AsyncClient, stack: Stack, body: dict[str, Any], field: str
) -> None:
    headers = stack.headers(EDITOR, version=1)
    sent = body | {"reason": REASON}
    refused = await client.post("/organizations/r-institution-15", headers=headers, json=sent)
    assert refused.status_code == 422
    assert (refused.json()["code"], refused.json()["errors"][0]["field"]) == ("one-of-two", field)


async def test_r_1_3_one_whose_parent_is_gone_is_reinstated_with_another(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    body = await published(client, stack, kind="authorised_body")
    key = await published(client, stack, parent=body)
    for gone in (key, body):
        headers = stack.headers(EDITOR, version=1)
        await client.post(
            f"/organizations/{gone}/retirement", headers=headers, json={"reason": REASON}
        )
    path, back = f"/organizations/{key}", {"reinstate": True, "reason": "Ошибка"}
    refused = await client.post(path, headers=stack.headers(EDITOR, version=2), json=back)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-parent")
    done = await client.post(
        path, headers=stack.headers(EDITOR, version=2), json=back | {"card": CARD}
    )
    assert done.status_code == 200, done.text
    assert (await client.get(path)).json()["card"]["parent"] == "r-department"
