"""Referrals and the journal (R 3.1.1, 3.1.2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from chassis.commands import get_visible
from chassis.http import Change, CommandReceipt, Creation, etag, receipt
from chassis.paging import Cursor, Limit, Page, page
from contracts.errors import InvalidInput
from contracts.roles import Role
from contracts.values import Actor
from services.intake.api.callers import Reader, Referrer, Registrar, own_records
from services.intake.api.schemas import ReferralRequest
from services.intake.api.views import EntryView, Registration, entry_view
from services.intake.domain.journal import Completion, JournalEntry, complete
from services.intake.intake import Intake, Serving, WithIntake
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

    A registrar's institution takes it unless another one is named; else the institution that
    serves the citizen's address. The status code is told to the applicant and to nobody else.
    """
    source = Source(
        key=f"key:{request.key}",
        fingerprint=request.fingerprint,
        recorded_by=by,
        requester=by.organization if by.role == Role.MEDICAL_ORGANIZATION else None,
    )
    registered = await register_referral(
        intake, referral.form(), lambda: find_serving(intake, referral, by), source
    )
    response.headers["ETag"] = etag(registered.version)
    response.headers["Location"] = f"/referrals/{registered.entry.id}"
    if registered.repeated:
        response.status_code = 200
    return Registration(
        id=registered.entry.id,
        journal_number=registered.entry.journal_number,
        case_id=registered.placement.case_id,
        citizen_id=registered.placement.citizen_id,
        linked=registered.placement.linked,
        incomplete=bool(registered.entry.missing),
        missing=registered.entry.missing,
        status_code=None if registered.placement.linked else registered.status_code,
    )


async def find_serving(intake: Intake, referral: ReferralRequest, by: Actor) -> Serving:
    """Which institution takes the referral (R 3.1.2)."""
    if referral.institution is not None:
        named = await intake.institution(referral.institution)
        if named is None:
            raise InvalidInput(
                "unknown-institution", "the directory has no such institution", field="institution"
            )
        return named
    if by.role == Role.REGISTRAR:
        own = await intake.institution(by.organization)
        if own is not None:
            return own
    return await intake.who_serves(referral.citizen.address)


@router.get("", summary="The journal")
async def get_journal(
    by: Reader,
    intake: WithIntake,
    incomplete: Annotated[bool | None, Query(description="only those to be completed")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryView]:
    """The journal of the caller's institution, or of all of an authorised body; oldest first."""
    query: dict[str, Any] = own_records(by)
    if incomplete is not None:
        query["incomplete"] = int(incomplete)
    return await page(intake.journal, query, "received", cursor, limit, entry_view)


@router.get("/{referral_id}", summary="One journal entry")
async def get_referral(
    referral_id: str, response: Response, by: Reader, intake: WithIntake
) -> EntryView:
    """The entry as it was recorded."""
    document = await get_visible(
        intake.journal, referral_id, lambda entry: _may_see(entry, by), "referral"
    )
    response.headers["ETag"] = etag(document.version)
    return entry_view(document)


@router.post("/{referral_id}/completion", summary="Complete an entry taken in danger")
async def post_completion(
    referral_id: str,
    completion: Completion,
    response: Response,
    by: Registrar,
    request: Change,
    intake: WithIntake,
) -> CommandReceipt:
    """Add what was not known when a person was in danger (R 3.1.2)."""
    at = intake.service.at(by)

    def decide(entry: JournalEntry) -> list[Any]:
        complete(entry, completion, by.id, at.now, at.calendar.local_date(at.now))
        return []

    answered = await intake.service.commands.execute(
        intake.journal,
        referral_id,
        None,
        request,
        at,
        decide,
        visible=lambda entry: _may_see(entry, by),
        answer=lambda entry: {"missing": entry.missing},
        what="referral",
    )
    await place(intake, referral_id)
    return receipt(answered, response)


def _may_see(entry: JournalEntry, by: Actor) -> bool:
    """The institution, its authorised body, and who took the referral in for them (R 3.1.2)."""
    if by.organization is None:
        return False
    return by.organization in {
        entry.institution,
        entry.authorised_body,
        entry.recorded_by.organization,
    }
