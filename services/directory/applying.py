"""Applying an import that was decided: row by row, those first that others answer to.

Invariant: every row is its own write, with a key that is the import's and the row's, so a row that
was applied by a process that died, or by another that is at it too, is found applied. What came of
rows is written with their part, fifty at a time at most, and a row of which that is known is not
looked at again; the import is due until it is known of all. Whoever sweeps next goes on there,
however long the file: nothing is done twice, and no row undoes what somebody changed after the
preview. An errand reads all parts once in outline, and each part in full only when it has its turn.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.commands import Request, StaleVersion
from chassis.document import Document
from chassis.store import AlreadyExists, LostRace
from contracts.directory import ORGANIZATION
from contracts.errors import InvalidInput, Refusal
from contracts.values import SYSTEM
from services.directory.commands import change_organization, entered_before
from services.directory.directory import Directory
from services.directory.domain.import_job import (
    Decision,
    Import,
    ImportStatus,
    corrected,
    enter_imported,
    finish,
    is_offered,
    take_imported,
)
from services.directory.domain.import_order import in_order
from services.directory.domain.importing import Outcome, PlannedRow, RowState
from services.directory.imports import outlines_of

AT_MOST = timedelta(seconds=20)
"""After so long an errand ends, and the next goes on: well within the minute it may take."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """One run over an import: what was decided, and when it ends."""

    directory: Directory
    found: Import
    decision: Decision
    ends: datetime

    @property
    def is_over(self) -> bool:
        return self.directory.service.now() >= self.ends


async def carry_out(directory: Directory, import_id: str) -> None:
    """Apply what is left of an import that was decided; the sweeper calls it until it is done."""
    ends = directory.service.now() + AT_MOST
    document = await directory.imports.get(import_id)
    if document is None or document.state.status is not ImportStatus.APPLYING:
        return
    found = document.state
    errand = _Errand(directory, found, Decision.of(found), ends)
    outlines = [outline async for outline in outlines_of(directory, found)]
    outcomes = Counter(row.outcome for part in outlines for row in part.rows if row.outcome)
    for part_id, numbers in in_order(outlines):
        if errand.is_over:
            break
        outcomes += await _carry_out_part(errand, part_id, numbers)
    directory.service.keep()
    if outcomes.total() < sum(found.rows.values()):
        if errand.is_over:
            directory.service.sweeper.nudge()
        return
    at = directory.service.at(SYSTEM)
    await directory.service.commands.execute(
        directory.imports,
        import_id,
        None,
        Request(key=f"finish-{import_id}", fingerprint=import_id),
        at,
        lambda state: finish(state, outcomes, at),
        visible=lambda _: True,
        what="import",
    )


async def _carry_out_part(
    errand: _Errand, part_id: str, numbers: AbstractSet[int]
) -> Counter[Outcome]:
    """Rows of a part, as long as there is time; how many were known, or came, to what.

    Nothing is counted where another replica was faster with the part: what it has written is looked
    at next time.
    """
    part = await errand.directory.import_parts.get(part_id)
    if part is None:
        return Counter()
    rows = [row for row in part.state.rows if row.number in numbers]
    left = [row for row in rows if row.outcome is None]
    for row in left:
        if errand.is_over:
            break
        row.outcome, row.detail = await _carry_out_row(errand, row)
    part.state.done = all(row.outcome is not None for row in part.state.rows)
    try:
        if any(row.outcome is not None for row in left):
            await errand.directory.import_parts.save(part)
    except LostRace:
        return Counter()
    return Counter(row.outcome for row in rows if row.outcome is not None)


async def _carry_out_row(errand: _Errand, row: PlannedRow) -> tuple[Outcome, str | None]:
    if not is_offered(errand.decision, row):
        is_same = row.state is RowState.UNCHANGED
        return (Outcome.UNCHANGED, None) if is_same else (Outcome.LEFT_OUT, row.conflict)
    try:
        await _apply_row(errand, row)
    except (AlreadyExists, StaleVersion):
        return Outcome.CONFLICT, "changed since the preview"
    except InvalidInput as wrong:
        if wrong.code == "nothing-changed":
            return Outcome.UNCHANGED, None
        return Outcome.REFUSED, wrong.code
    except Refusal as wrong:
        if wrong.code == "too-busy":
            raise
        return Outcome.REFUSED, wrong.code
    return Outcome.APPLIED, None


async def _apply_row(errand: _Errand, row: PlannedRow) -> None:
    directory, found = errand.directory, errand.found
    asked = corrected(errand.decision, row, directory.appendix.gazetteer)
    if asked.card is None:
        raise LookupError(row.number)
    by = found.applied_by or SYSTEM
    digest = hashlib.sha256(f"{found.id}|{row.number}".encode()).hexdigest()[:32]
    request = Request(key=digest, fingerprint=digest, version=row.seen_version or None)
    key = asked.card.id
    if await entered_before(directory, asked.card, request, by_memory=True) is not None:
        return  # applied by a process that died, and only then something else changed
    if row.seen_version == 0:
        at = directory.service.at(by)
        organization, events = enter_imported(found, asked, row, at)
        document = Document(id=key, state=organization)
        await directory.service.commands.create(
            directory.organizations, document, ORGANIZATION, request, at, events
        )
    else:
        await change_organization(
            directory,
            key,
            request,
            by,
            lambda state, at: take_imported(state, found, asked, row, at),
            visible=lambda _: True,
        )
