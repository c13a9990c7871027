"""Metrics: the counts of store, relay and consumer as Prometheus reads them. No personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from chassis.health import Standing
    from chassis.service import Service


def figures(service: Service) -> Iterable[Metric]:
    """The service's own counts."""
    store = CounterMetricFamily(
        "opora_store_operations", "Database round trips", labels=["collection", "operation"]
    )
    for name, collection in service.collections.items():
        for operation, count in asdict(collection.counts).items():
            store.add_metric([name, operation], count)
    yield store
    events = CounterMetricFamily("opora_events", "Events met by the consumer", labels=["outcome"])
    for outcome, count in asdict(service.consumer.tally).items():
        events.add_metric([outcome], count)
    yield events
    yield CounterMetricFamily(
        "opora_events_published", "Events the broker confirmed", value=service.bus.published
    )
    yield CounterMetricFamily(
        "opora_outboxes_recovered", "Outboxes the sweeper took up", value=service.sweeper.recovered
    )
    yield GaugeMetricFamily(
        "opora_outboxes_quiet", "Outboxes waiting to be cleared", value=len(service.relay.quiet)
    )


UNITS = {
    "stalled": ("opora_stalled", "1 when something does not progress"),
    "oldest_unhandled": ("opora_oldest_unhandled_seconds", "Age of the oldest unhandled message"),
    "outboxes": ("opora_outboxes_overdue", "Documents whose events are overdue at the broker"),
    "outbox_age": ("opora_outbox_overdue_seconds", "How long the oldest of these is overdue"),
    "parked": ("opora_documents_parked", "Documents with events set aside"),
    "parked_age": ("opora_parked_seconds", "Age of the oldest event set aside"),
    "blocked": ("opora_documents_blocked", "Documents with an event that failed"),
    "letters": ("opora_dead_letters", "Undecodable messages that wait for an operator"),
    "sweep_lag": ("opora_sweep_lag_seconds", "Since the sweeper last came round"),
    "due_lag": ("opora_due_lag_seconds", "How long a due document has waited to be looked at"),
}
"""Each part of a service's standing as a gauge."""


def gauges(standing: Standing) -> Iterable[Metric]:
    """What waits in the service."""
    for part, (name, text) in UNITS.items():
        value = getattr(standing, part)
        number = float(value is not None) if part == "stalled" else float(value)
        yield GaugeMetricFamily(name, text, value=number)


def expose(service: Service, standing: Standing | None) -> Response:
    """The metrics page; without a standing (the store is away) its gauges are absent."""

    class Figures:
        def collect(self) -> Iterable[Metric]:
            yield from figures(service)
            yield from gauges(standing) if standing is not None else ()

    own = generate_latest(Figures())
    return Response(own + generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)
