"""Registering a referral: journal entry, citizen, case.

Three documents, three writes, and a process may die between any two. The journal entry is the
first: once it is stored, the referral is accepted and cannot be lost. It carries the ids the rest
will have and stays due until it knows its place, so whoever sweeps next finishes the work, and
doing it twice is doing it once. Unique facts rest on unique values: the entry's id is its number,
`source_key` is the sender's own reference, and the citizen's document owns the one open case.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chassis.clock import new_id
from chassis.document import Document
from chassis.store import AlreadyExists, LostRace
from contracts import status_code
from contracts.context import Context
from contracts.errors import NotFound, Refusal
from contracts.intake import CASE, CITIZEN
from contracts.regulation import pack_in_force
from contracts.values import SYSTEM, Actor
from services.intake.domain.citizen import (
    Citizen,
    claim_case,
    complete_card,
    register_citizen,
)
from services.intake.domain.journal import (
    JournalEntry,
    Placement,
    ReferralForm,
    check_form,
    entry_id,
)
from services.intake.domain.registration import link_referral, register_case
from services.intake.intake import Intake, Serving

PLACE_GRACE = timedelta(seconds=5)
TRIES = 50


class CaseNotThereYet(Exception):
    """The citizen's open case is claimed, its document not yet written."""


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
    original: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A referral in the journal with its place; `repeated` if it was there before."""

    entry: JournalEntry
    placement: Placement
    version: int
    status_code: str
    repeated: bool


async def register_referral(
    intake: Intake, form: ReferralForm, serving: Serving, source: Source
) -> Registered:
    """Take a referral in: journal number, citizen, case (R 3.1.2, L 5.1)."""
    known = await intake.journal.find_one(source_key=source.key)
    if known is None:
        at = intake.service.at(source.recorded_by)
        missing = check_form(form, at.now, at.calendar.local_date(at.now))
        known, repeated = await _enter(intake, form, serving, source, missing, at)
    else:
        repeated = True
    if known.state.fingerprint != source.fingerprint:
        raise SourceReused(
            "idempotency-key-reused",
            "this key or identifier was used for another referral",
            field="Idempotency-Key",
        )
    placement = known.state.placed or await place(intake, known.id)
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
    """Write the journal entry under the next number: n + 1 only where n is known to be there."""
    received_at = form.received_at or at.now
    today = at.calendar.local_date(at.now)
    register_key = f"{serving.institution}-{today.year}"
    for _ in range(TRIES):
        async with intake.journal.lock(register_key):
            last = intake.last_numbers.get(register_key)
            number = 1 + (await _last_number(intake, register_key) if last is None else last)
            entry = JournalEntry(
                id=entry_id(serving.institution, today.year, number),
                institution=serving.institution,
                authorised_body=serving.authorised_body,
                year=today.year,
                number=number,
                source_key=source.key,
                fingerprint=source.fingerprint,
                form=form,
                original=source.original,
                received_at=received_at,
                recorded_by=source.recorded_by.id,
                requester=source.requester,
                pack=pack_in_force(today).code,
                missing=missing,
                case_candidate=new_id("C"),
                citizen_candidate=new_id("P"),
                place_at=at.now + PLACE_GRACE,
            )
            document = Document(id=entry.id, state=entry, version=1)
            try:
                await intake.journal.save(document)
            except AlreadyExists:
                intake.last_numbers.pop(register_key, None)  # another replica wrote meanwhile
            else:
                intake.last_numbers[register_key] = number
                return document, False
        same = await intake.journal.find_one(source_key=source.key)
        if same is not None:
            return same, True
    raise Refusal("too-busy", "the journal is being written by others; try again")


async def _last_number(intake: Intake, register_key: str) -> int:
    last = await intake.journal.find({"register_key": register_key}, sort=[("number", -1)], limit=1)
    return last[0].state.number if last else 0


async def place(intake: Intake, journal_id: str) -> Placement:
    """Give a referral its citizen and its case; does nothing twice, whoever calls it."""
    for attempt in range(TRIES):
        try:
            return await _place(intake, journal_id)
        except (LostRace, AlreadyExists, CaseNotThereYet):
            await asyncio.sleep(random.uniform(0, 0.002 * (attempt + 1)))
    raise Refusal("too-busy", "the record is being changed by others; try again")


async def _place(intake: Intake, journal_id: str) -> Placement:
    document = await intake.journal.get(journal_id)
    if document is None:
        raise LookupError(journal_id)
    entry = document.state
    if entry.placed is not None and entry.place_at is None:
        return entry.placed
    at = intake.service.at(SYSTEM)
    citizen = await _citizen(intake, entry, at)
    if entry.placed is None:
        case_id = citizen.open_case or entry.case_candidate
        entry.placed = Placement(
            citizen_id=citizen.id, case_id=case_id, linked=case_id != entry.case_candidate
        )
        if entry.placed.linked:
            await _link(intake, case_id, entry, at)
        else:
            await _open(intake, entry, citizen, at)
    entry.place_at = None
    await intake.journal.save(document)
    return entry.placed


async def _citizen(intake: Intake, entry: JournalEntry, at: Context) -> Citizen:
    """The citizen, known or new, with the card completed and a case claimed; at most one write."""
    card = entry.form.citizen
    keys = intake.identity.snils_key(card), intake.identity.person_key(card)
    found = await _recognised(intake, entry, keys)
    citizen = found.state
    events = register_citizen(citizen, card, at) if found.rev == 0 else ()
    events = events or complete_card(citizen, card, at)
    claimed = False
    if entry.placed is None:
        present = await intake.cases.get(citizen.open_case) if citizen.open_case else None
        over = present is not None and present.state.over
        claimed = claim_case(citizen, entry.case_candidate, present_is_over=over)
    if events or claimed:
        citizen.snils_key = citizen.snils_key or keys[0]
        citizen.person_key = citizen.person_key or keys[1]
        await intake.service.commands.store(
            intake.citizens, found, CITIZEN, None, at, events, lambda state: {}
        )
    return citizen


async def _recognised(
    intake: Intake, entry: JournalEntry, keys: tuple[str | None, str | None]
) -> Document[Citizen]:
    """By SNILS, else by name, birth date and address (L 5.1); else a document not stored yet."""
    snils_key, person_key = keys
    known_id = entry.placed.citizen_id if entry.placed else entry.citizen_candidate
    found = await intake.citizens.get(known_id) if entry.in_doubt else None
    if found is None and snils_key is not None:
        found = await intake.citizens.find_one(snils_key=snils_key)
    if found is None and person_key is not None:
        found = await intake.citizens.find_one(person_key=person_key)
    return found or intake.citizens.blank(entry.citizen_candidate)


async def _open(intake: Intake, entry: JournalEntry, citizen: Citizen, at: Context) -> None:
    document = await intake.cases.get(entry.case_candidate)
    if document is not None and document.state.ref is not None:
        return  # done before we died
    document = document or intake.cases.blank(entry.case_candidate)
    code = intake.identity.status_code(entry.id)
    events = register_case(
        document.state,
        entry,
        citizen.id,
        already_served=bool(citizen.earlier_cases),
        status_code_hash=status_code.hashed(code, entry.journal_number),
        at=at,
    )
    await intake.service.commands.store(
        intake.cases, document, CASE, None, at, events, lambda state: {}
    )


async def _link(intake: Intake, case_id: str, entry: JournalEntry, at: Context) -> None:
    try:
        await intake.service.commands.execute(
            intake.cases,
            case_id,
            CASE,
            None,
            at,
            lambda case: link_referral(case, entry, at),
            visible=lambda case: case.ref is not None,
        )
    except NotFound as missing:  # whoever claimed it is still writing it, or the sweeper will
        raise CaseNotThereYet from missing
