"""The register: numbers without gaps, whoever writes and however often a request is repeated."""

import asyncio
from datetime import UTC, datetime

from services.complaints.main import create_app
from services.complaints.settings import ComplaintsSettings
from tests.service.complaints.conftest import (
    DEPARTMENT,
    MFC,
    OTHER_BODY,
    Office,
    form,
    told_of_organizations,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, until


def numbers(answers: list[dict[str, str]], body: str) -> list[int]:
    """The numbers given in this body's register, in order."""
    parts = [answer["number"].rsplit("/", 2) for answer in answers]
    return sorted(int(number) for examiner, _, number in parts if examiner == body)


async def test_thirty_at_once_get_thirty_numbers_without_a_gap(office: Office) -> None:
    case_id = await office.case()
    before = await office.settled()
    made = await asyncio.gather(*(office.register(case_id, body=OTHER_BODY) for _ in range(30)))
    assert numbers(list(made), OTHER_BODY) == list(range(1, 31))
    await office.settled()  # thirty registrations, and as many emptied outboxes stored
    assert await office.grown(before) == (30 + 30, 30)
    assert len({receipt["id"] for receipt in made}) == 30


async def test_two_replicas_share_one_register_without_a_gap(office: Office) -> None:
    stack = office.stack
    app = create_app(stack.settings(ComplaintsSettings))
    replica = Office(stack, app, await stack.serve(app), {})
    case_id = await office.case()
    made = await asyncio.gather(
        *(one.register(case_id, body=INSTITUTION) for one in [office, replica] * 15)
    )
    assert numbers(list(made), INSTITUTION) == list(range(1, 31))
    stored = await office.complaints.complaints.find(
        {"register_key": f"{INSTITUTION}-{datetime.now(UTC).year}"},
        sort=[("number", 1)],
        limit=100,
    )
    assert len(stored) == 30


async def test_each_body_has_its_own_register_and_an_mfc_its_authorised_bodys(
    office: Office,
) -> None:
    case_id = await office.case()
    first = await office.register(case_id, body=DEPARTMENT)
    before = await office.register(case_id, body=AUTHORISED_BODY)
    after = await office.register(case_id, body=MFC)
    assert numbers([first], DEPARTMENT) == [1]
    [one, two] = numbers([before, after], AUTHORISED_BODY)
    assert two == one + 1


async def test_new_year_begins_a_new_register(office: Office) -> None:
    case_id = await office.case()
    try:
        office.times["now"] = datetime.fromisoformat("2031-12-31T16:59:59+00:00")
        old = await office.register(case_id)
        office.times["now"] = datetime.fromisoformat("2031-12-31T17:00:00+00:00")
        new = await office.register(case_id)
    finally:
        office.times.clear()
    assert old["number"] == f"{AUTHORISED_BODY}/2031/000001"
    assert new["number"] == f"{AUTHORISED_BODY}/2032/000001"


async def test_refused_complaint_takes_no_number(office: Office) -> None:
    case_id = await office.case()
    before = await office.register(case_id)
    broken = await office.post("/complaints", form(case_id, arguments=None))
    assert broken.status_code == 422
    after = await office.register(case_id)
    [one, two] = numbers([before, after], AUTHORISED_BODY)
    assert two == one + 1


async def test_repeated_request_is_one_complaint(office: Office) -> None:
    case_id = await office.case()
    before = await office.settled()
    answers = await asyncio.gather(
        *(office.post("/complaints", form(case_id), key="twice") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201]
    assert len({answer.text for answer in answers}) == 1
    later = await office.post("/complaints", form(case_id), key="twice")
    assert (later.status_code, later.text) == (200, answers[0].text)
    stored = await office.complaints.complaints.find(
        {"examiner": AUTHORISED_BODY}, sort=[("due", 1)], limit=1000
    )
    assert sum(document.state.case_id == case_id for document in stored) == 1
    assert (await office.grown(before))[1] == 1


async def test_key_of_another_complaint_is_refused(office: Office) -> None:
    case_id = await office.case()
    await office.post("/complaints", form(case_id), key="other")
    answer = await office.post("/complaints", form(case_id, channel="mfc"), key="other")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_replica_that_starts_anew_goes_on_where_the_register_stands(office: Office) -> None:
    case_id = await office.case()
    last = await office.register(case_id)
    app = create_app(office.stack.settings(ComplaintsSettings))
    replica = Office(office.stack, app, await office.stack.serve(app), {})
    await told_of_organizations(office.stack, app)  # the same events again: no harm
    await until(lambda: replica.complaints.cases.get(case_id))
    following = await replica.register(case_id)
    [one, two] = numbers([last, following], AUTHORISED_BODY)
    assert two == one + 1
