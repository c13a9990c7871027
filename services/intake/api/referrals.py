"""Referrals and the journal (R 3.1.1, 3.1.2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from chassis.http import Change, CommandReceipt, Creation, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.context import Context
from contracts.roles import Role
from services.intake.api.callers import EntryReader, Reader, Referrer, Registrar, own_records
from services.intake.api.journal_views import (
    EntryView,
    JournalFilter,
    Registration,
    entry_view,
    registration_of,
)
from services.intake.api.schemas import ReferralRequest
from services.intake.commands import change_line
from services.intake.domain.completing import Completion, complete
from services.intake.domain.journal import WAITING, JournalEntry
from services.intake.finding import found_by, get_line
from services.intake.forwarding import check_contacts, decided_by, taken_by
from services.intake.intake import Serving, WithIntake
from services.intake.placing import place
from services.intake.registering import Source, register_referral

router = APIRouter(prefix="/referrals", tags=["referrals"])


@router.post("", status_code=201, summary="Register a referral")
async def post_referral(
    referral: ReferralRequest,
    response: Response,
    by: Referrer,
    request: Creation,
    intake: WithIntake,
) -> Registration:
    """Take a referral into the journal; it opens a case or joins the citizen's open one.

    A registrar's institution takes it unless another one is named; else, as from a medical
    organization or the call centre, the institution that serves the citizen's address. What a
    registrar of an authorised body or MFC takes in stands in their own journal and is passed on: at
    once to the institution named or to the only one that serves the address; else it waits (`GET
    /referrals?state=to_forward`) until a person names one.
    The status code is told to the applicant and to nobody else.
    """
    form = referral.form()

    async def serving() -> Serving:
        """What only a referral that is new is asked: who repeats it gets the first answer."""
        await check_contacts(intake, form, by)
        return await taken_by(intake, form, referral.institution, by)

    source = Source(
        key=f"key:{request.key}",
        fingerprint=request.fingerprint,
        recorded_by=by,
        requester=by.organization if by.role == Role.MEDICAL_ORGANIZATION else None,
    )
    registered = await register_referral(intake, form, serving, source)
    response.headers["ETag"] = etag(registered.version)
    response.headers["Location"] = f"/referrals/{registered.entry.id}"
    if registered.repeated:
        response.status_code = 200
    return registration_of(registered)


@router.get("", summary="The journal")
async def get_journal(
    by: Reader,
    intake: WithIntake,
    chosen: Annotated[JournalFilter, Depends()],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryView]:
    """The journal of the caller's organization, or of all of an authorised body; oldest first."""
    query = own_records(by) | chosen.query(intake.service.settings.zone)
    return await page(intake.journal, query, "received", cursor, limit, entry_view)


@router.get("/{referral_id}", summary="One journal entry")
async def get_referral(
    referral_id: str, response: Response, by: EntryReader, intake: WithIntake
) -> EntryView:
    """The entry as it was recorded; of one that was forwarded or joined a case also where that
    stands. Whoever serves the case reads every entry in it, whichever journal it stands in."""
    document, case = await get_line(intake, referral_id, by)
    response.headers["ETag"] = etag(document.version)
    return entry_view(document, case)


@router.post("/{referral_id}/completion", summary="Complete an entry taken in danger")
async def post_completion(
    referral_id: str,
    completion: Completion,
    response: Response,
    by: Registrar,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """Add what was not known when a person was in danger (R 3.1.2).

    What waits at a body or MFC is passed on at once if its address now says to whom.
    """
    await intake.ready()

    def decide(entry: JournalEntry, at: Context) -> None:
        complete(entry, completion, by.id, at.now, at.calendar.local_date(at.now))
        entry.found_by = found_by(intake.identity, entry.form.citizen)
        if entry.state in WAITING:
            entry.onward = decided_by(intake, entry.form)

    answered = await change_line(
        intake, referral_id, request, by, decide, answer=lambda line: {"missing": line.missing}
    )
    await place(intake, referral_id)
    return receipt(answered, response)
