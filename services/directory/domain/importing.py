"""What an imported file would do: every row offered, waiting for a person, or broken (R 1.3).

The quality rules of R appendix 1 look at the file's rows beside those of the directory, as if they
had been loaded together. A fault that can be shown as printed does not break a row; its proposal is
only applied when a person accepts it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, partial

from pydantic import BaseModel, ValidationError

from contracts.directory import OrganizationCard
from contracts.errors import InvalidInput
from contracts.territory import Gazetteer, Municipality, Region
from services.directory.domain.card_rules import above_of, card_faults
from services.directory.domain.import_file import CSV, Cells, FileFacts
from services.directory.domain.import_row import RowFault, completed, faults_of, read_row, spoken_of
from services.directory.domain.organization import Organization, Status
from services.directory.domain.quality import Fault, Place, find_faults
from services.directory.domain.reading import card_fields, read_card
from services.directory.domain.row_faults import (
    as_printed_before,
    closed,
    of_kind,
    of_municipality,
    of_place,
    of_quality,
    of_refusal,
    repeated,
)
from services.directory.domain.rows import Printed, SourceRow
from services.directory.domain.versions import differing, taking


class RowState(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    """It would undo what a person decided: only done if it is overruled."""
    BROKEN = "broken"


class Outcome(StrEnum):
    """What came of a row."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    """Somebody changed the organization since the preview: a person looks, and imports anew."""
    REFUSED = "refused"
    LEFT_OUT = "left_out"


class PlannedRow(BaseModel):
    """A row with what it would do, and later with what came of it."""

    number: int
    line: int
    key: str | None
    state: RowState
    fields: tuple[str, ...] = ()
    conflict: str | None = None
    faults: list[RowFault] = []
    quality: tuple[Fault, ...] = ()
    spoken: tuple[str, ...] | None = None
    """Which fields of the card the row speaks of; None: of all."""
    kept: tuple[Fault, ...] = ()
    """Faults of what it does not speak of: they stay as what they are faults of."""
    row: SourceRow | None = None
    card: OrganizationCard | None = None
    seen_version: int = 0
    outcome: Outcome | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the directory holds: organizations with their versions, and what places there are."""

    organizations: Mapping[str, tuple[int, Organization]]
    gazetteer: Gazetteer
    municipalities: tuple[Municipality, ...]
    regions: tuple[Region, ...]
    now: datetime


Coming = Callable[[str], Organization | None]
"""Organizations as they will be, by their keys: whom a row answers to may come with the file."""


def plan(facts: FileFacts, cells: list[Cells], known: Known) -> list[PlannedRow]:
    """Every row of a file, in its order, with everything that is wrong with it."""
    is_table = facts.format == CSV
    read = [(item, *read_row(item, is_table=is_table)) for item in cells]
    places: dict[str | None, list[int]] = defaultdict(list)
    for item in cells:
        places[_key_of(item)].append(item.number)
    good: dict[str, tuple[SourceRow, frozenset[str]]] = {}
    for item, row, faults in read:
        if row is not None:
            faults.extend(of_municipality(row, faults))
        if (key := _key_of(item)) is not None and len(places[key]) > 1:
            faults.append(repeated(key, places[key]))
        elif row is not None and not faults:
            _, before = known.organizations.get(row.key, (0, None))
            taken, spoken = before.printed_row if before else None, spoken_of(item)
            good[row.key] = completed(row, spoken, taken), spoken
    quality = _quality([row for row, _ in good.values()], known)
    cards, unreadable = _cards(good, quality, known)
    coming = cache(partial(_as_it_will_be, cards, known))
    planned = []
    for item, row, faults in read:
        if row is not None and not faults and row.key in cards:
            planned.append(
                _planned(item, *good[row.key], cards[row.key], quality[row.key], coming, known)
            )
            continue
        if row is not None:
            faults.extend(() if faults else unreadable[row.key])
            faults.extend(_further(row, faults, coming, known))
        broken = PlannedRow(
            number=item.number,
            line=item.line,
            key=_key_of(item),
            state=RowState.BROKEN,
            faults=faults,
        )
        planned.append(broken)
    return planned


def _further(
    row: SourceRow,
    faults: Iterable[RowFault],
    coming: Coming,
    known: Known,
) -> list[RowFault]:
    """What else is wrong with a broken row, in the fields that could be read."""
    unread = {fault.field.split(".")[0] for fault in faults}
    bare = row.model_copy(
        update={
            "printed": Printed(name="unread"),
            "source": Place(document="import", place=f"row {row.key}"),
        }
    )
    card = read_card(bare, (), known.gazetteer)
    if "region" in unread:
        card = card.model_copy(update={"region": None})
    found = [of_refusal(wrong) for wrong in _refusals(card, coming, known)]
    return [fault for fault in found if fault.field.split(".")[0] not in unread]


def _refusals(card: OrganizationCard, coming: Coming, known: Known) -> list[InvalidInput]:
    """All that an editor's card would be refused for."""
    present = known.organizations.get(card.id)
    before = present[1].card if present is not None else None
    return [*of_kind(card, before), *card_faults(card, above_of(card.parent, coming), before)]


def _cards(
    good: Mapping[str, tuple[SourceRow, frozenset[str]]],
    quality: Mapping[str, tuple[Fault, ...]],
    known: Known,
) -> tuple[dict[str, OrganizationCard], dict[str, list[RowFault]]]:
    """The cards of rows by key, and why there is none: what is printed does not fit a card."""
    cards: dict[str, OrganizationCard] = {}
    unreadable: dict[str, list[RowFault]] = {}
    for key, (row, spoken) in good.items():
        try:
            cards[key] = _card(row, spoken, quality[key], known)
        except ValidationError as failure:
            unreadable[key] = faults_of(failure)
    return cards, unreadable


def _planned(
    item: Cells,
    row: SourceRow,
    spoken: frozenset[str],
    card: OrganizationCard,
    quality: tuple[Fault, ...],
    coming: Coming,
    known: Known,
) -> PlannedRow:
    is_new = row.key not in known.organizations
    own = tuple(fault for fault in quality if is_new or fault.field in spoken)
    faults = [of_quality(fault) for fault in own]
    broken = [of_refusal(wrong) for wrong in _refusals(card, coming, known)]
    planned = PlannedRow(
        number=item.number, line=item.line, key=row.key, state=RowState.NEW, faults=faults
    )
    if broken:
        planned.state, planned.faults = RowState.BROKEN, [*broken, *faults]
        return planned
    planned.quality, planned.row, planned.card = own, row, card
    if is_new:
        planned.faults += of_place(card)
        return planned
    planned.seen_version, present = known.organizations[row.key]
    if present.status is Status.RETIRED:
        return _closed(planned, present)
    planned.spoken = card_fields(spoken)
    planned.kept = tuple(as_printed_before(f, present) for f in quality if f not in own)
    planned.fields = differing(present.card, card)
    planned.state = RowState.CHANGED if planned.fields else RowState.UNCHANGED
    planned.conflict = _conflict(present, planned.fields)
    if planned.conflict:
        planned.state = RowState.CONFLICT
    return planned


def _closed(planned: PlannedRow, present: Organization) -> PlannedRow:
    """A row of one that takes no part: nothing is changed of it, whoever decides (R 1.3)."""
    return PlannedRow(
        number=planned.number,
        line=planned.line,
        key=planned.key,
        state=RowState.BROKEN,
        faults=[closed(present), *planned.faults],
        seen_version=planned.seen_version,
    )


def _conflict(present: Organization, fields: tuple[str, ...]) -> str | None:
    """Why a row waits for a person: it would undo what one has decided."""
    edited = [name for name in fields if name != "source" and present.is_edited(name)]
    return f"edited: {', '.join(edited)}" if edited else None


def _card(
    row: SourceRow, spoken: frozenset[str], quality: Iterable[Fault], known: Known
) -> OrganizationCard:
    """The card a row gives; of an organization that is there, only what the row speaks of."""
    card = read_card(row, tuple(quality), known.gazetteer)
    if row.key not in known.organizations:
        return card
    return taking(known.organizations[row.key][1].card, card, card_fields(spoken))


def _quality(rows: list[SourceRow], known: Known) -> dict[str, tuple[Fault, ...]]:
    """The faults of these rows among all rows of the directory."""
    own = {row.key for row in rows}
    others = [
        row
        for _, organization in known.organizations.values()
        if (row := organization.printed_row) is not None
        and not row.is_invented
        and row.key not in own
    ]
    found: dict[str, list[Fault]] = {key: [] for key in own}
    for region in known.regions:
        for fault in find_faults([*others, *rows], known.municipalities, region):
            if fault.row_key in own:
                found[fault.row_key].append(fault)
    return {key: tuple(faults) for key, faults in found.items()}


def _as_it_will_be(
    cards: Mapping[str, OrganizationCard], known: Known, key: str
) -> Organization | None:
    """An organization of the directory as the file changes it, or one that comes with the file."""
    _, present = known.organizations.get(key, (0, None))
    card = cards.get(key)
    if card is None:
        return present
    if present is None:
        return Organization(id=key, card=card, changed_at=known.now)
    return present.model_copy(update={"card": card})


def _key_of(cells: Cells) -> str | None:
    """The key as it was typed, as far as it can be shown."""
    key = cells.values.get("key")
    return (
        key.strip().encode(errors="ignore").decode()[:100] or None if isinstance(key, str) else None
    )
