"""Who serves an address, and the quality report (R 1.3, 3.1.2, R appendix 1)."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.directory.domain.quality import RULES
from services.directory.loading import news_of
from services.directory.snapshot import Snapshot
from tests.service.directory.conftest import ROWS, app_of, directory_of, loaded, settled
from tests.service.stack import Stack, running, until


async def serving(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.post("/serving", json=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def candidates(found: dict[str, Any], kind: str) -> list[str]:
    return [item["organization"] for item in found["kinds"][kind]["candidates"]]


@pytest.mark.parametrize(
    ("params", "institution", "body"),
    [
        ({"address": "г. Ленинск-Кузнецкий, ул. Лесная, д. 4"}, "r-institution-15",
         "r-authorised-body-07"),
        ({"address": "Ленинск-Кузнецкий район, с. Красное, ул. Лесная, 4"}, "r-institution-36",
         "r-authorised-body-22"),
        ({"municipality": "leninsk-kuznetsky-rayon"}, "r-institution-36", "r-authorised-body-22"),
        ({"municipality": "kemerovo", "city_district": "Рудничный район"}, None,
         "r-authorised-body-05"),
        ({"address": "г. Кемерово, Кировский район, ул. Инициативная, 2"}, None,
         "r-authorised-body-05"),
    ],
)  # fmt: skip
async def test_r_3_1_2_one_institution_and_one_body(
    client: httpx.AsyncClient, params: dict[str, str], institution: str | None, body: str
) -> None:
    found = await serving(client, **params)
    assert found["kinds"]["institution"]["outcome"] == "one"
    assert candidates(found, "authorised_body") == [body]
    if institution:
        assert candidates(found, "institution") == [institution]
    (one,) = found["kinds"]["institution"]["candidates"]
    assert one["name"]
    assert one["parent"] == body
    assert one["reason_ru"].startswith("обслуживает")


async def test_kemerovo_is_served_by_city_district(client: httpx.AsyncClient) -> None:
    served = [
        candidates(
            await serving(client, municipality="kemerovo", city_district=name), "institution"
        )
        for name in ("Рудничный район", "Кировский район", "Центральный район")
    ]
    assert [len(found) for found in served] == [1, 1, 1]
    assert len({found[0] for found in served}) == 3


async def test_several_are_said_plainly_and_none_is_picked(client: httpx.AsyncClient) -> None:
    found = await serving(client, municipality="kemerovo")
    institution = found["kinds"]["institution"]
    assert institution["outcome"] == "several"
    assert len(institution["candidates"]) > 5
    assert institution["statement_en"].endswith(
        "the city district or settlement that decides is not known."
    )
    assert "не указан район города" in institution["statement_ru"]


async def test_city_and_rayon_of_one_name_are_both_named(client: httpx.AsyncClient) -> None:
    found = await serving(client, municipality="Ленинск-Кузнецкий")
    assert {item["code"] for item in found["municipalities"]} == {
        "leninsk-kuznetsky",
        "leninsk-kuznetsky-rayon",
    }
    assert found["kinds"]["authorised_body"]["outcome"] == "several"


async def test_none_is_said_plainly(client: httpx.AsyncClient) -> None:
    found = await serving(client, address="Томская область, г. Асино, ул. Ленина, 1")
    assert found["kinds"]["institution"]["outcome"] == "none"
    assert "Томская область" in found["kinds"]["institution"]["statement_ru"]
    assert found["elsewhere"] == "Томская область"


async def test_r_3_1_2_what_was_understood_of_street_house_and_settlement_is_shown(
    client: httpx.AsyncClient,
) -> None:
    found = await serving(client, address="г. Белово, п. Лесной, ул. Мира, д. 12 лит. Б")
    assert (found["street"], found["house"]) == ("ул мира", "12б")
    assert found["unknown_settlement"] == "лесной"
    assert found["kinds"]["institution"]["outcome"] == "possible"


async def test_hospitals_and_pension_fund_are_answered_too(client: httpx.AsyncClient) -> None:
    found = await serving(client, municipality="leninsk-kuznetsky", kinds=["pension_fund_office"])
    assert list(found["kinds"]) == ["pension_fund_office"]
    assert candidates(found, "pension_fund_office") == ["example-pension-fund-office-01"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "address-missing"),
        ({"address": " "}, "invalid-input"),
        ({"address": "г. Юрга", "kinds": ["bank"]}, "invalid-input"),
        ({"address": "я" * 301}, "invalid-input"),
    ],
)
async def test_bad_question_is_refused(
    client: httpx.AsyncClient, params: dict[str, str], code: str
) -> None:
    answer = await client.post("/serving", json=params)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_lookup_asks_no_store(client: httpx.AsyncClient, app: FastAPI) -> None:
    directory = directory_of(app)
    collections = [*directory.service.collections.values()]
    reads = sum(found.counts.reads for found in collections)
    await serving(client, address="г. Ленинск-Кузнецкий, ул. Лесная, д. 4")
    await serving(client, municipality="kemerovo", street="ул. Весенняя", house="7/1")
    assert sum(found.counts.reads for found in collections) == reads


async def test_index_follows_own_changes_at_once_and_other_replicas_soon(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    other = app_of(stack, refresh_seconds=0.3)
    async with running(other) as neighbour:
        await loaded(other)
        body = {
            "card": {
                "kind": "mfc",
                "name": "МФЦ города Мыски",
                "region": "RU-KEM",
                "serves": [{"municipality": "myski"}],
                "source": "Письмо МФЦ",
            },
            "reason": "Открыт",
        }
        made = await client.post(
            "/organizations", headers=stack.headers("directory_editor"), json=body
        )
        made_id = made.json()["id"]
        question = {"municipality": "myski", "kinds": ["mfc"]}
        assert candidates(await serving(client, **question), "mfc") == [made_id]

        async def seen() -> bool:
            return candidates(await serving(neighbour, **question), "mfc") == [made_id]

        await until(seen)
        headers = stack.headers("directory_editor", version=1)
        await neighbour.post(
            f"/organizations/{made_id}/retirement", headers=headers, json={"reason": "Закрыт"}
        )
        assert candidates(await serving(neighbour, **question), "mfc") == []

        async def gone() -> bool:
            return candidates(await serving(client, **question), "mfc") == []

        await until(gone)


async def test_news_beyond_one_look_is_read_as_a_whole(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    directory = directory_of(app)
    known, directory.snapshot = directory.snapshot, Snapshot()
    try:
        await news_of(directory).take_in()
        assert len(directory.snapshot) == len(known) >= ROWS
    finally:
        directory.snapshot = known


async def test_quiet_refresh_is_one_query_and_no_reading_again(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    counts = (await settled(app)).organizations.counts
    before, began = (counts.queries, counts.writes), time.monotonic()
    await until(lambda: counts.queries > before[0] + 2)
    looks = (time.monotonic() - began) / 0.3
    sweeps = (time.monotonic() - began) / 1.0
    assert counts.queries - before[0] <= looks + sweeps + 3
    assert counts.writes == before[1]


async def test_quality_shows_every_fault_class_of_r_appendix_1(
    client: httpx.AsyncClient, stack: Stack
) -> None:
    headers = stack.headers("registry_reader")
    report = (await client.get("/quality", params={"document": "R"}, headers=headers)).json()
    counts = {item["rule"]: item["count"] for item in report["rules"]}
    assert set(counts) == {rule.code for rule in RULES}
    assert (report["rows_checked"], report["faults_found"]) == (85, 68)
    for rule in ("phone.unbalanced_bracket", "phone.area_code_outside_region",
                 "phone.area_code_differs", "phone.bracket_elsewhere", "phone.digit_count",
                 "phone.odd_grouping", "address.postcode_far", "address.settlement_mark_differs",
                 "address.street_spelling", "name.word_left_out", "name.rayon_not_in_full",
                 "text.printed_differently",
                 "address.postcode_missing", "address.postcode_outside_region",
                 "address.postcode_conflict", "address.rayon_and_city_disagree",
                 "address.odd_punctuation", "email.missing", "email.space",
                 "email.cyrillic_letter", "name.not_unique", "name.unbalanced_quotes",
                 "name.word_break", "name.dash_in_compound", "name.phrase_slip",
                 "text.repeated_spaces"):  # fmt: skip
        found = [fault for fault in report["faults"] if fault["rule"] == rule]
        assert len(found) == counts[rule] > 0
        assert all(fault["reason_ru"] and fault["reason_en"] for fault in found)
    (wrong,) = [fault for fault in report["faults"] if fault["rule"] == "phone.odd_grouping"]
    assert wrong["organization"] == "r-institution-32"
    assert (wrong["field"], wrong["printed"]) == ("phone", "(38463) 31-2-72")
    assert (wrong["proposal"], wrong["corrected"]) == ("(38463) 3-12-72", False)
    assert (wrong["document"], wrong["place"]) == ("R", "appendix 1, institutions, row 32")


async def test_proposals_are_never_applied_by_themselves(client: httpx.AsyncClient) -> None:
    found = (await client.get("/organizations/r-institution-32")).json()
    assert found["card"]["phones"] == []
    assert found["card"]["printed_phone"] == "(38463) 31-2-72"


async def test_quality_csv_says_the_same(client: httpx.AsyncClient, stack: Stack) -> None:
    headers = stack.headers("directory_editor")
    report = (await client.get("/quality", headers=headers)).json()
    answer = await client.get("/quality.csv", headers=headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == report["faults_found"] == 135
    for line, fault in zip(lines, report["faults"], strict=True):
        assert line == {name: "" if value is None else str(value) for name, value in fault.items()}


@pytest.mark.parametrize("path", ["/quality", "/quality.csv"])
async def test_rule_that_does_not_exist_is_refused(
    client: httpx.AsyncClient, stack: Stack, path: str
) -> None:
    answer = await client.get(path, params={"rule": "x"}, headers=stack.headers("operator"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-rule")


async def test_half_a_directory_answers_nobody(fresh: Stack) -> None:
    app = app_of(fresh)
    directory = directory_of(app)
    async with running(app) as client:
        await loaded(app)
        directory.snapshot.complete = False
        answer = await client.post("/serving", json={"municipality": "yurga"})
    assert (answer.status_code, answer.json()["code"]) == (503, "directory-loading")
    assert answer.headers["retry-after"]
