"""Corrections: no line of the journal is rewritten; a new one stands in its place (R 3.1.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import Field, ValidationError

from contracts.citizen import CitizenCardChanged
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.referral import Channel
from contracts.values import CitizenCard, Contact, Gender, IsoDateTime, Text, Value
from services.intake.domain.citizen import Citizen, remember_card
from services.intake.domain.journal import (
    Correction,
    JournalEntry,
    ReferralForm,
    check_form,
    require_present,
    settled_form,
)
from services.intake.domain.parties import Applicant

GRACE = timedelta(seconds=5)
"""How long whoever corrects has to enter the new line, before the sweeper does."""


class Corrected(Value):
    """What is to stand in the new line. What is given replaces the old as a whole; what is left
    out stays as it was. What the case was opened by (in hospital, home care asked) is no part of
    the line: it is changed in the case (`circumstances.py`)."""

    reason: Text = Field(description="why the line is entered anew")
    channel: Channel | None = None
    oral: bool | None = None
    citizen: CitizenCard | None = None
    problems: Text | None = None
    contact: Contact | None = None
    referrer: Contact | None = None
    applicant: Applicant | None = None
    received_at: IsoDateTime | None = None


def correct(entry: JournalEntry, corrected: Corrected, at: Context) -> ReferralForm:
    """Have a line entered anew; it stays readable and will name the one in its place (R 3.1.2).

    What the new line will say is answered. The entry becomes due, so that the new line is written
    whatever becomes of this process.
    """
    require_present(entry)
    if entry.placed is None:
        raise NotAllowedInState(
            "entry-is-being-placed", "the referral was entered just now; try again", clause="L 5.1"
        )
    form = settled_form(_changed(entry.form, corrected))
    if form == entry.form:
        raise InvalidInput(
            "nothing-corrected", "the line says so already", field="body", clause="R 3.1.2"
        )
    today = at.calendar.local_date(at.now)
    check_form(form, at.now, today, from_organization=entry.requester is not None)
    entry.correction = Correction(form=form, reason=corrected.reason, at=at.now, by=at.by)
    entry.place_at = at.now + GRACE
    return form


def take_back(entry: JournalEntry, came_back: JournalEntry, at: Context) -> ReferralForm | None:
    """The line of a body or MFC is entered anew as the institution gave it back, where that one has
    completed or corrected its own: what is passed on next says it too (R 3.1.2). What the new line
    will say is answered; None where there is nothing new."""
    made = came_back.correction
    form = made.form if made is not None else came_back.form
    if form == entry.form:
        return None
    entry.correction = Correction(form=form, reason=TAKEN_BACK, at=at.now, by=came_back.recorded_by)
    entry.place_at = at.now
    return form


TAKEN_BACK: Final = "уточнено учреждением, которое возвратило обращение"


def _changed(form: ReferralForm, corrected: Corrected) -> ReferralForm:
    given = {
        name: getattr(corrected, name)
        for name in corrected.model_fields_set - {"reason"}
        if getattr(corrected, name) is not None
    }
    if "channel" in given and "oral" not in given:
        given["oral"] = None  # the new channel says, or somebody has to
    known = {name: getattr(form, name) for name in ReferralForm.model_fields}
    try:
        return ReferralForm.model_validate({**known, **given})
    except ValidationError as failure:
        raise InvalidInput(
            "exception-is-for-oral-referrals",
            "this line was taken in danger by what was said; it cannot become a written one",
            field="channel",
            clause="R 3.1.2",
        ) from failure


def carry_over(
    citizen: Citizen, before: CitizenCard, after: CitizenCard, entry_id: str, at: Context
) -> list[Event]:
    """Carry over to the card what the new line says otherwise than the old one (R 3.1.2).

    What the old line alone said is taken back; what the card has from elsewhere stays.
    """
    changes = {
        field: new
        for field in CitizenCard.model_fields
        if (new := getattr(after, field)) != (old := getattr(before, field))
        and (new not in EMPTY or getattr(citizen.card, field) == old)
    }
    card = citizen.card.model_copy(update=changes)
    if card == citizen.card:
        return []
    citizen.card = card
    remember_card(citizen, at, entry=entry_id)
    return [CitizenCardChanged(by=at.by, card=card)]


EMPTY = (None, Gender.UNKNOWN)
