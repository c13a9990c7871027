"""A bureau that plans care: the service on real servers, people with tokens, one clock."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from contracts import assessment, citizen, complaints, intake
from contracts.assessment import NeedsAssessed, Proposal
from contracts.careplan import PlanningOpened
from contracts.case import CaseRef
from contracts.citizen import CitizenRegistered
from contracts.complaints import Remedy, RemedyOrdered
from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
    OrganizationRetired,
)
from contracts.documents import PackageCompleted
from contracts.event import Event
from contracts.roles import Role
from contracts.values import SYSTEM, Address, CitizenCard, FullName, Gender
from services.careplan.main import create_app
from services.careplan.settings import CareplanSettings
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Clock, Served, Stack, Story, until

MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
PROVIDER, OTHER_PROVIDER, RETIRED = "l-provider-zabota", "l-provider-teplo", "l-provider-gone"
ORGANIZER = "sorokina@example.ru"
DOCUMENTS = ("application", "identity", "family_composition", "medical_certificate")
HANDOVER = ["care_plan_copy", "services_and_tariffs", "complaint_procedure", "rules_of_conduct"]
DAUGHTER = "Козлова Ирина Петровна"
CITIZEN = CitizenCard(
    name=FullName(family="Козлова", given="Мария", patronymic="Фёдоровна"),
    birth_date=date(1939, 5, 17),
    gender=Gender.FEMALE,
    address=Address(text="г. Ленинск-Кузнецкий, ул. Пушкина, д. 8"),
)

PLAN = {
    "items": [
        {
            "service": "cooking",
            "minutes_per_visit": 45,
            "weekdays": ["MO", "WE", "FR"],
            "executor": {"kind": "provider", "organization": PROVIDER},
        },
        {
            "service": "cleaning",
            "minutes_per_visit": 40,
            "visits_per_week": 1,
            "executor": {"kind": "relative", "name": DAUGHTER},
        },
    ],
    "medical_recommendations": ["Измерять давление дважды в день"],
    "negotiated_with": ["заявитель", "дочь"],
}
PROGRAMME = {
    "number": "ИП-14/2026",
    "issued_on": "2026-03-02",
    "valid_until": "2029-03-01",
    "form": "home",
    "recommended_providers": [PROVIDER],
    "accompaniment": ["содействие в получении медицинской помощи"],
}
ENROL = {"outcome": "enrol", "form": "home"}
REFUSE = {
    "outcome": "refuse",
    "grounds": ["not_in_need"],
    "reasons": "Дочь проживает совместно и осуществляет уход",
}
CONTRACT = {"number": "Д-7", "signed_by_citizen": True, "handed_over": HANDOVER}
ORDER = {"order_number": "П-21", "provider": PROVIDER}
NOTICE = {"notice_number": "У-3", "sent_by": "post"}

AGREEMENTS: list[tuple[str, str, dict[str, Any]]] = [
    (Role.CARE_ORGANIZER, "plan/signatures", {"party": "organizer"}),
    (Role.CARE_ORGANIZER, "plan/signatures", {"party": "citizen"}),
    (Role.CARE_ORGANIZER, "plan/agreements", {"executor": "relative.1", "agreed": True}),
    (Role.PROVIDER, "plan/agreements", {"executor": PROVIDER, "agreed": True}),
]
STRAIGHT: list[tuple[str, str, Any]] = [
    (Role.CARE_ORGANIZER, "plan", PLAN),
    *AGREEMENTS,
    (Role.REGISTRAR, "programme", PROGRAMME),
    (Role.CARE_ORGANIZER, "package", None),
    (Role.AUTHORISED_BODY_HEAD, "decision", ENROL),
    (Role.CARE_ORGANIZER, "contract", CONTRACT),
    (Role.INSTITUTION_DIRECTOR, "enrolment", ORDER),
]
"""The whole path after the assessment: who does what."""


class Desk:
    """One case over HTTP; the other services' streams about it."""

    def __init__(self, bureau: "Bureau", case_id: str) -> None:
        self.bureau, self.case_id, self.citizen_id = bureau, case_id, f"Z{case_id[1:]}"
        story = bureau.stack.story
        self.intake = story(intake.CASE, case_id)
        self.assessment = story(assessment.CASE, case_id)
        self.citizen = story(citizen.CITIZEN, self.citizen_id)
        self.ref = CaseRef(
            case_id=case_id,
            citizen_id=self.citizen_id,
            number=f"2026-{case_id[-4:]}",
            institution=INSTITUTION,
            authorised_body=AUTHORISED_BODY,
            pack="kuzbass-2013",
        )

    async def tell(self, story: Story, *events: Event, at: datetime | None = None) -> None:
        """Another service speaks, now or at a time past; returns when it was taken in."""
        told = (await story.tell(*events, at=at or self.bureau.clock.now))[-1]

        async def heard() -> bool:
            document = await self.bureau.careplan.cases.get(self.case_id)
            return document is not None and document.streams.get(told.stream, 0) >= told.number

        await until(heard)

    async def assessed(
        self, proposal: Proposal = Proposal.SERVICE, *, at: datetime | None = None, **found: Any
    ) -> None:
        """The commission has concluded."""
        fields: dict[str, Any] = {
            "group": 4,
            "level": 2,
            "weekly_minutes_from": 1080,
            "weekly_minutes_to": 1260,
            "days_per_week": 7,
            **found,
        }
        event = NeedsAssessed(
            by=SYSTEM,
            case=self.ref,
            proposal=proposal,
            organizer=ORGANIZER,
            instrument="care-need-2026",
            instrument_version="1",
            **fields,
        )
        await self.tell(self.assessment, event, at=at)

    async def documents(self) -> None:
        """Intake has the citizen's documents."""
        await self.tell(self.intake, PackageCompleted(by=SYSTEM, documents=DOCUMENTS))

    async def registered(self) -> None:
        """Intake knows the citizen."""
        await self.citizen.tell(CitizenRegistered(by=SYSTEM, card=CITIZEN))

        async def kept() -> bool:
            return await self.bureau.careplan.card_of(self.citizen_id) is not None

        await until(kept)

    async def remedied(self, complaint: str, remedy: Remedy = Remedy.DECISION_ANNULLED) -> None:
        """A complaint about this case was satisfied."""
        story = self.bureau.stack.story(complaints.COMPLAINT, complaint)
        await self.tell(story, RemedyOrdered(by=SYSTEM, case_id=self.case_id, remedy=remedy))

    async def version(self) -> int:
        """The version that a reader would see."""
        document = await self.bureau.careplan.cases.get(self.case_id)
        return document.version if document is not None else 0

    async def post(
        self, role: str, action: str, body: Any = None, *, version: int | None = None, **who: Any
    ) -> httpx.Response:
        """Ask for an action, on the present version unless another is named."""
        seen = await self.version() if version is None else version
        return await self.bureau.client.post(
            f"/cases/{self.case_id}/{action}",
            json=body,
            headers=self.bureau.headers(role, version=seen, **who),
        )

    async def refused(
        self, status: int, code: str, role: str, action: str, body: Any = None, **more: Any
    ) -> dict[str, Any]:
        """An action that must be refused with this code, changing nothing that is stored."""
        before = await self.bureau.everything()
        response = await self.post(role, action, body, **more)
        problem: dict[str, Any] = response.json()
        assert (response.status_code, problem["code"]) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert await self.bureau.everything() == before
        return problem

    async def get(self, role: str, path: str = "", **who: Any) -> httpx.Response:
        """Read the case, or a part of it."""
        return await self.bureau.client.get(
            f"/cases/{self.case_id}{path}", headers=self.bureau.headers(role, **who)
        )

    async def view(self) -> Any:
        """The case as staff see it."""
        response = await self.get(Role.CARE_ORGANIZER)
        assert response.status_code == 200, response.text
        return response.json()

    async def walk(self, *steps: tuple[str, str, Any]) -> None:
        """Do these, each successfully."""
        for role, action, body in steps:
            response = await self.post(role, action, body)
            assert response.status_code == 200, (action, response.text)

    def published(self) -> list[str]:
        """Types of everything care planning published of this case, in order, without prefix."""
        envelopes = {
            envelope.number: envelope
            for envelope in self.bureau.stack.spy.envelopes
            if envelope.stream == f"careplan.case.{self.case_id}"
        }
        assert sorted(envelopes) == list(range(1, len(envelopes) + 1))
        return [envelopes[n].type.split(".")[-2] for n in sorted(envelopes)]


class Bureau(Served):
    """The running service and all who speak to it."""

    def __init__(self, stack: Stack, app: FastAPI, client: httpx.AsyncClient, clock: Clock) -> None:
        super().__init__(stack, app, client, clock)
        self.careplan = app.state.careplan
        self._numbers = count(1)

    def headers(self, role: str, org: str | None = None, **more: Any) -> dict[str, str]:
        """Somebody of the case's own organization; the organizer is the one named."""
        own = {Role.AUTHORISED_BODY_HEAD: AUTHORISED_BODY, Role.PROVIDER: PROVIDER}
        more.setdefault("subject", ORGANIZER if role == Role.CARE_ORGANIZER else f"U-{role}")
        return self.stack.headers(role, org or own.get(Role(role), INSTITUTION), **more)

    def desk(self) -> Desk:
        """A case nobody has spoken of yet."""
        return Desk(self, f"C{next(self._numbers):04d}")

    async def planning(self, proposal: Proposal = Proposal.SERVICE, **found: Any) -> Desk:
        """A case whose planning has opened and whose documents are complete."""
        desk = self.desk()
        await desk.documents()
        await desk.assessed(proposal, **found)
        await self.stack.spy.wait_for(PlanningOpened, desk.case_id)
        return desk


async def opened_bureau(stack: Stack, backing: Backing = REAL) -> Bureau:
    """The service with its copy of the directory."""
    clock = Clock(MONDAY)
    app = create_app(stack.settings(CareplanSettings), now=clock, backing=backing)
    bureau = Bureau(stack, app, await stack.serve(app), clock)
    kinds = {
        INSTITUTION: OrganizationKind.INSTITUTION,
        AUTHORISED_BODY: OrganizationKind.AUTHORISED_BODY,
        PROVIDER: OrganizationKind.PROVIDER,
        OTHER_PROVIDER: OrganizationKind.PROVIDER,
        RETIRED: OrganizationKind.PROVIDER,
    }
    for name, kind in kinds.items():
        card = OrganizationCard(
            id=name, kind=kind, name=f"Организация {name}", phones=("+73845630001",), source="test"
        )
        events: list[Event] = [OrganizationPublished(by=SYSTEM, card=card)]
        if name == RETIRED:
            events.append(OrganizationRetired(by=SYSTEM, reason="ликвидирована"))
        await stack.story(ORGANIZATION, name).tell(*events)

    async def known() -> bool:
        copies = await bureau.careplan.organizations.find({}, limit=10)
        return {copy.id for copy in copies} == set(kinds) and any(c.state.retired for c in copies)

    await until(known)
    return bureau
