"""Registering a referral: the journal entry, then its place (`placing.py`).

Three documents, three writes, and a process may die between any two. The journal entry is the
first: once it is stored, the referral is accepted and cannot be lost. Unique facts rest on unique
values: the entry's id is its number, `source_key` is the sender's own reference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import new_id
from chassis.document import Document
from contracts.context import Context
from contracts.errors import Refusal
from contracts.referral import ReferralSays
from contracts.regulation import pack_in_force
from contracts.values import Actor
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.domain.referral_form import ReferralForm, check_form, settled_form
from services.intake.entering import NO_ID, NO_NUMBER, enter_line
from services.intake.finding import found_by
from services.intake.intake import Intake, Serving
from services.intake.placing import place

PLACE_GRACE = timedelta(seconds=5)


class SourceReused(Refusal):
    """The same reference or key was used for another referral."""

    status = 422


@dataclass(frozen=True, slots=True)
class Source:
    """Where a referral comes from: who recorded it, and the sender's own reference for it."""

    key: str
    fingerprint: str
    recorded_by: Actor
    requester: str | None
    original: str | None = None
    said: ReferralSays | None = None
    complete: Callable[[], Awaitable[Source]] | None = None
    """What only a referral that is new costs: its attachments are stored."""
    compare: Callable[[JournalEntry], None] | None = None
    """Raises SourceReused if the entry says otherwise; by default the fingerprints are compared."""

    def require_same(self, entry: JournalEntry) -> None:
        """Refuse another referral under the same key."""
        if entry.fingerprint != self.fingerprint:
            raise SourceReused(
                "idempotency-key-reused",
                "this key or identifier was used for another referral",
                field="Idempotency-Key",
            )


@dataclass(frozen=True, slots=True)
class Registered:
    """A referral in the journal with its place; `repeated` if it was there before."""

    entry: JournalEntry
    placement: Placement
    version: int
    status_code: str
    repeated: bool


async def register_referral(
    intake: Intake,
    form: ReferralForm,
    find_serving: Callable[[], Awaitable[Serving]],
    source: Source,
) -> Registered:
    """Take a referral in: journal number, citizen, case (R 3.1.2, L 5.1).

    A repetition gets the first answer, whatever the directory says of the address by now.
    """
    known = await intake.journal.find_one(source_key=source.key)
    if known is None:
        at = intake.service.at(source.recorded_by)
        missing = check_form(
            form,
            at.now,
            at.calendar.local_date(at.now),
            from_organization=source.requester is not None,
        )
        form = settled_form(form)
        serving = await find_serving()
        whole = await source.complete() if source.complete else source
        known, repeated = await _enter(intake, form, serving, whole, missing, at)
    else:
        repeated = True
    (source.compare or source.require_same)(known.state)
    placement = known.state.placed
    if placement is None:
        placement = await place(intake, known.id, None if repeated else known)
        if known.state.placed is None:  # placed from another reading of it: it says more by now
            known = await intake.journal.get(known.id) or known
    return Registered(
        entry=known.state,
        placement=placement,
        version=known.version,
        status_code=intake.identity.status_code(known.id),
        repeated=repeated,
    )


async def _enter(
    intake: Intake,
    form: ReferralForm,
    serving: Serving,
    source: Source,
    missing: list[str],
    at: Context,
) -> tuple[Document[JournalEntry], bool]:
    """Write the journal entry under the next number of the institution's journal of this year."""
    today = at.calendar.local_date(at.now)
    line = JournalEntry(
        id=NO_ID,
        institution=serving.institution,
        authorised_body=serving.authorised_body,
        year=today.year,
        number=NO_NUMBER,
        source_key=source.key,
        fingerprint=source.fingerprint,
        form=form,
        original=source.original,
        said=source.said,
        received_at=form.received_at or at.now,
        entered_at=at.now,
        recorded_by=source.recorded_by,
        requester=source.requester,
        pack=pack_in_force(today).code,
        missing=missing,
        case_candidate=new_id("C"),
        citizen_candidate=new_id("P"),
        place_at=at.now + PLACE_GRACE,
        found_by=found_by(intake.identity, form.citizen),
        taken_in=serving.passes_on,
        onward=serving.onward,
    )
    return await enter_line(intake, line)
