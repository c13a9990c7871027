"""The journal: corrected by new lines, searched, filtered, printed, exported (R 3.1.2)."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from chassis.spreadsheet import BYTE_ORDER_MARK
from contracts.citizen import CitizenCardChanged
from services.intake.api.journal import LINES_PRINTED
from services.intake.domain.corrections import Corrected, correct
from services.intake.domain.journal import JournalEntry
from services.intake.printed import COLUMNS
from services.intake.relining import enter_corrected
from tests.service.intake.bodies import new_bundle, new_citizen, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor, until


def named(family: str, given: str = "Нонна", **changed: Any) -> dict[str, Any]:
    return new_citizen() | {"name": {"family": family, "given": given}} | changed


async def entry(desk: Desk, line: str) -> dict[str, Any]:
    answered = await desk.get(f"/referrals/{line}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def amend(desk: Desk, line: str, **changed: Any) -> Any:
    version = changed.pop("version", 1)
    headers = {"key": changed.pop("key")} if "key" in changed else {}
    body = {"reason": "описка в фамилии", **changed}
    return await desk.post(f"/referrals/{line}/corrections", body, version=version, **headers)


async def search(desk: Desk, role: str = "registrar", org: str = INSTITUTION, **asked: Any) -> Any:
    headers = {"Authorization": f"Bearer {desk.stack.token(role, org)}"}
    return await desk.http.post("/referrals/search", json=asked, headers=headers)


async def found(desk: Desk, **asked: Any) -> list[str]:
    answered = await search(desk, **asked)
    assert answered.status_code == 200, answered.text
    return [item["id"] for item in answered.json()["items"]]


async def test_correction_is_a_new_line_and_the_old_one_stays_r_3_1_2(desk: Desk) -> None:
    citizen = named("Барабанщикова")
    made = await desk.register(new_referral(citizen=citizen))
    right = named("Барабанова") | {key: citizen[key] for key in ("birth_date", "address")}
    done = await amend(desk, made["id"], citizen=right)
    assert done.status_code == 200, done.text
    receipt = done.json()
    assert done.headers["location"] == f"/referrals/{receipt['corrected_by']}"
    old, new = await entry(desk, made["id"]), await entry(desk, receipt["corrected_by"])
    assert old["citizen"]["name"]["family"] == "Барабанщикова"
    assert (old["state"], old["corrected_by"]) == ("corrected", new["id"])
    assert old["correction"]["reason"] == "описка в фамилии"
    assert new["citizen"]["name"]["family"] == "Барабанова"
    assert (new["state"], new["corrects"]) == ("entered", old["id"])
    assert new["journal_number"] == receipt["journal_number"] > old["journal_number"]
    assert (new["case_id"], new["citizen_id"]) == (old["case_id"], old["citizen_id"])
    changed = await desk.stack.spy.wait_for(CitizenCardChanged, made["citizen_id"])
    assert changed.card.name.family == "Барабанова"
    again = await desk.register(new_referral(citizen=right))
    assert (again["linked"], again["citizen_id"]) == (True, made["citizen_id"])


async def test_correction_that_shows_somebody_known_says_so_l_5_1(desk: Desk) -> None:
    known = await desk.register(new_referral(citizen=(person := named("Дроздова"))))
    other = await desk.register(new_referral(citizen=named("Дроздовская")))
    done = await amend(desk, other["id"], citizen=person)
    assert (await entry(desk, done.json()["corrected_by"]))["same_as"] == known["citizen_id"]


async def test_same_correction_twice_is_one_and_another_is_refused_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    first = await amend(desk, made["id"], key="amend-1", problems="Не встаёт")
    again = await amend(desk, made["id"], key="amend-1", problems="Не встаёт")
    assert (first.status_code, first.json()) == (200, again.json())
    stale = await amend(desk, made["id"], problems="Не видит")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    late = await amend(desk, made["id"], version=2, problems="Не видит")
    assert (late.status_code, late.json()["code"]) == (409, "entry-corrected")
    other = await amend(desk, first.json()["corrected_by"], problems="Не видит")
    assert other.status_code == 200


async def test_corrections_at_once_are_one_new_line_without_a_gap_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    answers = await asyncio.gather(
        *[amend(desk, made["id"], problems=f"Обстоятельство {number}") for number in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    await no_gap(desk)


async def no_gap(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    async for document in desk.intake.journal.each():
        numbers.setdefault(document.state.register_key, []).append(document.state.number)
    for known in numbers.values():
        assert sorted(known) == list(range(1, len(known) + 1))


@pytest.mark.parametrize("died_after", ["claim", "line"])
async def test_correction_of_a_process_that_died_is_made_good_r_3_1_2(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    made = await desk.register(new_referral(citizen=(citizen := named("Жаворонкова"))))
    by = actor("registrar", INSTITUTION)
    at = desk.intake.service.at(by)
    right = citizen | {"name": {"family": "Жаворонок", "given": "Нонна"}}
    change = Corrected.model_validate({"reason": "описка", "citizen": right})

    def decide(line: JournalEntry) -> list[Any]:
        correct(line, change, at)
        return []

    await desk.intake.service.commands.execute(
        desk.intake.journal, made["id"], None, None, at, decide, visible=lambda line: True
    )
    if died_after == "line":
        document = await desk.intake.journal.get(made["id"])
        assert document is not None
        await enter_corrected(desk.intake, made["id"])
        again = await desk.intake.journal.get(made["id"])
        assert again is not None
        again.state.corrected_by, again.state.place_at = None, at.now
        await desk.intake.journal.save(again)
    clock.forward(seconds=10)
    desk.intake.service.sweeper.nudge()

    async def entered() -> Any:
        document = await desk.intake.journal.get(made["id"])
        return document and document.state.place_at is None and document.state.corrected_by

    line = await until(entered)
    assert (await entry(desk, line))["citizen"]["name"]["family"] == "Жаворонок"
    card = await desk.intake.citizens.get(made["citizen_id"])
    assert card is not None
    assert card.state.card.name is not None
    assert card.state.card.name.family == "Жаворонок"
    successors = [
        document.id
        async for document in desk.intake.journal.each()
        if document.state.corrects == made["id"]
    ]
    assert successors == [line]
    await no_gap(desk)


@pytest.mark.parametrize("org", [OTHER_INSTITUTION, AUTHORISED_BODY])
async def test_line_of_anothers_journal_is_not_corrected_r_3_1_2(desk: Desk, org: str) -> None:
    made = await desk.register()
    body = {"reason": "описка", "problems": "Не встаёт"}
    refused = await desk.post(f"/referrals/{made['id']}/corrections", body, org=org, version=1)
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"problems": "Не встаёт"}, "invalid-input", "body.reason"),
        ({"reason": "описка"}, "nothing-corrected", "body"),
        ({"reason": "описка", "in_hospital": True}, "invalid-input", "body.in_hospital"),
        ({"reason": "описка", "citizen": {}}, "journal-field-missing", "citizen.address"),
    ],
)
async def test_wrong_correction_is_refused_by_its_field_r_3_1_2(
    desk: Desk, body: dict[str, Any], code: str, field: str
) -> None:
    made = await desk.register()
    before = await desk.stored()
    refused = await desk.post(f"/referrals/{made['id']}/corrections", body, version=1)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert field in [wrong["field"] for wrong in refused.json()["errors"]]
    assert await desk.stored() == before


async def test_correction_costs_four_writes_and_one_event(desk: Desk) -> None:
    made = await desk.register(new_referral(citizen=(citizen := named("Снегирёва"))))
    right = citizen | {"phone": "+73845600066"}
    cost = await desk.cost(lambda: amend(desk, made["id"], citizen=right))
    assert cost == {"journal": 3, "citizens": 1, "published": 1}


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


def year_of(clock: Clock) -> str:
    """The days around the present moment, whatever year the test runs in."""
    now = clock.now()
    return f"from={(now - timedelta(days=3)).date()}&to={(now + timedelta(days=3)).date()}"


async def test_page_to_print_has_the_columns_of_the_regulation_and_escapes_all_r_3_1_2(
    desk: Desk, clock: Clock
) -> None:
    evil = "<script>alert('сова')</script>"
    made = await desk.register(new_referral(citizen=named("Совина"), problems=evil))
    answered = await desk.get(f"/referrals/print?{year_of(clock)}")
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    assert answered.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    html = answered.text
    assert evil not in html
    assert "&lt;script&gt;alert(&#39;сова&#39;)" in html
    assert "@page { size: A4 landscape" in html
    for column in COLUMNS:
        assert f">{column.title}</th>" in html
    row = next(row for row in html.split("<tr") if made["journal_number"] in row)
    cells = re.findall(r'<td class="(\w+)">(.*?)</td>', row, re.DOTALL)
    shown = dict(cells)
    assert shown["name"] == "Совина Нонна"
    assert "Текстильщиков" in shown["address"]
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", shown["born"])
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", shown["moment"])
    assert "Сомова Галина" in shown["contact"]
    assert "+73845600002" in shown["contact"]
    assert shown["how"] == "по телефону, устно"


async def test_file_is_read_by_spreadsheets_and_no_cell_is_a_formula_r_3_1_2(
    desk: Desk, clock: Clock
) -> None:
    made = await desk.register(
        new_referral(citizen=named("Филинова"), problems='=HYPERLINK("http://x";"y")')
    )
    for number in range(3):
        await desk.register(new_referral(problems=f"{'+-@'[number]}1"))
    answered = await desk.get(f"/referrals.csv?{year_of(clock)}")
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert answered.headers["content-disposition"].startswith('attachment; filename="journal-')
    text = answered.content.decode("utf-8")
    assert text.startswith(BYTE_ORDER_MARK)
    assert text.count(BYTE_ORDER_MARK) == 1
    rows = list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK)), delimiter=";"))
    assert rows[0] == [column.title for column in COLUMNS]
    assert len(rows) - 1 == len([d async for d in _own(desk)])
    row = next(row for row in rows if row[0] == made["journal_number"])
    assert row[3] == "Филинова Нонна"
    assert row[5] == '\'=HYPERLINK("http://x";"y")'
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def _own(desk: Desk) -> Any:
    async for document in desk.intake.journal.each():
        if document.state.institution == INSTITUTION:
            yield document


async def test_corrected_line_is_printed_with_what_stands_in_its_place_r_3_1_2(
    desk: Desk, clock: Clock
) -> None:
    made = await desk.register(new_referral(citizen=named("Дятлова")))
    new = (await amend(desk, made["id"], problems="Не встаёт")).json()["journal_number"]
    html = (await desk.get(f"/referrals/print?{year_of(clock)}")).text
    row = next(row for row in html.split("<tr") if f">{made['journal_number']}<" in row)
    assert row.startswith(' class="corrected"')
    assert f"исправлено записью {new}: описка в фамилии" in row
    after = next(row for row in html.split("<tr") if f">{new}<" in row)
    assert f"исправляет запись {made['journal_number']}" in after


@pytest.mark.parametrize("path", ["/referrals/print", "/referrals.csv"])
@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("", "invalid-input", "query.from"),
        ("from=2026-01-01", "invalid-input", "query.to"),
        ("from=2026-02-30&to=2026-03-01", "invalid-input", "query.from"),
        ("from=2026-02-02&to=2026-02-01", "period-ends-before-it-begins", "query.to"),
        ("from=2020-01-01&to=2026-01-01", "period-too-long", "query.to"),
        ("from=0001-01-01&to=0001-02-01", "impossible-day", "query.from"),
    ],
)
async def test_impossible_period_is_refused_by_its_field(
    desk: Desk, path: str, query: str, code: str, field: str
) -> None:
    refused = await desk.get(f"{path}?{query}")
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert field in [wrong["field"] for wrong in refused.json()["errors"]]


@pytest.mark.parametrize("path", ["/referrals/print", "/referrals.csv"])
async def test_journal_leaves_the_house_with_its_own_staff_only_r_3_1_2(
    desk: Desk, clock: Clock, path: str
) -> None:
    made = await desk.register(new_referral(citizen=named("Чайкина")))
    for role, org, seen in (
        ("registrar", INSTITUTION, True),
        ("authorised_body_head", AUTHORISED_BODY, True),
        ("registrar", OTHER_INSTITUTION, False),
        ("institution_director", OTHER_INSTITUTION, False),
    ):
        answered = await desk.get(f"{path}?{year_of(clock)}", role, org=org)
        assert answered.status_code == 200
        assert (made["journal_number"] in answered.text) is seen
    for role in ("medical_organization", "provider", "pension_fund", "operator"):
        refused = await desk.get(f"{path}?{year_of(clock)}", role)
        assert (refused.status_code, refused.json()["code"]) == (403, "role-required")


async def test_period_of_nobody_is_an_empty_page_r_3_1_2(desk: Desk) -> None:
    html = (await desk.get("/referrals/print?from=2020-01-01&to=2020-01-31")).text
    assert "За этот период записей нет." in html
    assert LINES_PRINTED == 2000


@pytest.mark.parametrize(
    ("contact", "code", "field"),
    [
        ({"organization_id": "l-provider-99"}, "unknown-organization", "contact.organization_id"),
        ({"organization_id": OTHER_INSTITUTION}, "journal-field-missing", "contact.address"),
        (
            {"organization_id": OTHER_INSTITUTION, "address": {"text": "г. Белово, ул. Мира, 1"}},
            "journal-field-missing",
            "contact.phone",
        ),
    ],
)
async def test_contact_by_id_has_address_and_phone_in_the_directory_r_3_1_2(
    desk: Desk, contact: dict[str, Any], code: str, field: str
) -> None:
    told = {"kind": "organization", "organization_name": "Центр", **contact}
    before = await desk.stored()
    refused = await desk.post("/referrals", new_referral(contact=told))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["clause"] == "R 3.1.2"
    assert refused.json()["errors"][0]["field"] == field
    assert await desk.stored() == before


async def test_representative_with_proof_stands_in_the_line_r_5_4_3(desk: Desk) -> None:
    guardian = new_referral()["contact"] | {"phone": "+73845600055"}
    applicant = {
        "acting_as": "legal_representative",
        "person": guardian,
        "authority": {"kind": "decision_on_office", "number": "77-оп", "issued_on": "2024-03-01"},
    }
    made = await desk.register(new_referral(applicant=applicant))
    line = await entry(desk, made["id"])
    assert line["applicant"]["authority"]["number"] == "77-оп"
    assert line["oral"] is True
    del applicant["authority"]["number"]
    refused = await desk.post("/referrals", new_referral(applicant=applicant))
    assert (refused.status_code, refused.json()["code"]) == (422, "authority-missing")
    assert refused.json()["errors"][0]["field"] == "applicant.authority.number"
    assert refused.json()["clause"] == "R 5.4.3"


async def test_duplicate_under_another_key_joins_the_case_and_says_so_l_5_1(desk: Desk) -> None:
    referral = new_referral()
    first = await desk.register(referral)
    again = await desk.register(referral)
    assert again["id"] != first["id"]
    assert (again["linked"], again["case_id"]) == (True, first["case_id"])
    other = await desk.post("/referrals", new_referral(), key="twice-1")
    reused = await desk.post("/referrals", new_referral(), key="twice-1")
    assert other.status_code == 201
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")


async def test_pushed_referral_is_written_and_found_as_any_other_l_2_2(desk: Desk) -> None:
    pushed = await desk.push(new_bundle())
    line = pushed.json()["entry"][2]["response"]["location"].split("/")[1]
    told = await entry(desk, line)
    assert told["oral"] is False
    assert line in await found(desk, name=told["citizen"]["name"]["family"])
