"""The registers of providers and of volunteers' organizations: read by all, kept by editors (L)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from chassis.document import Document
from chassis.http import Change, CommandReceipt, Creation, etag, public, receipt
from chassis.paging import Cursor, Limit, Page, merged
from contracts.directory import OrganizationKind, Ownership
from contracts.errors import NotFound
from contracts.roles import Role
from contracts.values import Actor, Identifier
from services.directory.api.callers import Editor, Proposer
from services.directory.api.lists import listed
from services.directory.api.register_views import (
    AmendmentRequest,
    ChecksRequest,
    DecisionRequest,
    EntryForm,
    EntryView,
    PublicationDecision,
    RegisteredView,
    entry_view,
    registered_view,
)
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.organization import Organization, Status
from services.directory.domain.register import Register, check, refuse
from services.directory.domain.register_entry import owner_of
from services.directory.registering import (
    amend_entry,
    decide_on_entry,
    propose_entry,
    publish_checked,
)

router = APIRouter(tags=["registers"])


class Shown(StrEnum):
    """What of a register everybody may see."""

    PUBLISHED = "published"
    RETIRED = "retired"


class Stage(StrEnum):
    """Where an entry stands that was not published yet, or an amendment of one that was."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    REFUSED = "refused"
    AMENDED = "amended"
    AMENDMENT_CHECKED = "amendment_checked"


Municipality = Annotated[Identifier | None, Query(description="code, e.g. kemerovo")]


@router.get("/providers", summary="Register of providers", dependencies=[Depends(public)])
async def get_providers(
    directory: WithDirectory,
    form: Ownership | None = None,
    municipality: Municipality = None,
    status: Shown = Shown.PUBLISHED,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RegisteredView]:
    """Providers of social services, state and not: institutions are providers too (L 1.2.2.2)."""
    query = {"register": Register.PROVIDERS.value}
    if form is not None:
        query["form"] = form.value
    return await _registered(directory, query, status, municipality, cursor, limit)


@router.get(
    "/volunteers", summary="Register of volunteers' organizations", dependencies=[Depends(public)]
)
async def get_volunteers(
    directory: WithDirectory,
    municipality: Municipality = None,
    status: Shown = Shown.PUBLISHED,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RegisteredView]:
    """Organizations of volunteers; single volunteers are a number, never a name (L 3.9)."""
    query = {"register": Register.VOLUNTEERS.value}
    return await _registered(directory, query, status, municipality, cursor, limit)


@router.post("/providers", status_code=201, summary="Propose a provider")
async def post_provider(
    body: EntryForm,
    response: Response,
    by: Proposer,
    request: Creation,
    directory: WithDirectory,
) -> CommandReceipt:
    """A provider proposes itself, or an editor does; nobody else hears of it before it is
    published (L 1.2.2.2)."""
    card = body.card_of(f"provider-{request.key}", OrganizationKind.PROVIDER)
    answered = await propose_entry(directory, card, body.particulars.claimed(), request, by)
    response.headers["Location"] = f"/register-entries/{card.id}"
    return receipt(answered, response)


@router.post("/volunteers", status_code=201, summary="Propose a volunteers' organization")
async def post_volunteers(
    body: EntryForm,
    response: Response,
    by: Editor,
    request: Creation,
    directory: WithDirectory,
) -> CommandReceipt:
    """Organizations only: a volunteer who is a person has no place in the register (L 3.9)."""
    card = body.card_of(f"volunteers-{request.key}", OrganizationKind.VOLUNTEER)
    answered = await propose_entry(directory, card, body.particulars.claimed(), request, by)
    response.headers["Location"] = f"/register-entries/{card.id}"
    return receipt(answered, response)


@router.get("/register-entries", summary="Entries that wait for a decision, or were refused")
async def get_entries(
    by: Proposer,
    directory: WithDirectory,
    register: Register = Register.PROVIDERS,
    status: Stage = Stage.PROPOSED,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryView]:
    """What waits to be checked or published, or was refused, amendments of what is published too; a
    provider sees what anybody of its organization proposed."""
    is_amendment = status in {Stage.AMENDED, Stage.AMENDMENT_CHECKED}
    query = {"register": register.value, "amendment" if is_amendment else "status": status.value}
    queries = [query]
    if by.role != Role.DIRECTORY_EDITOR:
        queries = [query | {"owner": owner} for owner in _owners(by)]
    show = _shown_to(by, directory)
    return await merged(directory.organizations, queries, "key", cursor, limit, show)


@router.get("/register-entries/{entry_id}", summary="One entry")
async def get_entry(
    entry_id: Identifier, by: Proposer, response: Response, directory: WithDirectory
) -> EntryView:
    """Everything claimed and checked, published or not; a provider sees its own. An editor sees
    which others have its INN or OGRN."""
    document = await directory.organizations.get(entry_id)
    if document is None or document.state.entry is None or not _may_see(by)(document.state):
        raise NotFound("organization")
    response.headers["ETag"] = etag(document.version)
    return _shown_to(by, directory)(document)


@router.post("/register-entries/{entry_id}", summary="Amend an entry")
async def post_amendment(
    entry_id: Identifier,
    body: AmendmentRequest,
    response: Response,
    by: Proposer,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """The whole entry anew, a refused one too; it is checked anew (L 1.2.2.2).

    One that is published stays as it is until the amendment is checked and published.
    """
    card = body.entry.card_of(entry_id, OrganizationKind.PROVIDER)
    answered = await amend_entry(
        directory, card, body.entry.particulars.claimed(), body.reason, request, by, _may_see(by)
    )
    return receipt(answered, response)


@router.post("/register-entries/{entry_id}/checks", summary="Record checks")
async def post_checks(
    entry_id: Identifier,
    body: ChecksRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """Items looked at, passed or not; the answer names what has still to pass (L 1.2.2.2)."""
    answered = await decide_on_entry(
        directory, entry_id, request, by, lambda found, at: check(found, body.results, at)
    )
    return receipt(answered, response)


@router.post("/register-entries/{entry_id}/publication", summary="Publish an entry")
async def post_publication(
    entry_id: Identifier,
    body: PublicationDecision,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """All checks have passed: from here on it is an organization like any other, and all services
    hear of it. It is changed and retired as one (L 1.2.2.2). So is its amendment published, later.

    `services_listed` says how many services are listed of it: with none it is in the register, and
    not in the navigator; `POST /services` lists what it was found to give.
    Beside another that is published with its INN or OGRN it is refused, unless it is said why.
    """
    answered = await publish_checked(
        directory, entry_id, body.reason, body.despite_same_number, request, by
    )
    return receipt(answered, response)


@router.post("/register-entries/{entry_id}/refusal", summary="Refuse an entry")
async def post_refusal(
    entry_id: Identifier,
    body: DecisionRequest,
    response: Response,
    by: Editor,
    request: Change,
    directory: WithDirectory,
) -> CommandReceipt:
    """It is not taken in, with the reason; it may be amended (L 1.2.2.2). Of one that is published
    it is the amendment that is refused."""
    answered = await decide_on_entry(
        directory, entry_id, request, by, lambda found, at: refuse(found, body.reason, at)
    )
    return receipt(answered, response)


async def _registered(
    directory: Directory,
    query: dict[str, str],
    status: Shown,
    municipality: str | None,
    cursor: str | None,
    limit: int,
) -> Page[RegisteredView]:
    query["status"] = Status(status.value).value
    return await listed(
        directory,
        query,
        municipality,
        cursor,
        limit,
        lambda found: registered_view(found, directory.offer.given_by(found.id)),
    )


def _may_see(by: Actor) -> Any:
    """Whether a caller may know of an entry: an editor of all, a provider of its own."""

    def visible(found: Organization) -> bool:
        own = found.entry is not None and owner_of(found.entry.proposed_by) in _owners(by)
        return own or by.role == Role.DIRECTORY_EDITOR

    return visible


def _owners(by: Actor) -> list[str]:
    """As whom a caller owns entries: its organization, and what it proposed without one."""
    person = by.model_copy(update={"organization": None})
    return list(dict.fromkeys((owner_of(by), owner_of(person))))


def _shown_to(by: Actor, directory: Directory) -> Callable[[Document[Organization]], EntryView]:
    """Others with the same numbers are for editors: a provider does not see who else proposed."""
    is_editor = by.role == Role.DIRECTORY_EDITOR

    def show(document: Document[Organization]) -> EntryView:
        found = directory.snapshot.with_numbers_of(document.state) if is_editor else []
        return entry_view(document, found, directory.offer.given_by(document.id))

    return show
