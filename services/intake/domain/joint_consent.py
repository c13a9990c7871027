"""The consents of one person who has two cards, and of two persons again (L 5.1, 152-FZ 9, 21).

While two cards are joined the survivor holds the consents of both, and what the person did last
decides: a consent that was taken back is not given by an older paper on the other card, and a later
one ends the term to erase of either. Parted, each has their own again, as they stand by then: what
was taken back meanwhile is taken back on both.
"""

from __future__ import annotations

from datetime import datetime

from contracts.context import Context
from contracts.regulation import pack_in_force
from contracts.terms import ClosedTerm, Deadline
from services.intake.domain.citizen import Citizen
from services.intake.domain.consent import ConsentRecord
from services.intake.domain.consenting import ERASURE, acts_of


def joint(
    mine: list[ConsentRecord], theirs: list[ConsentRecord], at: Context
) -> list[ConsentRecord]:
    """The consents of both, those of whoever acted last at the end: the last one decides."""
    if mine and theirs and _acted_at(theirs[-1], at) <= _acted_at(mine[-1], at):
        return [*theirs, *mine]
    return [*mine, *theirs]


def apart(
    held: list[ConsentRecord], other: Citizen
) -> tuple[list[ConsentRecord], list[ConsentRecord]]:
    """What of the consents that a survivor holds is their own, and what the other one's: those they
    had, withdrawn if they were withdrawn on either card, and those given in a case of theirs."""
    mine, theirs = list(held), []
    for act in acts_of(other):
        held_as = [known for known in mine if _as_given(known) == _as_given(act)]
        found = act if act in held_as else next(iter(held_as), None)
        if found is not None:
            mine.remove(found)
        theirs.append(act if found is None or act.withdrawn is not None else found)
    cards = {other.id, *(known.citizen for known in other.joinings)}
    since = [known for known in mine if known.citizen_id in cards]
    return [known for known in mine if known.citizen_id not in cards], [*theirs, *since]


def settle_erasure(
    citizen: Citizen, at: Context
) -> tuple[tuple[Deadline, ...], tuple[ClosedTerm, ...]]:
    """The term to erase runs as the consents have it, from when they were taken back on, whosever
    they were: what began and what ended (152-FZ 21.5)."""
    due = _erasure_due(citizen, at)
    running = [term.due_at for term in citizen.terms.deadlines if term.code == ERASURE]
    if due is not None and running == [due.due_at]:
        return (), ()
    closed = citizen.terms.close(ERASURE, at=at.now)
    return citizen.terms.open(*([due] if due is not None else [])), closed


def _erasure_due(citizen: Citizen, at: Context) -> Deadline | None:
    """None where a consent stands, or another ground in law keeps the data."""
    last = citizen.consents[-1].withdrawn if citizen.consents else None
    if last is None or last.other_basis is not None:
        return None
    given = max(_given_at(known, at) for known in citizen.consents)
    taken_back = [known.withdrawn.at for known in citizen.consents if known.withdrawn is not None]
    since = min((moment for moment in taken_back if moment >= given), default=last.at)
    return at.deadline(pack_in_force(at.calendar.local_date(since)), ERASURE, since)


def _as_given(record: ConsentRecord) -> ConsentRecord:
    return record.model_copy(update={"withdrawn": None})


def _acted_at(record: ConsentRecord, at: Context) -> datetime:
    return record.withdrawn.at if record.withdrawn is not None else _given_at(record, at)


def _given_at(record: ConsentRecord, at: Context) -> datetime:
    """When it was given, as exactly as that is known; a paper may be recorded long after."""
    known = [moment for moment in (record.given_at, record.recorded_at) if moment is not None]
    return min([*known, at.calendar.end_of_day(record.given_on)])
