"""Partners that refuse: a request for good, one that is forbidden, or us (R 3.2, 3.2.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.documents import CertificateRequested, InteragencyRequestSent
from services.intake.sending import gateway_id
from tests.service.intake.bodies import SIGNED
from tests.service.intake.desk import OFFICE, Clock, Desk, knows_directory, open_desk
from tests.service.intake.outside import Outside
from tests.service.stack import AUTHORISED_BODY, Stack, until


async def see(desk: Desk, request_id: str) -> dict[str, Any]:
    answered = await desk.get(f"/interagency-requests/{request_id}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def attention(desk: Desk) -> set[str]:
    page = (await desk.get("/interagency-requests?state=attention&limit=100")).json()
    return {request["id"] for item in page["items"] for request in item["requests"]}


async def listed(desk: Desk, request_id: str) -> bool:
    return request_id in await attention(desk)


async def refuses_us(desk: Desk) -> float:
    page = (await desk.http.get("/metrics")).text
    found = [line for line in page.splitlines() if line.startswith("opora_partner_refuses_us{")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


async def left_alone(desk: Desk) -> bool:
    """Whether the Pension Fund is left alone for a while."""
    pace = await desk.intake.service.collections["gateways"].get(gateway_id(OFFICE))
    return pace is not None and pace.state.wait(desk.intake.now()) > 30.0


def look_again(desk: Desk, clock: Clock, **later: float) -> None:
    clock.forward(**later)
    desk.intake.sending.nudge()


async def test_request_refused_for_good_is_listed_and_goes_on_paper_r_3_2_2(
    desk: Desk, outside: Outside
) -> None:
    outside.fund.next.append(422)
    case_id, request_id = await desk.requested()
    await until(lambda: listed(desk, request_id))
    request = await see(desk, request_id)
    assert (request["refused"]["status"], request["refused"]["for_good"]) == (422, True)
    assert (request["state"], request["next_attempt_at"]) == ("to_send", None)
    assert request["still_to_dispatch"] == ["fax", "post_or_courier"]
    calls = len(outside.fund.calls)
    other, _ = await desk.requested()  # whoever waits behind it leaves
    await desk.stack.spy.wait_for(CertificateRequested, other)
    assert len(outside.fund.calls) == calls + 1
    today = desk.intake.service.calendar.local_date(desk.intake.now()).isoformat()
    sent = {"sent_by": [{"way": "fax"}, {"way": "post"}], "sent_on": today}
    path, version = f"/interagency-requests/{request_id}/dispatch", await desk.version(case_id)
    done = await desk.post(path, sent, version=version)
    assert done.status_code == 200, done.text
    await desk.stack.spy.wait_for(CertificateRequested, case_id)
    assert not await listed(desk, request_id)


async def test_wrong_token_sends_nobody_to_the_post_office_r_3_2(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    """All are refused: the partner is left alone, the alarm sounds; put right, all leave."""
    await desk.settle()
    calls, outside.fund.usual = len(outside.fund.calls), 401
    try:
        waiting = [await desk.requested() for _ in range(3)]
        await until(lambda: left_alone(desk))
        for tried in range(2, 5):
            look_again(desk, clock, seconds=61)
            await until(lambda tried=tried: len(outside.fund.calls) >= calls + tried)
            await until(lambda: left_alone(desk))
        assert await refuses_us(desk) == 1.0
        assert len(outside.fund.calls) - calls <= 6  # one at a time, once a minute
        assert not {request_id for _, request_id in waiting} & await attention(desk)
    finally:
        outside.fund.usual = 202
    look_again(desk, clock, hours=2)
    for case_id, _ in waiting:
        await desk.stack.spy.wait_for(CertificateRequested, case_id)
    assert await refuses_us(desk) == 0.0


async def test_one_that_is_forbidden_while_others_are_taken_is_refused_for_good_r_3_2(
    desk: Desk, outside: Outside, clock: Clock
) -> None:
    await desk.settle()
    outside.fund.next.append(403)
    _, request_id = await desk.requested()
    await until(lambda: left_alone(desk))
    look_again(desk, clock, seconds=61)
    other, _ = await desk.requested()
    await desk.stack.spy.wait_for(CertificateRequested, other)
    assert await refuses_us(desk) == 0.0
    outside.fund.next.append(403)
    look_again(desk, clock, seconds=61)
    await until(lambda: listed(desk, request_id))
    assert (await see(desk, request_id))["refused"]["status"] == 403


async def test_request_waits_for_the_pace_of_no_other_body_r_3_2_4(
    desk: Desk, stack: Stack, outside: Outside, clock: Clock, tmp_path: Path
) -> None:
    """The certificate's partner is left alone; the case's other request leaves meanwhile."""
    file = tmp_path / "gateways.json"
    other = f'"kind": "benefits_proof", "office": "{AUTHORISED_BODY}", "url": "https://soc.example"'
    file.write_text(f'[{{{other}, "token": "t", "per_minute": 6000}}]', encoding="utf-8")
    both = await open_desk(stack, clock, outside, gateways=file)
    await knows_directory(both)
    await desk.settle()
    outside.fund.usual, outside.hook.usual = 401, 202
    try:
        first, _ = await both.requested()
        await until(lambda: left_alone(desk))
        outside.fund.calls.clear()
        second, _ = await both.requested()
        asked = {**SIGNED, "kind": "benefits_proof"}
        await both.act(second, "interagency-requests", asked, "institution_director")
        await both.stack.spy.wait_for(InteragencyRequestSent, second)
        assert outside.fund.calls == []
    finally:
        outside.fund.usual, outside.hook.usual = 202, 204
    look_again(desk, clock, hours=2)
    for case_id in (first, second):
        await desk.stack.spy.wait_for(CertificateRequested, case_id)
