"""The broker: one durable topic exchange, one quorum inbox queue per service.

Invariant: nothing is consumed before every inbox is declared, and a start that fails leaves nothing
open behind it. Where the broker has several nodes, a connection that is lost is made again to
another one (`chassis.nodes`). Sending is in `chassis.publisher`, hearing in `chassis.inbox`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from aiormq.exceptions import AMQPError, PublishError
from prometheus_client import CollectorRegistry

from chassis.inbox import GRACE_SECONDS, Bury, Inbox, Receive
from chassis.nodes import ELECTION_SECONDS, Route, parse_nodes, with_heartbeats
from chassis.publisher import PUBLISH_SECONDS, InboxGone, NotPublished, Publisher
from chassis.queues import EVENTS, PROBE, Probe, answers, depths
from contracts.envelope import Envelope
from contracts.topology import dead_name, inbox_name

log = structlog.get_logger()

STOP_SECONDS = 12.0  # a broker that hangs does not keep us from ending


class Bus:
    """Two connections: a broker that blocks publishers must not hold up consumers."""

    def __init__(
        self,
        url: str,
        service: str,
        inboxes: Mapping[str, Sequence[str]],
        registry: CollectorRegistry,
        publish_seconds: float = PUBLISH_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
        election_seconds: float = ELECTION_SECONDS,
    ) -> None:
        self._service = service
        nodes = with_heartbeats(parse_nodes(url))
        self._publisher = Publisher(
            Route(nodes, election_seconds), service, inboxes, publish_seconds
        )
        self._inbox = Inbox(
            Route(nodes, election_seconds),
            service,
            inboxes.get(service, ()),
            registry,
            grace_seconds,
        )
        self._leads_to = self._inbox.name or f"{service}.nowhere"
        self._started = False

    @property
    def inbox(self) -> str | None:
        """The name of the service's own queue; None if it hears nobody."""
        return self._inbox.name

    @property
    def published(self) -> int:
        """How many events the broker has confirmed."""
        return self._publisher.published

    @property
    def progressed_at(self) -> float:
        """When something from the inbox was done with, in the loop's time; 0 before the first."""
        return self._inbox.progressed_at

    @property
    def probed(self) -> int:
        """When the latest probe was sent that came out of the inbox, in epoch milliseconds."""
        return self._inbox.probed

    @property
    def buried_at(self) -> float:
        """When something from the dead queue was stored, in the loop's time; 0 before the first."""
        return self._inbox.buried_at

    async def start(self, receive: Receive, bury: Bury | None = None) -> None:
        """Declare exchanges and every inbox, then begin to consume. May be tried again.

        `bury` takes what lies in the dead queue; without it, it stays there.
        """
        self._inbox.give_to(receive, bury)
        try:
            await self._publisher.connect()
            await self._inbox.connect()
            await self._publisher.declare()
            await self._inbox.consume()
            await self._publisher.start()
        except Exception:
            await self.stop()  # else the next try would meet the channels this one has closed
            if self._publisher.route.forks:
                for part in (self._publisher, self._inbox):
                    part.route.turn()
                    part.make_connection()
            raise
        self._started = True

    async def stop_consuming(self) -> None:
        """Finish what is being handled and take no more; publishing still works."""
        await self._stop(self._inbox.stop)

    async def stop(self) -> None:
        """Finish what is being handled, then close both connections."""
        await self._stop(self._inbox.stop)
        await self._stop(self._publisher.stop)

    async def _stop(self, stop: Callable[[], Awaitable[None]]) -> None:
        self._started = False
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await stop()
        except (AMQPError, ExceptionGroup, OSError, TimeoutError, RuntimeError) as failure:
            log.warning("bus-stop", error=type(failure).__name__)

    async def ready(self) -> bool:
        """Whether everything was declared and both connections answer."""
        if not self._started:
            return False
        return await self._publisher.ping(1.0) and await self._inbox.ping(1.0)

    async def publish(self, envelope: Envelope) -> None:
        """Send one event to all who read it, and wait for the confirmation; raises NotPublished."""
        await self._publisher.publish(envelope, EVENTS, envelope.routing_key)

    async def send_again(self, envelope: Envelope, to: str | None) -> None:
        """Send an event that was sent before, to all who read it or to one service alone."""
        if to is None:
            await self.publish(envelope)
        else:
            await self._publisher.publish(envelope, None, inbox_name(to))

    async def probe(self, probe: Probe) -> None:
        """Put a probe into the service's own inbox; of a service without one it leads nowhere, and
        that the broker says so shows that what is sent reaches it.

        Raises NotPublished, and InboxGone when the inbox is not there any more.
        """
        if not self._started:
            raise NotPublished("not started")
        try:
            await self._publisher.send(probe.body, routing_key=self._leads_to, content_type=PROBE)
        except NotPublished as failure:
            if not isinstance(failure.__cause__, PublishError):
                raise
            if self.inbox is not None:  # nowhere to route it to
                raise InboxGone(self.inbox) from failure

    async def answers(self) -> bool:
        """Whether the broker answers over a new connection, whatever has become of ours."""
        return await answers(self._publisher.route.node, self._leads_to)

    async def letters_lie(self) -> bool:
        """Whether something lies in the dead queue, or there is none; raises ConnectionError."""
        if self.inbox is None:
            return False
        (depth,) = (await depths(self._publisher.route.node, dead_name(self._service))).values()
        return depth != 0

    async def depths(self) -> dict[str, int | None]:
        """How much lies in the service's own queues; raises ConnectionError."""
        names = (inbox_name(self._service), dead_name(self._service)) if self.inbox else ()
        return await depths(self._publisher.route.node, *names)
