"""Finding lines of the journal: by keys in the index, then compared and ranked (R 3.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.clock import epoch_ms
from chassis.document import Document
from contracts.copies import MOST_JOININGS
from contracts.errors import InvalidInput, NotFound
from contracts.values import Actor, CitizenCard
from services.intake.adapters.identity import Identity
from services.intake.domain.case import Case
from services.intake.domain.journal import JournalEntry, may_see
from services.intake.domain.records import EntryState
from services.intake.domain.search_keys import (
    Keyed,
    home_fits,
    home_wanted,
    keys_as_heard,
    keys_mistyped,
    keys_of,
    name_fits,
    words_of_name,
)
from services.intake.intake import Intake

CANDIDATES = 1000
"""More lines than these are not compared: whoever looks says more."""
EVER: Mapping[str, int] = {"$gte": 0}

Lines = list[Document[JournalEntry]]
Ranked = list[tuple[int, Document[JournalEntry]]]


async def get_line(
    intake: Intake, line: str, by: Actor
) -> tuple[Document[JournalEntry], Case | None]:
    """A line the caller may read, with the case it is in where another one may have that.

    Besides whose journal it stands in, whoever serves the case reads it: they answer for what every
    referral in it says (R 3.1.3, L 5.1).
    """
    document = await intake.journal.get(line)
    if document is None:
        raise NotFound("referral")
    entry = document.state
    own = may_see(entry, by)
    if own and not entry.elsewhere:
        return document, None
    case = await _case_of(intake, entry)
    if not own and (case is None or not case.reference.is_served_by(by.organization)):
        raise NotFound("referral")
    return document, case


async def _case_of(intake: Intake, entry: JournalEntry) -> Case | None:
    """The case a line is in by now: the one it was placed in, or that which took it over."""
    case_id = entry.placed.case_id if entry.placed else None
    for _ in range(MOST_JOININGS):
        found = await intake.cases.get(case_id) if case_id else None
        if found is None or found.state.ref is None:
            return None
        if found.state.joined_to is None:
            return found.state
        case_id = found.state.joined_to
    return None


def found_by(identity: Identity, card: CitizenCard) -> dict[str, str]:
    """The keys of a line about this person, as the index holds them."""
    return {kind: _hashed(identity, kind, said) for kind, said in keys_of(card).items()}


def _hashed(identity: Identity, kind: str, said: str) -> str:
    return identity.hashed(f"line-{kind}", said)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: who or where, or one line by its number; and in which lines.

    `own` is whose lines the caller may see, `received` the bounds of the time of receipt.
    """

    own: Mapping[str, str]
    received: Mapping[str, int]
    state: EntryState | None = None
    name: str | None = None
    address: str | None = None
    line: tuple[str, int] | None = None


async def find_lines(intake: Intake, wanted: Wanted) -> Ranked:
    """The lines that fit, each with its rank: the best fit, then the latest, first.

    A name is looked for as it sounds and, of its first word, with one letter wrong; where nothing
    fits, with one letter of the other words wrong.
    """
    words = words_of_name(wanted.name) if wanted.name is not None else []
    street, home = home_wanted(wanted.address) if wanted.address is not None else (None, None)

    def fitting(lines: Lines) -> Ranked:
        ranked: Ranked = []
        for document in lines:
            card = document.state.form.citizen
            scores = [
                name_fits(words, card.name) if words else 100.0,
                home_fits(home, card.address) if home is not None else 100.0,
            ]
            known = [score for score in scores if score is not None]
            if len(known) == len(scores) and _is_wanted(document, wanted):
                ranked.append((_rank(sum(known) / 2, document), document))
        return sorted(ranked, key=lambda pair: (pair[0], pair[1].id))

    if wanted.line is not None:
        register, number = wanted.line
        one = await intake.journal.find({"register_key": register, "number": number}, limit=1)
        return fitting(one)
    if street is not None:
        return fitting(await _candidates(intake, [("street", street)], wanted, "address"))
    heard = [*keys_as_heard(words), *keys_mistyped(words[:1])]
    found = fitting(await _candidates(intake, heard, wanted, "name"))
    if not found and len(words) > 1:
        found = fitting(await _candidates(intake, keys_mistyped(words[1:]), wanted, "name"))
    return found


async def _candidates(intake: Intake, keys: Keyed, wanted: Wanted, field: str) -> Lines:
    queries = _queries(intake.identity, dict.fromkeys(keys), wanted)
    found = await intake.journal.find_any(queries, limit=CANDIDATES + 1)
    if len(found) > CANDIDATES:
        raise InvalidInput(
            "search-too-wide",
            f"more than {CANDIDATES} lines would have to be compared; say more, or a period",
            field=field,
        )
    return found


def _queries(
    identity: Identity, keys: Iterable[tuple[str, str]], wanted: Wanted
) -> list[dict[str, Any]]:
    """One range of one list for each key; whose the lines are is asked of those found."""
    period = wanted.received or EVER
    return [
        {kind: _hashed(identity, kind, said), **wanted.own, "received": period}
        for kind, said in keys
    ]


def _is_wanted(document: Document[JournalEntry], wanted: Wanted) -> bool:
    entry, received = document.state, epoch_ms(document.state.received_at)
    return (
        all(getattr(entry, field) == value for field, value in wanted.own.items())
        and wanted.state in {None, entry.state}
        and wanted.received.get("$gte", received) <= received
        and received < wanted.received.get("$lt", received + 1)
    )


def _rank(score: float, document: Document[JournalEntry]) -> int:
    """Small comes first. Milliseconds since 1970 stay under 10^14 for three thousand years."""
    return (1000 - round(score * 10)) * 10**14 - epoch_ms(document.state.received_at)
