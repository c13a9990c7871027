"""Events come twice and out of order; copies are kept; the worklist is in order of due terms."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts import citizen, intake
from contracts.envelope import Envelope
from contracts.triage import TriageCode
from contracts.values import CitizenCard, FullName
from tests.service.assessment.office import Office, triaged
from tests.service.assessment.people import (
    RECEIVED,
    REGISTRAR,
    SPECIALIST,
    visit_body,
)
from tests.service.stack import AUTHORISED_BODY, actor, dead_letters, until

Order = Callable[[list[Envelope]], list[Envelope]]


def shuffled(seed: int) -> Order:
    """Everything three times, in some order."""

    def order(envelopes: list[Envelope]) -> list[Envelope]:
        delivered = envelopes * 3
        random.Random(seed).shuffle(delivered)
        return delivered

    return order


ORDERS: dict[str, Order] = {
    "in order": lambda envelopes: envelopes,
    "backwards": lambda envelopes: envelopes[::-1],
    "each twice": lambda envelopes: [e for envelope in envelopes for e in (envelope, envelope)],
    "all twice": lambda envelopes: envelopes * 2,
    "first one last": lambda envelopes: [*envelopes[1:], envelopes[0]],
    "shuffled 1": shuffled(1),
    "shuffled 2": shuffled(2),
    "shuffled 3": shuffled(3),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_intake_is_heard_alike_in_any_order_and_number(office: Office, order: Order) -> None:
    desk = office.desk()
    consumer = office.app.state.service.consumer
    written = desk.story.write(
        office.registered(desk, in_hospital=True),
        triaged(TriageCode.IMMEDIATE),
        intake.CaseDeclined(by=REGISTRAR),
        intake.CaseReopened(by=REGISTRAR),
        at=office.clock.now,
    )
    delivered = order(written)
    received = consumer.tally.received + len(delivered)
    # Four events, four writes: one that is applied or parked is written, a duplicate is not.
    async with office.costs(writes=4, published=3):
        await office.stack.publish(*delivered)
        await until(lambda: consumer.tally.received >= received)

        async def heard() -> bool:
            document = await office.stored(desk.case_id)
            return document is not None and document.streams == {f"intake.case.{desk.case_id}": 4}

        await until(heard)
    seen = await desk.see()
    assert seen["status"] == "open"
    assert seen["code"] == "immediate"
    assert [term["code"] for term in seen["terms"]] == ["primary-survey-hospital", "survey-stage"]
    assert seen["version"] == 4
    said = [
        "assessment.assessment-opened.v1",
        "assessment.assessment-declined.v1",
        "assessment.assessment-opened.v1",
    ]
    await until(lambda: office.said(desk.case_id) == said)
    assert await dead_letters(office.app) == 0


async def test_consultation_is_no_case_of_the_worklist_r_3_1_6(office: Office) -> None:
    desk = office.desk()
    await desk.story.tell(
        office.registered(desk, institution="r-institution-31"),
        triaged(TriageCode.CONSULTATION),
        at=office.clock.now,
    )

    async def heard() -> bool:
        document = await office.stored(desk.case_id)
        return document is not None and document.version == 2

    await until(heard)
    staff = SPECIALIST.model_copy(update={"organization": "r-institution-31"})
    listed = await office.client.get("/cases", headers=office.headers(staff))
    assert listed.json() == {"items": [], "next": None}
    desk.version = 2
    await desk.refused(409, "not-allowed-in-state", "survey-visit", staff, visit_body())


async def test_worklist_shows_the_earliest_due_first_page_by_page(office: Office) -> None:
    institution = "r-institution-22"
    staff = SPECIALIST.model_copy(update={"organization": institution})
    desks = [
        await office.open(institution=institution, received_at=RECEIVED - timedelta(hours=hours))
        for hours in (0, 48, 24)
    ]
    first, last = desks[1], desks[0]
    await last.see(staff)
    await last.do("survey-visit", staff, visit_body())

    async def page(**query: str) -> tuple[list[str], str | None]:
        response = await office.client.get("/cases", params=query, headers=office.headers(staff))
        assert response.status_code == 200
        body = response.json()
        return [item["id"] for item in body["items"]], body["next"]

    assert await page() == ([first.case_id, desks[2].case_id, last.case_id], None)
    ids, following = await page(limit="2")
    assert ids == [first.case_id, desks[2].case_id]
    assert following is not None
    assert await page(limit="2", cursor=following) == ([last.case_id], None)
    assert await page(status="visit_scheduled") == ([last.case_id], None)
    item = (await office.client.get("/cases", headers=office.headers(staff))).json()["items"][0]
    assert "citizen" not in item
    assert item["terms"][0]["clause"] == "R 3.3.2"


async def test_authorised_body_has_its_own_worklist(office: Office) -> None:
    desk = await office.open(institution="r-institution-23")
    head = actor("authorised_body_head", AUTHORISED_BODY)
    listed = await office.client.get("/cases?limit=100", headers=office.headers(head))
    assert desk.case_id in [item["id"] for item in listed.json()["items"]]


async def test_those_who_visit_see_the_citizens_card_as_it_is_now(office: Office) -> None:
    desk = await office.open()
    seen = await desk.see()
    assert seen["citizen"]["name"]["family"] == "Кузьмина"
    assert seen["consented"] is False
    moved = CitizenCard(name=FullName(family="Кузьмина-Лось", given="Раиса"), phone="+79235550101")
    citizens, citizen_id = office.app.state.assessment.citizens, f"Z{desk.case_id[1:]}"
    await desk.citizen.tell(
        citizen.CitizenCardChanged(by=REGISTRAR, card=moved),
        citizen.ConsentGiven(
            by=REGISTRAR,
            basis=citizen.ConsentBasis.WRITTEN_CONSENT,
            text_version="consent-2026",
            given_on=RECEIVED.date(),
        ),
    )

    async def heard(number: int) -> bool:
        document = await citizens.get(citizen_id)
        return document is not None and document.version == number

    await until(lambda: heard(3))
    seen = await desk.see()
    assert seen["citizen"]["name"]["family"] == "Кузьмина-Лось"
    assert seen["consented"] is True
    await desk.citizen.tell(citizen.CitizenErased(by=REGISTRAR))
    await until(lambda: heard(4))
    seen = await desk.see()
    assert (seen["citizen"], seen["consented"]) == (None, False)
