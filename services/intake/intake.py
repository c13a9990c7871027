"""What the routes of intake work with: its collections, its outside parties, its copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from chassis.commands import get_visible
from chassis.document import Document
from chassis.http import in_state
from chassis.limits import GuessLimits
from chassis.register import Register
from chassis.service import Service
from chassis.store import Collection
from contracts.copies import OrganizationCopy
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput
from contracts.territory.statements import Outcome
from contracts.values import Actor, Address
from services.intake import survivors
from services.intake.adapters.attachments import Attachments
from services.intake.adapters.fhir_attachments import Fetching
from services.intake.adapters.gateways import Gateways
from services.intake.adapters.identity import Identity
from services.intake.adapters.partners import Partners
from services.intake.adapters.rates import Rates
from services.intake.adapters.webhooks import Webhooks
from services.intake.domain.addresses import require_inside
from services.intake.domain.appointments import Appointment
from services.intake.domain.case import Case, involves
from services.intake.domain.citizen import Citizen
from services.intake.domain.consent import ConsentScope
from services.intake.domain.consenting import standing_consent
from services.intake.domain.consultations import Consultation
from services.intake.domain.journal import JournalEntry
from services.intake.domain.pair import CitizenPair
from services.intake.domain.records import Onward
from services.intake.domain.requests import OutgoingNumber
from services.intake.domain.slots import DeskDay, Schedule
from services.intake.domain.task import Endpoint, FollowedTask
from services.intake.sending import Sending
from services.intake.territories import Territories

UNDECIDED: Final[Mapping[Outcome, tuple[str, str]]] = {
    "none": (
        "none-serve-this-address",
        "no institution serves this address; name the one that takes the referral, or correct the"
        " address",
    ),
    "several": (
        "several-serve-this-address",
        "several institutions serve this address; name the one that takes the referral, or"
        " complete the address",
    ),
    "possible": (
        "undecided-who-serves-this-address",
        "a part of the address that decides who serves it is missing; complete the address, or"
        " name the institution that takes the referral",
    ),
}
"""Why no institution takes a referral by its address: code and words, which never quote it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Who takes a referral: the institution that serves the address, and its authorised body.

    With `passes_on` it is a body or MFC, which takes it in and passes it on (R 3.1.2): to
    `onward` at once, where that is known.
    """

    institution: str
    authorised_body: str
    passes_on: bool = False
    onward: Onward | None = None


@dataclass(slots=True)
class Intake:
    """Intake put together; made in `main.py`."""

    service: Service
    cases: Collection[Case]
    citizens: Collection[Citizen]
    pairs: Collection[CitizenPair]
    journal: Collection[JournalEntry]
    register: Register
    organizations: Collection[OrganizationCopy]
    territories: Territories
    """Who serves which address, by those copies: `ready()` before it is asked."""
    appointments: Collection[Appointment]
    slots: Collection[DeskDay]
    schedules: Collection[Schedule]
    consultations: Collection[Consultation]
    limits: GuessLimits
    identity: Identity
    attachments: Attachments
    gateways: Gateways
    sending: Sending
    outgoing_numbers: Collection[OutgoingNumber]
    pension_fund_office: str
    tasks: Collection[FollowedTask]
    endpoints: Collection[Endpoint]
    partners: Partners
    """Settings of medical organizations: who listens, from where they call, how often."""
    rates: Rates
    webhooks: Webhooks
    fetching: Fetching
    institutions: frozenset[str] = frozenset()
    """The institutions of this district; empty: those of the whole region."""

    def now(self) -> datetime:
        """The present moment."""
        return self.service.now()

    async def get_case(self, case_id: str, by: Actor) -> Document[Case]:
        """A case the caller may know of."""
        return await get_visible(self.cases, case_id, lambda case: involves(case, by))

    async def find_citizen(self, citizen_id: str) -> Document[Citizen] | None:
        """The citizen an id means by now (L 5.1)."""
        return await survivors.find_citizen(self.citizens, citizen_id)

    async def survivor_of(self, document: Document[Citizen]) -> Document[Citizen]:
        """The document itself, or that of whom its citizen was joined to (L 5.1)."""
        return await survivors.survivor_of(self.citizens, document)

    async def consent_of(self, case: Case) -> ConsentScope | None:
        """What the citizen of a case has consented to, as it stands now."""
        found = await self.find_citizen(case.ref.citizen_id) if case.ref else None
        standing = standing_consent(found.state) if found is not None else None
        return standing.scope if standing is not None else None

    async def taking_part(self, organizations: Sequence[str]) -> frozenset[str]:
        """Those of the organizations named that the directory has and that take part."""
        if not organizations:
            return frozenset()
        named = sorted(set(organizations))
        found = await self.organizations.find({"id": {"$in": named}}, limit=len(named))
        return frozenset(copy.id for copy in found if copy.state.kind)

    async def institution(self, organization_id: str | None) -> Serving | None:
        """An institution of the directory with its authorised body; None if it is none."""
        card = await self.card(organization_id)
        return None if card is None else self.as_institution(card)

    def as_institution(self, card: OrganizationCard) -> Serving | None:
        """An organization with its authorised body, if it is an institution that takes part."""
        if card.kind != OrganizationKind.INSTITUTION or card.parent is None:
            return None
        return self.of_this_district(Serving(card.id, card.parent), "institution")

    async def card(self, organization_id: str | None) -> OrganizationCard | None:
        """An organization that takes part, as the directory last published it."""
        copy = await self.organizations.get(organization_id) if organization_id else None
        return None if copy is None or copy.state.retired else copy.state.card

    async def who_serves(self, address: Address | None) -> Serving:
        """The institution that serves an address (R 3.1.2); none or several is said plainly."""
        if address is None:
            raise InvalidInput(
                "journal-field-missing",
                "without an address, name the institution that takes the referral",
                field="citizen.address",
                clause="R 3.1.2",
            )
        await self.ready()
        outcome, found = self.serving(address)
        if outcome != "one":
            code, said = UNDECIDED[outcome]
            raise InvalidInput(code, said, field="citizen.address", clause="R 3.1.2")
        return found[0]

    async def ready(self) -> None:
        """Have in memory who serves which address; does nothing but the first time."""
        await self.territories.ready(self.organizations)

    def serving(self, address: Address) -> tuple[Outcome, list[Serving]]:
        """The institutions that may serve an address, and how certain that is.

        An address outside the region or the district is refused by that name.
        """
        require_inside(address, self.territories.regions)
        outcome, cards = self.territories.who_serves(address)
        found = [Serving(card.id, card.parent or card.id) for card in cards]
        if outcome == "one":
            self.of_this_district(found[0], "citizen.address")
        return outcome, found

    def of_this_district(self, serving: Serving, field: str) -> Serving:
        """Refuse what another district's institution would have to take: nobody of it looks here,
        and the citizen would wait for somebody who never comes."""
        if self.institutions and serving.institution not in self.institutions:
            raise InvalidInput(
                "served-by-another-district",
                f"{serving.institution} serves this address, under {serving.authorised_body}; it"
                " belongs to another district: send the referral there",
                field=field,
                clause="R 3.1.2",
            )
        return serving


WithIntake = Annotated[Intake, in_state("intake")]
