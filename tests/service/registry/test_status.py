"""Where is my case: by number and code, and by nothing else (M, R 2.14, 3.7.3)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.registry.api.schemas import CaseView
from tests.service.registry.conftest import Register
from tests.service.stack import INSTITUTION
from tests.unit.registry.builders import (
    CODE,
    DAY,
    HOUR,
    MONDAY,
    assessment_of,
    careplan_of,
    intake_of,
    ref_of,
)


async def ask(register: Register, address: str, **body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=register.app, client=(address, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post("/status", json=body)


async def test_applicant_learns_how_the_case_stands_r_3_7_3(register: Register) -> None:
    """Number and code tell the stage, the next step and its day."""
    ref = ref_of("C0000000000000000000000000006001")
    await register.hear(intake_of(ref).envelopes() + assessment_of(ref).envelopes()[:4])
    register.clock.now = MONDAY + 2 * DAY + HOUR
    answer = await ask(register, "10.1.0.1", number=ref.number, code=CODE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "number": ref.number,
        "stage": "commission",
        "stage_ru": "Комиссия оценивает, какой уход нужен",
        "stage_en": "A commission is assessing the need of care",
        "next_ru": "Комиссия встретится с вами и составит акт. Вы его прочтёте и подпишете.",
        "next_en": "The commission will meet you and draw up an act, for you to read and to sign.",
        "by": "2026-04-01",
        "late": False,
        "institution": "Комплексный центр социального обслуживания населения",
        "phones": ["+73845630001"],
    }
    register.clock.now = MONDAY + 30 * DAY
    late = await ask(register, "10.1.0.1", number=ref.number.upper(), code="407 113-32 59")
    assert late.json()["late"] is True


async def test_case_that_is_over_has_no_day(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006002")
    path = [intake_of(ref), assessment_of(ref), careplan_of(ref)]
    await register.hear([envelope for teller in path for envelope in teller.envelopes()])
    answer = (await ask(register, "10.1.0.2", number=ref.number, code=CODE)).json()
    assert (answer["stage"], answer["by"], answer["late"]) == ("enrolled", None, False)
    shown = CaseView.model_validate(await register.get(f"/cases/{ref.case_id}"))
    assert shown.result.enrolment is not None


async def test_wrong_number_and_wrong_code_answer_exactly_alike(register: Register) -> None:
    known = ref_of("C0000000000000000000000000006003")
    silent = ref_of("C0000000000000000000000000006004")
    await register.hear(intake_of(known).envelopes()[:1])
    await register.hear(careplan_of(silent).envelopes()[:1])  # its code has not arrived yet
    answers = [
        await ask(register, "10.1.0.3", number=known.number, code="0000000000"),
        await ask(register, "10.1.0.3", number="r-institution-15/2026/999999", code=CODE),
        await ask(register, "10.1.0.3", number=silent.number, code=CODE),
        await ask(register, "10.1.0.3", number="2026-03-16", code="2026-03-16"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [answer.json() | {"correlation_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    own = {"x-correlation-id", "x-request-id"}
    headers = [{k: v for k, v in a.headers.items() if k not in own} for a in answers]
    assert all(header.keys() == headers[0].keys() for header in headers)
    assert known.number not in answers[0].text


async def test_every_question_costs_one_hash_whatever_is_wrong(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = ref_of("C0000000000000000000000000006005")
    await register.hear(intake_of(ref).envelopes()[:1])
    compared: list[str] = []

    def seen(code: str, number: str, expected: str) -> bool:
        compared.append(expected)
        return False

    monkeypatch.setattr("services.registry.api.status.matches", seen)
    await ask(register, "10.1.0.4", number=ref.number, code="1")
    await ask(register, "10.1.0.4", number="x", code="1")
    assert len(compared) == 2
    assert [len(expected) for expected in compared] == [64, 64]


async def test_one_address_may_ask_so_often_and_no_more(register: Register) -> None:
    answers = [await ask(register, "10.1.0.5", number=f"unknown/{n}", code="1") for n in range(13)]
    assert [answer.status_code for answer in answers] == [404] * 12 + [429]
    assert answers[-1].headers["Retry-After"] == "5"
    assert answers[-1].json()["code"] == "too-many-questions"
    assert (await ask(register, "10.1.0.6", number="unknown/1", code="1")).status_code == 404
    register.clock.now += 5 * HOUR
    assert (await ask(register, "10.1.0.5", number="unknown/1", code="1")).status_code == 404


@pytest.mark.parametrize("exists", [True, False])
async def test_one_number_may_be_asked_so_often_whether_it_exists(
    register: Register, exists: bool
) -> None:
    ref = ref_of(f"C000000000000000000000000000601{int(exists)}")
    if exists:
        await register.hear(intake_of(ref).envelopes()[:1])
    answers = [
        await ask(register, f"10.2.{int(exists)}.{n}", number=ref.number, code="1")
        for n in range(6)
    ]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "120"
    right = await ask(register, f"10.2.{int(exists)}.9", number=ref.number, code=CODE)
    assert right.status_code == 429


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "x"},
        {"number": "", "code": "1"},
        {"number": "x", "code": " "},
        {"number": "x" * 121, "code": "1"},
        {"number": "x", "code": "1", "name": "Анна"},
    ],
)
async def test_question_of_the_wrong_shape_is_refused(
    register: Register, body: dict[str, str]
) -> None:
    answer = await ask(register, "10.1.0.7", **body)
    assert answer.status_code == 422
    assert "Анна" not in answer.text


async def test_form_is_there_for_anybody(register: Register) -> None:
    answer = await register.http.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Где моё дело?" in answer.text
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_question_writes_nothing(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000006006")
    await register.hear(intake_of(ref).envelopes()[:1])
    before = register.writes()
    answer = await ask(register, "10.1.0.8", number=ref.number, code=CODE)
    assert answer.status_code == 200
    assert register.writes() == before
    assert INSTITUTION in answer.json()["number"]
