"""Who serves an address (R 1.3, 3.1.2): answered from memory."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import Field

from chassis.http import Body, public
from contracts.directory import OrganizationKind
from contracts.errors import InvalidInput
from contracts.territory import AddressQuery, KindAnswer, TerritoryAnswer, place_names
from contracts.territory.shelf import Candidate
from contracts.values import Line
from services.directory.api.views import KindView, Named, ServingOrganizationView, ServingView
from services.directory.directory import WithDirectory
from services.directory.snapshot import Snapshot

router = APIRouter(tags=["serving"])


class ServingRequest(Body):
    """An address, or as much of it as is known. Asked by POST: an address is personal data, and
    what stands in a URL stands in logs."""

    address: Line | None = Field(default=None, description="the address as one line")
    municipality: Line | None = Field(default=None, description="code or name")
    settlement: Line | None = None
    city_district: Line | None = None
    street: Line | None = Field(default=None, description="with its kind, e.g. пр. Ленина")
    house: Line | None = None
    kinds: list[OrganizationKind] | None = Field(default=None, max_length=20)


@router.post("/serving", summary="Who serves an address", dependencies=[Depends(public)])
async def post_serving(asked: ServingRequest, directory: WithDirectory) -> ServingView:
    """Institution, authorised body and the other kinds, each with the reason. Changes nothing.

    Where several serve the address, or none, that is said plainly and nothing is picked.
    """
    if not (asked.address or asked.municipality or asked.settlement or asked.city_district):
        raise InvalidInput(
            "address-missing",
            "send the address or a part of it",
            field="body.address",
            clause="R 3.1.2",
        )
    query = AddressQuery(
        municipality=asked.municipality,
        settlement=asked.settlement,
        city_district=asked.city_district,
        street=asked.street,
        house=asked.house,
        text=asked.address,
    )
    snapshot = directory.loaded()
    kinds = [kind.value for kind in asked.kinds] if asked.kinds else None
    answer = snapshot.who_serves(query, kinds)
    return serving_view(answer, snapshot)


def serving_view(answer: TerritoryAnswer, snapshot: Snapshot) -> ServingView:
    """The answer with names and phones."""
    location = answer.location
    names = place_names()
    return ServingView(
        region=location.region,
        municipalities=[Named(code=code, name=names[code]) for code in location.municipalities],
        settlement=location.settlement,
        city_district=location.city_district,
        unknown_city_district=location.unknown_city_district,
        unknown_settlement=location.unknown_settlement,
        street=location.street.said if location.street else None,
        house=location.house.short if location.house else None,
        elsewhere=location.elsewhere,
        kinds={name: _kind_view(found, snapshot) for name, found in answer.kinds.items()},
    )


def _kind_view(found: KindAnswer, snapshot: Snapshot) -> KindView:
    return KindView(
        outcome=found.outcome,
        candidates=_served_by(found.candidates, snapshot),
        wider=_served_by(found.wider, snapshot),
        statement_en=found.statement_en,
        statement_ru=found.statement_ru,
    )


def _served_by(
    candidates: tuple[Candidate, ...], snapshot: Snapshot
) -> list[ServingOrganizationView]:
    views = []
    for candidate in candidates:
        organization = snapshot.get(candidate.organization)
        if organization is None:
            continue
        card = organization.card
        views.append(
            ServingOrganizationView(
                organization=card.id,
                name=card.name,
                parent=card.parent,
                phones=list(card.phones),
                printed_phone=card.printed_phone,
                address=card.address.text if card.address else None,
                level=candidate.level,
                reason_en=candidate.reason_en,
                reason_ru=candidate.reason_ru,
            )
        )
    return views
