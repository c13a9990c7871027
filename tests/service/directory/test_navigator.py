"""The navigator over HTTP: what is found, how to get it, and what cannot be answered (S)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.roles import Role
from services.directory.main import create_app
from services.directory.settings import DirectorySettings
from tests.service.directory.conftest import loaded
from tests.service.stack import INSTITUTION, Stack, running


async def ask(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    answered = await client.get("/navigator", params=asked)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def test_hit_says_who_gives_it_how_to_apply_and_what_to_bring(
    client: httpx.AsyncClient,
) -> None:
    """What there is, who gives it, for whom, and how to get it (S)."""
    found = await ask(client, q="сиделка для бабушки", place="Ленинск-Кузнецкий")
    hit = found["hits"][0]
    assert hit["id"] == f"{INSTITUTION}.carers-at-home"
    assert hit["organization"]["id"] == INSTITUTION
    assert hit["organization"]["kind"]["ru"] == "Учреждение социального обслуживания"
    assert hit["organization"]["phones"]
    assert "центр социального обслуживания" in hit["how_to_apply"]
    assert [one["what"] for one in hit["bring"]["bring"]][:2] == [
        "Заявление о зачислении", "Документ, удостоверяющий личность"
    ]  # fmt: skip
    assert hit["why"][1]["ru"] == "«бабушки» в виде услуг, форме или кому они как «пожилой»"
    assert hit["today"]["state"] in {"unknown", "closed"}
    assert found["place"]["municipalities"] == [
        {"code": "leninsk-kuznetsky", "ru": "Ленинск-Кузнецкий городской округ"}
    ]


async def test_counts_divide_what_was_found(client: httpx.AsyncClient) -> None:
    found = await ask(client, place="Ленинск-Кузнецкий", per_page=100)
    kinds = {one["code"]: one["count"] for one in found["facets"]["kinds"]}
    for kind, counted in kinds.items():
        restricted = await ask(client, place="Ленинск-Кузнецкий", kind=kind)
        assert restricted["total"] == counted
        same = {one["code"]: one["count"] for one in restricted["facets"]["kinds"]}
        assert same == kinds


async def test_several_codes_are_alternatives_and_respects_hold_together(
    client: httpx.AsyncClient,
) -> None:
    both = await ask(client, need=["equipment", "transport"])
    assert {hit["id"].split(".")[1] for hit in both["hits"]} >= {"equipment", "transport"}
    assert (await ask(client, need="equipment", group="residents"))["total"] == 0


async def test_everything_is_paged_through_each_once(client: httpx.AsyncClient) -> None:
    first = await ask(client, per_page=60)
    seen = [hit["id"] for hit in first["hits"]]
    for page in range(2, first["pages"] + 1):
        seen += [hit["id"] for hit in (await ask(client, per_page=60, page=page))["hits"]]
    assert len(seen) == len(set(seen)) == first["total"] > 250
    assert (await ask(client, page=1000))["hits"] == []


async def test_open_now_goes_by_lunch_weekend_and_zone(stack: Stack, fresh: Stack) -> None:
    """K: Monday to Friday 8:30–17:30, lunch 12–13; M: every day 8–20."""
    moments = {
        "2026-03-03T04:00:00+00:00": {"k-coordination-centre-01"},  # 11:00 there, 7:00 in Moscow
        "2026-03-03T05:30:00+00:00": {"m-coordination-centre-01"},  # lunch there, 8:30 in Moscow
        "2026-03-07T10:00:00+00:00": {"m-coordination-centre-01"},  # Saturday
        "2026-03-02T21:00:00+00:00": set(),
    }
    time = {"now": datetime(2026, 3, 3, tzinfo=UTC)}
    app = create_app(fresh.settings(DirectorySettings), lambda: time["now"])
    async with running(app) as client:
        await loaded(app)
        for moment, expected in moments.items():
            time["now"] = datetime.fromisoformat(moment)
            found = await ask(client, open_now="true", per_page=100)
            open_ones = {hit["organization"]["id"] for hit in found["hits"]}
            assert open_ones & {"k-coordination-centre-01", "m-coordination-centre-01"} == expected
            assert all(hit["today"]["state"] == "open" for hit in found["hits"])


async def test_hours_of_today_are_shown_without_the_lunch(fresh: Stack) -> None:
    app = create_app(
        fresh.settings(DirectorySettings), lambda: datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
    )
    async with running(app) as client:
        await loaded(app)
        (hit,) = (await ask(client, q="горячая линия долговременного ухода"))["hits"]
        assert hit["today"]["hours"] == ["08:30–12:00", "13:00–17:30"]
        assert hit["today"]["statement_ru"] == "Открыто до 12:00."


async def test_retired_organization_gives_nothing_any_more(fresh: Stack) -> None:
    app = create_app(fresh.settings(DirectorySettings))
    async with running(app) as client:
        await loaded(app)
        assert (await ask(client, q="пансионат", organization="l-provider-01"))["total"] == 2
        headers = fresh.headers(Role.DIRECTORY_EDITOR, "r-department", version=1, key="retire")
        gone = await client.post(
            "/organizations/l-provider-01/retirement",
            json={"reason": "Ликвидирован"},
            headers=headers,
        )
        assert gone.status_code == 200, gone.text
        assert (await ask(client, organization="l-provider-01"))["total"] == 0
        hsds = (await client.get("/hsds/services", params={"search": "пансионат"})).json()
        gone_ones = [
            one["status"] for one in hsds["contents"] if "пансионат" in one["name"].lower()
        ]
        assert gone_ones == ["defunct", "defunct"]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"q": "я"}, "question-too-short", "query.q"),
        ({"q": "ж" * 1000}, "question-too-long", "query.q"),
        ({"q": "ж" * 5000}, "string_too_long", "query.q"),
        ({"q": "где и как"}, "question-says-nothing", "query.q"),
        ({"place": "Атлантида"}, "unknown-place", "query.place"),
        ({"place": "Томск"}, "unknown-place", "query.place"),
        ({"municipality": "atlantis"}, "unknown-municipality", "query.municipality"),
        (
            {"place": "Кемерово", "municipality": "foo"},
            "unknown-municipality",
            "query.municipality",
        ),
        (
            {"place": "Белово", "municipality": "kemerovo"},
            "place-outside-municipality",
            "query.place",
        ),
        ({"place": "г. Томск", "municipality": "kemerovo"}, "unknown-place", "query.place"),
        ({"kind": "cosmetic"}, "unknown-code", "query.kind"),
        ({"need": "luck"}, "unknown-code", "query.need"),
        ({"page": "0"}, "greater_than_equal", "query.page"),
        ({"page": "1001"}, "less_than_equal", "query.page"),
        ({"per_page": "101"}, "less_than_equal", "query.per_page"),
        ({"open_now": "perhaps"}, "bool_parsing", "query.open_now"),
        ({"address": "пр. Кирова, 1"}, "extra_forbidden", "query.address"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_the_field(
    client: httpx.AsyncClient, asked: dict[str, str], code: str, field: str
) -> None:
    answered = await client.get("/navigator", params=asked)
    assert answered.status_code == 422, answered.text
    (error,) = answered.json()["errors"]
    assert (error["code"], error["field"]) == (code, field)
    sent = next(iter(asked.values()))
    assert len(sent) < 5 or sent not in answered.text


async def test_place_and_municipality_hold_together(client: httpx.AsyncClient) -> None:
    part = await ask(client, place="Ленинский район", municipality="kemerovo")
    assert [one["code"] for one in part["place"]["municipalities"]] == ["kemerovo"]
    assert part["place"]["city_district"] == "ленинский"
    whole = await ask(client, municipality="kemerovo")
    assert (await ask(client, place="Кузбасс", municipality="kemerovo"))["total"] == whole["total"]


async def test_place_that_is_merely_like_one_is_proposed_and_not_taken(
    client: httpx.AsyncClient,
) -> None:
    answered = await client.get("/navigator", params={"place": "Прокопевск"})
    assert answered.status_code == 422
    assert answered.json()["detail"].endswith("perhaps Прокопьевск")
    page = await client.get("/navigator/page", params={"place": "Прокопевск", "q": "сиделка"})
    assert page.status_code == 422
    link = page.text.split('Может быть: <a href="')[1].split('"')[0].replace("&amp;", "&")
    again = await client.get(f"/navigator/page{link}")
    assert (again.status_code, 'value="Прокопьевск"' in again.text) == (200, True)


async def test_service_that_is_closed_for_now_says_so_whoever_is_open(fresh: Stack) -> None:
    """S: «Временно не оказывается» and «Открыто до …» do not stand together."""
    tuesday = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
    app = create_app(fresh.settings(DirectorySettings), lambda: tuesday)
    async with running(app) as client:
        await loaded(app)
        (hit,) = (await ask(client, q="горячая линия долговременного ухода"))["hits"]
        assert hit["today"]["state"] == "open"
        kept = (await client.get(f"/services/{hit['id']}")).json()
        headers = fresh.headers(
            Role.DIRECTORY_EDITOR, "r-department", version=kept["version"], key="close"
        )
        listing = {k: v for k, v in kept["listing"].items() if k != "id"}
        closed = await client.post(
            f"/services/{hit['id']}",
            json={"service": {**listing, "status": "temporarily_closed"}, "reason": "Ремонт"},
            headers=headers,
        )
        assert closed.status_code == 200, closed.text
        (hit,) = (await ask(client, q="горячая линия долговременного ухода"))["hits"]
        assert (hit["status"], hit["today"]["state"]) == ("temporarily_closed", "closed")
        assert (hit["today"]["statement_ru"], hit["today"]["hours"]) == (
            "Временно не оказывается.", []
        )  # fmt: skip
        page = await client.get(
            "/navigator/page", params={"q": "горячая линия долговременного ухода"}
        )
        assert "Временно не оказывается." in page.text
        assert "Открыто" not in page.text.split('id="found"')[1]


async def test_before_all_is_loaded_it_says_so(stack: Stack, app: FastAPI) -> None:
    early = create_app(stack.settings(DirectorySettings))
    transport = httpx.ASGITransport(app=early)
    async with httpx.AsyncClient(transport=transport, base_url="http://early") as client:
        for path in ("/navigator", "/navigator/page?q=сиделка", "/hsds/services", "/services/x.y"):
            answered = await client.get(path)
            assert (answered.status_code, answered.json()["code"]) == (503, "directory-loading")


async def test_page_shows_what_was_found_without_script_and_with_labels(
    client: httpx.AsyncClient,
) -> None:
    answered = await client.get(
        "/navigator/page", params={"q": "сиделка для бабушки", "place": "Ленинск-Кузнецкий"}
    )
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    policy = answered.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    text = answered.text
    assert "<script" not in text
    assert "//" not in text.replace("https://", "").split("<body>")[0].split("<style>")[0]
    assert '<html lang="ru">' in text
    for name in ("q", "place", "need", "kind", "group", "form"):
        assert f'<label for="{name}">' in text
    assert "Служба сиделок" in text
    assert "Как получить" in text
    assert "Что взять с собой" in text
    assert 'href="tel:+7' in text


async def test_page_before_a_question_is_the_form_only(client: httpx.AsyncClient) -> None:
    answered = await client.get("/navigator/page")
    assert answered.status_code == 200
    assert "Найдено" not in answered.text


async def test_page_escapes_what_was_typed(client: httpx.AsyncClient) -> None:
    typed = '"><script>alert(1)</script>'
    answered = await client.get("/navigator/page", params={"q": typed, "place": typed})
    assert "<script" not in answered.text
    assert "&lt;script&gt;" in answered.text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"q": "я"}, "Напишите хотя бы две буквы."),
        ({"q": "ж" * 500}, "Слишком длинный вопрос"),
        ({"q": "где"}, "Назовите, какая нужна помощь"),
        ({"place": "Атлантида"}, "Такого места нет в справочнике"),
    ],
)
async def test_page_says_in_words_what_it_cannot_answer(
    client: httpx.AsyncClient, asked: dict[str, str], words: str
) -> None:
    answered = await client.get("/navigator/page", params=asked)
    assert answered.status_code == 422
    assert words in answered.text
    assert 'aria-invalid="true"' in answered.text
    assert 'role="alert"' in answered.text


async def test_page_goes_from_page_to_page_with_the_same_question(
    client: httpx.AsyncClient,
) -> None:
    first = await client.get("/navigator/page", params={"q": "помощь", "form": "home"})
    assert "Страница 1 из" in first.text
    link = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = await client.get(f"/navigator/page{link}")
    assert "Страница 2 из" in second.text
    assert '<option value="home" selected>' in second.text


@pytest.mark.parametrize("asked", [{"page": "0"}, {"page": "x"}, {"need": "a b"}, {"x": "1"}])
async def test_page_refuses_a_forged_address(
    client: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    answered = await client.get("/navigator/page", params=asked)
    assert answered.status_code == 422, answered.text
