"""Interagency requests over HTTP: any kind, on paper too, and what comes back (R 3.2, 7.2)."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from contracts.documents import InteragencyAnswerReceived, InteragencyRequestSent
from contracts.regulation import load_pack
from services.intake.domain.requests import RequestState
from services.intake.requesting import give_number
from services.intake.settings import IntakeSettings
from tests.service.intake.bodies import CERTIFICATE, SIGNED
from tests.service.intake.desk import (
    OFFICE,
    OTHER_INSTITUTION,
    Clock,
    Desk,
    knows_directory,
    open_desk,
    settings_of,
)
from tests.service.intake.outside import Outside
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, until

GUARDIANS = {
    **SIGNED,
    "kind": "representative_authority",
    "addressed_name": "Орган опеки и попечительства",
    "addressed_address": "652500, г. Ленинск-Кузнецкий, пр. Ленина, 54",
}
FOUND = {"document": {"number": "147", "issued_on": "2025-03-01"}}


def problem(answered: httpx.Response, status: int, code: str, field: str | None = None) -> Any:
    assert answered.status_code == status, answered.text
    body = answered.json()
    assert body["code"] == code, body
    if field is not None:
        assert [wrong["field"] for wrong in body["errors"]] == [field]
    return body


def today(desk: Desk) -> str:
    service = desk.intake.service
    return service.calendar.local_date(service.now()).isoformat()


async def on_paper(desk: Desk) -> tuple[str, str]:
    """A case with a request on paper; its ids."""
    case_id = await desk.applied()
    await desk.act(case_id, "interagency-requests", GUARDIANS, "institution_director")
    return case_id, str((await desk.case(case_id))["requests"][-1])


async def see(desk: Desk, request_id: str) -> dict[str, Any]:
    answered = await desk.get(f"/interagency-requests/{request_id}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def dispatch(desk: Desk, request_id: str, **changed: Any) -> httpx.Response:
    case_id = (await see(desk, request_id))["case_id"]
    body = {"sent_by": [{"way": "fax"}, {"way": "post"}], "sent_on": today(desk), **changed}
    version = await desk.version(case_id)
    return await desk.post(f"/interagency-requests/{request_id}/dispatch", body, version=version)


async def listed(desk: Desk, state: str, **who: Any) -> list[str]:
    """Every request on a list, in its order, page by page."""
    found, cursor = [], ""
    while True:
        path = f"/interagency-requests?state={state}&limit=2{cursor}"
        page = (await desk.get(path, **who)).json()
        found += [request["id"] for item in page["items"] for request in item["requests"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_request_goes_on_paper_where_there_is_no_gateway_r_3_2_2(desk: Desk) -> None:
    case_id, request_id = await on_paper(desk)
    request = await see(desk, request_id)
    assert (request["way"], request["state"]) == ("paper", "to_send")
    assert request["still_to_dispatch"] == ["fax", "post_or_courier"]
    assert request_id in await listed(desk, "to_send")
    await desk.settle()
    assert desk.stack.spy.of(InteragencyRequestSent, subject=case_id) == []
    answered = await dispatch(desk, request_id, outgoing_number="01-12/345")
    assert answered.status_code == 200, answered.text
    event = await desk.stack.spy.wait_for(InteragencyRequestSent, case_id)
    assert (event.request_id, event.document) == (request_id, "representative_authority")
    assert request_id in await listed(desk, "sent")
    assert request_id not in await listed(desk, "to_send")


async def test_letter_holds_all_that_article_7_2_asks_for(desk: Desk) -> None:
    case_id, request_id = await on_paper(desk)
    request = await see(desk, request_id)
    page = await desk.get(f"/interagency-requests/{request_id}/letter.html")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    for field in load_pack("kuzbass-2013").interagency_request_fields:
        assert field.title_ru in page.text, field.code
    case = await desk.intake.cases.get(case_id)
    assert case is not None
    citizen = await desk.intake.citizens.get(case.state.reference.citizen_id)
    assert citizen is not None
    assert citizen.state.card is not None
    assert citizen.state.card.name is not None
    day = f"{date.fromisoformat(today(desk)):%d.%m.%Y}"
    for text in (
        "Комплексный центр социального обслуживания",
        GUARDIANS["addressed_name"],
        GUARDIANS["addressed_address"],
        "Зачисление на социальное (социально-медицинское) обслуживание на дому",
        "статья 7.1 Федерального закона от 27.07.2010 № 210-ФЗ",
        "Назначение опекуном или попечителем",
        SIGNED["return_contact"],
        "Ефремова Лидия Павловна",
        citizen.state.card.name.family,
        request["outgoing_number"],
        day,
        "5 рабочих дней",
    ):
        assert str(text) in page.text, text


async def test_repeated_letter_names_the_first_r_3_2(desk: Desk) -> None:
    case_id, first = await on_paper(desk)
    await dispatch(desk, first)
    await desk.post(f"/interagency-requests/{first}/answer", {"refusal": "нет данных"})
    await desk.act(case_id, "interagency-requests", GUARDIANS, "institution_director")
    second = (await desk.case(case_id))["requests"][-1]
    assert (await see(desk, second))["repeats"] == first
    page = (await desk.get(f"/interagency-requests/{second}/letter.html")).text
    assert "(повторный)" in page
    assert (await see(desk, first))["outgoing_number"] in page


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"kind": "diploma"}, "unknown-kind", "kind"),
        ({"addressed_name": None}, "addressee-missing", "addressed_body"),
        ({"addressed_body": "nobody-01"}, "addressee-unknown", "addressed_body"),
        ({"way": "electronic"}, "no-gateway", "way"),
        ({"kind": "benefits_proof", "addressed_body": INSTITUTION},
         "addressee-of-another-kind", "addressed_body"),
        ({"kind": "representative_authority",
          "signatory": {**SIGNED["signatory"], "authority": "by_order", "order_number": "12-к"}},  # type: ignore[dict-item]
         "authority-unproven", "signatory.order_date"),
    ],
)  # fmt: skip
async def test_request_that_names_nobody_to_ask_is_refused_210_fz_7_2(
    desk: Desk, changed: dict[str, Any], code: str, field: str
) -> None:
    case_id = await desk.applied()
    before = await desk.stored()
    body = {name: value for name, value in {**GUARDIANS, **changed}.items() if value is not None}
    version = await desk.version(case_id)
    answered = await desk.post(
        f"/cases/{case_id}/interagency-requests", body, "institution_director", version=version
    )
    problem(answered, 422, code, field)
    assert await desk.stored() == before


async def test_outgoing_number_is_given_once_and_finds_its_request_r_3_2_2(desk: Desk) -> None:
    _, one = await on_paper(desk)
    _, other = await on_paper(desk)
    assert (await dispatch(desk, one, outgoing_number="17 / 26-к")).status_code == 200
    problem(
        await dispatch(desk, other, outgoing_number="17/26-К"),
        409,
        "outgoing-number-taken",
        "outgoing_number",
    )
    assert (await see(desk, other))["state"] == "to_send"
    again = {**FOUND, "outgoing_number": "17/26-к"}
    foreign = await desk.post("/interagency-requests/answers", again, org=OTHER_INSTITUTION)
    problem(foreign, 404, "not-found")
    answered = await desk.post("/interagency-requests/answers", again)
    assert answered.status_code == 200, answered.text
    assert (await see(desk, one))["document"]["number"] == "147"
    assert (await see(desk, other))["document"] is None


async def test_number_claimed_by_a_process_that_died_is_its_requests_own(desk: Desk) -> None:
    """It died after the number and before the case: the repetition goes on."""
    case_id, request_id = await on_paper(desk)
    document = await desk.intake.cases.get(case_id)
    assert document is not None
    await give_number(desk.intake, document, request_id, "18/26-к")
    assert (await see(desk, request_id))["state"] == "to_send"
    assert (await dispatch(desk, request_id, outgoing_number="18/26-к")).status_code == 200


async def test_answer_to_our_own_number_finds_its_request(desk: Desk) -> None:
    case_id, request_id = await on_paper(desk)
    await dispatch(desk, request_id)
    number = (await see(desk, request_id))["outgoing_number"]
    for wrong in (f"{number}9", "r-institution-15/2026/999999/1", "б/н"):
        answered = await desk.post(
            "/interagency-requests/answers", {**FOUND, "outgoing_number": wrong}
        )
        problem(answered, 404, "not-found")
    answered = await desk.post(
        "/interagency-requests/answers", {**FOUND, "outgoing_number": number}
    )
    assert answered.status_code == 200, answered.text
    event = await desk.stack.spy.wait_for(InteragencyAnswerReceived, case_id)
    assert (event.request_id, event.negative, event.late) == (request_id, False, False)


async def test_dispatch_repeated_under_its_key_is_recorded_once(desk: Desk) -> None:
    case_id, request_id = await on_paper(desk)
    version = await desk.version(case_id)
    body = {"sent_by": [{"way": "fax"}], "sent_on": today(desk), "outgoing_number": "19/26-к"}
    path = f"/interagency-requests/{request_id}/dispatch"
    first = await desk.post(path, body, version=version, key="dispatched")
    again = await desk.post(path, body, version=version, key="dispatched")
    assert first.json() == again.json()
    assert len((await see(desk, request_id))["dispatches"]) == 1
    assert request_id in await listed(desk, "attention")  # the post is still to follow
    problem(await desk.post(path, body, version=version), 412, "stale-version")


async def test_garbled_answer_is_refused_by_field_kept_aside_and_seen_r_2_6_1(desk: Desk) -> None:
    case_id, request_id = await desk.requested()
    await desk.settle()
    garbled = {"certificate": {**CERTIFICATE["certificate"], "as_of": "вчера"}}
    for _ in range(2):  # its sender tries again
        body = problem(await desk.answer(request_id, garbled), 422, "invalid-input")
        assert [wrong["field"] for wrong in body["errors"]] == ["body.certificate.as_of"]
    path = f"/interagency-requests/{request_id}/answer"
    torn = await desk.http.post(
        path,
        content=b'{"certificate',
        headers={
            **desk.stack.headers("pension_fund", OFFICE),
            "Content-Type": "application/json",
        },
    )
    problem(torn, 400, "malformed-json")
    request = await see(desk, request_id)
    reasons = [kept["reasons"] for kept in request["garbled_answers"]]
    assert reasons == [
        ["body.certificate.as_of: date_from_datetime_parsing"],
        ["body.1: json_invalid"],
    ]
    assert "вчера" in request["garbled_answers"][0]["text"]
    assert request["state"] == "sent"
    assert request_id in await listed(desk, "attention")
    assert (await desk.answer(request_id)).status_code == 200  # put right, it counts
    version = await desk.version(case_id)
    settled = await desk.post(
        f"/interagency-requests/{request_id}/settlement",
        {"take_second": False, "reason": "прислали снова"},
        version=version,
    )
    assert settled.status_code == 200, settled.text
    assert request_id not in await listed(desk, "attention")


async def test_garbled_answer_of_somebody_who_was_not_asked_is_not_kept(desk: Desk) -> None:
    _, request_id = await desk.requested()
    await desk.settle()
    before = await desk.stored()
    garbled = {"certificate": 1}
    assert (await desk.answer(request_id, garbled, org="office-77")).status_code == 422
    assert (await desk.answer("R-nobodys", garbled)).status_code == 422
    path = f"/interagency-requests/{request_id}/answer"
    assert (await desk.http.post(path, json=garbled)).status_code == 401
    assert await desk.stored() == before


async def test_garbled_answer_on_paper_is_kept_by_its_number(desk: Desk) -> None:
    _, request_id = await on_paper(desk)
    await dispatch(desk, request_id)
    number = (await see(desk, request_id))["outgoing_number"]
    answered = await desk.post(
        "/interagency-requests/answers", {"outgoing_number": number, "document": {"number": ""}}
    )
    assert answered.status_code == 422
    assert len((await see(desk, request_id))["garbled_answers"]) == 1


async def test_differing_second_answer_is_kept_and_settled_r_2_6_1(desk: Desk) -> None:
    case_id, request_id = await desk.requested()
    await desk.answer(request_id)
    other = {"certificate": {**CERTIFICATE["certificate"], "monthly_amount": 1}}
    answered = await desk.answer(request_id, other)
    assert answered.status_code == 200
    assert answered.json()["events"] == []
    request = await see(desk, request_id)
    assert request["certificate"]["monthly_amount"] == 1945032
    assert [d["answer"]["certificate"]["monthly_amount"] for d in request["differing_answers"]] == [
        1
    ]
    assert request_id in await listed(desk, "attention")
    settled = await desk.post(
        f"/interagency-requests/{request_id}/settlement",
        {"take_second": True, "reason": "первая справка отозвана"},
        version=await desk.version(case_id),
    )
    assert settled.status_code == 200, settled.text
    assert (await see(desk, request_id))["certificate"]["monthly_amount"] == 1


async def test_worklist_is_of_the_callers_institution_by_due_term(desk: Desk) -> None:
    ids = [(await on_paper(desk))[1] for _ in range(5)]
    found = await listed(desk, "to_send")
    assert set(ids) <= set(found)
    dues = [(await see(desk, request_id))["due_at"] for request_id in found]
    assert dues == sorted(dues)
    for organization in (OTHER_INSTITUTION, AUTHORISED_BODY, None):
        assert await listed(desk, "to_send", org=organization) == []
    wrong = await desk.get("/interagency-requests?state=nonsense")
    problem(wrong, 422, "invalid-input", "query.state")


async def test_queue_is_a_figure_without_personal_data(desk: Desk) -> None:
    await desk.requested()
    await desk.settle()

    async def empty() -> bool:
        page = (await desk.http.get("/metrics")).text
        (line,) = [text for text in page.splitlines() if text.startswith("opora_requests_waiting{")]
        return line == f'opora_requests_waiting{{partner="{OFFICE}"}} 0.0'

    await until(empty)


async def test_further_gateway_of_the_settings_is_asked_electronically_r_3_2_2(
    stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "gateways.json"
    file.write_text(
        f'[{{"kind": "benefits_proof", "office": "{AUTHORISED_BODY}", "url": "https://pf.example",'
        ' "token": "t", "per_minute": 6000}]',
        encoding="utf-8",
    )
    outside = Outside()
    desk = await open_desk(stack, Clock(), outside, gateways=file)
    await knows_directory(desk)
    case_id = await desk.applied()
    asked = {**SIGNED, "kind": "benefits_proof"}
    await desk.act(case_id, "interagency-requests", asked, "institution_director")
    await desk.stack.spy.wait_for(InteragencyRequestSent, case_id)
    request_id = (await desk.case(case_id))["requests"][-1]
    request = await see(desk, request_id)
    assert (request["way"], request["addressed_body"]) == ("electronic", AUTHORISED_BODY)
    path = f"/interagency-requests/{request_id}/answer"
    foreign = await desk.post(path, FOUND, "agency", org=OTHER_INSTITUTION)
    problem(foreign, 404, "not-found")
    answered = await desk.post(path, FOUND, "agency", org=AUTHORISED_BODY)
    assert answered.status_code == 200, answered.text


@pytest.mark.parametrize(
    "text",
    ["{", "[{}]", '[{"kind": "k", "office": "o", "url": "ftp://x", "token": "secret-token"}]'],
)
def test_gateways_that_cannot_be_read_stop_the_start_and_tell_no_token(
    stack: Stack, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "gateways.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError, match="OPORA_GATEWAYS") as refused:
        settings_of(stack, gateways=file)
    assert "secret-token" not in str(refused.value)


def test_settings_name_each_gateway_once(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "gateways.json"
    file.write_text(
        f'[{{"kind": "pension_certificate", "office": "{OFFICE}",'
        ' "url": "http://x", "token": "t"}]'
    )
    with pytest.raises(ValidationError, match="stand there twice"):
        settings_of(stack, gateways=file)
    plain: IntakeSettings = settings_of(stack)
    assert [gateway.office for gateway in plain.every_gateway] == [OFFICE]


async def test_request_stored_before_there_was_a_queue_leaves_after_all(desk: Desk) -> None:
    """An older replica signed it: it wakes its case, which then joins the queue."""
    case_id = await desk.applied()
    donor_id, _ = await desk.requested()
    await desk.settle()
    document = await desk.intake.cases.get(case_id)
    donor = await desk.intake.cases.get(donor_id)
    assert document is not None
    assert donor is not None
    assert donor.state.request is not None
    document.state.request = donor.state.request.model_copy(
        update={
            "id": "R0123456789abcdef0123456789abcdef",
            "state": RequestState.TO_SEND,
            "send_by": None,
            "outgoing_number": "",
            "next_attempt_at": desk.intake.now(),
        }
    )
    await desk.intake.cases.save(document)
    desk.intake.service.sweeper.nudge()

    async def left() -> bool:
        found = await desk.intake.cases.get(case_id)
        assert found is not None
        assert found.state.request is not None
        return found.state.request.state is RequestState.SENT

    await until(left)
    answered = await desk.answer("R0123456789abcdef0123456789abcdef")  # found by the index
    assert answered.status_code == 200


async def test_two_replicas_send_a_request_once(stack: Stack, desk: Desk, outside: Outside) -> None:
    other = await open_desk(stack, Clock(), outside)
    await knows_directory(other)
    before = len(outside.fund.calls)
    ids = [(await d.requested())[1] for d in (desk, other, desk, other)]
    await asyncio.gather(desk.settle(), other.settle())
    sent = [call.headers["idempotency-key"] for call in outside.fund.calls[before:]]
    assert sorted(sent) == sorted(ids)
