"""What a referral says, and what of it the journal must hold (R 3.1.2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import Field, StrictBool, model_validator

from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.regulation import pack_in_force
from contracts.values import CitizenCard, Contact, IsoDateTime, Text, Value
from services.intake.domain.parties import (
    Applicant,
    check_applicant,
    check_manner,
    check_referrer,
    spoken,
)
from services.intake.domain.priority import Priority


class ReferralForm(Value):
    """What a referral says. Fields the journal must hold may be absent only in danger (R 3.1.2)."""

    channel: Channel
    oral: StrictBool | None = Field(
        default=None,
        description="whether it was spoken; needed where the channel may be either (in person, MFC,"
        " a body, an organization, a third person)",
    )
    in_danger: StrictBool = Field(
        default=False, description="an oral referral about a person in danger"
    )
    citizen: CitizenCard
    problems: Text | None = Field(default=None, description="the main problems")
    contact: Contact | None = None
    referrer: Contact | None = Field(
        default=None, description="who refers, where that is not the contact"
    )
    applicant: Applicant | None = Field(
        default=None, description="who applies, where that is not the citizen"
    )
    priority: Priority | None = Field(
        default=None,
        description="how pressing the sender says it is; `asap` and `stat` are looked at the same"
        " day (R 3.1.7)",
    )
    in_hospital: StrictBool = False
    home_care_asked: StrictBool = Field(
        default=False, description="home care was asked for from the start (R 3.3.10)"
    )
    consultation_only: StrictBool = False
    received_at: IsoDateTime | None = Field(
        default=None, description="when it came, if it is recorded later than that"
    )

    @model_validator(mode="after")
    def _danger_is_oral(self) -> Self:
        if self.in_danger and not spoken(self.channel, self.oral):
            raise ValueError("in_danger: the exception is for oral referrals only (R 3.1.2)")
        return self


def missing_fields(form: ReferralForm) -> list[str]:
    """Which fields of R 3.1.2 the referral lacks, by their paths."""
    present = {
        "citizen.address": form.citizen.address,
        "citizen.name": form.citizen.name,
        "citizen.birth_date": form.citizen.birth_date,
        "problems": form.problems,
        "contact": form.contact,
    }
    return [name for name, value in present.items() if value is None]


def check_form(
    form: ReferralForm, now: datetime, today: date, *, from_organization: bool = False
) -> list[str]:
    """Refuse what the journal may not take; returns the missing fields of a permitted exception.

    A missing field is an error naming the field, except that an oral referral about a person in
    danger is taken with what is known (R 3.1.2). `from_organization`: its own system sent it, so
    who refers is known by its token.
    """
    check_manner(form.channel, form.oral)
    check_birth(form.citizen, today)
    _check_receipt(form, now)
    if not from_organization:
        check_referrer(form.channel, form.referrer, form.contact)
    check_applicant(form.applicant, today)
    missing = missing_fields(form)
    if missing and not form.in_danger:
        raise InvalidInput(
            "journal-field-missing",
            f"the journal must hold {', '.join(missing)}",
            field=missing[0],
            clause="R 3.1.2",
        )
    return missing


def settled_form(form: ReferralForm) -> ReferralForm:
    """The form as the journal keeps it: it says itself whether the referral was spoken."""
    return form.model_copy(update={"oral": spoken(form.channel, form.oral)})


def _check_receipt(form: ReferralForm, now: datetime) -> None:
    received, born = form.received_at, form.citizen.birth_date
    if received is None:
        return
    wrong = None
    if received > now:
        wrong = "received-in-future", "a referral cannot have been received in the future"
    elif born is not None and received.date() < born:
        wrong = "received-before-birth", "a referral cannot have been received before the birth"
    elif received.date() < pack_in_force(now.date()).in_force_from:
        wrong = "received-too-early", "on that day no journal was kept by this regulation yet"
    if wrong is not None:
        raise InvalidInput(*wrong, field="received_at", clause="R 3.1.2")


def check_birth(card: CitizenCard, today: date, field: str = "citizen") -> None:
    """Refuse a date of birth that lies in the future (R 3.1.2); `field` says whose it is."""
    if card.birth_date is not None and card.birth_date > today:
        raise InvalidInput(
            "birth-date-in-future",
            "the date of birth lies in the future",
            field=f"{field}.birth_date",
            clause="R 3.1.2",
        )
