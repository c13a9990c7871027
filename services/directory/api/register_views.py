"""What the registers are sent and answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from chassis.document import Document
from chassis.http import Body
from contracts.directory import OrganizationCard, OrganizationKind, Ownership, Territory
from contracts.values import Actor, Address, Line, Phone
from services.directory.adapters.state_numbers import checked_inn, checked_ogrn
from services.directory.api.schemas import SentEmail
from services.directory.domain.organization import Organization, Status
from services.directory.domain.register import (
    CheckResult,
    claim_of,
    missing_checks,
    needed_checks,
    numbers_shared,
)
from services.directory.domain.register_entry import (
    Amendment,
    Check,
    CheckItem,
    Inn,
    Ogrn,
    Particulars,
)


class ParticularsForm(Particulars):
    """What an entry claims; INN and OGRN with their check digits."""

    inn: Annotated[Inn, AfterValidator(checked_inn)] | None = None
    ogrn: Annotated[Ogrn, AfterValidator(checked_ogrn)] | None = None

    def claimed(self) -> Particulars:
        """The same as it is kept."""
        return Particulars(**self.model_dump())


class EntryForm(Body):
    """An entry as it is proposed: how it is reached, where it works, what it claims."""

    name: Line
    address: Address | None = None
    phones: tuple[Phone, ...] = Field(default=(), max_length=20)
    emails: tuple[SentEmail, ...] = Field(default=(), max_length=20)
    website: Line | None = None
    region: Line
    serves: tuple[Territory, ...] = Field(default=(), max_length=200)
    particulars: ParticularsForm

    def card_of(self, entry_id: str, kind: OrganizationKind) -> OrganizationCard:
        """The card it is published with."""
        fields = {name: getattr(self, name) for name in EntryForm.model_fields}
        fields.pop("particulars")
        return OrganizationCard(id=entry_id, kind=kind, source="register", **fields)


class AmendmentRequest(Body):
    """A corrected entry, whole, with the reason."""

    entry: EntryForm
    reason: Line


class ChecksRequest(Body):
    """What was looked at and what came of it."""

    results: list[CheckResult] = Field(min_length=1, max_length=20)


class DecisionRequest(Body):
    """Why it is refused."""

    reason: Line


class PublicationDecision(Body):
    """Why it is published."""

    reason: Line
    despite_same_number: Line | None = Field(
        default=None,
        description="why it is published beside another with its INN or OGRN, e.g. as a branch",
    )


LISTED = "how many services of it are listed; with none it is not in the navigator"


class RegisteredView(BaseModel):
    """What everybody may see of a register. INN and OGRN are not part of it: a sole trader's
    would name a person."""

    id: str
    status: Status
    kind: OrganizationKind
    form: Ownership | None
    legal_form: str | None
    services: list[str]
    capacity: int | None
    volunteers: int | None = Field(description="how many; volunteers are never named")
    services_listed: int = Field(description=LISTED)
    card: OrganizationCard


class SameNumberView(BaseModel):
    """Another entry with the same INN or OGRN: one of the two may be wrong, or it is a branch."""

    id: str
    name: str
    status: Status
    same: list[str] = Field(description="inn, ogrn or both")


class EntryView(BaseModel):
    """Everything a register holds of an entry, for those who keep it and who proposed it."""

    id: str
    version: int
    status: Status
    card: OrganizationCard
    particulars: Particulars
    proposed_by: Actor
    proposed_at: AwareDatetime
    checks: list[Check]
    needed_checks: list[CheckItem]
    missing_checks: list[CheckItem]
    decided_by: Actor | None
    decided_at: AwareDatetime | None
    reason: str | None
    same_numbers: list[SameNumberView] = Field(description="for editors; empty for a provider")
    despite_same_number: str | None = Field(description="why there are two, if that was said")
    amendment: Amendment | None = Field(
        description="of what is published: it waits to be checked, or was refused; the checks"
        " needed and missing are its own while it waits"
    )
    services_listed: int = Field(description=LISTED)


def registered_view(document: Document[Organization], services_listed: int) -> RegisteredView:
    """An organization of a register, as everybody sees it."""
    found = document.state
    claimed = found.entry.particulars if found.entry is not None else None
    return RegisteredView(
        id=document.id,
        status=found.status,
        kind=found.card.kind,
        form=found.card.ownership,
        legal_form=claimed.legal_form if claimed else None,
        services=list(claimed.services) if claimed else [],
        capacity=claimed.capacity if claimed else None,
        volunteers=claimed.volunteers if claimed else None,
        services_listed=services_listed,
        card=found.card,
    )


def entry_view(
    document: Document[Organization], others: Iterable[Organization], services_listed: int
) -> EntryView:
    """An entry, and others with its INN or OGRN; only of what is in a register."""
    found = document.state
    entry = found.entry
    if entry is None:
        raise LookupError(document.id)
    needed = needed_checks(claim_of(found), found.card.kind)
    return EntryView(
        id=document.id,
        version=document.version,
        status=found.standing,
        card=found.card,
        particulars=entry.particulars,
        proposed_by=entry.proposed_by,
        proposed_at=entry.proposed_at,
        checks=entry.checks,
        needed_checks=[item for item in CheckItem if item in needed],
        missing_checks=missing_checks(found),
        decided_by=entry.decided_by,
        decided_at=entry.decided_at,
        reason=found.reason,
        same_numbers=[
            SameNumberView(
                id=other.id,
                name=other.card.name,
                status=other.standing,
                same=numbers_shared(found, other),
            )
            for other in others
        ],
        despite_same_number=entry.despite,
        amendment=found.amendment,
        services_listed=services_listed,
    )
