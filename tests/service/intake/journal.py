"""Lines of the journal: read, corrected, searched for."""

from __future__ import annotations

from typing import Any

from tests.service.intake.bodies import new_citizen
from tests.service.intake.desk import Desk
from tests.service.stack import INSTITUTION


def named(family: str, given: str = "Нонна", **changed: Any) -> dict[str, Any]:
    """A citizen of this name."""
    return new_citizen() | {"name": {"family": family, "given": given}} | changed


async def entry(desk: Desk, line: str) -> dict[str, Any]:
    """A line of the journal as the registrar reads it."""
    answered = await desk.get(f"/referrals/{line}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def amend(desk: Desk, line: str, **changed: Any) -> Any:
    """Try to correct a line; whom and what it is about is in `changed`."""
    version = changed.pop("version", 1)
    headers = {"key": changed.pop("key")} if "key" in changed else {}
    body = {"reason": "описка в фамилии", **changed}
    return await desk.post(f"/referrals/{line}/corrections", body, version=version, **headers)


async def search(desk: Desk, role: str = "registrar", org: str = INSTITUTION, **asked: Any) -> Any:
    """Ask for lines."""
    headers = {"Authorization": f"Bearer {desk.stack.token(role, org)}"}
    return await desk.http.post("/referrals/search", json=asked, headers=headers)


async def found(desk: Desk, **asked: Any) -> list[str]:
    """The ids of the lines that are found."""
    answered = await search(desk, **asked)
    assert answered.status_code == 200, answered.text
    return [item["id"] for item in answered.json()["items"]]
