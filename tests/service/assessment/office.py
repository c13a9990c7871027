"""An institution that assesses need: the service on real servers, people with tokens, one clock."""

from datetime import timedelta
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from contracts import citizen, intake, referral, triage
from contracts.assessment import AssessmentOpened
from contracts.case import CaseRef
from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
)
from contracts.event import Event
from contracts.referral import Channel
from contracts.regulation import FIRST_PACK
from contracts.triage import TriageCode
from contracts.values import Actor, Address, CitizenCard, FullName
from services.assessment.main import create_app
from services.assessment.settings import AssessmentSettings
from tests.service.assessment.people import (
    HEAD,
    HOSPITAL,
    MEMBERS,
    ORGANIZER,
    RECEIVED,
    REGISTRAR,
    RESERVED,
    SECTION,
    SECTIONS,
    SPECIALIST,
    SURVEY,
    commission_body,
    visit_body,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Clock, Served, Stack, Story, until


class Desk:
    """One case over HTTP: remembers the version it last saw."""

    def __init__(self, office: "Office", case_id: str, story: Story, citizen: Story) -> None:
        self.office, self.case_id, self.story, self.citizen = office, case_id, story, citizen
        self.version = 0

    async def get(self, by: Actor) -> httpx.Response:
        """The case as this person sees it."""
        return await self.office.client.get(
            f"/cases/{self.case_id}", headers=self.office.headers(by)
        )

    async def see(self, by: Actor = SPECIALIST) -> dict[str, Any]:
        """The case; takes its version."""
        response = await self.get(by)
        assert response.status_code == 200, response.text
        self.version = int(response.headers["ETag"].strip('"'))
        seen: dict[str, Any] = response.json()
        assert seen["version"] == self.version
        return seen

    async def post(
        self, path: str, by: Actor, body: dict[str, Any] | None = None, **more: Any
    ) -> httpx.Response:
        """A command on the version last seen."""
        headers = self.office.headers(by, version=more.pop("version", self.version), **more)
        url = f"/cases/{self.case_id}/{path}"
        response = await self.office.client.post(url, json=body, headers=headers)
        if response.status_code == 200:
            self.version = int(response.headers["ETag"].strip('"'))
        return response

    async def do(self, path: str, by: Actor, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A command that must be carried out; returns its answer."""
        response = await self.post(path, by, body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def refused(
        self, status: int, code: str, path: str, by: Actor, body: Any = None, **more: Any
    ) -> dict[str, Any]:
        """A command that must be refused with this code, changing nothing."""
        before = await self.office.everything()
        response = await self.post(path, by, body, **more)
        problem: dict[str, Any] = response.json()
        assert (response.status_code, problem["code"]) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert await self.office.everything() == before
        return problem

    async def to_surveyed(self) -> None:
        """Visit and survey done."""
        await self.see()
        await self.do("survey-visit", SPECIALIST, visit_body())
        await self.do("survey", SPECIALIST, SURVEY)

    async def to_convened(self) -> None:
        """The commission sits."""
        await self.to_surveyed()
        await self.do("organizer", HEAD, {"organizer": ORGANIZER.id})
        await self.do("commission", ORGANIZER, commission_body())

    async def to_filled(self) -> None:
        """Every section of the act is filled."""
        await self.to_convened()
        for section in SECTIONS:
            await self.do(f"act/sections/{section}", RESERVED.get(section, ORGANIZER), SECTION)

    async def to_signed(self) -> None:
        """Everybody has signed."""
        await self.to_filled()
        for member in MEMBERS:
            await self.do("act/signatures", member, {})
        await self.do(
            "act/signatures", ORGANIZER, {"signer": "citizen", "consents_to_transfer": True}
        )


class Office(Served):
    """The service, served; and cases in it."""

    def __init__(self, stack: Stack, app: FastAPI, client: httpx.AsyncClient, clock: Clock) -> None:
        super().__init__(stack, app, client, clock)
        self._numbers = count(1)

    def headers(self, by: Actor, **more: Any) -> dict[str, str]:
        """Headers of a request by this person."""
        return self.stack.headers(by.role, by.organization, subject=by.id, **more)

    async def stored(self, case_id: str) -> Any:
        """The case's document as it lies in the store."""
        return await self.app.state.assessment.cases.get(case_id)

    def desk(self) -> Desk:
        """A case nobody has spoken of yet."""
        number = next(self._numbers)
        case_id = f"C-{self.stack.settings(AssessmentSettings).database_prefix}{number}"
        citizen_id = f"Z{case_id[1:]}"
        return Desk(
            self,
            case_id,
            self.stack.story(intake.CASE, case_id),
            self.stack.story(citizen.CITIZEN, citizen_id),
        )

    def reference(self, desk: Desk, institution: str = INSTITUTION) -> CaseRef:
        """The reference of the case on this desk."""
        return CaseRef(
            case_id=desk.case_id,
            citizen_id=f"Z{desk.case_id[1:]}",
            number=f"{institution}/2026/{desk.case_id[-4:]}",
            institution=institution,
            authorised_body=AUTHORISED_BODY,
            pack=FIRST_PACK,
        )

    def registered(self, desk: Desk, **more: Any) -> Event:
        """The referral of the case on this desk."""
        institution = more.pop("institution", INSTITUTION)
        reference = self.reference(desk, institution)
        fields = {"received_at": RECEIVED, "channel": Channel.PHONE, **more}
        return referral.ReferralRegistered(
            by=REGISTRAR,
            case=reference,
            journal_number=reference.number,
            status_code_hash="0" * 64,
            **fields,
        )

    async def open(
        self,
        *,
        phone: str | None = "+73845600007",
        code: TriageCode = TriageCode.INITIAL_ASSESSMENT,
        **more: Any,
    ) -> Desk:
        """A case that assessment has taken over, with the citizen's card."""
        desk = self.desk()
        card = CitizenCard(
            name=FullName(family="Кузьмина", given="Раиса", patronymic="Фёдоровна"),
            address=Address(text="г. Ленинск-Кузнецкий, ул. Шахтёрская, д. 9"),
            phone=phone,
        )
        await desk.citizen.tell(
            citizen.CitizenRegistered(by=REGISTRAR, card=card), at=self.clock.now
        )
        citizens, citizen_id = self.app.state.assessment.citizens, f"Z{desk.case_id[1:]}"
        await until(lambda: citizens.get(citizen_id))
        await desk.story.tell(self.registered(desk, **more), triaged(code), at=self.clock.now)
        await self.stack.spy.wait_for(AssessmentOpened, desk.case_id)
        return desk

    async def publish_hospital(self) -> None:
        """The directory publishes the hospital the nurse is of."""
        card = OrganizationCard(
            id=HOSPITAL,
            kind=OrganizationKind.MEDICAL_ORGANIZATION,
            name="Ленинск-Кузнецкая районная больница (пример)",
            source="test",
        )
        story = self.stack.story(ORGANIZATION, HOSPITAL)
        await story.tell(OrganizationPublished(by=REGISTRAR, card=card))
        organizations = self.app.state.assessment.organizations
        await until(lambda: organizations.get(HOSPITAL))

    def said(self, case_id: str) -> list[str]:
        """Types of everything assessment published of a case, in order."""
        prefix = f"assessment.case.{case_id}"
        return [e.routing_key for e in self.stack.spy.envelopes if e.stream == prefix]


def triaged(code: TriageCode = TriageCode.INITIAL_ASSESSMENT) -> Event:
    """Intake assigned a code."""
    return triage.CaseTriaged(by=REGISTRAR, code=code, proposed=code, rule_version="1")


async def opened_office(stack: Stack, backing: Backing = REAL) -> Office:
    """The office, open for business."""
    clock = Clock(RECEIVED + timedelta(hours=3))
    app = create_app(stack.settings(AssessmentSettings), now=clock, backing=backing)
    return Office(stack, app, await stack.serve(app), clock)
