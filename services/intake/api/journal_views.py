"""Answers about the journal: its lines, and what became of a referral."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from chassis.clock import epoch_ms
from chassis.document import Document
from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.values import CitizenCard, Contact, Identifier, IsoDate
from services.intake.domain.case import Case
from services.intake.domain.journal import Addition, JournalEntry
from services.intake.domain.parties import Applicant
from services.intake.domain.priority import Priority
from services.intake.domain.records import EntryState, Forwarding, Returned
from services.intake.registering import Registered


class Registration(BaseModel):
    """What became of a referral."""

    id: str
    journal_number: str
    case_id: str
    citizen_id: str
    linked: bool = Field(description="it joined the citizen's open case (L 5.1)")
    incomplete: bool
    missing: list[str]
    state: EntryState = Field(
        description="of what a body or MFC took in: `forwarded`, or `to_forward` until it is"
    )
    forwarded_to: str | None = Field(
        default=None, description="the institution it was passed on to"
    )
    case_number: str | None = Field(
        description="with the status code the applicant asks how the case stands; null for one that"
        " was linked before further referrals had a code"
    )
    status_code: str | None = Field(
        default=None,
        description="secret; told to the applicant and to nobody else. A further referral about the"
        " same citizen has one of its own, which holds besides",
    )


def registration_of(registered: Registered) -> Registration:
    """A referral just registered, or registered before, as it stands."""
    entry, placement = registered.entry, registered.placement
    number = placement.number if placement.linked else entry.journal_number
    return Registration(
        id=entry.id,
        journal_number=entry.journal_number,
        case_id=placement.case_id,
        citizen_id=placement.citizen_id,
        linked=placement.linked,
        incomplete=bool(entry.missing),
        missing=entry.missing,
        state=entry.state,
        forwarded_to=entry.passed_to,
        case_number=number,
        status_code=registered.status_code if number is not None else None,
    )


class CorrectionView(BaseModel):
    """Why a line was entered anew."""

    reason: str
    at: AwareDatetime
    recorded_by: str


class Standing(BaseModel):
    """Where the case of a referral stands that was forwarded or joined it (R 3.1.2, L 5.1)."""

    case_number: str
    status: str
    institution: str
    authorised_body: str
    forwardings: list[Forwarding] = Field(
        description="of a referral that was passed on, how; a further one is told nothing of it"
    )


class EntryView(BaseModel):
    """A line of the journal."""

    id: str
    journal_number: str
    journal_of: str = Field(description="the institution, body or MFC whose journal it stands in")
    state: EntryState
    received_at: AwareDatetime
    channel: Channel
    oral: bool | None
    citizen: CitizenCard
    problems: str | None
    priority: Priority | None = Field(description="how pressing the sender says it is")
    contact: Contact | None
    referrer: Contact | None = Field(description="who refers, where that is not the contact")
    applicant: Applicant | None = Field(description="who applies, where that is not the citizen")
    case_id: str | None
    citizen_id: str | None
    missing: list[str]
    additions: list[Addition]
    same_as: str | None = Field(
        default=None, description="citizen known before who turned out to be the same person"
    )
    joined_case: str | None = Field(
        default=None, description="number of the case it joined, if it opened none (L 5.1)"
    )
    forwarded_to: str | None = Field(default=None, description="institution it was passed on to")
    passed_on: str | None = Field(default=None, description="its line in that one's journal")
    forwarded_from: str | None = Field(default=None, description="line in the sender's journal")
    sender: str | None = Field(default=None, description="the body or MFC that passed it on")
    returned: Returned | None = Field(default=None, description="given back to the sender, and why")
    ended: str | None = Field(
        default=None, description="why the case ended before the body or MFC passed it on"
    )
    corrects: str | None = Field(default=None, description="the line it stands in place of")
    corrected_by: str | None = Field(default=None, description="the line in place of this one")
    correction: CorrectionView | None = None
    stands: Standing | None = Field(
        default=None,
        description="of one line that was forwarded or joined a case: where that stands",
    )


def entry_view(document: Document[JournalEntry], case: Case | None = None) -> EntryView:
    """A journal entry as staff see it."""
    entry, form = document.state, document.state.form
    return EntryView(
        id=document.id,
        journal_number=entry.journal_number,
        journal_of=entry.institution,
        state=entry.state,
        received_at=entry.received_at,
        channel=form.channel,
        oral=form.oral,
        citizen=form.citizen,
        problems=form.problems,
        priority=form.priority,
        contact=form.contact,
        referrer=form.referrer,
        applicant=form.applicant,
        case_id=entry.placed.case_id if entry.placed else None,
        citizen_id=entry.placed.citizen_id if entry.placed else None,
        missing=entry.missing,
        additions=entry.additions,
        same_as=entry.same_as,
        joined_case=entry.placed.number if entry.placed and entry.placed.linked else None,
        forwarded_to=entry.passed_to,
        passed_on=entry.passed_on,
        forwarded_from=entry.forwarded_from,
        sender=entry.sender,
        returned=entry.returned,
        ended=entry.ended,
        corrects=entry.corrects,
        corrected_by=entry.corrected_by,
        correction=_correction(entry),
        stands=_standing(entry, case),
    )


def _correction(entry: JournalEntry) -> CorrectionView | None:
    made = entry.correction
    if made is None:
        return None
    return CorrectionView(reason=made.reason, at=made.at, recorded_by=made.by.id)


def _standing(entry: JournalEntry, case: Case | None) -> Standing | None:
    if case is None or case.ref is None:
        return None
    passed_on = entry.taken_in or entry.forwarded_from is not None
    return Standing(
        case_number=case.ref.number,
        status=case.status,
        institution=case.ref.institution,
        authorised_body=case.ref.authorised_body,
        forwardings=case.forwardings if passed_on else [],
    )


EARLIEST, LATEST = date(1971, 1, 1), date(3000, 1, 1)
"""Days outside are slips of the pen."""

Day = Annotated[IsoDate | None, Query(description="a day of the district, inclusive")]


@dataclass(slots=True)
class JournalFilter:
    """Which lines of the journal are asked for; what is left out does not count."""

    state: Annotated[EntryState | None, Query(description="how the line stands")] = None
    incomplete: Annotated[bool | None, Query(description="only those to be completed")] = None
    sender: Annotated[
        Identifier | None, Query(description="only what this body or MFC passed on")
    ] = None
    from_: Annotated[Day, Query(alias="from")] = None
    to: Day = None

    def query(self, zone: ZoneInfo) -> dict[str, Any]:
        """As the store is asked."""
        asked: dict[str, Any] = {}
        if self.state is not None:
            asked["entry_state"] = str(self.state)
        if self.incomplete is not None:
            asked["incomplete"] = int(self.incomplete)
        if self.sender is not None:
            asked["sender"] = self.sender
        return asked | received_between(self.from_, self.to, zone)


def received_between(
    first: date | None, last: date | None, zone: ZoneInfo, prefix: str = "query."
) -> dict[str, Any]:
    """The query of what was received from one day of the district up to another, inclusive.

    `prefix` is what the fields `from` and `to` are named with where they were sent.
    """
    if first is not None and last is not None and last < first:
        raise InvalidInput(
            "period-ends-before-it-begins",
            "the last day lies before the first",
            field=prefix + "to",
        )
    for field, day in (("from", first), ("to", last)):
        if day is not None and not EARLIEST <= day < LATEST:
            raise InvalidInput("impossible-day", "no journal has this day", field=prefix + field)
    bounds: dict[str, int] = {}
    if first is not None:
        bounds["$gte"] = epoch_ms(_midnight(first, zone))
    if last is not None:
        bounds["$lt"] = epoch_ms(_midnight(last + timedelta(days=1), zone))
    return {"received": bounds} if bounds else {}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
