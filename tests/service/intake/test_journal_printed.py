"""The journal is printed and exported (R 3.1.2)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from chassis.spreadsheet import BYTE_ORDER_MARK
from services.intake.api.journal import LINES_PRINTED
from services.intake.printed import COLUMNS
from tests.service.intake.bodies import new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.intake.journal import amend, named
from tests.service.stack import AUTHORISED_BODY, INSTITUTION


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
