"""Placing a referral: from the journal entry to its citizen and its case.

Invariant: the entry carries the ids the rest will have and stays due until it knows its place, so
whoever sweeps next finishes the work, and doing it twice is doing it once. The citizen's document
owns the one open case.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.document import Document
from chassis.races import LOST, until_won
from contracts import status_code
from contracts.citizen import CITIZEN
from contracts.context import Context
from contracts.errors import NotAllowedInState, NotFound
from contracts.event import Event
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, claim_case, complete_card, register_citizen
from services.intake.domain.journal import JournalEntry, Placement
from services.intake.domain.registration import link_referral, register_case
from services.intake.forwarding import follow, hand_over
from services.intake.intake import Intake
from services.intake.recognising import Recognised, recognise, take_keys
from services.intake.recording import record, record_new


class CaseNotThereYet(Exception):
    """The citizen's open case is claimed and not yet written, or came to its end just now."""


async def place(
    intake: Intake, journal_id: str, written: Document[JournalEntry] | None = None
) -> Placement:
    """Give a referral its citizen and its case; does nothing twice, whoever calls it.

    `written` is the entry as this process stored it a moment ago: there is nothing to look up yet.
    Should somebody else have taken it up meanwhile, the store refuses, and we look after all.
    """
    tried = 0

    @until_won(lost=(*LOST, CaseNotThereYet))
    async def attempt() -> Placement:
        nonlocal tried
        tried += 1
        return await _place(intake, journal_id, written if tried == 1 else None, again=tried > 1)

    return await attempt()


async def _place(
    intake: Intake, journal_id: str, written: Document[JournalEntry] | None, *, again: bool
) -> Placement:
    document = written or await intake.journal.get(journal_id)
    if document is None:
        raise LookupError(journal_id)
    entry = document.state
    if entry.placed is not None and entry.place_at is None:
        return entry.placed
    at = intake.service.at(entry.recorded_by)
    citizen = await _citizen(intake, entry, at, again=again)
    if entry.placed is None:
        case_id = citizen.open_case or entry.case_candidate
        entry.placed = Placement(
            citizen_id=citizen.id, case_id=case_id, linked=case_id != entry.case_candidate
        )
        if entry.placed.linked:
            number = await _link(intake, case_id, entry, at)
            entry.placed = entry.placed.model_copy(update={"number": number})
        else:
            await _open(intake, entry, citizen, at, fresh=written is not None)
    else:
        await follow(intake, entry, at)
    entry.place_at = None
    if entry.taken_in:
        await hand_over(intake, entry)
    await intake.journal.save(document)
    return entry.placed


async def _citizen(
    intake: Intake, entry: JournalEntry, at: Context, *, again: bool = False
) -> Citizen:
    """The citizen, known or new, with the card completed and a case claimed; at most one write."""
    card = entry.form.citizen
    known = await _known(intake, entry)
    found = Recognised(known) if known else await recognise(intake, card, again=again)
    document = found.document or intake.citizens.blank(entry.citizen_candidate)
    citizen = document.state
    events = register_citizen(citizen, card, at, entry.id) if document.rev == 0 else ()
    events = events or complete_card(citizen, card, at, entry.id)
    claimed = entry.placed is None and await _claim(intake, citizen, entry)
    if events or claimed:
        # if somebody else was faster, the store says so and we look again
        same_as = await take_keys(intake, citizen, at, None if known else found)
        entry.same_as = same_as or entry.same_as
        await intake.service.commands.store(intake.citizens, document, CITIZEN, None, at, events)
    return citizen


async def _known(intake: Intake, entry: JournalEntry) -> Document[Citizen] | None:
    """The citizen of an entry that may lack what people are recognised by, if there is one yet."""
    if not entry.in_doubt:
        return None
    return await intake.find_citizen(
        entry.placed.citizen_id if entry.placed else entry.citizen_candidate
    )


async def _claim(intake: Intake, citizen: Citizen, entry: JournalEntry) -> bool:
    present = await intake.cases.get(citizen.open_case) if citizen.open_case else None
    over = present is not None and present.state.over and not _knows(present.state, entry)
    served = present is not None and present.state.enrolled
    return claim_case(citizen, entry.case_candidate, present_is_over=over, served=served)


def _knows(case: Case, entry: JournalEntry) -> bool:
    """Whether the referral was linked there before we died."""
    return any(link.entry_id == entry.referral for link in case.linked)


async def _open(
    intake: Intake, entry: JournalEntry, citizen: Citizen, at: Context, *, fresh: bool = False
) -> None:
    document = None if fresh else await intake.cases.get(entry.case_candidate)
    if document is not None and document.state.ref is not None:
        return  # done before we died
    document = document or intake.cases.blank(entry.case_candidate)
    code = intake.identity.status_code(entry.referral)
    events = register_case(
        document.state,
        entry,
        citizen.id,
        already_served=citizen.served,
        status_code_hash=status_code.hashed(code, entry.journal_number),
        at=at,
    )
    await record_new(intake.service.commands, intake.cases, document, at, events)


async def _link(intake: Intake, case_id: str, entry: JournalEntry, at: Context) -> str:
    """The case takes the referral; its number, with which who applied asks how it stands."""
    code, number = intake.identity.status_code(entry.referral), ""

    def decide(case: Case) -> Sequence[Event]:
        nonlocal number
        number = case.reference.number
        return link_referral(case, entry, at, lambda number: status_code.hashed(code, number))

    try:
        await record(
            intake.service.commands,
            intake.cases,
            case_id,
            at,
            decide,
        )
    except (NotFound, NotAllowedInState) as missing:
        # whoever claimed it is still writing it, or it ended just now: decide again
        raise CaseNotThereYet from missing
    return number
