"""Finding lines of the journal: by keys in the index, then compared and ranked (R 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.clock import epoch_ms
from chassis.document import Document
from contracts.errors import InvalidInput
from contracts.values import CitizenCard
from services.intake.adapters.identity import Identity
from services.intake.domain.journal import JournalEntry
from services.intake.domain.search_keys import (
    home_fits,
    home_wanted,
    keys_of,
    keys_of_name,
    name_fits,
    words_of_name,
)
from services.intake.intake import Intake

CANDIDATES = 1000
"""More lines than these are not compared: whoever looks says more."""

Ranked = tuple[int, Document[JournalEntry]]


def found_by(identity: Identity, card: CitizenCard) -> dict[str, str]:
    """The keys of a line about this person, as the index holds them."""
    return {kind: identity.hashed(f"line-{kind}", said) for kind, said in keys_of(card).items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who or where is looked for; one of the two at least."""

    name: str | None = None
    address: str | None = None


async def find_lines(intake: Intake, query: Mapping[str, Any], wanted: Wanted) -> list[Ranked]:
    """The lines of a query that fit, each with its rank: the best fit, then the latest, first."""
    conditions: list[Mapping[str, Any]] = [query] if query else []
    words = words_of_name(wanted.name) if wanted.name is not None else None
    if words is not None:
        conditions.append({"$or": _by_name(intake.identity, words)})
    home = None
    if wanted.address is not None:
        street, home = home_wanted(wanted.address)
        conditions.append({"street": intake.identity.hashed("line-street", street)})
    found = await intake.journal.find({"$and": conditions}, limit=CANDIDATES + 1)
    if len(found) > CANDIDATES:
        raise InvalidInput(
            "search-too-wide",
            f"more than {CANDIDATES} lines would have to be compared; say more, or a period",
            field="name" if words is not None else "address",
        )
    ranked: list[Ranked] = []
    for document in found:
        card = document.state.form.citizen
        scores = [
            *([name_fits(words, card.name)] if words is not None else []),
            *([home_fits(home, card.address)] if home is not None else []),
        ]
        known = [score for score in scores if score is not None]
        if len(known) == len(scores):
            ranked.append((_rank(sum(known) / len(known), document), document))
    return sorted(ranked, key=lambda pair: (pair[0], pair[1].id))


def _by_name(identity: Identity, words: list[str]) -> list[Mapping[str, Any]]:
    return [
        {kind: {"$in": [identity.hashed(f"line-{kind}", key) for key in keys]}}
        for kind, keys in keys_of_name(words).items()
    ]


def _rank(score: float, document: Document[JournalEntry]) -> int:
    """Small comes first. Milliseconds since 1970 stay under 10^14 for three thousand years."""
    return (1000 - round(score * 10)) * 10**14 - epoch_ms(document.state.received_at)
