"""The journal: every referral as it came, numbered without gaps, append-only (R 3.1.2)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.referral import Channel, ReferralSays
from contracts.regulation import pack_in_force
from contracts.values import Actor, CitizenCard, Contact, Identifier, IsoDateTime, Line, Text, Value
from services.intake.domain.parties import (
    Applicant,
    check_applicant,
    check_manner,
    check_referrer,
    spoken,
)
from services.intake.domain.priority import Priority
from services.intake.domain.records import EntryState, Onward, Returned


class ReferralForm(Value):
    """What a referral says. Fields the journal must hold may be absent only in danger (R 3.1.2)."""

    channel: Channel
    oral: bool | None = Field(
        default=None,
        description="whether it was spoken; needed where the channel may be either (in person, MFC,"
        " a body, an organization, a third person)",
    )
    in_danger: bool = Field(default=False, description="an oral referral about a person in danger")
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
    in_hospital: bool = False
    home_care_asked: bool = Field(
        default=False, description="home care was asked for from the start (R 3.3.10)"
    )
    consultation_only: bool = False
    received_at: IsoDateTime | None = Field(
        default=None, description="when it came, if it is recorded later than that"
    )

    @model_validator(mode="after")
    def _danger_is_oral(self) -> Self:
        if self.in_danger and not spoken(self.channel, self.oral):
            raise ValueError("in_danger: the exception is for oral referrals only (R 3.1.2)")
        return self


class Placement(Value):
    """Where a referral ended up: whose card, which case, and whether it opened that case."""

    citizen_id: Identifier
    case_id: Identifier
    linked: bool
    number: Line | None = None
    """The case's; None where a version before this placed it."""


class Addition(Value):
    """When, by whom and from whom something was learned that the entry had lacked."""

    at: AwareDatetime
    recorded_by: str
    source: Line
    fields: tuple[str, ...]


class Correction(Value):
    """What is entered anew instead of a line, by whom, when and why; the line itself stays."""

    form: ReferralForm
    reason: Text
    at: AwareDatetime
    by: Actor


PRESENT = frozenset({EntryState.ENTERED, EntryState.TO_FORWARD, EntryState.ENDED})
"""States of a line that its journal still answers for: completed and corrected here."""


class JournalEntry(BaseModel):
    """One line of the journal of one institution, body or MFC, and year."""

    id: str
    institution: str
    authorised_body: str
    year: int
    number: int
    source_key: str
    fingerprint: str
    form: ReferralForm
    original: str | None = Field(default=None, description="what was posted, as it was posted")
    said: ReferralSays | None = Field(
        default=None, description="what a content-rich referral says besides, for assessment"
    )
    received_at: AwareDatetime
    recorded_by: Actor = Field(description="who took it in, for which organization")
    requester: str | None = None
    pack: str
    missing: list[str] = Field(default_factory=list)
    additions: list[Addition] = Field(default_factory=list)
    same_as: str | None = Field(
        default=None, description="a citizen known before who turned out to be the same person"
    )
    case_candidate: str
    citizen_candidate: str
    placed: Placement | None = None
    place_at: AwareDatetime | None = None
    taken_in: bool = Field(
        default=False, description="in the journal of a body or MFC, which passes it on (R 3.1.2)"
    )
    onward: Onward | None = Field(default=None, description="who serves the address, if one does")
    ended: str | None = Field(
        default=None, description="why the case ended before the body or MFC passed it on"
    )
    passed_on: str | None = Field(default=None, description="the line in the institution's journal")
    passed_to: str | None = None
    forwarded_from: str | None = Field(default=None, description="the line of the sender's journal")
    sender: str | None = Field(default=None, description="the body or MFC that passed it on")
    returned: Returned | None = None
    corrects: str | None = Field(default=None, description="the line this one stands in place of")
    correction: Correction | None = None
    of_another: bool = Field(
        default=False, description="its correction says that it is about somebody else (L 5.1)"
    )
    first: str | None = Field(
        default=None,
        description="of a line that was placed anew: the line by which its case knows the referral",
    )
    corrected_by: str | None = Field(default=None, description="the line that stands in its place")
    found_by: dict[str, str] = Field(
        default_factory=dict, description="keyed hashes by which it is looked for, by kind"
    )

    @property
    def state(self) -> EntryState:
        """How this line stands; what came last counts."""
        if self.correction is not None:
            return EntryState.CORRECTED
        if self.returned is not None:
            return EntryState.RETURNED
        if not self.taken_in:
            return EntryState.ENTERED
        if self.passed_on:
            return EntryState.FORWARDED
        return EntryState.ENDED if self.ended else EntryState.TO_FORWARD

    @property
    def in_danger(self) -> bool:
        """Whether it is looked at the same day: a danger was told of, or its sender says that it
        cannot wait (R 3.1.7)."""
        return self.form.in_danger or (self.form.priority or Priority.ROUTINE).is_danger

    @property
    def incomplete(self) -> bool:
        """Whether it is listed until it is completed (R 3.1.2)."""
        return bool(self.missing) and self.state in PRESENT

    @property
    def journal_number(self) -> str:
        """The number a person writes down."""
        return f"{self.institution}/{self.year}/{self.number:06d}"

    @property
    def in_doubt(self) -> bool:
        """Whether its citizen may be known by id only: the entry lacks what recognises people."""
        return self.placed is not None or bool(self.missing)

    @property
    def referral(self) -> str:
        """The id by which cases know the referral, whatever lines came to stand in its place."""
        return self.first or self.id

    @property
    def elsewhere(self) -> bool:
        """Whether another organization may have its case: it was passed on, or joined one."""
        joined = self.placed is not None and self.placed.linked
        return joined or self.taken_in or self.forwarded_from is not None

    @property
    def register_key(self) -> str:
        """The journal this entry stands in."""
        return f"{self.institution}-{self.year}"


def entry_id(institution: str, year: int, number: int) -> str:
    """The id is the number, so that the store itself forbids a number twice."""
    return f"J-{institution}-{year}-{number:06d}"


def number_of(line: str) -> str:
    """The number of a line as a person writes it down, from the line's id."""
    institution, year, number = line.removeprefix("J-").rsplit("-", 2)
    return f"{institution}/{year}/{number}"


NOBODYS = "J-nobodys"
"""The id of no line."""


def line_of(number: str) -> str:
    """Id of the line of a number, as `plain_number` writes it; NOBODYS of one that is none."""
    parts = re.fullmatch(r"([a-z][a-z0-9_.-]{0,99})/([0-9]{4})/([0-9]{6,9})", number)
    return entry_id(parts[1], int(parts[2]), int(parts[3])) if parts else NOBODYS


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


def check_birth(citizen: CitizenCard, today: date) -> None:
    """Refuse a date of birth that lies in the future (R 3.1.2)."""
    if citizen.birth_date is not None and citizen.birth_date > today:
        raise InvalidInput(
            "birth-date-in-future",
            "the date of birth lies in the future",
            field="citizen.birth_date",
            clause="R 3.1.2",
        )


def require_present(entry: JournalEntry) -> None:
    """Refuse to change a line that its journal no longer answers for (R 3.1.2)."""
    if entry.state not in PRESENT:
        raise NotAllowedInState(
            f"entry-{entry.state}",
            f"this line of the journal is {entry.state}: what changes is said of the line that"
            " stands in its place",
            field="id",
            clause="R 3.1.2",
        )


def may_see(entry: JournalEntry, by: Actor) -> bool:
    """The institution, its authorised body, and who took the referral in for them or passed it on
    (R 3.1.2)."""
    if by.organization is None:
        return False
    return by.organization in {
        entry.institution,
        entry.authorised_body,
        entry.recorded_by.organization,
        entry.sender,
    }
