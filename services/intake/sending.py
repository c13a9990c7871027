"""The queue of requests to each partner: in the order of their terms, at the pace agreed.

What waits stands in the cases, on an index; whose turn it is, in the partner's own document
(`domain/pace.py`). So nothing waits for the process that began it, and replicas share one pace.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from prometheus_client import Gauge

from chassis.clock import epoch_ms
from chassis.document import Document
from chassis.races import until_won
from chassis.service import Service
from chassis.store import AlreadyExists, Collection, LostRace, StoreUnavailable
from chassis.tracing import begin, use
from contracts.event import Event
from contracts.values import SYSTEM
from services.intake.adapters.gateways import SECONDS, AskedBody, Gateways
from services.intake.attempting import Attempts
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen
from services.intake.domain.consent import may_ask
from services.intake.domain.consenting import standing_consent
from services.intake.domain.dispatching import put_on_paper, record_held
from services.intake.domain.interagency import kind_of
from services.intake.domain.pace import PLACES, Pace, request_of, spacing_of
from services.intake.recording import record
from services.intake.survivors import find_citizen

log = structlog.get_logger()

BETWEEN_SECONDS = 0.001
LOOK_SECONDS = 5.0
"""How often an idle queue is looked at: what another process left behind is found then."""
AT_ONCE = 8
"""Requests under way to one partner: a slow one is not asked faster for it."""
LOOKED_AT = 4 * AT_ONCE
"""More than all replicas have under way, so that one which waits is among them."""
MOST_COUNTED = 1000
FAR_MS = 10**15
ATTEMPT_SECONDS = 4 * SECONDS


class Sending:
    """Sends what waits, for every partner; runs as long as the service does."""

    def __init__(
        self,
        service: Service,
        cases: Collection[Case],
        citizens: Collection[Citizen],
        paces: Collection[Pace],
        gateways: Gateways,
    ) -> None:
        self._service = service
        self._cases, self._citizens, self._paces = cases, citizens, paces
        self._gateways = gateways
        self._news = {office: asyncio.Event() for office in gateways.partners}
        self._under_way = {office: set[asyncio.Task[None]]() for office in gateways.partners}
        self._waiting = Gauge(
            "opora_requests_waiting",
            "Interagency requests that wait to be sent, counted up to a thousand",
            ["partner"],
            registry=service.registry,
        )
        self._attempts = Attempts(service)

    def nudge(self) -> None:
        """A request was signed or released: do not wait for the next look."""
        for news in self._news.values():
            news.set()

    async def run(self) -> None:
        """Serve every partner, for ever."""
        serving = [
            asyncio.create_task(self._serve(partner))
            for partner in self._gateways.partners.values()
        ]
        serving.append(asyncio.create_task(self._leave_to_paper_safely()))
        try:
            await asyncio.gather(*serving)
        finally:
            begun = [*serving, *(task for tasks in self._under_way.values() for task in tasks)]
            for task in begun:
                task.cancel()
            await asyncio.gather(*begun, return_exceptions=True)

    async def _serve(self, partner: AskedBody) -> None:
        while True:
            try:
                pause = await self._next(partner)
            except (LostRace, AlreadyExists):
                continue  # another replica took the turn
            except StoreUnavailable:
                pause = 1.0
            except Exception as failure:  # a queue that dies strands everything in it
                log.error("sending-failed", error=type(failure).__name__)
                pause = 1.0
            await self._rest(partner, pause)

    async def _rest(self, partner: AskedBody, seconds: float) -> None:
        """Until the next turn; an idle queue looks up when there is news."""
        if 0 < seconds < LOOK_SECONDS:
            await asyncio.sleep(seconds)
            return
        if seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news[partner.office].wait()
            self._news[partner.office].clear()

    async def _next(self, partner: AskedBody) -> float:
        """Give the most urgent request its turn; seconds until there is something to do again."""
        now = self._service.now()
        waiting = await self._waiting_for(partner.office, LOOKED_AT, epoch_ms(now))
        await self._count(partner, len(waiting))
        if not waiting:
            return LOOK_SECONDS
        pace = await self._pace(partner)
        wait = pace.state.wait(now)
        if wait:
            return min(wait, LOOK_SECONDS - 0.1)
        begun = pace.state.begun(now)
        if len(self._under_way[partner.office]) >= AT_ONCE:
            return 0.5
        for _, case_id, attempt in waiting:
            if attempt not in begun:
                await self._give_turn(partner, pace, case_id, attempt)
                return BETWEEN_SECONDS
        return 0.5

    async def _waiting_for(
        self, office: str, limit: int, until: int = FAR_MS
    ) -> list[tuple[int, str, str]]:
        """What waits for a partner, the earliest due first: due time, case, attempt. From either
        place that a case has in the queues."""
        found: list[tuple[int, str, str]] = []
        for place in PLACES:
            due, attempt = f"send_due{place}", f"send_attempt{place}"
            query = {f"send_to{place}": office, f"send_at{place}": {"$gt": 0, "$lte": until}}
            rows = await self._cases.look(query, due, attempt, sort=[(due, 1)], limit=limit)
            found += [(row[due], row["id"], row[attempt]) for row in rows]
        return sorted(found)[:limit]

    async def _pace(self, partner: AskedBody) -> Document[Pace]:
        known = await self._paces.load(gateway_id(partner.office))
        return known or self._paces.blank(gateway_id(partner.office))

    async def _give_turn(
        self, partner: AskedBody, pace: Document[Pace], case_id: str, attempt: str
    ) -> None:
        spacing = spacing_of(partner.per_minute, SECONDS)
        pace.state.take_turn(attempt, spacing, self._service.now())
        await self._paces.save(pace)
        task = asyncio.create_task(self._send_safely(partner, case_id, request_of(attempt)))
        self._under_way[partner.office].add(task)
        task.add_done_callback(self._under_way[partner.office].discard)

    async def _send_safely(self, partner: AskedBody, case_id: str, request_id: str) -> None:
        with use(begin()):
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    await self._send(partner, case_id, request_id)
            except (LostRace, StoreUnavailable, TimeoutError):
                return  # its turn lapses, and it has another
            except Exception as failure:
                error = type(failure).__name__
                log.error("request-not-sent", id=case_id, error=error)

    async def _send(self, partner: AskedBody, case_id: str, request_id: str) -> None:
        """As the case stands now: nothing leaves about a citizen who declined meanwhile."""
        document = await self._cases.get(case_id)
        due = [r for r in document.state.sendable if r.id == request_id] if document else []
        if document is None or not due:
            return
        if due[0].kind not in partner.clients:
            await self._hand_to_paper(case_id)
            return
        case, commands = document.state, self._service.commands
        citizen = await find_citizen(self._citizens, case.reference.citizen_id)
        if citizen is None:
            return
        at = self._service.at(SYSTEM)
        today, recipient = at.calendar.local_date(at.now), kind_of(case, due[0].kind).addressed_kind
        consent = standing_consent(citizen.state)
        if recipient is not None and not may_ask(consent, case.pack, today, recipient):
            await record(
                commands, self._cases, case_id, at, lambda case: record_held(case, request_id)
            )
            return
        number, card = case.reference.number, citizen.state.card
        attempted = await self._attempts.make(partner, due[0], number, card)
        await self._leave_alone(partner, attempted.pause)
        at = self._service.at(SYSTEM)
        await record(commands, self._cases, case_id, at, lambda case: attempted.record(case, at))

    async def _hand_to_paper(self, case_id: str) -> None:
        """What is sent electronically to nobody any more goes on paper, by hand (R 3.2.2): else it
        would stay the first of its case for ever, and hold up what is addressed to others."""
        at = self._service.at(SYSTEM)

        def decide(case: Case) -> Sequence[Event]:
            for request in case.sendable:
                if not self._gateways.reaches(request.addressed_body, request.kind):
                    put_on_paper(request)
            return ()

        await record(self._service.commands, self._cases, case_id, at, decide)
        log.warning("request-goes-on-paper", id=case_id)

    async def _leave_to_paper_safely(self) -> None:
        while True:
            try:
                await self._leave_to_paper()
                return
            except (LostRace, StoreUnavailable):
                await asyncio.sleep(1.0)
            except Exception as failure:  # the other bodies' queues go on
                log.error("sending-failed", error=type(failure).__name__)
                return

    async def _leave_to_paper(self) -> None:
        """At the start: what waits for bodies that stand in the settings no more."""
        async for pace in self._paces.each():
            office = pace.id.removeprefix("G-")
            if office in self._gateways.partners:
                continue
            while found := await self._waiting_for(office, LOOKED_AT):
                for _, case_id, _ in found:
                    await self._hand_to_paper(case_id)

    @until_won("partner's turn")
    async def _leave_alone(self, partner: AskedBody, pause: float) -> None:
        """A partner that asked for a pause is left alone by every replica."""
        if not pause:
            return
        pace = await self._pace(partner)
        pace.state.pause(pause, self._service.now())
        await self._paces.save(pace)

    async def _count(self, partner: AskedBody, found: int) -> None:
        """How many wait; a long queue is counted with every look, a short one is known already."""
        if found == LOOKED_AT:
            now = epoch_ms(self._service.now())
            found = len(await self._waiting_for(partner.office, MOST_COUNTED, now))
        self._waiting.labels(partner.office).set(found)


def gateway_id(office: str) -> str:
    """The id of a partner's document; the letter in front keeps it apart from the office's own."""
    return f"G-{office}"
