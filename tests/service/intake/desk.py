"""The desk that the service tests of intake work at: the service, its clock, the world outside."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from chassis.store import LostRace
from contracts import assessment
from contracts.assessment import SurveyCompleted, SurveyOutcome
from contracts.directory import (
    ORGANIZATION,
    OpeningHours,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
    Territory,
)
from contracts.values import SYSTEM
from services.intake.intake import Intake
from services.intake.main import create_app
from services.intake.recognising import compare_citizen
from services.intake.settings import IntakeSettings
from tests.service.intake.bodies import (
    CERTIFICATE,
    CONSENT,
    PAPERS,
    SIGNED,
    answers_of,
    new_bundle,
    new_referral,
)
from tests.service.intake.outside import FUND, HOOK, Outside
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, uncleared, until

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes for a webhook!!").decode()
OTHER_INSTITUTION, OTHER_BODY = "r-institution-16", "r-authorised-body-08"
HOSPITAL, OTHER_HOSPITAL = "hospital-03", "hospital-04"
"""The first listens to notices; the other one polls."""
OFFICE = "pension-fund-office-02"
AT_ONCE = 60_000
"""Requests a minute that the office takes: one each millisecond."""


HOURS = (
    OpeningHours(
        days=("MO", "TU", "WE", "TH", "FR"),
        opens=time(9),
        closes=time(17),
        lunch_from=time(13),
        lunch_to=time(14),
    ),
)


class Clock:
    """The real time, or that of the test; it can be put forward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._offset = timedelta() if start is None else start - datetime.now(UTC)
        self._stands_at: datetime | None = None

    def now(self) -> datetime:
        return self._stands_at or datetime.now(UTC) + self._offset

    def put_to(self, moment: datetime) -> None:
        self._offset = moment - datetime.now(UTC)

    def forward(self, **by: float) -> None:
        self._offset += timedelta(**by)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Meanwhile nothing becomes due, however slow the machine is."""
        self._stands_at = self.now()
        try:
            yield
        finally:
            self._stands_at = None


class Desk:
    """One replica of intake, and what one does at it."""

    def __init__(self, stack: Stack, app: FastAPI, http: httpx.AsyncClient, clock: Clock) -> None:
        self.stack, self.app, self.http, self.clock = stack, app, http, clock
        self.intake: Intake = app.state.intake

    async def post(
        self, path: str, body: Any = None, role: str = "registrar", **headers: Any
    ) -> httpx.Response:
        """Post as somebody of the institution, unless another `org` is named."""
        return await self.http.post(path, json=body, headers=self.stack.headers(role, **headers))

    async def get(self, path: str, role: str = "registrar", **headers: Any) -> httpx.Response:
        return await self.http.get(path, headers=self.stack.headers(role, **headers))

    async def act(
        self, case_id: str, action: str, body: Any = None, role: str = "registrar", **headers: Any
    ) -> httpx.Response:
        """A command on a case on its present version; it must be carried out."""
        if "version" not in headers:
            headers["version"] = await self.version(case_id)
        answered = await self.post(f"/cases/{case_id}/{action}", body, role, **headers)
        assert answered.status_code == 200, answered.text
        return answered

    async def version(self, case_id: str) -> int:
        return int((await self.case(case_id))["version"])

    async def case(self, case_id: str) -> dict[str, Any]:
        answered = await self.get(f"/cases/{case_id}")
        assert answered.status_code == 200, answered.text
        found: dict[str, Any] = answered.json()
        return found

    async def register(self, referral: dict[str, Any] | None = None, **headers: Any) -> Any:
        """A referral in the journal; what was answered."""
        answered = await self.post("/referrals", referral or new_referral(), **headers)
        assert answered.status_code in {200, 201}, answered.text
        return answered.json()

    async def push(self, bundle: dict[str, Any] | None = None, **headers: Any) -> httpx.Response:
        """A hospital's FHIR referral."""
        headers.setdefault("org", HOSPITAL)
        return await self.post("/fhir", bundle or new_bundle(), "medical_organization", **headers)

    async def triaged(self, code: str = "initial_assessment", **answers: list[str]) -> str:
        """A case with its code."""
        case_id = str((await self.register())["case_id"])
        await self.act(case_id, "answers", answers_of(**answers))
        await self.act(case_id, "triage", {"code": code, "reason": "так решено"}, "urgent_head")
        return case_id

    async def applied(self) -> str:
        """A case with its application and papers, the certificate still to be asked for."""
        case_id = await self.triaged()
        await self.consent(case_id)
        await self.act(case_id, "application", {"documents": PAPERS})
        return case_id

    async def requested(self) -> tuple[str, str]:
        """A case whose certificate is asked for, and the request's id."""
        case_id = await self.applied()
        await self.act(case_id, "certificate-request", SIGNED, "institution_director")
        return case_id, str((await self.case(case_id))["request"]["id"])

    async def answer(
        self, request_id: str, body: Any = CERTIFICATE, org: str | None = OFFICE, **headers: Any
    ) -> httpx.Response:
        """An answer of the Pension Fund, by the office asked unless another `org` is named."""
        path = f"/interagency-requests/{request_id}/answer"
        return await self.post(path, body, "pension_fund", org=org, **headers)

    async def attach(
        self,
        case_id: str,
        code: str,
        content: bytes,
        media_type: str = "application/pdf",
        query: str = "",
        role: str = "registrar",
        **headers: Any,
    ) -> httpx.Response:
        """A file of a document, as its scanner sends it."""
        more = {name: headers.pop(name) for name in list(headers) if name[0].isupper()}
        return await self.http.post(
            f"/cases/{case_id}/documents/{code}/attachments{query}",
            content=content,
            headers={**self.stack.headers(role, **headers), "Content-Type": media_type, **more},
        )

    @property
    def today(self) -> str:
        """The day of the district, as a caller writes it."""
        return self.intake.service.calendar.local_date(self.intake.now()).isoformat()

    async def consent(self, case_id: str, **changed: Any) -> httpx.Response:
        body = {**CONSENT, **changed}
        answered = await self.post(f"/cases/{case_id}/consent", body, "specialist")
        assert answered.status_code == 200, answered.text
        return answered

    async def surveyed(self, case_id: str) -> None:
        """Assessment says that the information sheet is there."""
        await self.stack.story(assessment.CASE, case_id).tell(
            SurveyCompleted(by=SYSTEM, outcome=SurveyOutcome.COMMISSION)
        )

        async def heard() -> bool:
            found = await self.intake.cases.get(case_id)
            return found is not None and found.state.progress.surveyed

        await until(heard)

    async def settle(self) -> None:
        """Wait until nothing is on its way: events have left, errands are run, outboxes stored."""

        async def idle() -> bool:
            now = self.intake.now()
            cases = [document.state async for document in self.intake.cases.each()]
            moments = [case.notice.next_attempt_at for case in cases] + [
                request.next_attempt_at for case in cases for request in case.sendable
            ]
            moments += [
                notice.next_attempt_at for case in cases for notice in case.linked_notices.values()
            ]
            moments += [case.reunite_at for case in cases]
            tasks = [document.state async for document in self.intake.tasks.each()]
            moments += [task.delivery.next_attempt_at for task in tasks if task.delivery]
            return not any(moment and moment <= now for moment in moments)

        self.intake.service.sweeper.nudge()
        self.intake.sending.nudge()
        async for document in self.intake.citizens.each():
            with suppress(LostRace):
                await compare_citizen(self.intake, document.id)
        await until(idle)
        await self.intake.service.relay.drain()
        await self.intake.service.sweeper.clear(0)

    def counts(self) -> dict[str, int]:
        """Writes per collection and events published, so far."""
        collections = self.intake.service.collections
        writes = {name: kept.counts.writes for name, kept in collections.items()}
        return writes | {"published": self.intake.service.bus.published}

    async def cost(self, step: Callable[[], Awaitable[Any]]) -> dict[str, int]:
        """What a step costs in writes and publishes; nothing else may be going on."""
        with uncleared(self.intake.service):
            await self.settle()
            before = self.counts()
            with self.clock.standing():
                await step()
                await self.intake.service.relay.drain()
                after = self.counts()
        return {name: after[name] - before[name] for name in after if after[name] != before[name]}

    async def stored(self) -> dict[str, Any]:
        """Everything that is stored, but for the marks of its delivery."""
        return {
            f"{name}/{document.id}": (
                document.version,
                document.seq,
                document.state.model_dump(mode="json", exclude={"compare_at"}),
                dict(document.streams),
            )
            for name, kept in self.intake.service.collections.items()
            async for document in kept.each()
        }


def settings_of(stack: Stack, **more: Any) -> IntakeSettings:
    settings: IntakeSettings = stack.settings(
        IntakeSettings,
        identity_key="a secret of sixteen",
        pension_fund_url=FUND,
        pension_fund_token="token-of-ours",
        webhook_url=HOOK,
        pension_fund_office=OFFICE,
        pension_fund_per_minute=AT_ONCE,
        attachments_url=str(stack.folder / "attachments"),
        webhook_secret=SECRET,
        webhook_organization=HOSPITAL,
        **more,
    )
    return settings


async def open_desk(
    stack: Stack, clock: Clock, outside: Outside, backing: Backing = REAL, **more: Any
) -> Desk:
    """Serve a replica of intake until the test module is over."""
    app = create_app(settings_of(stack, **more), clock.now, outside.transport, backing)
    return Desk(stack, app, await stack.serve(app), clock)


async def publish_directory(stack: Stack) -> None:
    """Two institutions, each with the municipality it serves."""
    for institution, body, municipality in (
        (INSTITUTION, AUTHORISED_BODY, "leninsk-kuznetsky"),
        (OTHER_INSTITUTION, OTHER_BODY, "belovo"),
    ):
        card = OrganizationCard(
            id=institution,
            kind=OrganizationKind.INSTITUTION,
            name="Комплексный центр социального обслуживания",
            parent=body,
            serves=(Territory(municipality=municipality),),
            hours=HOURS,
            source="test",
        )
        await stack.story(ORGANIZATION, institution).tell(
            OrganizationPublished(by=SYSTEM, card=card)
        )


async def knows_directory(desk: Desk) -> None:
    """Wait until the desk's own copy of the directory is there."""
    await until(lambda: desk.intake.organizations.get(INSTITUTION))
    await until(lambda: desk.intake.organizations.get(OTHER_INSTITUTION))


async def publish_body(
    desk: Desk,
    body: str = AUTHORISED_BODY,
    kind: OrganizationKind = OrganizationKind.AUTHORISED_BODY,
    parent: str | None = None,
) -> None:
    """A body or MFC that takes referrals in and passes them on, in the desk's own copy."""
    card = OrganizationCard(
        id=body, kind=kind, name="Приём обращений", parent=parent, source="test"
    )
    await desk.stack.story(ORGANIZATION, body).tell(OrganizationPublished(by=SYSTEM, card=card))
    await until(lambda: desk.intake.organizations.get(body))
