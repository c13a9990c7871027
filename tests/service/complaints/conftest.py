"""The service of complaints on the real broker and store, with the directory and cases it reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from chassis.clock import new_id
from contracts.careplan import CASE as CAREPLAN_CASE
from contracts.careplan import Decided, Outcome, Refused
from contracts.case import CaseRef
from contracts.citizen import CITIZEN, CitizenRegistered
from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
)
from contracts.intake import CASE
from contracts.referral import Channel, ReferralRegistered
from contracts.regulation import FIRST_PACK, load_pack
from contracts.values import SYSTEM, CitizenCard, FullName
from services.complaints.complaints import Complaints
from services.complaints.main import create_app
from services.complaints.settings import ComplaintsSettings
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, actor, until

DEPARTMENT, MFC, PROVIDER = "r-department", "l-mfc-01", "l-provider-01"
OTHER_BODY, OTHER_INSTITUTION = "r-authorised-body-09", "r-institution-03"
ORGANIZATIONS = {
    DEPARTMENT: OrganizationKind.DEPARTMENT,
    AUTHORISED_BODY: OrganizationKind.AUTHORISED_BODY,
    OTHER_BODY: OrganizationKind.AUTHORISED_BODY,
    INSTITUTION: OrganizationKind.INSTITUTION,
    OTHER_INSTITUTION: OrganizationKind.INSTITUTION,
    MFC: OrganizationKind.MFC,
    PROVIDER: OrganizationKind.PROVIDER,
}
CANARY = "Канарейкина"
COMPLAINANT = {
    "name": {"family": CANARY, "given": "Лидия", "patronymic": "Аркадьевна"},
    "address": {"text": f"652500, г. Ленинск-Кузнецкий, ул. {CANARY}, д. 4"},
    "phone": "+73845600444",
    "email": "canary@example.org",
}
PARTS = {
    part.code: f"{part.title_ru}. {CANARY}" for part in load_pack(FIRST_PACK).complaint_reply_parts
}


@dataclass
class Office:
    """The running service, and what a test does with it."""

    stack: Stack
    app: FastAPI
    http: httpx.AsyncClient
    times: dict[str, datetime]
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def complaints(self) -> Complaints:
        made: Complaints = self.app.state.complaints
        return made

    @property
    def writes(self) -> int:
        return self.complaints.complaints.counts.writes

    async def figures(self) -> tuple[int, int]:
        """Writes of complaints and events confirmed so far, once nothing is on its way."""
        service = self.complaints.service
        await service.relay.drain()
        return self.writes, service.bus.published

    async def settled(self) -> tuple[int, int]:
        """The figures, once emptied outboxes are stored too; no sweep adds to them any more."""
        service = self.complaints.service
        service.sweeper.quiet_seconds = math.inf
        await service.relay.drain()
        await service.sweeper.clear(0.0)
        return self.writes, service.bus.published

    async def grown(self, before: tuple[int, int]) -> tuple[int, int]:
        """By how much the figures have grown."""
        writes, published = await self.figures()
        return writes - before[0], published - before[1]

    async def case(self) -> str:
        """A case of the institution under test that the service has heard of."""
        case_id, citizen_id = new_id("C"), new_id("P")
        number = f"{INSTITUTION}/2026/{next(self.numbers):06d}"
        card = CitizenCard(name=FullName(family="Зуева", given="Клавдия"))
        await self.stack.story(CITIZEN, citizen_id).tell(CitizenRegistered(by=SYSTEM, card=card))
        registered = ReferralRegistered(
            by=SYSTEM,
            case=CaseRef(
                case_id=case_id,
                citizen_id=citizen_id,
                number=number,
                institution=INSTITUTION,
                authorised_body=AUTHORISED_BODY,
                pack=FIRST_PACK,
            ),
            journal_number=number,
            received_at=datetime.now(UTC),
            channel=Channel.IN_PERSON,
            status_code_hash="h",
        )
        await self.stack.story(CASE, case_id).tell(registered)
        await until(lambda: self.complaints.cases.get(case_id))
        await until(lambda: self.complaints.citizens.get(citizen_id))
        return case_id

    async def refused(self, case_id: str) -> None:
        """Careplan says that the case was refused, by its head."""
        head = actor("authorised_body_head", AUTHORISED_BODY)
        await self.stack.story(CAREPLAN_CASE, case_id).tell(
            Decided(by=head, outcome=Outcome.REFUSE),
            Refused(by=head, notice_number="17-о", grounds=("no_need",)),
        )

        async def heard() -> bool:
            copy = await self.complaints.cases.get(case_id)
            return copy is not None and copy.state.notice_number is not None

        await until(heard)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        role: str = "complaint_officer",
        org: str | None = AUTHORISED_BODY,
        **headers: Any,
    ) -> httpx.Response:
        """A POST by an officer of the authorised body, unless told otherwise."""
        own = self.stack.headers(role, org, **headers)
        return await self.http.post(path, json=body, headers=own)

    async def get(
        self, path: str, role: str = "complaint_officer", org: str | None = AUTHORISED_BODY
    ) -> httpx.Response:
        return await self.http.get(path, headers=self.stack.headers(role, org))

    async def register(self, case_id: str | None = None, **changes: Any) -> dict[str, Any]:
        """A complaint in the register; the receipt."""
        answer = await self.post("/complaints", form(case_id or await self.case(), **changes))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def decide(self, receipt: Mapping[str, Any], **changes: Any) -> httpx.Response:
        body = {"outcome": "satisfied", "remedy": "other", "reasons": f"Срок нарушен. {CANARY}"}
        return await self.post(
            f"/complaints/{receipt['id']}/decision", body | changes, version=receipt["version"]
        )


def form(case_id: str, **changes: Any) -> dict[str, Any]:
    """A complaint as it is sent in."""
    said = {
        "case_id": case_id,
        "channel": "post",
        "ground": "late_service",
        "body": AUTHORISED_BODY,
        "official": {"name": f"{CANARY} О. П.", "post": "Специалист"},
        "complainant": COMPLAINANT,
        "decision_or_action": f"Обследование {CANARY} не проведено в срок",
        "arguments": "Со дня обращения прошло три недели",
    }
    return said | changes


async def told_of_organizations(stack: Stack, app: FastAPI) -> None:
    """The directory has spoken, and the service has heard."""
    complaints: Complaints = app.state.complaints
    for key, kind in ORGANIZATIONS.items():
        card = OrganizationCard(id=key, kind=kind, name=f"Организация {key}", source="пример")
        await stack.story(ORGANIZATION, key).tell(OrganizationPublished(by=SYSTEM, card=card))

    async def all_heard() -> bool:
        return all([await complaints.organizations.get(key) for key in ORGANIZATIONS])

    await until(all_heard)


async def opened_office(stack: Stack, backing: Backing = REAL) -> Office:
    """The service with a clock that a test may set, and its copy of the directory."""
    times: dict[str, datetime] = {}
    app = create_app(
        stack.settings(ComplaintsSettings),
        now=lambda: times.get("now") or datetime.now(UTC),
        backing=backing,
    )
    http = await stack.serve(app)
    await told_of_organizations(stack, app)
    return Office(stack, app, http, times)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(stack: Stack) -> Office:
    """The service of this module."""
    return await opened_office(stack)
