"""Services of organizations: to read for everybody, to change for the directory's editors (S)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, Field, StrictBool

from chassis.document import Document
from chassis.http import Body, Change, CommandReceipt, Creation, etag, public, receipt
from contracts.directory import OpeningHours, Territory
from contracts.errors import NotFound
from contracts.offer import Age, ServiceCapacity, ServiceListing, ServiceStatus
from contracts.regulation import pack_in_force
from contracts.values import Identifier, Line, Phone, Text
from services.directory.api.callers import Editor
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.bring import ToBring, to_bring
from services.directory.domain.listing import (
    ListedService,
    ListingChange,
    refile,
    relist_service,
    withdraw_service,
)
from services.directory.domain.vocabulary import Vocabulary
from services.directory.offering import begun, change_listed, enter_service, replace_listing

router = APIRouter(tags=["services"])


class ServiceForm(Body):
    """A service as an editor sends it; the whole of it every time."""

    organization: Identifier
    name: Line
    description: Text
    kinds: tuple[Identifier, ...] = Field(min_length=1, max_length=10)
    needs: tuple[Identifier, ...] = Field(default=(), max_length=20)
    groups: tuple[Identifier, ...] = Field(default=(), max_length=20)
    forms: tuple[Identifier, ...] = Field(default=(), max_length=10)
    status: ServiceStatus = ServiceStatus.ACTIVE
    alert: Line | None = Field(default=None, description="shown to people beside the name")
    how_to_apply: Text | None = None
    bring: tuple[Line, ...] = Field(default=(), max_length=30)
    bring_by_regulation: StrictBool = Field(
        default=False, description="what to bring are the documents of the regulation in force"
    )
    fees: Text | None = None
    eligibility: Text | None = None
    minimum_age: Age | None = None
    maximum_age: Age | None = None
    serves: tuple[Territory, ...] = Field(
        default=(), max_length=200, description="where it is given; else where its organization is"
    )
    hours: tuple[OpeningHours, ...] = Field(
        default=(), max_length=20, description="when it is given; else when its organization is"
    )
    phones: tuple[Phone, ...] = Field(default=(), max_length=20)
    website: Line | None = None
    source: Line = Field(description="where the editor has it from")

    def listing(self, service_id: str) -> ServiceListing:
        """The listing of that service."""
        fields = {name: getattr(self, name) for name in ServiceForm.model_fields}
        return ServiceListing(id=service_id, **fields)


class ServiceRequest(Body):
    """A new service, or a new listing for one, with the reason."""

    service: ServiceForm
    reason: Line


class ReasonRequest(Body):
    """Why a service is given no longer, or again."""

    reason: Line


class ServiceView(BaseModel):
    """A service, what to bring as the regulation now has it, what is free, who changed what."""

    id: str
    version: int
    listing: ServiceListing
    bring: ToBring
    capacities: list[ServiceCapacity]
    changed_at: AwareDatetime
    changes: list[ListingChange]


class ServicesView(BaseModel):
    """The services of one organization."""

    items: list[ServiceView]


@router.get("/vocabularies", summary="Codes of services", dependencies=[Depends(public)])
async def get_vocabularies(directory: WithDirectory) -> Vocabulary:
    """Kinds, needs, groups, forms and units, with their words for people."""
    return directory.offer.vocabulary


@router.get(
    "/organizations/{organization_id}/services",
    summary="Services of an organization",
    dependencies=[Depends(public)],
)
async def get_services(organization_id: str, directory: WithDirectory) -> ServicesView:
    """Everything it gives or gave, withdrawn services too; from memory."""
    organization = directory.loaded().get(organization_id)
    if organization is None or organization.is_proposal:
        raise NotFound("organization")
    return ServicesView(
        items=[
            service_view(directory, service, directory.offer.version_of(service.id))
            for service in directory.offer.of(organization_id)
        ]
    )


@router.get("/services/{service_id}", summary="One service", dependencies=[Depends(public)])
async def get_service(service_id: str, response: Response, directory: WithDirectory) -> ServiceView:
    """The listing and its changes; ETag `"0"` while nobody departed from the data file."""
    directory.loaded()
    document: Document[ListedService] | None = await directory.services.get(service_id) or begun(
        directory, service_id
    )
    if document is None:
        raise NotFound("service")
    refile(document.state, directory.offer.filed.get(service_id))
    response.headers["ETag"] = etag(document.version)
    return service_view(directory, document.state, document.version)


@router.post("/services", status_code=201, summary="List a service")
async def post_service(
    body: ServiceRequest,
    response: Response,
    by: Editor,
    request: Creation,
    directory: WithDirectory,
) -> CommandReceipt:
    """A service that the data files do not hold."""
    listing = body.service.listing(f"service-{request.key}")
    answered = await enter_service(directory, listing, body.reason, request, by)
    response.headers["Location"] = f"/services/{listing.id}"
    return receipt(answered, response)


@router.post("/services/{service_id}", summary="Change a service")
async def post_service_change(
    service_id: Identifier,
    body: ServiceRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """A new listing, with the reason; what a later data file says does not undo it."""
    listing = body.service.listing(service_id)
    answered = await replace_listing(directory, listing, body.reason, request, by)
    return receipt(answered, response)


@router.post("/services/{service_id}/withdrawal", summary="Withdraw a service")
async def post_withdrawal(
    service_id: Identifier,
    body: ReasonRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """It is given no longer: nobody finds it, its record stays readable."""
    answered = await change_listed(
        directory,
        service_id,
        request,
        by,
        lambda service, at: withdraw_service(service, body.reason, at),
    )
    return receipt(answered, response)


@router.post("/services/{service_id}/relisting", summary="List a withdrawn service again")
async def post_relisting(
    service_id: Identifier,
    body: ReasonRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """It is given again."""
    answered = await change_listed(
        directory,
        service_id,
        request,
        by,
        lambda service, at: relist_service(service, body.reason, at),
    )
    return receipt(answered, response)


def service_view(directory: Directory, service: ListedService, version: int) -> ServiceView:
    """A service as anybody sees it."""
    today = directory.service.calendar.local_date(directory.service.now())
    return ServiceView(
        id=service.id,
        version=version,
        listing=service.listing,
        bring=to_bring(service.listing, pack_in_force(today)),
        capacities=list(directory.offer.capacities_of(service.listing)),
        changed_at=service.changed_at,
        changes=service.changes,
    )
