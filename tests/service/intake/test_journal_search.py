"""Lines of the journal are searched for and filtered (R 3.1.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.intake.bodies import new_bundle, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Desk
from tests.service.intake.journal import amend, entry, found, named, search
from tests.service.stack import AUTHORISED_BODY, INSTITUTION


@pytest.mark.parametrize(
    "typed",
    ["Вишневская-Рябинина", "вышневская", "Рябинена", "Рябинина Нонна", "Нонна Вишневская",
     "Вишневскoя Н."],
)  # fmt: skip
async def test_line_is_found_by_a_name_however_it_is_spelt_r_3_1_2(desk: Desk, typed: str) -> None:
    made = await desk.register(new_referral(citizen=named("Вишневская-Рябинина")))
    other = await desk.register(new_referral(citizen=named("Берёзкина")))
    lines = await found(desk, name=typed)
    assert made["id"] in lines
    assert other["id"] not in lines


async def test_mistyped_family_name_is_found_though_the_given_name_is_first_r_3_1_2(
    desk: Desk,
) -> None:
    made = await desk.register(new_referral(citizen=named("Журавлёва", "Глафира")))
    assert await found(desk, name="Глафира Журовлева") == [made["id"]]
    assert await found(desk, name="Глафира Журавлека") == [made["id"]]
    assert await found(desk, name="Глафира Соколова") == []


async def test_best_fit_comes_first_and_pages_leave_nothing_out_r_3_1_2(desk: Desk) -> None:
    exact = [await desk.register(new_referral(citizen=named("Тюленева"))) for _ in range(3)]
    near = [await desk.register(new_referral(citizen=named("Тюлинева"))) for _ in range(2)]
    seen: list[str] = []
    cursor = None
    while True:
        answered = (await search(desk, name="Тюленева", limit=2, cursor=cursor)).json()
        seen += [item["id"] for item in answered["items"]]
        assert len(answered["items"]) <= 2
        cursor = answered["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert set(seen[:3]) == {made["id"] for made in exact}
    assert set(seen[3:]) == {made["id"] for made in near}
    wrong = await search(desk, name="Тюленева", cursor="bm9uc2Vuc2U=")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-cursor")


async def test_line_is_found_by_its_address_number_day_and_state_r_3_1_2(desk: Desk) -> None:
    citizen = named("Горностаева") | {
        "address": {"text": "652500, г. Ленинск-Кузнецкий, ул. Заповедная, д. 17, кв. 3"}
    }
    made = await desk.register(new_referral(citizen=citizen))
    line = made["id"]
    for typed in ("Заповедная 17", "ул. заповедная, дом 17, квартира 3", "Заповедная"):
        assert await found(desk, address=typed) == [line]
    assert await found(desk, address="Заповедная 18") == []
    assert await found(desk, name="Горностаева", address="Заповедная") == [line]
    assert await found(desk, name="Горностаева", address="Текстильщиков") == []
    assert await found(desk, number=made["journal_number"]) == [line]
    assert await found(desk, number=made["journal_number"].rsplit("/", 1)[1].lstrip("0")) == [line]
    assert await found(desk, number="999999") == []
    today = desk.intake.service.calendar.local_date(desk.intake.now())
    days = {"received_from": today.isoformat(), "received_to": today.isoformat()}
    assert line in await found(desk, name="Горностаева", **days)
    long_ago = {"received_from": "2020-01-01", "received_to": "2020-12-31"}
    assert await found(desk, name="Горностаева", **long_ago) == []
    await amend(desk, line, problems="Не встаёт")
    assert await found(desk, name="Горностаева", state="corrected") == [line]
    assert line not in await found(desk, name="Горностаева", state="entered")


async def test_completed_line_is_found_by_what_was_learned_r_3_1_2(desk: Desk) -> None:
    bare = new_referral(citizen={"phone": "+73845600078"}, contact=None, in_danger=True)
    made = await desk.register(bare)
    completion = {
        "citizen": named("Куропаткина"),
        "contact": new_referral()["contact"],
        "source": "сестра",
    }
    done = await desk.post(f"/referrals/{made['id']}/completion", completion, version=1)
    assert done.status_code == 200, done.text
    assert await found(desk, name="Куропаткина") == [made["id"]]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({}, "search-empty", "name"),
        ({"name": "П"}, "search-too-short", "name"),
        ({"name": "П" * 1000}, "search-too-long", "name"),
        ({"name": ""}, "search-too-short", "name"),
        ({"address": "К"}, "search-too-short", "address"),
        ({"address": "К" * 1000}, "search-too-long", "address"),
        ({"address": "652500"}, "search-too-wide", "address"),
        ({"number": "abc"}, "invalid-number", "number"),
        ({"number": "1/2"}, "invalid-number", "number"),
        ({"received_from": "2026-02-30"}, "invalid-input", "body.received_from"),
        ({"received_from": "2026-02-02", "received_to": "2026-02-01"},
         "period-ends-before-it-begins", "received_to"),
        ({"received_from": "0001-01-01"}, "impossible-day", "received_from"),
        ({"received_to": "9999-12-31"}, "impossible-day", "received_to"),
        ({"colour": "red"}, "invalid-input", "body.colour"),
    ],
)  # fmt: skip
async def test_search_for_too_little_or_too_much_is_refused_by_its_field(
    desk: Desk, asked: dict[str, Any], code: str, field: str
) -> None:
    refused = await search(desk, **asked)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert field in [wrong["field"] for wrong in refused.json()["errors"]]


async def test_search_finds_the_callers_own_lines_only_r_3_1_2(desk: Desk) -> None:
    made = await desk.register(new_referral(citizen=named("Перепёлкина")))
    for role, org, seen in (
        ("registrar", INSTITUTION, True),
        ("authorised_body_head", AUTHORISED_BODY, True),
        ("registrar", OTHER_INSTITUTION, False),
        ("authorised_body_head", "r-authorised-body-08", False),
    ):
        answered = await search(desk, role, org, name="Перепелкина")
        assert (made["id"] in answered.text) is seen


async def test_personal_data_stand_in_no_index(desk: Desk) -> None:
    made = await desk.register(new_referral(citizen=named("Свиристелова")))
    document = await desk.intake.journal.get(made["id"])
    assert document is not None
    index = desk.intake.journal.spec.index(document.state)
    assert len(index["family"]) > 60  # type: ignore[arg-type]
    text = str(index).lower()
    assert not any(word in text for word in ("свиристел", "сфиристил", "текстильщиков"))


async def test_lines_are_filtered_by_state_and_day_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    await amend(desk, made["id"], problems="Не встаёт")
    today = desk.intake.service.calendar.local_date(desk.intake.now()).isoformat()

    async def listed(query: str) -> list[str]:
        answered = await desk.get(f"/referrals?limit=100&{query}")
        assert answered.status_code == 200, answered.text
        return [item["id"] for item in answered.json()["items"]]

    assert made["id"] in await listed("state=corrected")
    assert made["id"] not in await listed("state=entered")
    assert made["id"] in await listed(f"state=corrected&from={today}&to={today}")
    assert await listed("from=2020-01-01&to=2020-01-02") == []
    assert await listed("sender=mfc-01") == []
    for query in (
        "state=lost",
        "from=2026-02-30",
        "from=2026-02-02&to=2026-02-01",
        "to=9999-12-31",
    ):
        refused = await desk.get(f"/referrals?{query}")
        assert refused.status_code == 422, query


async def test_pushed_referral_is_written_and_found_as_any_other_l_2_2(desk: Desk) -> None:
    pushed = await desk.push(new_bundle())
    line = pushed.json()["entry"][2]["response"]["location"].split("/")[1]
    told = await entry(desk, line)
    assert told["oral"] is False
    assert line in await found(desk, name=told["citizen"]["name"]["family"])
