"""The worklist: whose complaints, in which order, page by page."""

from typing import Any

import pytest

from tests.service.complaints.conftest import DEPARTMENT, MFC, OTHER_BODY, Office
from tests.service.stack import INSTITUTION


async def listed(office: Office, query: str = "", **caller: Any) -> list[str]:
    """The ids of all pages, in order."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = await office.get(f"/complaints?limit=2{query}{cursor}", **caller)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["id"] for item in page["items"]]
        if page.get("next") is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_each_body_sees_its_own_the_earliest_due_first_and_the_department_all(
    office: Office,
) -> None:
    case_id = await office.case()
    decided = await office.register(case_id, complainant=None)
    await office.decide(decided)
    long = await office.register(case_id)
    short = await office.register(case_id, ground="errors_not_corrected")
    of_mfc = await office.register(case_id, body=MFC)
    foreign = await office.register(case_id, body=OTHER_BODY)
    ids = {name: made["id"] for name, made in locals().items() if isinstance(made, dict)}

    own = await listed(office)
    assert own[0] == ids["short"]
    assert set(own[1:3]) == {ids["long"], ids["of_mfc"]}
    assert own[3] == ids["decided"]
    assert len(own) == 4
    assert await listed(office, org=OTHER_BODY) == [ids["foreign"]]
    assert await listed(office, org=INSTITUTION) == []
    assert await listed(office, org=None) == []
    assert set(await listed(office, org=DEPARTMENT)) == set(ids.values())
    assert await listed(office, f"&body={OTHER_BODY}", org=DEPARTMENT) == [ids["foreign"]]
    assert await listed(office, f"&body={MFC}") == [ids["of_mfc"]]
    assert await listed(office, f"&body={OTHER_BODY}") == []
    assert await listed(office, role="authorised_body_head") == own


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("cursor=1", "query.cursor"),
        ("body=1", "query.body"),
    ],
)
async def test_bad_query_is_refused(office: Office, query: str, field: str) -> None:
    answer = await office.get(f"/complaints?{query}")
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]
