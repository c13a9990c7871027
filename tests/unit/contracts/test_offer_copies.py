"""Copies of services and capacity are made of their owner's events alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from contracts.copies import CapacityCopy, ServiceCopy
from contracts.offer import (
    CapacityChanged,
    CapacityKey,
    ServiceCapacity,
    ServiceChanged,
    ServiceListed,
    ServiceListing,
    ServiceWithdrawn,
)
from contracts.values import SYSTEM

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def listing(name: str = "Прокат") -> ServiceListing:
    return ServiceListing(
        id="x.rent", organization="x", name=name, description="…", kinds=("urgent",), source="…"
    )


def free(unit: str, available: int, service: str = "x.stay") -> Any:
    return ServiceCapacity(service=service, unit=unit, available=available, updated_at=NOW)


def test_service_is_as_last_listed_and_given_until_withdrawn() -> None:
    copy = ServiceCopy(id="x.rent")
    copy.keep(ServiceListed(by=SYSTEM, listing=listing(), reason="…"))
    copy.keep(ServiceChanged(by=SYSTEM, listing=listing("Выдача"), reason="…"))
    assert copy.listing == listing("Выдача")
    copy.keep(ServiceWithdrawn(by=SYSTEM, organization="x", reason="…"))
    assert copy.given is False
    copy.keep(ServiceListed(by=SYSTEM, listing=listing(), reason="…"))
    assert (copy.given, copy.listing) == (True, listing())


def test_capacity_takes_over_what_changed_and_loses_what_is_counted_no_longer() -> None:
    copy = CapacityCopy(id="x")
    copy.keep(CapacityChanged(by=SYSTEM, capacities=(free("bed", 2), free("place", 1)), reason="…"))
    copy.keep(
        CapacityChanged(
            by=SYSTEM,
            capacities=(free("place", 0),),
            uncounted=(CapacityKey(service="x.stay", unit="bed"),),
            reason="…",
        )
    )
    assert copy.capacities == (free("place", 0),)
