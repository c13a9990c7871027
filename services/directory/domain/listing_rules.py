"""What a listing that an editor sends must fulfil: known words, sensible ages, places and hours."""

from __future__ import annotations

from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput
from contracts.offer import ServiceListing
from services.directory.domain.card_rules import check_card
from services.directory.domain.vocabulary import Facet, Vocabulary

_ANY_KIND = OrganizationKind.PROVIDER
"""A kind that answers to nobody, so that only places and hours are judged."""


def check_listing(
    listing: ServiceListing, organization: OrganizationCard | None, vocabulary: Vocabulary
) -> None:
    """Refuse a listing that nobody could find, or that contradicts itself (S)."""
    if organization is None:
        raise InvalidInput(
            "unknown-organization",
            "no such organization takes part",
            field="service.organization",
            clause="S",
        )
    for facet in Facet:
        vocabulary.require(facet, getattr(listing, facet), f"service.{facet}")
    youngest, oldest = listing.minimum_age, listing.maximum_age
    if youngest is not None and oldest is not None and youngest > oldest:
        raise InvalidInput(
            "ages-not-in-order",
            "the lowest age is not above the highest",
            field="service.maximum_age",
            clause="S",
        )
    _check_place_and_hours(listing, organization)


def _check_place_and_hours(listing: ServiceListing, organization: OrganizationCard) -> None:
    """The rules of a card hold for the places and hours of a service too."""
    bare = OrganizationCard(
        id=organization.id,
        kind=_ANY_KIND,
        name=listing.name,
        region=organization.region,
        serves=listing.serves,
        hours=listing.hours,
        source=listing.source,
    )
    try:
        check_card(bare, ())
    except InvalidInput as wrong:
        field = (wrong.field or "card").replace("card", "service", 1)
        raise InvalidInput(wrong.code, wrong.detail, field=field, clause=wrong.clause) from wrong
