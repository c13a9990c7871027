"""Imports of organizations from a file: previewed, decided on, reported (R 1.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email.message import Message
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from chassis.spreadsheet import download, table
from chassis.uploads import Streamed, Upload
from contracts.errors import InvalidInput, NotFound
from contracts.values import Actor, Identifier, Line
from services.directory.api.callers import Editor
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.import_file import FileFacts
from services.directory.domain.import_job import (
    FAR_ROW,
    ROWS_IN_A_PART,
    AcceptedCorrection,
    Import,
    ImportStatus,
    RowNumber,
)
from services.directory.domain.import_row import RowFault
from services.directory.domain.importing import Outcome, PlannedRow, RowState
from services.directory.imports import apply_import, parts_of, preview_import

router = APIRouter(tags=["imports"])

MAX_FILE_BYTES = 8 * 1024 * 1024
"""5,000 rows with everything printed are some 3 MB."""
REPORT = (
    "row", "line", "key", "state", "outcome", "detail", "field", "rule", "severity", "printed",
    "reason_ru", "reason_en", "proposal",
)  # fmt: skip
"""The columns of the report."""

FILE = {
    "requestBody": {
        "required": True,
        "description": "a table with a header, or a list as the data files are; at most 8 MB and"
        " 10,000 rows",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}


class ImportView(BaseModel):
    """An import: what the file was read as, what its rows would do, what came of them."""

    id: str
    version: int
    status: ImportStatus
    file: FileFacts
    previewed_by: Actor
    previewed_at: AwareDatetime
    rows: dict[RowState, int] = Field(description="how many rows would do what")
    proposals: int = Field(description="corrections that wait for a person")
    reason: str | None
    corrections: list[AcceptedCorrection]
    overruled: list[int]
    applied_by: Actor | None
    applied_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    outcomes: dict[Outcome, int] = Field(description="what came of the rows, once all are done")


class ImportRowView(BaseModel):
    """One row of the file, with everything that is wrong with it."""

    number: int = Field(description="its number among the rows, by which it is named")
    line: int = Field(description="the line of the file it begins on")
    key: str | None
    state: RowState
    fields: list[str] = Field(description="of the card, which the row would change")
    conflict: str | None
    faults: list[RowFault]
    outcome: Outcome | None
    detail: str | None


class ApplicationRequest(Body):
    """What is decided: the good rows, with the proposals accepted and the conflicts overruled."""

    reason: Line
    corrections: list[AcceptedCorrection] = Field(default_factory=list, max_length=5000)
    overrule: list[RowNumber] = Field(
        default_factory=list, max_length=5000, description="rows in conflict that go ahead"
    )


@router.post("/imports", status_code=201, summary="Preview an import", openapi_extra=FILE)
async def post_import(
    by: Editor,
    response: Response,
    directory: WithDirectory,
    upload: Annotated[Upload, Depends(Streamed(MAX_FILE_BYTES))],
    content_type: Annotated[str | None, Header(max_length=200)] = None,
) -> CommandReceipt:
    """Read a file and say what each row would do; nothing is changed yet (R 1.3).

    Without a character set in Content-Type the file is UTF-8; windows-1251 has to be named.
    """
    content = b"".join([piece async for piece in upload.content])
    digest = hashlib.sha256(content).hexdigest()
    if upload.sha256 not in {None, digest}:
        raise InvalidInput(
            "content-digest-differs", "the file arrived otherwise", field="Content-Digest"
        )
    answered = await preview_import(
        directory, content, upload.media_type, _charset(content_type), upload.request(digest), by
    )
    response.headers["Location"] = f"/imports/{answered.answer['id']}"
    return receipt(answered, response)


@router.get("/imports", summary="Imports")
async def get_imports(
    by: Editor, directory: WithDirectory, limit: Limit = 50, cursor: Cursor = None
) -> Page[ImportView]:
    """All imports, the oldest first."""
    return await page(directory.imports, {}, "previewed", cursor, limit, _import_view)


@router.get("/imports/{import_id}", summary="One import")
async def get_import(
    import_id: Identifier, by: Editor, response: Response, directory: WithDirectory
) -> ImportView:
    """What the file was read as, and how many rows would do, or have done, what."""
    document = await _import(directory, import_id)
    response.headers["ETag"] = etag(document.version)
    return _import_view(document)


@router.get("/imports/{import_id}/rows", summary="Rows of an import")
async def get_rows(
    import_id: Identifier,
    by: Editor,
    directory: WithDirectory,
    state: RowState | None = None,
    after: Annotated[int, Query(ge=0, le=FAR_ROW, description="number of the last row seen")] = 0,
    limit: Limit = 50,
) -> list[ImportRowView]:
    """Rows in the order of the file, those after one, with line, field, rule and reason."""
    found = (await _import(directory, import_id)).state
    shown: list[ImportRowView] = []
    if state is not None and not found.rows.get(state):
        return shown
    async for part in parts_of(directory, found.parts[after // ROWS_IN_A_PART :]):
        for row in part.state.rows:
            if row.number > after and state in {None, row.state}:
                shown.append(_row_view(row))
        if len(shown) >= limit:
            break
    return shown[:limit]


@router.get(
    "/imports/{import_id}/report.csv",
    summary="Report of an import as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "one line a fault"}},
)
async def get_report(import_id: Identifier, by: Editor, directory: WithDirectory) -> Response:
    """Every row and every fault, to be opened in a spreadsheet: semicolons, UTF-8 with a mark."""
    found, pieces = (await _import(directory, import_id)).state, [table((), REPORT)]
    async for part in parts_of(directory, found.parts):
        pieces.append(table(line for row in part.state.rows for line in _report_lines(row)))
    return download("".join(pieces), "import.csv")


def _report_lines(row: PlannedRow) -> Iterator[list[object]]:
    head = [row.number, row.line, row.key, row.state, row.outcome, row.detail or row.conflict]
    for fault in row.faults:
        yield [
            *head, fault.field, fault.rule, fault.severity, fault.printed, fault.reason_ru,
            fault.reason_en, fault.proposal,
        ]  # fmt: skip
    if not row.faults:
        yield [*head, *[None] * (len(REPORT) - len(head))]


@router.post("/imports/{import_id}/application", summary="Apply an import")
async def post_application(
    import_id: Identifier,
    body: ApplicationRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """The good rows are applied one by one from now on, each its own event; `GET` shows when all
    are done. A row whose organization was changed since the preview is left to a person (R 1.3)."""
    answered = await apply_import(
        directory, import_id, body.corrections, body.overrule, body.reason, request, by
    )
    return receipt(answered, response)


async def _import(directory: Directory, import_id: str) -> Document[Import]:
    document = await directory.imports.get(import_id)
    if document is None:
        raise NotFound("import")
    return document


def _charset(content_type: str | None) -> str | None:
    message = Message()
    message["Content-Type"] = content_type or ""
    named = message.get_param("charset")
    return named if isinstance(named, str) else None


def _import_view(document: Document[Import]) -> ImportView:
    found = document.state.model_dump(exclude={"parts"})
    return ImportView(version=document.version, **found)


def _row_view(row: PlannedRow) -> ImportRowView:
    return ImportRowView(
        number=row.number,
        line=row.line,
        key=row.key,
        state=row.state,
        fields=list(row.fields),
        conflict=row.conflict,
        faults=row.faults,
        outcome=row.outcome,
        detail=row.detail,
    )
