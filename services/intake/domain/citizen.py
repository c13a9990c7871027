"""The citizen: one card per person, their consent, and the one case that is open for them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from contracts.citizen import CitizenCardChanged, CitizenRegistered, ConsentBasis, ConsentGiven
from contracts.context import Context
from contracts.errors import InvalidInput
from contracts.event import Event
from contracts.values import CitizenCard, Line, Text, Value


class Consent(Value):
    """Written consent, or why the specialist acts in the citizen's interest (R 3.3.7, 3.3.7.1)."""

    basis: ConsentBasis
    text_version: Line
    given_on: date
    reason: Text | None = Field(default=None, description="why the citizen is unable to consent")


class Citizen(BaseModel):
    """What intake keeps of one person. `open_case` is the fact "one open case per citizen"."""

    id: str
    card: CitizenCard = CitizenCard()
    snils_key: str | None = None
    person_key: str | None = None
    consent: Consent | None = None
    open_case: str | None = None
    earlier_cases: list[str] = Field(default_factory=list)
    served: bool = Field(default=False, description="an earlier case ended with an enrolment")


def register_citizen(citizen: Citizen, card: CitizenCard, at: Context) -> list[Event]:
    """A person is known for the first time."""
    citizen.card = card
    return [CitizenRegistered(by=at.by, card=card)]


def complete_card(citizen: Citizen, card: CitizenCard, at: Context) -> list[Event]:
    """Fill what the card lacks; what it holds is not overwritten by a later referral."""
    known = citizen.card.model_dump(exclude_none=True, exclude_defaults=True)
    merged = CitizenCard.model_validate({**card.model_dump(exclude_none=True), **known})
    if merged == citizen.card:
        return []
    citizen.card = merged
    return [CitizenCardChanged(by=at.by, card=merged)]


def give_consent(citizen: Citizen, consent: Consent, at: Context, today: date) -> list[Event]:
    """Record consent to survey and transfer of personal data (R 3.3.7).

    Where the citizen is unable to give it, the reason is recorded (R 3.3.7.1).
    """
    if consent.given_on > today:
        raise InvalidInput(
            "consent-in-future",
            "consent cannot be given in the future",
            field="given_on",
            clause="R 3.3.7",
        )
    if consent.basis is ConsentBasis.INTEREST_OF_THE_UNABLE and consent.reason is None:
        raise InvalidInput(
            "inability-unexplained",
            "record why the citizen is unable to consent",
            field="reason",
            clause="R 3.3.7.1",
        )
    citizen.consent = consent
    return [
        ConsentGiven(
            by=at.by,
            basis=consent.basis,
            text_version=consent.text_version,
            given_on=consent.given_on,
        )
    ]


def claim_case(
    citizen: Citizen, candidate: str, *, present_is_over: bool, served: bool = False
) -> bool:
    """Make the candidate the open case where none is open; whether that was so (L 5.1)."""
    if citizen.open_case == candidate or (citizen.open_case and not present_is_over):
        return False
    if citizen.open_case is not None:
        citizen.earlier_cases.append(citizen.open_case)
        citizen.served = citizen.served or served
    citizen.open_case = candidate
    return True
