"""Hours as a key: services with the same hours in the same region are open at the same moments."""

from __future__ import annotations

from contracts.directory import OpeningHours, OrganizationCard
from contracts.offer import ServiceListing
from contracts.values import Value


class HoursPattern(Value):
    """When something is open. Few patterns serve thousands of organizations."""

    region: str | None
    hours: tuple[OpeningHours, ...]
    reception_days: tuple[str, ...]


def pattern_of(listing: ServiceListing, card: OrganizationCard) -> HoursPattern:
    """A service's own hours, else those of its organization."""
    if listing.hours:
        return HoursPattern(region=card.region, hours=listing.hours, reception_days=())
    return HoursPattern(region=card.region, hours=card.hours, reception_days=card.reception_days)
