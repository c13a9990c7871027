"""The registers over HTTP: proposed, checked, published, and who may see what (L 1.2.2.2, 3.9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.directory import (
    OrganizationChanged,
    OrganizationPublished,
    OrganizationPublishedV2,
    OrganizationRetired,
)
from tests.service.directory.access import AMENDED, CHECKS, ENTRY
from tests.service.directory.conftest import app_of, loaded, steps_of
from tests.service.stack import Stack, running

EDITOR, PROVIDER = "directory_editor", "provider"


async def send(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], body: Any
) -> httpx.Response:
    return await client.post(path, headers=headers, json=body)


async def proposed(
    client: httpx.AsyncClient, stack: Stack, entry: dict[str, Any] = ENTRY, **who: Any
) -> str:
    headers = stack.headers(who.pop("role", PROVIDER), None, subject=who.pop("subject", "dom-1"))
    made = await send(client, "/providers", headers, entry)
    assert made.status_code == 201, made.text
    entry_id: str = made.json()["id"]
    assert made.headers["location"] == f"/register-entries/{entry_id}"
    return entry_id


async def ids_of(client: httpx.AsyncClient, path: str, **headers: str) -> list[str]:
    found = await client.get(path, headers=headers)
    assert found.status_code == 200, found.text
    return [item["id"] for item in found.json()["items"]]


async def test_l_provider_is_proposed_checked_published_changed_and_retired(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    steps = await steps_of(app)
    entry_id = await proposed(client, stack)
    await steps.were(writes=1, published=0)
    path, editor = f"/register-entries/{entry_id}", EDITOR
    for public in (f"/organizations/{entry_id}", f"/organizations/{entry_id}/open"):
        assert (await client.get(public)).status_code == 404
    assert entry_id not in await ids_of(client, "/organizations?kind=provider&status=retired")
    assert entry_id not in await ids_of(client, "/providers")

    early = await send(
        client, f"{path}/publication", stack.headers(editor, version=1), {"reason": "Внесён"}
    )
    assert (early.status_code, early.json()["code"]) == (409, "not-allowed-in-state")
    checked = await send(client, f"{path}/checks", stack.headers(editor, version=1), CHECKS)
    assert (checked.json()["status"], checked.json()["missing_checks"]) == ("checked", [])
    await steps.were(writes=2, published=0)
    published = await send(
        client, f"{path}/publication", stack.headers(editor, version=2), {"reason": "Внесён"}
    )
    assert published.json()["status"] == "published"
    await steps.were(writes=3, published=1)
    event = await stack.spy.wait_for(OrganizationPublished, entry_id)
    assert (event.card.name, event.card.ownership) == (ENTRY["name"], "private")
    assert entry_id in await ids_of(client, "/providers?form=private&municipality=yurga")
    assert entry_id not in await ids_of(client, "/providers?form=state&municipality=yurga")

    card = (await client.get(f"/organizations/{entry_id}")).json()["card"]
    card.pop("id")
    body = {"card": card | {"phones": ["+73845630078"]}, "reason": "Новый номер"}
    await send(client, f"/organizations/{entry_id}", stack.headers(editor, version=3), body)
    assert (await stack.spy.wait_for(OrganizationChanged, entry_id)).reason == "Новый номер"
    gone = {"reason": "Исключён из реестра"}
    headers = stack.headers(editor, version=4)
    await send(client, f"/organizations/{entry_id}/retirement", headers, gone)
    assert (await stack.spy.wait_for(OrganizationRetired, entry_id)).reason == gone["reason"]
    assert entry_id in await ids_of(client, "/providers?status=retired")
    assert entry_id not in await ids_of(client, "/providers")
    whole = (await client.get(path, headers=stack.headers(editor))).json()
    assert (whole["status"], whole["particulars"]["inn"]) == ("retired", "4212000120")
    assert {check["by"]["role"] for check in whole["checks"]} == {editor}


async def test_what_was_proposed_before_is_no_public_version(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    entry_id = await proposed(client, stack)
    path = f"/register-entries/{entry_id}"
    body = {"entry": AMENDED, "reason": "Уточнено"}
    await send(client, path, stack.headers(EDITOR, version=1), body)
    await send(client, f"{path}/checks", stack.headers(EDITOR, version=2), CHECKS)
    hidden = await client.get(
        f"/organizations/{entry_id}/versions", headers=stack.headers("operator")
    )
    assert hidden.status_code == 404
    reason = {"reason": "Внесён"}
    await send(client, f"{path}/publication", stack.headers(EDITOR, version=3), reason)
    listed = await client.get(
        f"/organizations/{entry_id}/versions", headers=stack.headers("operator")
    )
    assert [item["card"]["name"] for item in listed.json()["items"]] == [AMENDED["name"]]
    before = await client.get(f"/organizations/{entry_id}", params={"at": "2020-01-01"})
    assert before.status_code == 404


async def test_provider_sees_and_amends_its_own_only(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    own = await proposed(client, stack, subject="dom-2")
    others = await proposed(client, stack, subject="dom-3")
    headers = stack.headers(PROVIDER, None, subject="dom-2")
    assert await ids_of(client, "/register-entries", **headers) == [own]
    everything = await ids_of(client, "/register-entries", **stack.headers(EDITOR))
    assert {own, others} <= set(everything)
    assert (await client.get(f"/register-entries/{own}", headers=headers)).status_code == 200
    foreign = await client.get(f"/register-entries/{others}", headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")
    body = {"entry": AMENDED, "reason": "Уточнено"}
    for entry_id, status in ((own, 200), (others, 404)):
        answer = await send(
            client,
            f"/register-entries/{entry_id}",
            stack.headers(PROVIDER, None, subject="dom-2", version=1),
            body,
        )
        assert answer.status_code == status, answer.text


async def test_l_colleagues_of_a_provider_see_and_amend_what_one_of_them_proposed(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """L 1.2.2.2: the provider proposes itself, whoever sits at its desk; others see nothing."""
    anna = stack.headers(PROVIDER, "dom-7", subject="anna")
    entry_id = (await send(client, "/providers", anna, ENTRY)).json()["id"]
    path = f"/register-entries/{entry_id}"
    boris = stack.headers(PROVIDER, "dom-7", subject="boris", version=1)
    assert await ids_of(client, "/register-entries", **boris) == [entry_id]
    assert (await client.get(path, headers=boris)).status_code == 200
    amended = await send(client, path, boris, {"entry": AMENDED, "reason": "Уточнено"})
    assert amended.status_code == 200, amended.text
    for other in (
        stack.headers(PROVIDER, "dom-8", subject="anna"),
        stack.headers(PROVIDER, None, subject="anna"),
    ):
        assert entry_id not in await ids_of(client, "/register-entries", **other)
        assert (await client.get(path, headers=other)).status_code == 404
    alone = await proposed(client, stack, subject="vera")
    employed = stack.headers(PROVIDER, "dom-9", subject="vera")
    assert await ids_of(client, "/register-entries", **employed) == [alone]


async def test_l_1_2_2_2_second_entry_with_one_number_is_shown_and_published_only_with_a_reason(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """L 1.2.2.2: two of one INN are one provider, unless an editor says why there are two."""
    numbers = ENTRY["particulars"] | {"inn": "4212000137", "ogrn": "1024200000010"}  # type: ignore[operator]
    body = ENTRY | {"particulars": numbers}
    entries = []
    for subject in ("dom-10", "dom-11", "dom-12"):
        headers = stack.headers(PROVIDER, None, subject=subject)
        entry_id = (await send(client, "/providers", headers, body)).json()["id"]
        path = f"/register-entries/{entry_id}"
        await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
        entries.append((entry_id, path))
    reason = {"reason": "Внесён"}
    (first, one), (_, two), (third, _) = entries
    seen = (await client.get(two, headers=stack.headers(EDITOR))).json()["same_numbers"]
    assert {(item["id"], tuple(item["same"])) for item in seen} == {
        (key, ("inn", "ogrn")) for key in (first, third)
    }
    own = stack.headers(PROVIDER, None, subject="dom-11")
    assert (await client.get(two, headers=own)).json()["same_numbers"] == []
    done = await send(client, f"{one}/publication", stack.headers(EDITOR, version=2), reason)
    assert done.status_code == 200, done.text
    again = await send(client, f"{two}/publication", stack.headers(EDITOR, version=2), reason)
    problem = again.json()
    assert (again.status_code, problem["code"]) == (409, "number-already-published")
    assert first in again.text
    branch = reason | {"despite_same_number": "Филиал в Юрге"}
    done = await send(client, f"{two}/publication", stack.headers(EDITOR, version=2), branch)
    assert done.status_code == 200, done.text
    found = (await client.get(two, headers=stack.headers(EDITOR))).json()
    assert (found["status"], found["despite_same_number"]) == ("published", "Филиал в Юрге")


async def test_of_two_with_one_number_published_at_once_the_store_takes_one(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    """Two replicas that know nothing of each other yet."""
    numbers = ENTRY["particulars"] | {"inn": "4212000144", "ogrn": "1024200000021"}  # type: ignore[operator]
    body = ENTRY | {"particulars": numbers}
    other = app_of(stack, refresh_seconds=86400)
    async with running(other) as neighbour:
        await loaded(other)
        entries = []
        for subject in ("dom-13", "dom-14"):
            headers = stack.headers(PROVIDER, None, subject=subject)
            entry_id = (await send(client, "/providers", headers, body)).json()["id"]
            path = f"/register-entries/{entry_id}"
            await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
            entries.append(f"{path}/publication")
        reason = {"reason": "Внесён"}
        first = await send(client, entries[0], stack.headers(EDITOR, version=2), reason)
        second = await send(neighbour, entries[1], stack.headers(EDITOR, version=2), reason)
    assert first.status_code == 200, first.text
    assert (second.status_code, second.json()["code"]) == (409, "number-already-published")


async def test_provider_of_two_municipalities_is_in_the_register_of_both(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """R 1.3, L 1.2.2.2: only the first that it serves was looked at; the list is paged."""
    reason, made = {"reason": "Внесён"}, []
    for number in range(3):
        claims = {"form": "ngo", "legal_form": "движение", "volunteers": 3 + number}
        places = [{"municipality": "kemerovo"}, {"municipality": "belovo"}]
        body = ENTRY | {"serves": places, "particulars": claims}
        entry_id = (await send(client, "/volunteers", stack.headers(EDITOR), body)).json()["id"]
        path = f"/register-entries/{entry_id}"
        await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
        await send(client, f"{path}/publication", stack.headers(EDITOR, version=2), reason)
        made.append(entry_id)
    for place in ("kemerovo", "belovo"):
        assert await ids_of(client, f"/volunteers?municipality={place}") == sorted(made)
        listed = await ids_of(client, f"/organizations?municipality={place}&kind=volunteer")
        assert listed == sorted(made)
        seen, cursor = [], ""
        for _ in range(3):
            path = f"/volunteers?municipality={place}&limit=1{cursor}"
            page = (await client.get(path)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = f"&cursor={page['next']}"
        assert (seen, page["next"]) == (sorted(made), None)
    assert await ids_of(client, "/volunteers?municipality=belovo&status=retired") == []


async def test_l_refused_entry_says_why_and_may_be_amended(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    entry_id = await proposed(client, stack, subject="dom-4")
    path = f"/register-entries/{entry_id}"
    reason = {"reason": "Нет в реестре юридических лиц"}
    await send(client, f"{path}/refusal", stack.headers(EDITOR, version=1), reason)
    headers = stack.headers(PROVIDER, None, subject="dom-4")
    found = (await client.get(path, headers=headers)).json()
    assert (found["status"], found["reason"]) == ("refused", reason["reason"])
    assert entry_id in await ids_of(
        client, "/register-entries?status=refused", **stack.headers(EDITOR)
    )
    amended = await send(
        client,
        path,
        stack.headers(PROVIDER, None, subject="dom-4", version=2),
        {"entry": AMENDED, "reason": "Исправлено"},
    )
    assert amended.json()["status"] == "proposed"


async def test_l_3_9_volunteers_are_organizations_and_a_number(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    claims = {"form": "ngo", "legal_form": "волонтёрское движение", "volunteers": 40}
    body = ENTRY | {"name": "Волонтёры Юрги", "particulars": claims}
    made = await send(client, "/volunteers", stack.headers(EDITOR), body)
    entry_id = made.json()["id"]
    path = f"/register-entries/{entry_id}"
    await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
    reason = {"reason": "Соглашение № 7"}
    await send(client, f"{path}/publication", stack.headers(EDITOR, version=2), reason)
    event = await stack.spy.wait_for(OrganizationPublishedV2, entry_id)
    assert event.card.kind == "volunteer"
    (found,) = (await client.get("/volunteers?municipality=yurga")).json()["items"]
    assert (found["id"], found["volunteers"]) == (entry_id, 40)
    named = body | {"particulars": claims | {"names": ["Иванова Мария"]}}
    refused = await send(client, "/volunteers", stack.headers(EDITOR), named)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-input")


async def test_l_1_2_2_2_register_holds_the_one_private_provider_and_the_state_ones(
    client: httpx.AsyncClient,
) -> None:
    place = "/providers?municipality=leninsk-kuznetsky"
    assert await ids_of(client, f"{place}&form=private") == ["l-provider-01"]
    assert await ids_of(client, f"{place}&form=state") == ["r-institution-15"]
    assert await ids_of(client, f"{place}&form=ngo") == []
    assert await ids_of(client, place) == ["l-provider-01", "r-institution-15"]


async def test_public_register_shows_no_inn(client: httpx.AsyncClient, stack: Stack) -> None:
    assert "4212000120" not in (await client.get("/providers?municipality=yurga")).text


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"particulars": {"form": "private", "legal_form": "ООО", "inn": "4212000121"}},
         "invalid-input", "body.particulars.inn"),
        ({"region": "RU-TOM"}, "unknown-region", "card.region"),
        ({"serves": []}, "territory-missing", "card.serves"),
        ({"phones": []}, "contact-missing", "card.phones"),
        ({"particulars": {"form": "private", "legal_form": "ООО", "services": ["Уход"]}},
         "inn-missing", "particulars.inn"),
        ({"fax": "1"}, "invalid-input", "body.fax"),
    ],
)  # fmt: skip
async def test_bad_proposal_is_refused_and_nothing_is_stored(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI, changes: dict[str, Any], code: str,
    field: str,
) -> None:  # fmt: skip
    steps = await steps_of(app)
    answer = await send(client, "/providers", stack.headers(EDITOR), ENTRY | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == field
    await steps.were(writes=0, published=0)


@pytest.mark.parametrize(
    "query", ["form=federal", "status=proposed", "municipality=tomsk", "limit=0", "cursor=x"]
)
async def test_bad_question_to_the_register_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    assert (await client.get(f"/providers?{query}")).status_code == 422


async def test_l_1_2_2_2_published_provider_is_amended_after_it_was_checked_again(
    client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    """L 1.2.2.2: and the provider proposes it itself, as it did the entry."""
    numbers = {"inn": "4212000313", "ogrn": "1024200000318"}
    entry, later = (
        sent | {"particulars": sent["particulars"] | numbers} for sent in (ENTRY, AMENDED)
    )
    entry_id = await proposed(client, stack, entry, subject="dom-7")
    path, reason = f"/register-entries/{entry_id}", {"reason": "Внесён"}
    await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
    done = await send(client, f"{path}/publication", stack.headers(EDITOR, version=2), reason)
    assert done.json().get("services_listed") == 0
    steps = await steps_of(app)
    own = stack.headers(PROVIDER, None, subject="dom-7", version=3)
    amended = await send(client, path, own, {"entry": later, "reason": "Новое имя"})
    assert (amended.status_code, amended.json()["status"]) == (200, "amended"), amended.text
    public = (await client.get(f"/organizations/{entry_id}")).json()
    assert public["card"]["name"] == ENTRY["name"]
    for who in (stack.headers(EDITOR), stack.headers(PROVIDER, None, subject="dom-7")):
        assert entry_id in await ids_of(client, "/register-entries?status=amended", **who)
    checks = await send(client, f"{path}/checks", stack.headers(EDITOR, version=4), CHECKS)
    assert checks.json()["status"] == "amendment_checked"
    whole = (await client.get(path, headers=stack.headers(EDITOR))).json()
    assert (whole["amendment"]["reason"], whole["missing_checks"]) == ("Новое имя", [])
    done = await send(client, f"{path}/publication", stack.headers(EDITOR, version=5), reason)
    assert (done.status_code, done.json()["status"]) == (200, "published"), done.text
    await steps.were(writes=3, published=1)
    assert (await stack.spy.wait_for(OrganizationChanged, entry_id)).card.name == AMENDED["name"]
    listed = await client.get("/providers?form=private")
    (view,) = [item for item in listed.json()["items"] if item["id"] == entry_id]
    assert (view["card"]["name"], view["services_listed"]) == (AMENDED["name"], 0)
    assert entry_id not in await ids_of(
        client, "/register-entries?status=amendment_checked", **stack.headers(EDITOR)
    )


async def test_r_1_3_retired_provider_is_reinstated_unless_its_number_is_another_s_now(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    """R 1.3, L 1.2.2.2: the same key serves again, with the reason."""
    gone = {"reason": "Исключён"}
    keys = []
    entry = ENTRY | {"particulars": ENTRY["particulars"] | {"inn": "4212000200",
                                                            "ogrn": "1024200000208"}}  # fmt: skip
    for _ in range(2):
        made = await send(client, "/providers", stack.headers(EDITOR), entry)
        assert made.status_code == 201, made.text
        keys.append(made.json()["id"])
        path = f"/register-entries/{keys[-1]}"
        await send(client, f"{path}/checks", stack.headers(EDITOR, version=1), CHECKS)
        done = await send(
            client, f"{path}/publication", stack.headers(EDITOR, version=2), {"reason": "Внесён"}
        )
        assert done.status_code == 200, done.text
        if len(keys) == 1:
            retirement = f"/organizations/{keys[0]}/retirement"
            await send(client, retirement, stack.headers(EDITOR, version=3), gone)
    path, back = f"/organizations/{keys[0]}", {"reinstate": True, "reason": "Ошибка"}
    taken = await send(client, path, stack.headers(EDITOR, version=4), back)
    assert (taken.status_code, taken.json()["code"]) == (409, "number-already-published")
    await send(
        client, f"/organizations/{keys[1]}/retirement", stack.headers(EDITOR, version=3), gone
    )
    headers = stack.headers(EDITOR, version=4)
    done = await send(client, path, headers, back)
    assert done.status_code == 200, done.text
    assert (await send(client, path, headers, back)).json() == done.json()
    assert keys[0] in await ids_of(client, "/providers?form=private")
    again = await send(client, path, stack.headers(EDITOR, version=5), back)
    assert (again.status_code, again.json()["code"]) == (409, "not-allowed-in-state")
    path, headers = f"/organizations/{keys[1]}", stack.headers(EDITOR, version=4)
    said = {"despite_same_number": "Филиал в Юрге"}
    early = await send(
        client,
        path,
        headers,
        said | {"corrections": [{"rule": "a", "field": "phone"}], "reason": "А"},
    )
    assert (early.status_code, early.json()["code"]) == (422, "not-reinstated")
    assert (await send(client, path, headers, back)).status_code == 409
    headers = stack.headers(EDITOR, version=4)
    done = await send(client, path, headers, back | said)
    assert done.status_code == 200, done.text
    found = await client.get(f"/register-entries/{keys[1]}", headers=stack.headers(EDITOR))
    shown = found.json()
    assert (shown["status"], shown["despite_same_number"]) == ("published", "Филиал в Юрге")
