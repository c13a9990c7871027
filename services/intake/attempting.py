"""One attempt at sending a request, and what follows from what its partner says.

Invariant: what is refused for good is tried no more by itself; what may be refused because of us
(a token, an address that is no longer right) sends nobody to the post office: the partner is left
alone, the alarm sounds, and one request after another tries it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Gauge

from chassis.service import Service
from contracts.context import Context
from contracts.event import Event
from contracts.values import CitizenCard
from services.intake.adapters.gateways import AskedBody, GatewayRefused, GatewayUnavailable
from services.intake.domain.case import Case
from services.intake.domain.dispatching import record_not_sent, record_refused, record_sent
from services.intake.domain.requests import InteragencyRequest

log = structlog.get_logger()

REFUSED_SECONDS = 60.0
"""How long a partner that refuses us is left alone."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What is to be recorded of an attempt; for how many seconds the partner is left alone."""

    record: Callable[[Case, Context], Sequence[Event]]
    pause: float = 0.0


class Attempts:
    """The attempts of this process, and what each partner made of them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._took: dict[str, datetime] = {}
        self._refusing = Gauge(
            "opora_partner_refuses_us",
            "1 while a partner refuses what we send: the token or the address may be wrong",
            ["partner"],
            registry=service.registry,
        )

    async def make(
        self, partner: AskedBody, request: InteragencyRequest, case_number: str, card: CitizenCard
    ) -> Attempted:
        """Hand the request to the partner's gateway for its kind."""
        try:
            await partner.clients[request.kind].send(request, case_number, card)
        except GatewayUnavailable as failure:
            pause = failure.pause
            return Attempted(
                lambda case, at: record_not_sent(case, at, request.id, pause), pause=pause
            )
        except GatewayRefused as failure:
            return self._refused(partner, request, failure)
        self._took[partner.office] = self._service.now()
        self._refusing.labels(partner.office).set(0)
        return Attempted(lambda case, at: record_sent(case, at, request.id))

    def _refused(
        self, partner: AskedBody, request: InteragencyRequest, failure: GatewayRefused
    ) -> Attempted:
        for_good = not failure.us or self._took_others(partner, request)
        log.warning(
            "request-refused", partner=partner.office, status=failure.status, for_good=for_good
        )
        pause = 0.0
        if not for_good:
            pause = REFUSED_SECONDS
            self._refusing.labels(partner.office).set(1)
        return Attempted(
            lambda case, at: record_refused(
                case, at, request.id, failure.status, for_good=for_good, pause=pause
            ),
            pause=pause,
        )

    def _took_others(self, partner: AskedBody, request: InteragencyRequest) -> bool:
        """Whether the partner took another one since it refused this one: then it is not us."""
        took = self._took.get(partner.office)
        return took is not None and request.refused is not None and took > request.refused.at
