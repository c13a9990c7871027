"""Use cases of the import: a preview that changes nothing, and its application row by row.

Invariant: every row is its own write, with a key that is the import's and the row's, so a row that
was applied by a process that died is found applied. What came of rows is written fifty at a time at
most, and a row of which that is known is not looked at again; the import is due until all are done.
Whoever sweeps next goes on there, however long the file: nothing is done twice, and no row undoes
what somebody changed after the preview.
"""

from __future__ import annotations

import contextlib
import hashlib
from itertools import groupby

from chassis.commands import Request, StaleVersion
from chassis.document import Answered, Document
from chassis.store import AlreadyExists
from contracts.context import Context
from contracts.directory import ORGANIZATION
from contracts.errors import InvalidInput, Refusal
from contracts.territory import municipalities, regions
from contracts.values import SYSTEM, Actor
from services.directory.commands import change_organization, entered_before, see
from services.directory.directory import Directory
from services.directory.domain.import_file import read_file
from services.directory.domain.import_job import (
    AcceptedCorrection,
    Import,
    ImportPart,
    ImportStatus,
    apply,
    corrected,
    depths,
    enter_imported,
    finish,
    is_offered,
    preview,
    take_imported,
)
from services.directory.domain.importing import Known, Outcome, PlannedRow, RowState, plan

PARTS_AT_MOST = 250
ROWS_AT_ONCE = 500
"""After so many rows an errand ends, and the next sweep goes on: far below what it may take."""


async def preview_import(
    directory: Directory,
    content: bytes,
    media_type: str,
    charset: str | None,
    request: Request,
    by: Actor,
) -> Answered:
    """Read a file and say what its rows would do. The parts are written before the import that
    names them: one that died in between left nothing that anybody sees."""
    snapshot, at = directory.loaded(), directory.service.at(by)
    known = Known(
        organizations=snapshot.all(),
        gazetteer=directory.appendix.gazetteer,
        municipalities=municipalities(),
        regions=regions(),
        now=at.now,
    )
    made, parts = await directory.service.aside(
        _read, f"import-{request.key}", content, media_type, charset, known, at
    )
    for part in parts:
        with contextlib.suppress(AlreadyExists):
            await directory.import_parts.save(Document(id=part.id, state=part))
    return await directory.service.commands.create(
        directory.imports, Document(id=made.id, state=made), None, request, at, ()
    )


def _read(
    import_id: str, content: bytes, media_type: str, charset: str | None, known: Known, at: Context
) -> tuple[Import, list[ImportPart]]:
    facts, cells = read_file(content, media_type, charset)
    rows = plan(facts, cells, known)
    whole = "".join(row.model_dump_json() for row in rows)
    mark = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return preview(import_id, facts, rows, mark, at)


async def apply_import(
    directory: Directory,
    import_id: str,
    corrections: list[AcceptedCorrection],
    overruled: list[int],
    reason: str,
    request: Request,
    by: Actor,
) -> Answered:
    """Decide it in one write; the sweeper begins at once with the rows."""
    at = directory.service.at(by)
    rows = [row for part in await parts_of(directory, import_id) for row in part.state.rows]
    return await directory.service.commands.execute(
        directory.imports,
        import_id,
        None,
        request,
        at,
        lambda found: apply(found, rows, corrections, overruled, reason, at),
        visible=lambda _: True,
        answer=lambda found: {"status": str(found.status)},
        what="import",
    )


async def parts_of(directory: Directory, import_id: str) -> list[Document[ImportPart]]:
    """All parts that an import names; none for one that is not there."""
    document = await directory.imports.get(import_id)
    if document is None:
        return []
    named = set(document.state.parts)
    found = await directory.import_parts.find(
        {"import_id": import_id}, sort=[("number", 1)], limit=PARTS_AT_MOST * 4
    )
    return [part for part in found if part.id in named]


async def carry_out(directory: Directory, import_id: str) -> None:
    """Apply what is left of an import that was decided; the sweeper calls it until it is done."""
    document = await directory.imports.get(import_id)
    if document is None or document.state.status is not ImportStatus.APPLYING:
        return
    found, parts = document.state, await parts_of(directory, import_id)
    if not await _carry_out_rows(directory, found, parts):
        directory.service.sweeper.nudge()
        return
    rows = [row for part in parts for row in part.state.rows]
    at = directory.service.at(SYSTEM)
    await directory.service.commands.execute(
        directory.imports,
        import_id,
        None,
        Request(key=f"finish-{import_id}", fingerprint=import_id),
        at,
        lambda state: finish(state, rows, at),
        visible=lambda _: True,
        what="import",
    )


async def _carry_out_rows(
    directory: Directory, found: Import, parts: list[Document[ImportPart]]
) -> bool:
    """Row by row, those first that others answer to; whether all are done.

    A part is written whenever those of its rows are done that are as far from the top.
    """
    depth = depths([row for part in parts for row in part.state.rows])
    left = sorted(
        (depth[row.number], part.state.number, row.number)
        for part in parts
        if not part.state.done
        for row in part.state.rows
        if row.outcome is None
    )
    of_number = {part.state.number: part for part in parts}
    for (_, number), group in groupby(left[:ROWS_AT_ONCE], key=lambda item: item[:2]):
        part, numbers = of_number[number], {item[2] for item in group}
        for row in part.state.rows:
            if row.number in numbers:
                row.outcome, row.detail = await _carry_out_row(directory, found, row)
        part.state.done = all(row.outcome is not None for row in part.state.rows)
        await directory.import_parts.save(part)
    return len(left) <= ROWS_AT_ONCE


async def _carry_out_row(
    directory: Directory, found: Import, row: PlannedRow
) -> tuple[Outcome, str | None]:
    if not is_offered(found, row):
        is_same = row.state is RowState.UNCHANGED
        return (Outcome.UNCHANGED, None) if is_same else (Outcome.LEFT_OUT, row.conflict)
    try:
        await _apply_row(directory, found, row)
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


async def _apply_row(directory: Directory, found: Import, row: PlannedRow) -> None:
    asked = corrected(found, row, directory.appendix.gazetteer)
    if asked.card is None:
        raise LookupError(row.number)
    by = found.applied_by or SYSTEM
    digest = hashlib.sha256(f"{found.id}|{row.number}".encode()).hexdigest()[:32]
    request = Request(key=digest, fingerprint=digest, version=row.seen_version or None)
    key = asked.card.id
    if await entered_before(directory, asked.card, request) is not None:
        return  # applied by a process that died, and only then something else changed
    if row.seen_version == 0:
        at = directory.service.at(by)
        organization, events = enter_imported(found, asked, row, at)
        document = Document(id=key, state=organization)
        await directory.service.commands.create(
            directory.organizations, document, ORGANIZATION, request, at, events
        )
        await see(directory, key)
    else:
        await change_organization(
            directory,
            key,
            request,
            by,
            lambda state, at: take_imported(state, found, asked, row, at),
            visible=lambda _: True,
        )
