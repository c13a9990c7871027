"""Hours as a key: services with the same hours in the same region are open at the same moments."""

from __future__ import annotations

from contracts.directory import Closure, OpeningHours, OrganizationCard
from contracts.hours import Exceptions
from contracts.offer import ServiceListing
from contracts.values import Value


class HoursPattern(Value):
    """When something is open. Few patterns serve thousands of organizations."""

    region: str | None
    hours: tuple[OpeningHours, ...]
    reception_days: tuple[str, ...]
    closures: tuple[Closure, ...] = ()
    preholiday_minutes: int = 0

    @property
    def exceptions(self) -> Exceptions:
        """What departs from the hours."""
        return Exceptions(self.closures, self.preholiday_minutes)


def pattern_of(listing: ServiceListing, card: OrganizationCard) -> HoursPattern:
    """A service's own hours, else those of its organization, whose closures hold for both."""
    pattern = organization_pattern(card)
    if not listing.hours:
        return pattern
    return pattern.model_copy(update={"hours": listing.hours, "reception_days": ()})


def organization_pattern(card: OrganizationCard) -> HoursPattern:
    """The hours of an organization."""
    return HoursPattern(
        region=card.region,
        hours=card.hours,
        reception_days=card.reception_days,
        closures=card.closures,
        preholiday_minutes=card.preholiday_minutes,
    )
