"""Requests of the directory's API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from chassis.http import Body
from contracts.directory import (
    Closure,
    OpeningHours,
    OrganizationCard,
    OrganizationKind,
    Ownership,
    Territory,
    Weekday,
)
from contracts.values import Address, Email, Identifier, IsoDateTime, Line, Phone
from services.directory.domain.correction import Correction

SentEmail = Annotated[Email, Field(max_length=254)]
"""What mail can be sent to (RFC 5321)."""


class CardForm(Body):
    """An organization's card as an editor sends it; the whole card every time."""

    kind: OrganizationKind
    name: Line
    address: Address | None = None
    phones: tuple[Phone, ...] = Field(default=(), max_length=20)
    emails: tuple[SentEmail, ...] = Field(default=(), max_length=20)
    website: Line | None = None
    printed_phone: Line | None = None
    printed_email: Line | None = None
    parent: Identifier | None = Field(default=None, description="id of whom it answers to")
    region: Line | None = Field(default=None, description="ISO 3166-2, e.g. RU-KEM")
    serves: tuple[Territory, ...] = Field(default=(), max_length=200)
    hours: tuple[OpeningHours, ...] = Field(default=(), max_length=20)
    reception_days: tuple[Weekday, ...] = Field(default=(), max_length=7)
    source: Line = Field(description="where the editor has it from")
    closures: tuple[Closure, ...] = Field(default=(), max_length=50)
    preholiday_minutes: StrictInt = Field(default=0, ge=0, le=480)
    ownership: Ownership | None = None

    def card(self, organization_id: str) -> OrganizationCard:
        """The card of that organization."""
        fields = {name: getattr(self, name) for name in CardForm.model_fields}
        return OrganizationCard(id=organization_id, **fields)


class PublicationRequest(Body):
    """A new organization, and why it is entered (R 1.3)."""

    card: CardForm
    reason: Line


class ChangeRequest(Body):
    """A new card, or accepted proposals of the quality report; either with the reason (R 1.3).

    Or that one which was retired takes part again, as it was or with a new card.
    """

    card: CardForm | None = None
    corrections: list[Correction] = Field(default_factory=list, max_length=20)
    reason: Line
    valid_from: IsoDateTime | None = Field(
        default=None, description="a later moment from which the new card holds; at once without it"
    )
    reinstate: StrictBool = Field(
        default=False, description="take its retirement back; with no card, as it was"
    )
    despite_same_number: Line | None = Field(
        default=None,
        description="with `reinstate`: why, if another is published with its INN or OGRN by now",
    )


class RetirementRequest(Body):
    """Why the organization takes part no longer."""

    reason: Line
