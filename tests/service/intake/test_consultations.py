"""Consultations: recorded with or without a case, listed by day and topic, linked (S, R 3.1.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.stack import INSTITUTION
from tests.unit.intake.bureau import at

ANSWER = "Паспорт, справка о составе семьи, медицинское заключение."
CALL_CENTRE = "s-coordination-centre-01"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(at("10:00"))


async def consult(desk: Desk, role: str = "call_centre", **changed: Any) -> dict[str, Any]:
    """A consultation, recorded; as it is read afterwards."""
    headers = {name: changed.pop(name) for name in ("org", "key") if name in changed}
    body = {"topic": "documents", "question": "Что принести?", "answer": ANSWER, **changed}
    answered = await desk.post("/consultations", body, role, **headers)
    assert answered.status_code == 201, answered.text
    headers.pop("key", None)
    shown = await desk.get(f"/consultations/{answered.json()['id']}", role, **headers)
    found: dict[str, Any] = shown.json()
    return found


async def test_consultation_is_recorded_with_who_asked_and_who_answered_s(desk: Desk) -> None:
    asker = {"name": "Сомова Галина", "phone": "+73845600002"}
    found = await consult(desk, asker=asker, org=CALL_CENTRE)
    assert (found["organization"], found["role"]) == (CALL_CENTRE, "call_centre")
    assert (found["asker"], found["answer"], found["case_id"]) == (asker, ANSWER, None)
    assert found["given_at"].startswith("2026-03-02T03:0")
    told = [one for one in desk.stack.spy.envelopes if "Сомова Галина" in one.model_dump_json()]
    assert [one for one in told if one.stream_kind != "intake.citizen"] == []


async def test_consultation_about_a_case_names_it_by_number_s(desk: Desk) -> None:
    registered = await desk.register()
    found = await consult(desk, case_number=registered["journal_number"].upper())
    assert found["case_id"] == registered["case_id"]
    body = {"topic": "documents", "answer": ANSWER, "case_number": f"{INSTITUTION}/2026/777777"}
    unknown = await desk.post("/consultations", body, "call_centre")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-case")


async def test_repeated_request_records_once_s(desk: Desk) -> None:
    body = {"topic": "documents", "answer": ANSWER}
    first = await desk.post("/consultations", body, "call_centre", key="q-1")
    again = await desk.post("/consultations", body, "call_centre", key="q-1")
    assert first.json() == again.json()
    other = await desk.post("/consultations", body | {"answer": "Нет"}, "call_centre", key="q-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"answer": ANSWER}, "topic-missing"),
        ({"topic": "documents"}, "invalid-input"),
        ({"topic": "documents", "answer": " "}, "invalid-input"),
        ({"topic": "не код", "answer": ANSWER}, "invalid-input"),
        ({"topic": "documents", "answer": ANSWER, "asker": {"phone": "5760576"}}, "invalid-input"),
        ({"topic": "documents", "answer": ANSWER, "имя": "Анна"}, "invalid-input"),
    ],
)
async def test_consultation_of_the_wrong_shape_is_refused_s(
    desk: Desk, body: dict[str, Any], code: str
) -> None:
    before = await desk.stored()
    answered = await desk.post("/consultations", body, "call_centre")
    assert (answered.status_code, answered.json()["code"]) == (422, code)
    assert await desk.stored() == before


async def test_list_is_by_day_and_topic_and_of_one_s_own_organization_s(
    desk: Desk, clock: Clock
) -> None:
    org = "call-centre-of-this-test"
    made = [
        await consult(desk, topic=topic, org=org, key=f"listed-{number}")
        for number, topic in enumerate(("documents", "queue", "documents"))
    ]
    clock.forward(days=1)
    later = await consult(desk, topic="documents", org=org)

    async def listed(query: str, org: str = org) -> list[str]:
        answered = await desk.get(f"/consultations{query}", "call_centre", org=org)
        return [one["id"] for one in answered.json()["items"]]

    ids = [one["id"] for one in made]
    assert await listed("") == [*ids, later["id"]]
    assert await listed("?day=2026-03-02") == ids
    assert await listed("?topic=documents") == [ids[0], ids[2], later["id"]]
    assert await listed("?day=2026-03-03&topic=queue") == []
    assert await listed("", "call-centre-elsewhere") == []


async def test_consultation_that_was_a_referral_is_linked_to_it_r_3_1_2(desk: Desk) -> None:
    found = await consult(desk, topic_text="соседка не встаёт", topic=None)
    registered = await desk.register()
    path = f"/consultations/{found['id']}/referral"
    number = {"journal_number": registered["journal_number"]}
    foreign = await desk.post(path, number, "call_centre", org=OTHER_INSTITUTION, version=1)
    assert foreign.status_code == 404
    unknown = await desk.post(path, {"referral_id": "J-nobodys"}, "call_centre", version=1)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-referral")
    both = await desk.post(path, {}, "call_centre", version=1)
    assert (both.status_code, both.json()["code"]) == (422, "one-way-to-name-a-referral")
    linked = await desk.post(path, number, "call_centre", version=1)
    assert linked.status_code == 200, linked.text
    shown = (await desk.get(f"/consultations/{found['id']}", "call_centre")).json()
    assert (shown["referral_id"], shown["case_id"]) == (registered["id"], registered["case_id"])
    again = await desk.post(path, number, "call_centre", version=2)
    assert (again.status_code, again.json()["code"]) == (409, "already-linked")


async def test_who_asked_is_forgotten_a_year_afterwards(desk: Desk, clock: Clock) -> None:
    """152-FZ 5.7: a name and a phone are kept no longer than they are needed."""
    found = await consult(desk, asker={"name": "Цой Вера"})
    clock.forward(days=366)
    await desk.intake.service.sweeper.sweep()
    document = await desk.intake.consultations.get(found["id"])
    assert document is not None
    assert (document.state.asker, document.state.answer) == (None, ANSWER)
    assert "Цой" not in str(document)
