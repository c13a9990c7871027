"""Organizations over HTTP: public to read, with what is wrong in their rows (R 1.3)."""

from __future__ import annotations

import httpx
import pytest

from tests.service.directory.conftest import ROWS


async def test_organization_is_read_without_a_token_with_its_faults(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/organizations/r-authorised-body-27")
    found = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, f'"{found["version"]}"')
    assert found["card"]["printed_phone"] == "(8-34-73) 2-17-44"
    assert found["card"]["phones"] == []
    assert {fault["rule"] for fault in found["faults"]} == {
        "phone.digit_count",
        "phone.area_code_outside_region",
    }


async def test_all_are_paged_through_each_once(client: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/organizations", params={"limit": "40", **cursor})).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    rows = [key for key in seen if not key.startswith("organization-")]
    assert (len(rows), len(set(seen))) == (ROWS, len(seen))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"kind": "department"}, ["m-department-01", "r-department", "s-department-01"]),
        (
            {"kind": "medical_organization"},
            [f"l-medical-organization-0{number}" for number in (1, 2, 3)],
        ),
        (
            {"municipality": "leninsk-kuznetsky", "kind": "authorised_body"},
            ["r-authorised-body-07"],
        ),
        (
            {"municipality": "leninsk-kuznetsky-rayon"},
            ["example-pension-fund-office-01", "r-authorised-body-22", "r-institution-36"],
        ),
        ({"kind": "mfc"}, ["m-mfc-01"]),
        ({"kind": "education"}, []),
    ],
)
async def test_list_is_filtered(
    client: httpx.AsyncClient, params: dict[str, str], expected: list[str]
) -> None:
    page = (await client.get("/organizations", params=params)).json()
    assert [item["id"] for item in page["items"]] == expected


async def test_r_appendix_1_doubled_names_stand_under_their_own_keys(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/organizations", params={"kind": "institution", "limit": 100})).json()
    names: dict[str, list[str]] = {}
    for item in page["items"]:
        names.setdefault(item["card"]["name"], []).append(item["id"])
    doubled = {name: keys for name, keys in names.items() if len(keys) > 1}
    assert doubled
    for item in page["items"]:
        repeated = any(fault["rule"] == "name.not_unique" for fault in item["faults"])
        assert repeated or len(names[item["card"]["name"]]) == 1


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/organizations?kind=bank", 422, "invalid-input", "query.kind"),
        ("/organizations?municipality=tomsk", 422, "unknown-municipality", "query.municipality"),
        ("/organizations?cursor=wrong", 422, "invalid-cursor", "query.cursor"),
        ("/organizations/unbekannt", 404, "not-found", None),
        ("/organizations/unbekannt/open", 404, "not-found", None),
        ("/organizations/r-department/open?at=2026-03-02", 422, "invalid-input", "query.at"),
        ("/organizations/unbekannt/open?at=2099-03-02T10:00:00Z", 404, "not-found", None),
        (
            "/organizations/r-department/open?at=2026-03-02T10:00:00Z",
            404,
            "not-known-then",
            "query.at",
        ),
        (
            "/organizations/r-department/open?at=1999-03-02T10:00:00Z",
            422,
            "moment-out-of-range",
            "query.at",
        ),
    ],
)
async def test_bad_questions_are_refused(
    client: httpx.AsyncClient, path: str, status: int, code: str, field: str | None
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if field:
        assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("organization_id", "at", "state", "zone"),
    [
        ("k-coordination-centre-01", "2099-03-02T08:30:00+07:00", "open", "Asia/Novokuznetsk"),
        ("k-coordination-centre-01", "2099-03-02T12:00:00+07:00", "break", "Asia/Novokuznetsk"),
        ("k-coordination-centre-01", "2099-02-23T10:00:00+07:00", "closed", "Asia/Novokuznetsk"),
        ("m-coordination-centre-01", "2099-02-23T10:00:00+03:00", "open", "Europe/Moscow"),
        ("m-coordination-centre-01", "2099-03-02T08:30:00+07:00", "closed", "Europe/Moscow"),
        ("r-institution-15", "2099-03-02T10:00:00+07:00", "unknown", "Asia/Novokuznetsk"),
        ("r-institution-15", "2099-03-07T10:00:00+07:00", "closed", "Asia/Novokuznetsk"),
    ],
)
async def test_open_now_in_the_organizations_own_time(
    client: httpx.AsyncClient, organization_id: str, at: str, state: str, zone: str
) -> None:
    """2 March and 23 February 2099 are Mondays; what was before the directory is not known."""
    answer = await client.get(f"/organizations/{organization_id}/open", params={"at": at})
    found = answer.json()
    assert (answer.status_code, found["state"], found["time_zone"]) == (200, state, zone)
    assert found["transfers_known"] is False  # nobody has decreed the days off of 2099


async def test_open_now_without_a_moment_asks_the_clock(client: httpx.AsyncClient) -> None:
    found = (await client.get("/organizations/m-coordination-centre-01/open")).json()
    assert found["state"] in {"open", "closed"}
    assert found["until"] is not None
