"""Corrections: no line of the journal is rewritten; a new one stands in its place (R 3.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import Field, StrictBool, ValidationError

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.referral import Channel, ReferralsParted
from contracts.terms import ClosedTerm
from contracts.values import CitizenCard, Contact, IsoDateTime, Text, Value
from services.intake.domain.belonging import let_go
from services.intake.domain.case import Case
from services.intake.domain.citizen import EMPTY, Citizen, change_card, without
from services.intake.domain.closing import UNTRIAGED
from services.intake.domain.journal import Correction, JournalEntry, number_of, require_present
from services.intake.domain.likeness import Grade, compare
from services.intake.domain.parties import Applicant
from services.intake.domain.records import Notice
from services.intake.domain.referral_form import ReferralForm, check_form, settled_form
from services.intake.domain.status_code import CodeHash, bury_code

GRACE = timedelta(seconds=5)
"""How long whoever corrects has to enter the new line, before the sweeper does."""


class Corrected(Value):
    """What is to stand in the new line. What is given replaces the old as a whole; what is left
    out stays as it was. What the case was opened by (in hospital, home care asked) is no part of
    the line: it is changed in the case (`circumstances.py`)."""

    reason: Text = Field(description="why the line is entered anew")
    channel: Channel | None = None
    oral: StrictBool | None = None
    citizen: CitizenCard | None = None
    problems: Text | None = None
    contact: Contact | None = None
    referrer: Contact | None = None
    applicant: Applicant | None = None
    received_at: IsoDateTime | None = Field(
        default=None, description="when it came; terms of its case run from there (R 3.1.8)"
    )

    def says_otherwise_who(self, entry: JournalEntry) -> bool:
        """Whether the citizen is somebody else by it, or the same one spelt otherwise."""
        return self.citizen is not None and _who(self.citizen) != _who(entry.form.citizen)


@dataclass(frozen=True, slots=True)
class Placed:
    """What a line has come to: the citizen, and every case of theirs. `referral` is the id by which
    the cases know it, `lines` are those that told of it, the one to be corrected first."""

    referral: str
    lines: tuple[str, ...]
    citizen: Citizen
    cases: tuple[Case, ...]

    @property
    def alone(self) -> bool:
        """Whether the citizen is known by this referral and by nothing else."""
        known = {one for case in self.cases for one in case.referrals}
        return known <= {self.referral} and not self.citizen.joinings


def correct(
    entry: JournalEntry, corrected: Corrected, at: Context, placed: Placed | None = None
) -> ReferralForm:
    """Have a line entered anew; it stays readable and will name the one in its place (R 3.1.2).

    What the new line will say is answered. The entry becomes due, so that the new line is written
    whatever becomes of this process. `placed` is needed where the new line says otherwise who the
    citizen is: if it is about somebody else then, its referral will be placed anew (L 5.1).
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
    _check_receipt(entry, form)
    today = at.calendar.local_date(at.now)
    check_form(form, at.now, today, from_organization=entry.requester is not None)
    entry.of_another = placed is not None and _is_another(placed, form.citizen)
    if placed is not None and entry.of_another:
        _require_free(placed)
    entry.correction = Correction(form=form, reason=corrected.reason, at=at.now, by=at.by)
    entry.place_at = at.now + GRACE
    return form


def _check_receipt(entry: JournalEntry, form: ReferralForm) -> None:
    """Terms count from the receipt, so it is neither moved past the entry in the journal, nor said
    by an institution of what a body took in before it."""
    if form.received_at is None or form.received_at == entry.form.received_at:
        return
    if entry.forwarded_from is not None:
        raise NotAllowedInState(
            "received-by-another-body",
            "the body that took it in says when it came: give it back to have that corrected",
            field="received_at",
            clause="R 3.1.2",
        )
    if entry.entered_at is not None and form.received_at > entry.entered_at:
        raise InvalidInput(
            "received-after-entered",
            "a referral was received before it was entered in the journal, or at that moment",
            field="received_at",
            clause="R 3.1.2",
        )


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


def _who(card: CitizenCard) -> tuple[object, ...]:
    """What of a card says who somebody is; the rest says how they are reached."""
    return card.snils, card.name, card.birth_date


def _is_another(placed: Placed, card: CitizenCard) -> bool:
    """Whether the new line is not certainly about the citizen, who is known by more than it."""
    if placed.alone:
        return False
    known = without(placed.citizen, placed.lines)
    return compare(card, known).grade is not Grade.CERTAIN


def _require_free(placed: Placed) -> None:
    """Refuse to take a referral out of a case that was begun by it and has gone on since."""
    for case in placed.cases:
        if placed.referral in case.withdrawals:
            raise NotAllowedInState(
                "referral-withdrawn",
                "its sender took it back: register the person who was meant as a new referral",
                field="citizen",
                clause="L 5.1",
            )
        if case.opening == placed.referral and not (case.over or _ends_with(case)):
            raise NotAllowedInState(
                "case-rests-on-this-line",
                "the line is about somebody else now, and its case has gone on: register the person"
                " who was meant as a new referral, and bring this case to its end",
                field="citizen",
                clause="R 3.1.2",
            )


def _ends_with(case: Case) -> bool:
    """Whether nothing is left of a case without the referral that opened it: none came besides, and
    nothing was decided in it, now or before its analysis ran anew."""
    return case.status in UNTRIAGED and case.triaged is None and not case.linked


def leave_case(
    case: Case, referral: str, into: str, at: Context, *, hash_of: CodeHash
) -> list[Event]:
    """A referral turned out to be about somebody else, whose case is `into`: it leaves this one,
    and its code opens this one no more (R 3.1.2, 3.7.3, L 5.1).

    A case that rests on no other, and in which nothing was decided yet, ends with it. `hash_of`
    gives what may be known of the code.
    """
    if referral not in case.referrals:
        return []
    dead = bury_code(case, [referral], hash_of)
    if case.opening == referral:
        case.parted.append(referral)
        case.requester, case.notice = None, Notice()

    def parted(closed: tuple[ClosedTerm, ...]) -> Event:
        numbers = (number_of(referral),)
        return ReferralsParted(
            by=at.by, journal_numbers=numbers, into=into, dead_code_hash=dead, closed=closed
        )

    return let_go(case, [referral], referral, at, parted)


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
        and getattr(citizen.card, field) in (old, *EMPTY)
    }
    return change_card(citizen, citizen.card.model_copy(update=changes), at, entry=entry_id)
