"""Metrics: the counts of store, relay and consumer as Prometheus reads them. No personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
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


def expose(service: Service) -> Response:
    """The metrics page."""

    class Figures:
        def collect(self) -> Iterable[Metric]:
            return figures(service)

    own = generate_latest(Figures())
    return Response(own + generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)
