"""Imports over HTTP: previewed, decided on, applied row by row to their end (R 1.3)."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from chassis import failpoints
from contracts.directory import OrganizationChanged, OrganizationPublished
from services.directory.applying import carry_out
from services.directory.domain.import_job import ImportStatus
from tests.service.directory.conftest import ROWS, app_of, directory_of, settled, steps_of
from tests.service.stack import Stack, running, until

EDITOR = "directory_editor"
HEADER = "key;kind;region;name;phone;email;municipality;serves;parent"
TOWN = "leninsk-kuznetsky;leninsk-kuznetsky;"
PARTIAL = "key;kind;region;name;phone"


def row(key: str, **cells: str) -> str:
    values = {"key": key, "kind": "mfc", "region": "RU-KEM", "name": f"МФЦ «{key}»"}
    values |= {"phone": "(38456) 3-00-01", "email": "mfc@example.org"} | cells
    return ";".join([*values.values(), TOWN])


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


class Importing:
    """An editor with a file."""

    def __init__(self, client: httpx.AsyncClient, stack: Stack) -> None:
        self.client = client
        self.stack = stack
        self.path = ""

    async def preview(
        self, content: bytes, media_type: str = "text/csv; charset=utf-8", **more: Any
    ) -> Any:
        headers = self.stack.headers(EDITOR, **more) | {"Content-Type": media_type}
        made = await self.client.post("/imports", headers=headers, content=content)
        assert made.status_code == 201, made.text
        self.path = f"/imports/{made.json()['id']}"
        assert made.headers["location"] == self.path
        return (await self.get()).json()

    async def get(self, part: str = "", **params: Any) -> httpx.Response:
        headers = self.stack.headers(EDITOR)
        found = await self.client.get(f"{self.path}{part}", headers=headers, params=params)
        assert found.status_code == 200, found.text
        return found

    async def rows(self, **params: Any) -> Any:
        return (await self.get("/rows", **params)).json()

    async def apply(self, version: int = 1, **body: Any) -> httpx.Response:
        return await self.client.post(
            f"{self.path}/application",
            headers=self.stack.headers(EDITOR, version=version),
            json={"reason": "Письмо № 5"} | body,
        )

    async def done(self) -> Any:
        async def applied() -> Any:
            found = (await self.get()).json()
            return found if found["status"] == "applied" else None

        return await until(applied, seconds=60)


@pytest.fixture
def editor(client: httpx.AsyncClient, stack: Stack) -> Importing:
    return Importing(client, stack)


async def phones(client: httpx.AsyncClient, key: str) -> list[str]:
    found = (await client.get(f"/organizations/{key}")).json()
    card: list[str] = found["card"]["phones"]
    return card


async def test_r_1_3_preview_changes_nothing_and_application_is_told_row_by_row(
    editor: Importing, client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    steps = await steps_of(app)
    content = table(row("x-a-1"), row("x-a-2", kind="bank"), row("x-a-3"))
    shown = await editor.preview(content)
    assert shown["rows"] == {
        "new": 2, "changed": 0, "unchanged": 0, "conflict": 0, "broken": 1
    }  # fmt: skip
    assert (shown["file"]["encoding"], shown["file"]["delimiter"]) == ("utf-8", ";")
    (broken,) = await editor.rows(state="broken")
    assert (broken["number"], broken["line"], broken["key"]) == (2, 3, "x-a-2")
    assert (broken["faults"][0]["field"], broken["faults"][0]["rule"]) == ("kind", "row.enum")
    assert (await client.get("/organizations/x-a-1")).status_code == 404
    await steps.were(writes=0, published=0)

    assert (await editor.apply()).json()["status"] == "applying"
    done = await editor.done()
    assert done["outcomes"] == {
        "applied": 2, "unchanged": 0, "conflict": 0, "refused": 0, "left_out": 1
    }  # fmt: skip
    assert done["applied_by"]["role"] == EDITOR
    await steps.were(writes=2, published=2)
    event = await stack.spy.wait_for(OrganizationPublished, "x-a-3")
    assert (event.by.role, event.card.name) == (EDITOR, "МФЦ «x-a-3»")
    assert (await client.get("/organizations/x-a-2")).status_code == 404
    again = await editor.apply(3)
    assert (again.status_code, again.json()["code"]) == (409, "not-allowed-in-state")


async def test_reason_names_the_import_and_the_row(
    editor: Importing, client: httpx.AsyncClient, stack: Stack
) -> None:
    content = table("r-institution-18;institution;RU-KEM;МБУ;(38446) 3-77-77", header=PARTIAL)
    await editor.preview(content)
    await editor.apply()
    await editor.done()
    event = await stack.spy.wait_for(OrganizationChanged, "r-institution-18")
    assert (
        event.reason == f"import {editor.path.removeprefix('/imports/')}, row 1, line 2: Письмо № 5"
    )
    assert event.card.emails != ()  # the file says nothing of e-mails


async def test_proposal_waits_for_a_person_and_is_applied_when_accepted(
    editor: Importing, client: httpx.AsyncClient, stack: Stack
) -> None:
    wrong = "38456) 3-00-01"
    shown = await editor.preview(table(row("x-b-1", phone=wrong), row("x-b-2", phone=wrong)))
    assert shown["proposals"] == 2
    accepted = [{"row": 1, "rule": "phone.unbalanced_bracket", "field": "phone"}]
    await editor.apply(corrections=accepted)
    await editor.done()
    assert await phones(client, "x-b-1") == ["+73845630001"]
    assert await phones(client, "x-b-2") == []
    found = (await client.get("/organizations/x-b-2")).json()
    assert found["card"]["printed_phone"] == found["printed"]["phone"] == wrong
    assert [fault["rule"] for fault in found["faults"]] == [
        "phone.unbalanced_bracket",
        "address.missing",
    ]
    report = await client.get(
        "/quality?rule=phone.unbalanced_bracket&document=import", headers=stack.headers(EDITOR)
    )
    faults = {fault["organization"]: fault["corrected"] for fault in report.json()["faults"]}
    assert faults == {"x-b-1": True, "x-b-2": False}
    body = {"corrections": [{"rule": "phone.unbalanced_bracket", "field": "phone"}], "reason": "—"}
    headers = stack.headers(EDITOR, version=1)
    later = await client.post("/organizations/x-b-2", headers=headers, json=body)
    assert later.status_code == 200, later.text
    assert await phones(client, "x-b-2") == ["+73845630001"]


async def test_change_since_the_preview_is_a_conflict_for_a_person(
    editor: Importing, client: httpx.AsyncClient, stack: Stack
) -> None:
    first = table("r-institution-19;institution;RU-KEM;МБУ;(3843) 73-77-77", header=PARTIAL)
    await editor.preview(first)
    path = "/organizations/r-institution-19"
    found = await client.get(path)
    card = found.json()["card"] | {"phones": ["+73844600001"]}
    card.pop("id")
    headers = stack.headers(EDITOR, version=1)
    answer = await client.post(path, headers=headers, json={"card": card, "reason": "Звонок"})
    assert answer.status_code == 200, answer.text
    await editor.apply()
    assert (await editor.done())["outcomes"]["conflict"] == 1
    assert (await editor.rows())[0]["detail"] == "changed since the preview"
    assert await phones(client, "r-institution-19") == ["+73844600001"]

    shown = await editor.preview(first)
    assert shown["rows"]["conflict"] == 1
    assert (await editor.rows())[0]["conflict"] == "edited: phones"
    await editor.apply()
    assert (await editor.done())["outcomes"]["left_out"] == 1
    assert await phones(client, "r-institution-19") == ["+73844600001"]

    await editor.preview(first)
    await editor.apply(overrule=[1])
    assert (await editor.done())["outcomes"]["applied"] == 1
    assert await phones(client, "r-institution-19") == ["+73843737777"]


async def test_preview_is_repeatable_and_the_key_is_of_one_file(
    editor: Importing, client: httpx.AsyncClient, stack: Stack, app: FastAPI
) -> None:
    await editor.preview(table(row("x-c-1")), key="file-1")
    first = editor.path
    await editor.preview(table(row("x-c-1")), key="file-1")
    assert editor.path == first
    headers = stack.headers(EDITOR, key="file-1") | {"Content-Type": "text/csv"}
    other = await client.post("/imports", headers=headers, content=table(row("x-c-2")))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert [item["key"] for item in await editor.rows()] == ["x-c-1"]


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"", "text/csv", 422, "file-empty"),
        (table(row("x-d-1")).decode().encode("cp1251"), "text/csv", 422, "encoding-differs"),
        (
            codecs.BOM_UTF8 + table(row("x")),
            "text/csv; charset=cp1251",
            422,
            "encoding-contradicts",
        ),
        (table(row("x")), "text/csv; charset=koi8-r", 422, "encoding-unknown"),
        (b"a;b\n1;2\n", "text/csv", 422, "column-unknown"),
        (table(header=HEADER), "text/csv", 422, "rows-missing"),
        (b"{}", "application/json", 422, "not-a-list"),
        (b"[", "application/json", 422, "json-malformed"),
        (table(row("x")), "text/plain", 422, "format-unknown"),
        (b"x" * (8 * 1024 * 1024 + 1), "text/csv", 413, "body-too-large"),
    ],
)
async def test_file_that_cannot_be_read_is_refused_and_nothing_is_stored(
    client: httpx.AsyncClient,
    stack: Stack,
    app: FastAPI,
    content: bytes,
    media_type: str,
    status: int,
    code: str,
) -> None:
    counts = directory_of(app).import_parts.counts
    before = counts.writes
    headers = stack.headers(EDITOR) | {"Content-Type": media_type}
    answer = await client.post("/imports", headers=headers, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert counts.writes == before


async def test_windows_1251_is_read_when_it_is_named(editor: Importing) -> None:
    content = table(row("x-e-1")).decode().encode("cp1251")
    shown = await editor.preview(content, "text/csv; charset=windows-1251")
    assert (shown["file"]["encoding"], shown["rows"]["new"]) == ("windows-1251", 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"corrections": [{"row": 9, "rule": "x", "field": "phone"}]}, "no-such-proposal"),
        ({"overrule": [1]}, "no-such-conflict"),
        ({"reason": " "}, "invalid-input"),
        ({"rows": [1]}, "invalid-input"),
    ],
)
async def test_decision_on_what_is_not_there_is_refused(
    editor: Importing, body: dict[str, Any], code: str
) -> None:
    await editor.preview(table(row("x-f-1")))
    answer = await editor.apply(**body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await editor.get()).json()["status"] == "previewed"


async def test_report_says_the_same_as_csv(editor: Importing) -> None:
    await editor.preview(table(row("x-g-1"), row("x-g-2", kind="bank", phone="38456) 3-00-01")))
    answer = await editor.get("/report.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    told = {(line["row"], line["field"], line["rule"]) for line in lines if line["rule"]}
    shown = {
        (str(item["number"]), fault["field"], fault["rule"])
        for item in await editor.rows()
        for fault in item["faults"]
    }
    assert told == shown


async def test_no_cell_of_a_foreign_file_is_a_formula_in_a_report(
    editor: Importing, client: httpx.AsyncClient, stack: Stack
) -> None:
    """Nor is a table one column in a spreadsheet whose decimal sign is the comma."""
    formula = "=HYPERLINK(1)"
    await editor.preview(table(row("=x", kind="bank"), row("x-m-1", phone=formula, name="@Юг")))
    await editor.apply()
    await editor.done()
    reports = [await editor.get("/report.csv")]
    headers = stack.headers(EDITOR)
    reports.append(await client.get("/quality.csv?document=import", headers=headers))
    for report in reports:
        text = report.content.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text), delimiter=";"))
        assert len({len(line) for line in lines}) == 1
        assert len(lines[0]) > 10
        cells = {cell for line in lines for cell in line}
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert f"'{formula}" in cells
    assert "'=x" in reports[0].text


async def test_rows_are_paged_by_number(editor: Importing) -> None:
    await editor.preview(table(*(row(f"x-h-{number}") for number in range(120))))
    seen: list[int] = []
    while page := await editor.rows(limit=50, after=seen[-1] if seen else 0):
        seen += [item["number"] for item in page]
    assert seen == list(range(1, 121))


class Dying:
    """Has whoever saves die at these points, once at each: before the write, or right after it."""

    def __init__(self, *points: tuple[str, str]) -> None:
        self.left = list(points)

    def __call__(self, point: str, about: str) -> None:
        for armed in self.left:
            if armed[0] == point and about.startswith(armed[1]):
                self.left.remove(armed)
                raise RuntimeError(f"died {point} {about}")


async def test_death_at_any_write_is_completed_and_nothing_is_told_twice(fresh: Stack) -> None:
    count, dying = 130, Dying()
    token = failpoints.watched_by.set(dying)
    async with running(app_of(fresh)) as client:
        editor = Importing(client, fresh)
        await until(lambda: len(fresh.spy.envelopes) == ROWS)
        await editor.preview(table(*(row(f"x-i-{number}") for number in range(count))))
        import_id = editor.path.removeprefix("/imports/")
        dying.left = [
            ("before-save", "organizations/x-i-10/"),
            ("after-save", "organizations/x-i-20/"),
            ("before-save", "import_parts/"),
            ("after-save", "organizations/x-i-70/"),
            ("after-save", "import_parts/"),
            ("before-save", "organizations/x-i-129/"),
        ]
        await editor.apply()
        assert (await editor.done())["outcomes"]["applied"] == count
        assert dying.left == []
    failpoints.watched_by.reset(token)
    second = app_of(fresh)
    async with running(second):
        await settled(second)
        told = {e.id: e for e in fresh.spy.of(OrganizationPublished)}.values()
        mine = Counter(e.subject for e in told if e.subject.startswith("x-i-"))
        assert mine == dict.fromkeys((f"x-i-{number}" for number in range(count)), 1)
        found = await directory_of(second).imports.get(import_id)
        assert found is not None
        assert found.state.status == "applied"


async def test_death_after_the_last_write_of_an_import_is_found_done(fresh: Stack) -> None:
    dying = Dying()
    token = failpoints.watched_by.set(dying)
    async with running(app_of(fresh)) as client:
        editor = Importing(client, fresh)
        await until(lambda: len(fresh.spy.envelopes) == ROWS)
        await editor.preview(table(row("x-k-1")))
        headers = fresh.headers(EDITOR, version=1)
        dying.left = [("before-save", "import_parts/")]
        body = {"reason": "Письмо № 5"}
        await client.post(f"{editor.path}/application", headers=headers, json=body)
        dying.left.append(("after-save", editor.path.removeprefix("/")))
        assert (await editor.done())["outcomes"]["applied"] == 1
        again = await client.post(f"{editor.path}/application", headers=headers, json=body)
        assert again.json()["status"] == "applying"  # the first answer
        await fresh.spy.wait_for(OrganizationPublished, "x-k-1")
        assert len(fresh.spy.of(OrganizationPublished, subject="x-k-1")) == 1
    failpoints.watched_by.reset(token)


async def test_file_of_5000_rows_is_previewed_and_bounded(editor: Importing, app: FastAPI) -> None:
    content = table(*(row(f"x-j-{number}", name=f"МФЦ «Юг {number}»") for number in range(5000)))
    shown = await editor.preview(content)
    assert shown["rows"]["new"] == 5000
    parts = await directory_of(app).import_parts.find(
        {"import_id": shown["id"]}, sort=[("number", 1)], limit=200
    )
    assert [len(part.state.rows) for part in parts] == [50] * 100


class Ended:
    """Ends an errand after so many organizations were saved."""

    def __init__(self, left: int) -> None:
        self.left, self.saves, self.times = left, 0, 0

    def __call__(self, point: str, about: str) -> None:
        if point != "before-save" or not about.startswith("organizations/"):
            return
        if self.left == 0:
            self.times += 1
            raise TimeoutError
        self.left -= 1
        self.saves += 1


async def test_long_import_goes_on_where_it_was_however_short_its_errands(
    editor: Importing, app: FastAPI
) -> None:
    """An errand that is ended, again and again, loses fifty rows at most: no row that is known to
    be done is applied anew, and an import of many rows ends."""
    directory = directory_of(app)
    count = 560
    heads = [f"x-l-{number};mfc;RU-KEM;МФЦ «{number}»;x-l-{number - 1}" for number in range(1, 20)]
    rows = [
        f"x-l-{number};mfc;RU-KEM;МФЦ «{number}»;x-l-{number % 20}" for number in range(20, count)
    ]
    top = "x-l-0;mfc;RU-KEM;МФЦ «0»;"
    await editor.preview(table(*rows, *heads, top, header="key;kind;region;name;parent"))
    import_id = editor.path.removeprefix("/imports/")
    document = await directory.imports.get(import_id)
    assert document is not None
    document.state.status = ImportStatus.APPLYING  # decided, but no sweeper is told
    document.state.applied_by, document.state.reason = document.state.previewed_by, "Письмо № 5"
    document.version += 1
    await directory.imports.save(document)
    ended = Ended(150)
    token = failpoints.watched_by.set(ended)
    for _ in range(20):
        ended.left = 150
        with contextlib.suppress(TimeoutError):
            await carry_out(directory, import_id)
        found = await directory.imports.get(import_id)
        assert found is not None
        if found.state.status is ImportStatus.APPLIED:
            break
    failpoints.watched_by.reset(token)
    assert found.state.outcomes["applied"] == count
    assert ended.times >= 3
    assert ended.saves <= count + 50 * ended.times
