"""The worklist: whose cases, in which order, page by page."""

from datetime import timedelta
from typing import Any

from contracts.assessment import Proposal
from contracts.roles import Role
from tests.service.careplan.bureau import MONDAY, Bureau


async def listed(bureau: Bureau, role: str, **who: Any) -> list[dict[str, Any]]:
    """The whole worklist, two cases a page."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page_asked = {"limit": "2"} if cursor is None else {"limit": "2", "cursor": cursor}
        response = await bureau.client.get(
            "/cases", params=page_asked, headers=bureau.headers(role, **who)
        )
        assert response.status_code == 200, response.text
        page = response.json()
        assert len(page["items"]) <= 2
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_the_earliest_due_comes_first_and_each_sees_their_own(bureau: Bureau) -> None:
    desks = {}
    for name, days in (("later", 2), ("soon", 0), ("middle", 1)):
        bureau.clock.now = MONDAY + timedelta(days=days)
        desks[name] = (await bureau.planning()).case_id
    bureau.clock.now = MONDAY
    desks["nothing due"] = (await bureau.planning(Proposal.REFUSAL)).case_id
    await bureau.desk().documents()  # not assessed: nobody's yet
    order = [desks[name] for name in ("soon", "middle", "later", "nothing due")]
    for role in (Role.REGISTRAR, Role.AUTHORISED_BODY_HEAD):
        lines = await listed(bureau, role)
        assert [line["id"] for line in lines] == order
        assert [line["terms"] for line in lines] == [["care-plan"]] * 3 + [[]]
        assert lines[3]["due_at"] is None
    assert await listed(bureau, Role.REGISTRAR, org="r-institution-16") == []
    # A head is listed by the authorised body they are head of, never by an institution.
    institution = {"org": "r-institution-15"}
    assert await listed(bureau, Role.AUTHORISED_BODY_HEAD, **institution) == []


async def test_a_broken_cursor_is_refused(bureau: Bureau) -> None:
    broken = await bureau.client.get(
        "/cases", params={"cursor": "abc"}, headers=bureau.headers(Role.REGISTRAR)
    )
    assert (broken.status_code, broken.json()["code"]) == (422, "invalid-cursor")
