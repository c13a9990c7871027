"""Use cases of the import: a preview that changes nothing, and the decision to apply it.

Invariant: a preview is seen once all of it is written, and a decision is one write; what follows
from it (`applying.py`) is the sweeper's.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence

from chassis.commands import Request
from chassis.document import Answered, Document
from chassis.store import AlreadyExists
from contracts.context import Context
from contracts.territory import municipalities, regions
from contracts.values import Actor
from services.directory.directory import Directory
from services.directory.domain.import_file import read_file
from services.directory.domain.import_job import (
    AcceptedCorrection,
    Import,
    ImportPart,
    apply,
    parts_with,
    preview,
)
from services.directory.domain.import_order import PartOutline
from services.directory.domain.importing import Known, plan

PARTS_AT_ONCE = 4
"""Some hundred kilobytes, some milliseconds."""


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
    """Decide it in one write; the sweeper begins at once with the rows.

    Of the rows, which do not change, those are read that the decision speaks of.
    """
    at = directory.service.at(by)
    document = await directory.imports.get(import_id)
    numbers = {*(item.row for item in corrections), *overruled}
    named = parts_with(document.state, numbers) if document is not None else []
    rows = [row async for part in parts_of(directory, named) for row in part.state.rows]
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


async def parts_of(
    directory: Directory, part_ids: Sequence[str]
) -> AsyncIterator[Document[ImportPart]]:
    """Parts of an import, in their order, a few at a time: others are served between."""
    for ids in _few(part_ids):
        found = await directory.import_parts.find({"_id": {"$in": ids}}, limit=len(ids))
        for part in sorted(found, key=lambda part: part.state.number):
            yield part


async def outlines_of(directory: Directory, found: Import) -> AsyncIterator[PartOutline]:
    """All parts of an import, in their order, in outline."""
    for ids in _few(found.parts):
        query = {"_id": {"$in": ids}}
        stored = await directory.import_parts.look(query, "state", limit=len(ids))
        states = sorted((part["state"] for part in stored), key=lambda state: int(state["number"]))
        for state in states:
            yield PartOutline.model_validate(state)


def _few(part_ids: Sequence[str]) -> Iterator[list[str]]:
    for first in range(0, len(part_ids), PARTS_AT_ONCE):
        yield list(part_ids[first : first + PARTS_AT_ONCE])
