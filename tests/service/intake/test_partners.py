"""Partners with settings of their own: strictness, bounds, addresses, hosts, secrets (L 2.2)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook

from services.intake.main import create_app
from tests.service.intake.bodies import PDF, answers_of, new_bundle, rich_bundle
from tests.service.intake.desk import Clock, Desk, knows_directory, publish_directory, settings_of
from tests.service.intake.outside import HOOK, Outside
from tests.service.stack import Stack, until

STRICT, BOUND, ELSEWHERE = "hospital-21", "hospital-22", "hospital-23"
OLD = "whsec_" + base64.b64encode(b"the secret that is being replaced").decode()
NEW = "whsec_" + base64.b64encode(b"the secret that takes its place!!").decode()
PARTNER = "medical_organization"
SETTINGS = {
    "partners": [
        {
            "organization": STRICT,
            "gravity_strict": True,
            "webhook": {"url": HOOK, "secrets": [NEW, OLD]},
            "attachment_hosts": ["files.mo.example"],
        },
        {"organization": BOUND, "requests_per_minute": 3},
        {"organization": ELSEWHERE, "push_from": ["192.0.2.0/24"]},
    ]
}


class Files(Outside):
    """The world outside, with a partner's host that keeps files."""

    answer: httpx.Response | httpx.HTTPError = httpx.Response(200, content=PDF)
    asked: int = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "files.mo.example":
            return await super().handle(request)
        self.asked += 1
        if isinstance(self.answer, httpx.HTTPError):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def files() -> Files:
    return Files()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def partnered(
    stack: Stack, files: Files, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Desk]:
    """A desk with partners of its own."""
    path: Path = tmp_path_factory.mktemp("partners") / "partners.json"
    path.write_text(json.dumps(SETTINGS), encoding="utf-8")
    clock = Clock()
    app = create_app(settings_of(stack, partners=path), clock.now, files.transport)
    desk = Desk(stack, app, await stack.serve(app), clock)
    await publish_directory(stack)
    await knows_directory(desk)
    yield desk


async def pushed(desk: Desk, org: str, bundle: dict[str, Any] | None = None) -> httpx.Response:
    return await desk.push(bundle or new_bundle(), org=org)


def task_of(answered: httpx.Response) -> str:
    assert answered.status_code == 200, answered.text
    return str(answered.json()["entry"][3]["response"]["location"].split("/")[1])


async def test_strict_partner_knows_no_received(partnered: Desk, files: Files) -> None:
    task_id = task_of(await pushed(partnered, STRICT))
    await partnered.settle()
    task = (await partnered.get(f"/fhir/Task/{task_id}", PARTNER, org=STRICT)).json()
    assert task["status"] == "requested"
    assert task["businessStatus"]["coding"][0]["code"] == "received"
    (call,) = [c for c in files.hook.calls if task_id in c.content.decode()]
    for secret in (OLD, NEW):
        told = Webhook(secret).verify(call.content, dict(call.headers))
        assert told["data"]["status"] == "requested/received"
    for status, expected in (("requested", [task_id]), ("received", [])):
        found = await partnered.get(f"/fhir/Task?status={status}&_count=100", PARTNER, org=STRICT)
        ids = [entry["resource"]["id"] for entry in found.json().get("entry", [])]
        assert [one for one in ids if one == task_id] == expected
    entry = await partnered.intake.journal.get(task_id)
    assert entry is not None
    assert entry.state.placed is not None
    await partnered.act(entry.state.placed.case_id, "answers", answers_of())
    code = {"code": "initial_assessment"}
    await partnered.act(entry.state.placed.case_id, "triage", code, "urgent_head")

    async def accepted() -> bool:
        found = await partnered.get(f"/fhir/Task/{task_id}", PARTNER, org=STRICT)
        return bool(found.json()["status"] == "accepted")

    await until(accepted)


async def test_strict_partner_withdraws_what_it_sees_as_requested(partnered: Desk) -> None:
    task_id = task_of(await pushed(partnered, STRICT))
    url = f"/fhir/Task/{task_id}"
    present = await partnered.get(url, PARTNER, org=STRICT)
    headers = partnered.stack.headers(PARTNER, STRICT) | {"If-Match": present.headers["etag"]}
    same = await partnered.http.put(url, json=present.json(), headers=headers)
    assert (same.status_code, same.json()["status"]) == (200, "requested")  # nothing was asked for
    wanted = present.json() | {"status": "cancelled", "statusReason": {"text": "ошибка"}}
    answered = await partnered.http.put(url, json=wanted, headers=headers)
    assert answered.json()["status"] == "cancelled"


async def test_partner_over_its_bound_is_told_when_to_come_again_429(partnered: Desk) -> None:
    answers = [await partnered.get("/fhir/Task", PARTNER, org=BOUND) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert refused.json()["resourceType"] == "OperationOutcome"
    assert refused.json()["issue"][0]["code"] == "throttled"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (await partnered.get("/fhir/Task", PARTNER, org=STRICT)).status_code == 200


async def test_partner_calls_from_its_own_addresses(partnered: Desk) -> None:
    refused = await pushed(partnered, ELSEWHERE)
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "address-not-allowed"


def by_url(url: str = "https://files.mo.example/a.pdf", **said: Any) -> dict[str, Any]:
    bundle = rich_bundle()
    attachment = bundle["entry"][8]["resource"]["content"][0]["attachment"]
    del attachment["data"]
    attachment.update({"url": url, **said})
    return bundle


async def test_attachment_is_fetched_from_the_partners_own_host(
    partnered: Desk, files: Files
) -> None:
    files.answer, bundle = httpx.Response(200, content=PDF), by_url()
    task_id = task_of(await pushed(partnered, STRICT, bundle))
    content = await partnered.get(f"/fhir/Binary/{task_id}-a0", PARTNER, org=STRICT)
    assert content.content == PDF
    before = files.asked
    assert task_of(await pushed(partnered, STRICT, bundle)) == task_id
    assert files.asked == before  # a repetition fetches nothing


PLACE = "Bundle.entry[8].resource.content[0].attachment"


@pytest.mark.parametrize(
    ("answer", "bundle", "status", "field"),
    [
        (httpx.Response(200, content=b"<html>"), by_url(), 422, f"{PLACE}.size"),
        (httpx.Response(200, content=b"<html>"), by_url(size=None), 422, f"{PLACE}.contentType"),
        (httpx.Response(200, content=b"%PDF" + b"x" * 21_000_000), by_url(size=None), 422,
         f"{PLACE}.url"),
        (httpx.Response(302, headers={"location": "http://10.0.0.1/"}), by_url(), 503, None),
        (httpx.Response(500), by_url(), 503, None),
        (httpx.ConnectError("down"), by_url(), 503, None),
        (httpx.Response(200, content=PDF), by_url("https://evil.example/a.pdf"), 422,
         f"{PLACE}.url"),
        (httpx.Response(200, content=PDF), by_url("http://files.mo.example/a.pdf"), 422,
         f"{PLACE}.url"),
        (httpx.Response(200, content=PDF), by_url("https://files.mo.example@evil.example/"), 422,
         f"{PLACE}.url"),
    ],
)  # fmt: skip
async def test_what_a_host_gives_is_checked_and_nothing_is_stored(
    partnered: Desk, files: Files, answer: Any, bundle: dict[str, Any], status: int, field: Any
) -> None:
    await partnered.settle()
    before = await partnered.stored()
    attachment = bundle["entry"][8]["resource"]["content"][0]["attachment"]
    if attachment.get("size") is None:
        attachment.pop("size", None)
    files.answer = answer
    refused = await pushed(partnered, STRICT, bundle)
    assert refused.status_code == status, refused.text
    (issue,) = refused.json()["issue"]
    assert issue.get("expression") == ([field] if field else None)
    if status == 503:
        assert refused.headers["retry-after"]
    assert await partnered.stored() == before
