"""Who takes part and answers to one that does not, as a metric: a person gives it another parent.

A retirement looks who answers to the organization, and an entry looks whether its parent takes
part; what is decided in one moment, by two, sees neither. So it is told for as long as it is so.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.directory.snapshot import Snapshot


class Astray(Collector):
    """Each of them by its id, asked for anew whenever the metrics are."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        """One sample an organization (R 1.3, 3.1.2)."""
        family = GaugeMetricFamily(
            "opora_parent_retired",
            "1: it takes part, and whom it answers to was retired",
            labels=["organization"],
        )
        for key in self._snapshot.astray():
            family.add_metric([key], 1)
        yield family
