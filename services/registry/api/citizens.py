"""One record per citizen (L 5.1)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import etag
from contracts.errors import NotFound
from services.registry.api.callers import CardReader
from services.registry.api.schemas import CitizenView
from services.registry.domain.case import DISTRICT_ROLES
from services.registry.queries import cases_of_citizen, one_citizen
from services.registry.registry import WithRegistry

router = APIRouter(tags=["citizens"])


@router.get("/citizens/{citizen_id}", summary="One citizen")
async def get_citizen(
    citizen_id: str, response: Response, by: CardReader, registry: WithRegistry
) -> CitizenView:
    """The card and the cases; staff see citizens of their own organization's cases.

    Of citizens who were joined there is one record, whichever of them is asked for (L 5.1).
    """
    found = await one_citizen(registry, citizen_id)
    document, ids = found or (None, [citizen_id])
    cases = [case for known in ids for case in await cases_of_citizen(registry, known, by)]
    if document is None or not (cases or by.role in DISTRICT_ROLES):
        raise NotFound("citizen")
    response.headers["ETag"] = etag(document.version)
    citizen = document.state
    return CitizenView(
        id=document.id,
        version=document.version,
        card=citizen.card,
        consented=citizen.consented,
        erased=citizen.erased,
        erase_by=citizen.erase_by,
        joined=ids[1:],
        cases=cases,
    )
