"""HSDS 3.0: every answer of every path over the whole directory fits the standard's schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from contracts.roles import Role
from services.directory.hsds_ids import hsds_id
from services.directory.main import create_app
from services.directory.settings import DirectorySettings
from tests.contract.hsds.schemas import TABLE, unknown, wrong
from tests.service.directory.conftest import directory_of
from tests.service.stack import INSTITUTION, Stack, running, until

ONE_TO_ONE = {"organization", "location", "service"}
ALSO = {"/organizations": {"attributes"}, "/taxonomy_terms": {"taxonomy_detail"}}
"""What tells the last change of an organization, for which HSDS has no field."""
PLACE = {"service": f"{INSTITUTION}.day-stay", "unit": "place"}
COUNT = {
    "capacities": [{**PLACE, "available": 3, "maximum": 25}],
    "reason": "Освободились места",
}
UNUSUAL = {
    "kind": "culture",
    "name": "Дом культуры «Забота рядом»",
    "website": "https://забота.рф/о нас",
    "region": "RU-KEM",
    "serves": [{"municipality": "myski"}],
    "hours": [
        {"days": ["MO", "TU", "WE", "TH", "FR"], "opens": "09:00", "closes": "18:00"},
        {"days": ["SA", "SU"], "opens": "10:00", "closes": "16:00"},
        {"days": ["MO"], "opens": "20:00", "closes": "06:00",
         "valid_from": "2026-07-01", "valid_to": "2026-07-31"},
    ],
    "address": {"text": "652840, г. Мыски, ул. Советская, д. 50", "municipality": "myski"},
    "source": "Письмо",
}  # fmt: skip
"""What no source prints and an editor may enter: a site in Russian, hours of a season."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hsds(stack: Stack, app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the directory, where a capacity and a change are known too."""
    await until(lambda: directory_of(app).offer.index is not None)
    headers = stack.headers(Role.INSTITUTION_DIRECTOR, INSTITUTION, version=0, key="hsds-1")
    path = f"/organizations/{INSTITUTION}/capacity"
    counted = await client.post(path, json=COUNT, headers=headers)
    assert counted.status_code == 200, counted.text
    headers = stack.headers(Role.DIRECTORY_EDITOR, INSTITUTION, version=0, key="hsds-2")
    path = f"/services/{INSTITUTION}.workshops/withdrawal"
    withdrawn = await client.post(path, json={"reason": "Закрыты"}, headers=headers)
    assert withdrawn.status_code == 200, withdrawn.text
    headers = stack.headers(Role.DIRECTORY_EDITOR, INSTITUTION, key="hsds-3")
    published = await client.post(
        "/organizations", json={"card": UNUSUAL, "reason": "Новая"}, headers=headers
    )
    assert published.status_code == 201, published.text
    return client


async def contents(hsds: httpx.AsyncClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Everything a list holds, page by page, each envelope checked."""
    found: list[dict[str, Any]] = []
    for page in range(1, 100):
        params = {"page": page, "per_page": 100, **asked}
        answered = await hsds.get(f"/hsds{path}", params=params)
        assert answered.status_code == 200, answered.text
        envelope = answered.json()
        listed = envelope.pop("contents")
        assert wrong("page", envelope) == []
        assert envelope["size"] == len(listed)
        assert envelope["first_page"] is (page == 1)
        assert envelope["empty"] is (not listed)
        found += listed
        if envelope["last_page"]:
            assert envelope["total_items"] == len(found)
            return found
    raise AssertionError("no end")


def checked(kind: str, record: dict[str, Any]) -> None:
    assert wrong(kind, record) == []
    assert list(unknown(kind, record)) == []


LISTS = {
    "/services": "service",
    "/organizations": "organization",
    "/service_at_locations": "service_at_location",
    "/taxonomies": "taxonomy",
    "/taxonomy_terms": "taxonomy_term",
}


async def test_root_names_version_profile_and_openapi(hsds: httpx.AsyncClient) -> None:
    answered = (await hsds.get("/hsds/")).json()
    checked("api", answered)
    assert answered["version"] == "3.0"
    described = await hsds.get(answered["openapi_url"].split("/", 3)[3])
    assert "/hsds/services" in described.json()["paths"]


@pytest.mark.parametrize("path", LISTS)
async def test_every_record_of_every_list_fits_and_is_one_to_one(
    hsds: httpx.AsyncClient, path: str
) -> None:
    records = await contents(hsds, path)
    assert len({record["id"] for record in records}) == len(records) > 5
    for record in records:
        checked(LISTS[path], record)
        nested = {name for name, value in record.items() if isinstance(value, list | dict)}
        assert nested <= ONE_TO_ONE | ALSO.get(path, set())


@pytest.mark.parametrize("path", ["/services", "/organizations", "/service_at_locations"])
async def test_every_full_record_fits_and_is_what_its_own_path_gives(
    hsds: httpx.AsyncClient, path: str
) -> None:
    records = await contents(hsds, path, full="true")
    for record in records:
        checked(LISTS[path], record)
        one = (await hsds.get(f"/hsds{path}/{record['id']}")).json()
        assert one == record


@pytest.mark.parametrize("path", ["/taxonomies", "/taxonomy_terms"])
async def test_every_term_is_read_by_its_own_path(hsds: httpx.AsyncClient, path: str) -> None:
    for record in await contents(hsds, path):
        assert (await hsds.get(f"/hsds{path}/{record['id']}")).json() == record


async def test_organization_has_its_services_and_with_full_service_all_of_theirs(
    hsds: httpx.AsyncClient,
) -> None:
    basic = {one["id"]: one for one in await contents(hsds, "/services")}
    full = {one["id"]: one for one in await contents(hsds, "/services", full="true")}
    ours = {one["id"]: one for one in await contents(hsds, "/organizations", full="true")}
    seen: set[str] = set()
    for record in await contents(hsds, "/organizations", full_service="true"):
        services = {one["id"]: one for one in record["services"]}
        assert all(service == full[one] for one, service in services.items())
        seen |= services.keys()
        plain = ours[record["id"]]
        assert {one["id"] for one in plain["services"]} == services.keys()
        for service in plain["services"]:
            expected = dict(basic[service["id"]])
            assert expected.pop("organization")["id"] == record["id"]
            assert service == expected
        one = f"/hsds/organizations/{record['id']}"
        assert (await hsds.get(one, params={"full_service": "true"})).json() == record
    assert seen == full.keys()


async def test_lines_hold_every_record_once_and_fit(hsds: httpx.AsyncClient) -> None:
    for path, kind in LISTS.items():
        answered = await hsds.get(f"/hsds{path}", params={"format": "ndjson"})
        assert answered.headers["content-type"].startswith("application/x-ndjson")
        records = [json.loads(line) for line in answered.text.splitlines()]
        assert records == await contents(hsds, path)
        for record in records:
            checked(kind, record)


SPOILED: dict[str, Callable[[dict[str, Any]], None]] = {
    "an id that is no UUID": lambda service: service.update(id="r-institution-15.day-stay"),
    "a status that is none": lambda service: service.update(status="temporarily_closed"),
    "no name": lambda service: service.pop("name"),
    "a broken e-mail": lambda service: service.update(email="не почта"),
    "a site that is no URI": lambda service: service["organization"].update(website="а б"),
    "a capacity without its unit": lambda service: service["capacities"][0].pop("unit"),
    "a moment that is none": lambda service: service["capacities"][0].update(updated="вчера"),
    "an hour without its zone": lambda service: service["schedules"][0].update(opens_at="9"),
    "an address without postcode": lambda service: service["service_at_locations"][0]["location"][
        "addresses"
    ][0].pop("postal_code"),
    "a misspelt field": lambda service: service.update(eligibility="всем"),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
async def test_spoiled_answer_is_found(
    hsds: httpx.AsyncClient, spoil: Callable[[dict[str, Any]], None]
) -> None:
    services = await contents(hsds, "/services", full="true")
    service = deepcopy(next(one for one in services if one["capacities"]))
    schedules = next(one["schedules"] for one in services if one["schedules"])
    service["schedules"] = deepcopy(schedules)
    checked("service", service)
    spoil(service)
    assert wrong("service", service) or set(unknown("service", service))


def test_table_names_kinds_that_it_has() -> None:
    for fields in TABLE.values():
        for text in fields.values():
            if text[0] in "[{":
                assert text.rstrip("!").strip("[]{}") in TABLE


async def test_site_in_russian_letters_is_an_address_that_others_accept(
    hsds: httpx.AsyncClient,
) -> None:
    (ours,) = await contents(hsds, "/organizations", search="забота рядом")
    assert ours["website"] == "https://xn--80aacw1bya.xn--p1ai/%D0%BE%20%D0%BD%D0%B0%D1%81"


async def test_changes_of_an_organization_are_told_as_text_each_once(
    stack: Stack, hsds: httpx.AsyncClient
) -> None:
    made = (await hsds.get("/organizations?kind=culture&limit=100")).json()["items"]
    own = next(one["id"] for one in made if one["card"]["name"] == UNUSUAL["name"])
    numbers = ["+73847400001", "+73847400002"]
    for version, phones in ((1, numbers[:1]), (2, numbers)):
        headers = stack.headers(
            Role.DIRECTORY_EDITOR, INSTITUTION, version=version, key=f"o-{version}"
        )
        body = {"card": UNUSUAL | {"phones": phones}, "reason": "Письмо"}
        answered = await hsds.post(f"/organizations/{own}", json=body, headers=headers)
        assert answered.status_code == 200, answered.text
    found = (await hsds.get(f"/hsds/organizations/{hsds_id('organization', own)}")).json()
    checked("organization", found)
    assert [
        (one["last_action_type"], one["field_name"], one["previous_value"],
         one["replacement_value"])
        for one in found["metadata"]
    ] == [
        ("create", "name", "", UNUSUAL["name"]),
        ("update", "phones", "", numbers[0]),
        ("update", "phones", numbers[0], ", ".join(numbers)),
    ]  # fmt: skip
    assert {one["updated_by"] for one in found["metadata"]} == {f"directory_editor, {INSTITUTION}"}
    assert len({one["id"] for one in found["metadata"]}) == 3


async def test_lunch_divides_a_day_and_the_whole_stands_in_an_attribute(
    hsds: httpx.AsyncClient,
) -> None:
    (centre,) = (
        await hsds.get("/hsds/services", params={"search": "горячая линия долговременного ухода",
                                                 "full": "true"})
    ).json()["contents"]  # fmt: skip
    assert [(one["opens_at"], one["closes_at"]) for one in centre["schedules"]] == [
        ("08:30+07:00", "12:00+07:00"),
        ("13:00+07:00", "17:30+07:00"),
    ]
    assert {one["byday"] for one in centre["schedules"]} == {"MO,TU,WE,TH,FR"}
    own = next(one for one in centre["attributes"] if one["link_type"] == "extensions")
    (hours,) = json.loads(own["value"])["hours"]
    assert (hours["lunch_from"], hours["lunch_to"]) == ("12:00:00", "13:00:00")


async def test_filters_are_cumulative(hsds: httpx.AsyncClient) -> None:
    terms = await contents(hsds, "/taxonomy_terms")
    of = {term["code"]: term for term in terms if term["taxonomy"] == "Виды социальных услуг"}
    medical = of["medical"]
    every = await contents(hsds, "/services", full="true")
    (ours,) = await contents(hsds, "/organizations", search="Ленинск-Кузнецкая больница")
    asked = {"taxonomy_term_id": medical["id"], "organization_id": ours["id"]}
    found = await contents(hsds, "/services", **asked)
    assert {one["id"] for one in found} == {
        one["id"]
        for one in every
        if one["organization_id"] == ours["id"]
        and any(a["taxonomy_term_id"] == medical["id"] for a in one["attributes"])
    }
    assert len(found) == 1
    assert await contents(hsds, "/services", **asked, search="школа ухода") == []
    assert len(await contents(hsds, "/services", taxonomy_id=medical["taxonomy_id"])) == len(every)
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert await contents(hsds, "/services", taxonomy_term_id=nobodys) == []


async def test_every_term_and_taxonomy_finds_those_that_it_is_attached_to(
    hsds: httpx.AsyncClient,
) -> None:
    """`opora_hours` and its taxonomy too; of an organization what its place and services have."""
    services = await contents(hsds, "/services", full="true")
    organizations = await contents(hsds, "/organizations", full_service="true")
    found_by_hours = 0
    for path, records in (("/services", services), ("/organizations", organizations)):
        attached = {record["id"]: list(attributes_of(record)) for record in records}
        for asked, path_of in (
            ("taxonomy_term_id", "/taxonomy_terms"),
            ("taxonomy_id", "/taxonomies"),
        ):
            for term in await contents(hsds, path_of):
                expected = {
                    one
                    for one, attributes in attached.items()
                    if any(term["id"] in (each["taxonomy_term_id"],
                                          each["taxonomy_term"]["taxonomy_id"])
                           for each in attributes)
                }  # fmt: skip
                found = await contents(hsds, path, **{asked: term["id"]})
                assert {one["id"] for one in found} == expected, (path, term)
                found_by_hours += len(found) if term.get("code") == "opora_hours" else 0
    assert found_by_hours > 2


def attributes_of(record: Any) -> Iterator[dict[str, Any]]:
    """The attributes of a record and of its services and places."""
    yield from record.get("attributes", ())
    for name in ("services", "locations"):
        for inner in record.get(name, ()):
            yield from attributes_of(inner)


async def test_modified_after_tells_what_changed_withdrawals_too(
    hsds: httpx.AsyncClient,
) -> None:
    every = await contents(hsds, "/services", full="true")
    moment = sorted(one["last_modified"] for one in every)[-2]
    changed = await contents(hsds, "/services", modified_after=moment)
    assert {one["name"] for one in changed} == {"Отделение дневного пребывания",
                                                "Интеграционные мастерские"}  # fmt: skip
    workshops = next(one for one in every if one["name"] == "Интеграционные мастерские")
    assert workshops["status"] == "defunct"
    (change,) = workshops["metadata"]
    assert (change["last_action_type"], change["field_name"]) == ("withdraw", "status")
    assert (change["previous_value"], change["replacement_value"]) == ("active", "defunct")
    assert change["updated_by"] == f"directory_editor, {INSTITUTION}"


@pytest.mark.parametrize("path", ["/services", "/organizations", "/service_at_locations"])
async def test_modified_after_is_a_moment_whatever_its_offset(
    hsds: httpx.AsyncClient, path: str
) -> None:
    every = await contents(hsds, "/services")
    newest = datetime.fromisoformat(max(one["last_modified"] for one in every))
    later, earlier = newest + timedelta(minutes=5), newest - timedelta(days=1)
    count = len(await contents(hsds, path))
    for hours in (-11, 0, 3, 13):
        zone = timezone(timedelta(hours=hours))
        for since, expected in ((later, 0), (earlier, count)):
            asked = since.astimezone(zone).isoformat()
            assert len(await contents(hsds, path, modified_after=asked)) == expected
    for edge, some in (("0001-01-01T00:00:00+14:00", True), ("0001-01-01T00:00:00-12:00", True),
                       ("9999-12-31T23:59:59.999999-12:00", False),
                       ("9999-12-31T23:59:59+14:00", False)):  # fmt: skip
        assert bool(await contents(hsds, path, modified_after=edge)) is some


async def test_last_modified_never_goes_back_when_something_is_counted_no_longer(
    stack: Stack, hsds: httpx.AsyncClient
) -> None:
    service = f"{INSTITUTION}.day-stay"
    path, one = f"/organizations/{INSTITUTION}/capacity", hsds_id("service", service)
    moments = [(await hsds.get(f"/hsds/services/{one}")).json()["last_modified"]]
    version = int((await hsds.get(path)).headers["etag"].strip('"'))
    key = {"service": service, "unit": "item"}
    bodies: list[dict[str, Any]] = [
        {"capacities": [{**key, "available": 2}]},
        {"uncounted": [key]},
        {"uncounted": [PLACE]},
    ]
    for step, body in enumerate(bodies):
        headers = stack.headers(
            Role.INSTITUTION_DIRECTOR, INSTITUTION, version=version + step, key=f"m-{step}"
        )
        counted = await hsds.post(path, json={**body, "reason": "Пересчитали"}, headers=headers)
        assert counted.status_code == 200, counted.text
        moments.append((await hsds.get(f"/hsds/services/{one}")).json()["last_modified"])
        found = await contents(hsds, "/services", modified_after=moments[-1])
        assert one in {each["id"] for each in found}
    assert moments == sorted(set(moments))
    headers = stack.headers(
        Role.INSTITUTION_DIRECTOR, INSTITUTION, version=version + 3, key="m-again"
    )
    assert (await hsds.post(path, json=COUNT, headers=headers)).status_code == 200


def told(record: dict[str, Any]) -> dict[str, str]:
    """What the attributes say for which HSDS has no field."""
    return {
        one["taxonomy_term"]["code"]: one["value"]
        for one in record["attributes"]
        if one["link_type"] == "extensions"
    }


async def test_copy_of_the_organizations_is_kept_in_step_retired_ones_too(fresh: Stack) -> None:
    """R 1.3: a retired one just left the list, and no record said when it was changed."""
    time = {"now": datetime(2026, 3, 3, 20, 0, tzinfo=UTC)}  # 3 March in Moscow, 4 in Kemerovo
    app = create_app(fresh.settings(DirectorySettings), lambda: time["now"])
    async with running(app) as client:
        await until(lambda: directory_of(app).offer.index is not None)
        before = await contents(client, "/organizations")
        moments = {told(one)["opora_last_modified"] for one in before}
        assert moments == {"2026-03-03T20:00:00.000+00:00"}
        time["now"] += timedelta(minutes=5)
        headers = fresh.headers(Role.DIRECTORY_EDITOR, "r-department", version=1, key="retire")
        gone = await client.post(
            "/organizations/l-provider-01/retirement",
            json={"reason": "Ликвидирован"},
            headers=headers,
        )
        assert gone.status_code == 200, gone.text
        own = hsds_id("organization", "l-provider-01")
        listed = {one["id"] for one in await contents(client, "/organizations")}
        assert listed == {one["id"] for one in before} - {own}
        changed = await contents(client, "/organizations", modified_after="2026-03-03T20:05:00Z")
        (retired,) = changed
        assert (retired["id"], told(retired)) == (
            own,
            {"opora_last_modified": "2026-03-03T20:05:00.000+00:00", "opora_status": "retired"},
        )
        asked = {"organization_id": own, "modified_after": max(moments)}
        assert await contents(client, "/organizations", **asked) == [retired]
        full = (await client.get(f"/hsds/organizations/{own}")).json()
        checked("organization", full)
        assert told(full)["opora_status"] == "retired"
        assert {one["last_action_date"] for one in full["metadata"]} == {"2026-03-04"}


async def test_day_of_a_change_is_that_of_the_place(fresh: Stack) -> None:
    """Changed at 02:00 in Kemerovo, it was dated the day before."""
    night = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
    app = create_app(fresh.settings(DirectorySettings), lambda: night)
    async with running(app) as client:
        await until(lambda: directory_of(app).offer.index is not None)
        headers = fresh.headers(Role.DIRECTORY_EDITOR, INSTITUTION, version=0, key="withdraw")
        path = f"/services/{INSTITUTION}.workshops/withdrawal"
        withdrawn = await client.post(path, json={"reason": "Закрыты"}, headers=headers)
        assert withdrawn.status_code == 200, withdrawn.text
        one = hsds_id("service", f"{INSTITUTION}.workshops")
        (change,) = (await client.get(f"/hsds/services/{one}")).json()["metadata"]
        assert change["last_action_date"] == "2026-03-04"


async def test_minimal_gives_ids_and_dates_on_one_page(hsds: httpx.AsyncClient) -> None:
    answered = (await hsds.get("/hsds/services", params={"minimal": "true"})).json()
    assert answered["total_pages"] == 1
    assert answered["size"] == len(await contents(hsds, "/services"))
    assert all(one.keys() == {"id", "modified_date"} for one in answered["contents"])


async def test_postcode_is_asked_where_an_address_has_it(hsds: httpx.AsyncClient) -> None:
    located = await contents(hsds, "/service_at_locations", full="true")
    postcode = next(
        address["postal_code"]
        for one in located
        for address in one["location"]["addresses"]
        if address["postal_code"] and address["region"] == "Юргинский городской округ"
    )
    found = await contents(hsds, "/service_at_locations", postcode=postcode, full="true")
    assert found
    areas = {area["name"] for one in found for area in one["service_areas"]}
    assert "Юргинский городской округ" in areas
    assert not any("Кемеровский городской округ" in area for area in areas)


@pytest.mark.parametrize(
    ("path", "asked", "code", "field"),
    [
        ("/services", {"page": "0"}, "greater_than_equal", "query.page"),
        ("/services", {"per_page": "100000"}, "less_than_equal", "query.per_page"),
        ("/services", {"format": "xml"}, "enum", "query.format"),
        ("/services", {"taxonomy_term_id": "medical"}, "string_pattern_mismatch",
         "query.taxonomy_term_id"),
        ("/services", {"modified_after": "вчера"}, "datetime_from_date_parsing",
         "query.modified_after"),
        ("/services", {"modified_after": "2026-01-01T00:00:00"}, "timezone_aware",
         "query.modified_after"),
        ("/services", {"search": "я"}, "question-too-short", "query.search"),
        ("/services", {"minimal": "true", "full": "true"}, "one-of-two", "query.full"),
        ("/services", {"postcode": "652500"}, "extra_forbidden", "query.postcode"),
        ("/service_at_locations", {"proximity": "1000"}, "proximity-not-answered",
         "query.proximity"),
        ("/service_at_locations", {"postcode": "101000"}, "postcode-unknown", "query.postcode"),
        ("/organizations", {"search": "где"}, "question-says-nothing", "query.search"),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused_with_the_field(
    hsds: httpx.AsyncClient, path: str, asked: dict[str, str], code: str, field: str
) -> None:
    answered = await hsds.get(f"/hsds{path}", params=asked)
    assert answered.status_code == 422, answered.text
    (error,) = answered.json()["errors"]
    assert (error["code"], error["field"]) == (code, field)


@pytest.mark.parametrize("path", LISTS)
async def test_record_that_is_not_there_is_a_404(hsds: httpx.AsyncClient, path: str) -> None:
    for unknown_id in ("00000000-0000-4000-8000-000000000000", INSTITUTION):
        assert (await hsds.get(f"/hsds{path}/{unknown_id}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"]
)
async def test_list_is_answered_by_post_as_by_get(hsds: httpx.AsyncClient, path: str) -> None:
    query = {"search": "соц", "per_page": "3"}
    asked = await hsds.post(f"/hsds/{path}", params=query)
    assert asked.status_code == 200
    assert asked.json() == (await hsds.get(f"/hsds/{path}", params=query)).json()
