"""An import: previewed, then applied by a person's decision, row by row, to its end (R 1.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StrictInt

from contracts.context import Context
from contracts.directory import OrganizationCard
from contracts.errors import InvalidInput, require_allowed
from contracts.event import Event
from contracts.territory import Gazetteer
from contracts.values import Actor, Line, Value
from services.directory.domain import telling
from services.directory.domain.correction import read_proposal
from services.directory.domain.import_file import FileFacts
from services.directory.domain.importing import Outcome, PlannedRow, RowState
from services.directory.domain.organization import (
    Action,
    Organization,
    enter,
    replace,
    require,
    require_enterable,
)
from services.directory.domain.quality import Fault
from services.directory.domain.rows import ImportedRow
from services.directory.domain.versions import taking

ROWS_IN_A_PART = 50
"""Never another number: by it the part of a row is found."""
RETIRED = "retired"
"""What a version before called a conflict: nobody can overrule it."""


class ImportStatus(StrEnum):
    """States of an import."""

    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"


class ImportAction(StrEnum):
    """What can be done with an import."""

    APPLY = "apply"
    FINISH = "finish"


ALLOWED: dict[ImportAction, frozenset[ImportStatus]] = {
    ImportAction.APPLY: frozenset({ImportStatus.PREVIEWED}),
    ImportAction.FINISH: frozenset({ImportStatus.APPLYING}),
}
"""What may happen in which state; one test walks every state × action."""


FAR_ROW = 10**6
"""More rows than any file has."""

RowNumber = Annotated[StrictInt, Field(ge=0, le=FAR_ROW)]


class AcceptedCorrection(Value):
    """The proposal of a fault of one row, accepted by a person."""

    row: RowNumber
    rule: Line
    field: Line


class Import(BaseModel):
    """An imported file: what it was read as, what its rows would do, what came of them.

    The rows lie in parts of their own, so that this document stays small.
    """

    id: str
    file: FileFacts
    status: ImportStatus = ImportStatus.PREVIEWED
    previewed_by: Actor
    previewed_at: AwareDatetime
    parts: list[str]
    rows: dict[str, int]
    """How many rows there are in each state."""
    proposals: int = 0
    reason: str | None = None
    corrections: list[AcceptedCorrection] = []
    overruled: list[int] = []
    applied_by: Actor | None = None
    applied_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    outcomes: dict[str, int] = {}


class ImportPart(BaseModel):
    """Some rows of a file, in its order."""

    id: str
    import_id: str
    number: int
    rows: list[PlannedRow]
    done: bool = False
    """Whether it is known what came of all its rows; a version before passes such a part over."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of rows, by their number."""

    corrections: Mapping[int, Sequence[AcceptedCorrection]]
    overruled: frozenset[int]

    @classmethod
    def of(cls, found: Import) -> Decision:
        """What was decided of an import's rows."""
        corrections: Mapping[int, list[AcceptedCorrection]] = defaultdict(list)
        for item in found.corrections:
            corrections[item.row].append(item)
        return cls(dict(corrections), frozenset(found.overruled))


def preview(
    import_id: str, facts: FileFacts, rows: Sequence[PlannedRow], mark: str, at: Context
) -> tuple[Import, list[ImportPart]]:
    """An import that changes nothing yet, and its rows in parts. `mark` tells two readings of one
    file apart: what the first left half done is not taken for the second's."""
    pieces = [rows[at : at + ROWS_IN_A_PART] for at in range(0, len(rows), ROWS_IN_A_PART)]
    parts = [
        ImportPart(
            id=f"{import_id}-{mark}-{number}", import_id=import_id, number=number, rows=list(piece)
        )
        for number, piece in enumerate(pieces, start=1)
    ]
    made = Import(
        id=import_id,
        file=facts,
        previewed_by=at.by,
        previewed_at=at.now,
        parts=[part.id for part in parts],
        rows={str(state): sum(row.state is state for row in rows) for state in RowState},
        proposals=sum(fault.proposal is not None for row in rows for fault in row.faults),
    )
    return made, parts


def apply(
    found: Import,
    rows: Iterable[PlannedRow],
    corrections: Sequence[AcceptedCorrection],
    overruled: Collection[int],
    reason: str,
    at: Context,
) -> list[Event]:
    """Decide that the good rows are applied, with these proposals, over these conflicts."""
    require_allowed(ALLOWED, ImportAction.APPLY, found.status, "import", clause="R 1.3")
    by_number = {row.number: row for row in rows}
    fields = [(item.row, item.field) for item in corrections]
    if len(set(fields)) != len(fields):
        raise _wrong("one-correction-per-field", "two proposals for one field", "corrections")
    for item in corrections:
        if item.row not in by_number or _fault(by_number[item.row], item) is None:
            raise _wrong("no-such-proposal", f"row {item.row} has no such proposal", "corrections")
    for number in overruled:
        if number not in by_number or by_number[number].state is not RowState.CONFLICT:
            raise _wrong("no-such-conflict", f"row {number} is not in conflict", "overrule")
        if by_number[number].conflict == RETIRED:
            raise _wrong("organization-retired", f"row {number}: it takes part no more", "overrule")
    found.status, found.reason = ImportStatus.APPLYING, reason
    found.corrections, found.overruled = list(corrections), sorted(overruled)
    found.applied_by, found.applied_at = at.by, at.now
    return []


def finish(found: Import, outcomes: Mapping[Outcome, int], at: Context) -> list[Event]:
    """All rows are done."""
    require_allowed(ALLOWED, ImportAction.FINISH, found.status, "import")
    found.outcomes = {str(outcome): outcomes.get(outcome, 0) for outcome in Outcome}
    found.status, found.finished_at = ImportStatus.APPLIED, at.now
    return []


def parts_with(found: Import, numbers: Iterable[int]) -> list[str]:
    """The parts that have these rows, in order, as far as there are such rows."""
    places = sorted({(number - 1) // ROWS_IN_A_PART for number in numbers if number > 0})
    return [found.parts[place] for place in places if place < len(found.parts)]


def is_offered(decision: Decision, row: PlannedRow) -> bool:
    """Whether a row is to be applied: a good one, or one in conflict that was overruled."""
    if row.state is RowState.CONFLICT:
        return row.number in decision.overruled
    return row.state in {RowState.NEW, RowState.CHANGED} or (
        row.state is RowState.UNCHANGED and row.number in decision.corrections
    )


def corrected(decision: Decision, row: PlannedRow, gazetteer: Gazetteer) -> PlannedRow:
    """The row with the proposals that were accepted for it."""
    changes: dict[str, object] = {}
    for item in decision.corrections.get(row.number, ()):
        fault = _fault(row, item)
        if fault is not None and fault.proposal is not None:
            changes |= read_proposal(item.field, fault.proposal, gazetteer)
    if row.card is None or not changes:
        return row
    return row.model_copy(update={"card": row.card.model_copy(update=changes)})


def reason_of(found: Import, row: PlannedRow) -> str:
    """The reason that travels with the change."""
    return f"import {found.id}, row {row.number}, line {row.line}: {found.reason}"[:300]


def enter_imported(
    found: Import, row: PlannedRow, as_read: PlannedRow, at: Context
) -> tuple[Organization, list[Event]]:
    """A new organization, from an imported row."""
    card, reason = _card(row), reason_of(found, row)
    require_enterable(card)
    organization = enter(card, at)
    organization.reason = reason
    organization.imported = _taken(found, as_read, card)
    return organization, telling.published(card, at.by, reason)


def take_imported(
    organization: Organization, found: Import, row: PlannedRow, as_read: PlannedRow, at: Context
) -> list[Event]:
    """What an imported row changes of an organization."""
    require(organization, Action.CHANGE)
    require_enterable(_card(row), organization.card)
    before = organization.taken_in or organization.card
    events = replace(organization, _card(row), reason_of(found, row), at)
    organization.imported = _taken(found, as_read, before)
    return events


def _taken(found: Import, row: PlannedRow, before: OrganizationCard) -> ImportedRow | None:
    """What is taken in from here on: what the row speaks of, and of the rest what was before."""
    if row.row is None or row.card is None:
        return None
    return ImportedRow(
        import_id=found.id,
        line=row.line,
        row=row.row,
        card=row.card if row.spoken is None else taking(before, row.card, row.spoken),
        faults=(*row.quality, *row.kept),
    )


def _card(row: PlannedRow) -> OrganizationCard:
    if row.card is None:
        raise LookupError(row.number)
    return row.card


def _fault(row: PlannedRow, item: AcceptedCorrection) -> Fault | None:
    return next(
        (
            fault
            for fault in row.quality
            if (fault.code, fault.field) == (item.rule, item.field) and fault.proposal
        ),
        None,
    )


def _wrong(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause="R 1.3")
