"""The journal: corrected by new lines, searched, printed, exported (R 3.1.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import Field, StrictInt

from chassis import pages
from chassis.http import Body, Change, CommandReceipt, etag
from chassis.paging import Page, page, ranked
from contracts.errors import InvalidInput
from contracts.values import Actor, IsoDate
from services.intake.api.callers import Reader, Registrar, own_records
from services.intake.api.journal_views import EntryView, entry_view, received_between
from services.intake.correcting import correct_line, enter_corrected
from services.intake.domain.correcting import Corrected
from services.intake.domain.records import EntryState
from services.intake.finding import Wanted, find_lines
from services.intake.intake import Intake, WithIntake
from services.intake.printed import PrintedLine, csv_rows, journal_page, printed_line

router = APIRouter(tags=["referrals"])

LONGEST_PERIOD = timedelta(days=366)
LINES_PRINTED = 2000
BATCH = 200
"""Lines of a file that are read at a time."""

First = Annotated[IsoDate, Query(alias="from", description="first day of receipt, of the district")]
Last = Annotated[IsoDate, Query(alias="to", description="last day of receipt, inclusive")]


class CorrectionReceipt(CommandReceipt):
    """The line that was corrected, which stays as it was, and the one that stands in its place."""

    corrected_by: str = Field(description="the line in its place")
    journal_number: str = Field(description="the number of that line")


@router.post("/referrals/{referral_id}/corrections", summary="Correct a line of the journal")
async def post_correction(
    referral_id: str,
    corrected: Corrected,
    response: Response,
    by: Registrar,
    request: Change,
    intake: WithIntake,
) -> CorrectionReceipt:
    """A new line under the next number takes the place of this one, which stays readable and names
    it; the citizen's card is corrected with it, where it says what the old line said (R 3.1.2).

    A line that is about somebody else now leaves the case: it is placed as a new referral of that
    person would be, under the case number and with the code of there, and no card is corrected
    (L 5.1). If its case has gone on since, that is refused (`case-rests-on-this-line`).

    Terms run from the receipt, so a corrected one reaches the case (R 3.1.8, 3.3.2). It lies before
    the line was entered; when a body took in what it passed on is corrected by the body.

    If what waits at a body or MFC gets an address that one institution serves, it is passed on.
    """
    answered = await correct_line(intake, referral_id, request, by, corrected)
    entered = await enter_corrected(intake, referral_id)
    response.headers["ETag"] = etag(answered.version)
    response.headers["Location"] = f"/referrals/{entered.id}"
    return CorrectionReceipt(
        **answered.answer,
        corrected_by=entered.id,
        journal_number=entered.state.journal_number,
    )


class SearchRequest(Body):
    """What is looked for; at least one of name, address, number, a day or a state."""

    name: str | None = Field(
        default=None,
        max_length=1000,
        description="family name, alone or with given name and patronymic, in any order; spelling"
        " is forgiven: ё and е, и and ы, doubled letters, what sounds alike, one mistyped letter",
        examples=["Петрова Анна"],
    )
    address: str | None = Field(
        default=None,
        max_length=1000,
        description="street, with house and flat or without",
        examples=["Кирова 1"],
    )
    number: str | None = Field(
        default=None,
        max_length=120,
        description="the number of a line, e.g. r-institution-15/2026/000007, or 7 with `year`",
    )
    year: StrictInt | None = Field(default=None, ge=2000, le=9999)
    received_from: IsoDate | None = None
    received_to: IsoDate | None = None
    state: EntryState | None = None
    limit: StrictInt = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=400)


@router.post("/referrals/search", summary="Search the journal")
async def post_search(body: SearchRequest, by: Reader, intake: WithIntake) -> Page[EntryView]:
    """Lines of the caller's journals that fit, best first; without a name or address, oldest first.

    Changes nothing, so no Idempotency-Key; POST keeps personal data out of addresses and logs.
    """
    wanted = Wanted(
        own=own_records(by),
        received=received_between(
            body.received_from, body.received_to, intake.service.settings.zone, "received_"
        ).get("received", {}),
        state=body.state,
        name=body.name,
        address=body.address,
        line=None if body.number is None else _numbered(body.number, body.year, by, intake),
    )
    if body.name is not None or body.address is not None or wanted.line is not None:
        return ranked(await find_lines(intake, wanted), body.cursor, body.limit, entry_view)
    query: dict[str, Any] = dict(wanted.own)
    if wanted.received:
        query["received"] = wanted.received
    if wanted.state is not None:
        query["entry_state"] = str(wanted.state)
    if len(query) == 1:
        raise InvalidInput(
            "search-empty", "say a name, an address, a number, a day or a state", field="name"
        )
    return await page(intake.journal, query, "received", body.cursor, body.limit, entry_view)


def _numbered(number: str, year: int | None, by: Actor, intake: Intake) -> tuple[str, int]:
    """One line's journal and number: by its whole number, or a bare one of the caller's journal."""
    parts = number.strip().split("/")
    bare = parts[-1].lstrip("0")
    if len(parts) not in {1, 3} or not bare.isascii() or not bare.isdigit() or len(bare) > 9:
        raise InvalidInput(
            "invalid-number", "a number is <journal>/<year>/<number>, or <number>", field="number"
        )
    if len(parts) == 3:
        return f"{parts[0]}-{parts[1]}", int(bare)
    present = intake.service.calendar.local_date(intake.now()).year
    return f"{by.organization}-{year or present}", int(bare)


@router.get(
    "/referrals/print", summary="The journal as a page to print", response_class=HTMLResponse
)
async def get_printed(by: Reader, intake: WithIntake, first: First, last: Last) -> HTMLResponse:
    """The journal of the caller's organization for a period, in the columns of R 3.1.2, on A4.

    Of an authorised body's head: those of its institutions, too.
    """
    query, lines = _of_period(by, intake, first, last), list[PrintedLine]()
    async for batch in _batches(intake, query):
        lines += batch
        if len(lines) > LINES_PRINTED:
            raise InvalidInput(
                "too-many-lines",
                f"a page has at most {LINES_PRINTED} lines; choose a shorter period",
                field="query.to",
            )
    card = await intake.card(by.organization)
    zone = intake.service.settings.zone
    html = journal_page(
        lines,
        card.name if card else by.organization or "",
        first,
        last,
        intake.now().astimezone(zone),
    )
    return pages.page(html)


@router.get(
    "/referrals.csv",
    summary="The journal as a file for spreadsheets",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "one line an entry"}},
)
async def get_file(by: Reader, intake: WithIntake, first: First, last: Last) -> StreamingResponse:
    """The same lines as CSV: UTF-8 with a byte order mark, semicolons, no cell a formula."""
    batches = _batches(intake, _of_period(by, intake, first, last))
    beginning = await anext(batches)  # what fails here still fails as a problem

    async def rows() -> AsyncIterator[str]:
        yield csv_rows(beginning, heading=True)
        async for batch in batches:
            yield csv_rows(batch, heading=False)

    name = f"journal-{first.isoformat()}-{last.isoformat()}.csv"
    return StreamingResponse(
        rows(),
        media_type="text/csv; charset=utf-8",
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'},
    )


PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _of_period(by: Actor, intake: Intake, first: date, last: date) -> dict[str, Any]:
    period = received_between(first, last, intake.service.settings.zone, "query.")
    if last - first > LONGEST_PERIOD:
        raise InvalidInput(
            "period-too-long", "at most a year and a day at a time", field="query.to"
        )
    return own_records(by) | period


async def _batches(intake: Intake, query: dict[str, Any]) -> AsyncIterator[list[PrintedLine]]:
    """The lines of a query by the time of receipt, some at a time; at least one batch."""
    zone, cursor = intake.service.settings.zone, None
    while True:
        found = await page(
            intake.journal,
            query,
            "received",
            cursor,
            BATCH,
            lambda document: printed_line(document.state, zone),
        )
        yield found.items
        cursor = found.next
        if cursor is None:
            return
