"""Who sends FHIR: a medical organization, from its own addresses and as often as agreed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from contracts.errors import InvalidInput
from contracts.values import Actor
from services.intake.adapters.partners import Partner
from services.intake.api.callers import Hospital
from services.intake.intake import WithIntake


@dataclass(frozen=True, slots=True)
class Sender:
    """The medical organization that calls, with its settings."""

    actor: Actor
    partner: Partner

    @property
    def organization(self) -> str:
        """Its id; raises InvalidInput if the token names none."""
        if self.actor.organization is None:
            raise InvalidInput("organization-missing", "the token names no organization")
        return self.actor.organization

    def sent(self, requester: str | None) -> bool:
        """Whether it is the requester."""
        return requester is not None and requester == self.actor.organization


async def _sender(http: Request, by: Hospital, intake: WithIntake) -> Sender:
    partner = intake.partners.of(by.organization or "Nobody")
    partner.check_address(http.client.host if http.client else None)
    intake.rates.take(partner)
    return Sender(by, partner)


WithSender = Annotated[Sender, Depends(_sender)]
