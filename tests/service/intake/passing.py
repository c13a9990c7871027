"""What bodies and MFCs take in and pass on, at the desk of the service tests (R 3.1.2)."""

from __future__ import annotations

from typing import Any

from contracts.directory import OrganizationKind
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import Desk, publish_body
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

MFC = "mfc-leninsk-kuznetsky"
NOWHERE = {"text": "ул. Канареечная, д. 1"}
"""An address that names no municipality: a person has to say whose it is."""


async def publish_bodies(desk: Desk) -> None:
    """An authorised body, and an MFC under it, in the desk's copy of the directory."""
    await publish_body(desk)
    await publish_body(desk, MFC, OrganizationKind.MFC, AUTHORISED_BODY)


def unclear() -> dict[str, Any]:
    return new_referral(citizen=new_citizen() | {"address": NOWHERE})


async def entry(desk: Desk, line: str, org: str = AUTHORISED_BODY) -> dict[str, Any]:
    answered = await desk.get(f"/referrals/{line}", org=org)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def act(desk: Desk, case_id: str, action: str, body: Any, org: str, **more: Any) -> Any:
    seen = await desk.get(f"/cases/{case_id}", org=org)
    assert seen.status_code == 200, seen.text
    version = int(seen.headers["etag"].strip('"'))
    headers = {"version": version, **more}
    return await desk.post(f"/cases/{case_id}/{action}", body, org=org, **headers)


async def forward(desk: Desk, case_id: str, to: str = INSTITUTION, **more: Any) -> Any:
    org = more.pop("org", AUTHORISED_BODY)
    body = {"institution": to, **({"note": more.pop("note")} if "note" in more else {})}
    return await act(desk, case_id, "forwarding", body, org, **more)


async def listed(desk: Desk, state: str, org: str) -> list[str]:
    answered = await desk.get(f"/referrals?state={state}&limit=100", org=org)
    assert answered.status_code == 200, answered.text
    return [item["id"] for item in answered.json()["items"]]


async def no_gap(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    async for document in desk.intake.journal.each():
        numbers.setdefault(document.state.register_key, []).append(document.state.number)
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))
