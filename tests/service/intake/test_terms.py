"""Terms are watched: each alarm once, not early, even when the service was down over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.documents import CertificateOverdue, CertificateRequested
from contracts.event import Event
from contracts.intake import TermDueSoon, TermMissed
from services.intake.main import create_app
from tests.service.intake.bodies import SIGNED
from tests.service.intake.desk import Clock, Desk, knows_directory, publish_directory, settings_of
from tests.service.intake.outside import Outside
from tests.service.stack import Stack, running, until

ZONE = ZoneInfo("Asia/Novokuznetsk")
WEDNESDAY = datetime(2026, 12, 30, 15, 0, tzinfo=ZONE)
"""The last working day but one of the year; the next working day is 11 January."""


@asynccontextmanager
async def desks(
    stack: Stack, clock: Clock, outside: Outside, count: int = 1
) -> AsyncIterator[Sequence[Desk]]:
    """Replicas that run for a while only."""
    async with AsyncExitStack() as held:
        apps = [create_app(settings_of(stack), clock.now, outside.transport) for _ in range(count)]
        served = [await held.enter_async_context(running(app)) for app in apps]
        yield [Desk(stack, app, http, clock) for app, http in zip(apps, served, strict=True)]


def said(stack: Stack, kind: type[Event], case_id: str) -> set[str]:
    """Events of a kind by their ids: published twice is once."""
    return {envelope.id for envelope in stack.spy.of(kind, subject=case_id)}


async def sweep(*at: Desk) -> None:
    for desk in at:
        await desk.intake.service.sweeper.sweep()
        await desk.intake.service.relay.drain()
    await asyncio.sleep(0.1)


async def test_alarms_sound_once_across_new_year_downtime_and_two_sweepers_r_3_1_8(
    stack: Stack,
) -> None:
    clock, outside = Clock(WEDNESDAY), Outside()
    async with desks(stack, clock, outside) as (desk,):
        await publish_directory(stack)
        await knows_directory(desk)
        watched = str((await desk.register())["case_id"])
        (term,) = (await desk.case(watched))["terms"]
        assert (term["code"], term["due_on"]) == ("referral-analysis", "2027-01-11")
        clock.put_to(datetime(2027, 1, 10, 23, 59, tzinfo=ZONE))
        await sweep(desk)
        assert said(stack, TermDueSoon, watched) == set()
        clock.put_to(datetime(2027, 1, 11, 0, 1, tzinfo=ZONE))
        await sweep(desk)
        await stack.spy.wait_for(TermDueSoon, watched)
        slept_through = str((await desk.register())["case_id"])
        cost = await desk.cost(lambda: sweep(desk))
        assert cost == {}
    clock.put_to(datetime(2027, 1, 13, 12, 0, tzinfo=ZONE))  # nobody was there when it ran out
    async with desks(stack, clock, outside, count=2) as (first, second):
        missed = await stack.spy.wait_for(TermMissed, watched)
        assert missed.term.due_on.isoformat() == "2027-01-11"
        assert missed.term.clause == "R 3.1.8"
        await stack.spy.wait_for(TermMissed, slept_through)
        await sweep(first, second, first)
        assert len(said(stack, TermDueSoon, watched)) == 1
        assert len(said(stack, TermMissed, watched)) == 1
        assert len(said(stack, TermDueSoon, slept_through)) == 0
        assert len(said(stack, TermMissed, slept_through)) == 1
        assert [item["id"] for item in (await first.get("/cases")).json()["items"]] == [
            watched,
            slept_through,
        ]  # the longest overdue first


async def test_answer_that_does_not_come_is_overdue_once_210_fz_7_2(stack: Stack) -> None:
    clock, outside = Clock(datetime(2027, 2, 1, 10, 0, tzinfo=ZONE)), Outside()
    async with desks(stack, clock, outside) as (desk,):
        await publish_directory(stack)
        await knows_directory(desk)
        case_id, request_id = await desk.requested()
        await stack.spy.wait_for(CertificateRequested, case_id)
        clock.put_to(datetime(2027, 2, 8, 23, 59, tzinfo=ZONE))
        await sweep(desk)
        assert said(stack, CertificateOverdue, case_id) == set()
        clock.put_to(datetime(2027, 2, 9, 0, 1, tzinfo=ZONE))
        await sweep(desk)
        overdue = await stack.spy.wait_for(CertificateOverdue, case_id)
        assert overdue.request_id == request_id
        await sweep(desk)
        await stack.spy.wait_for(TermMissed, case_id)
        assert len(said(stack, CertificateOverdue, case_id)) == 1
        assert len(said(stack, TermMissed, case_id)) == 1
        view = await desk.case(case_id)
        assert view["request"]["state"] == "overdue"
        await desk.act(case_id, "certificate-request", SIGNED, "institution_director")

        async def sent_anew() -> bool:
            request = (await desk.case(case_id))["request"]
            return bool(request["state"] == "sent" and request["id"] != request_id)

        await until(sent_anew)
        terms = (await desk.case(case_id))["terms"]
        assert [(term["code"], term["due_on"]) for term in terms] == [
            ("interagency-answer", "2027-02-16")
        ]
