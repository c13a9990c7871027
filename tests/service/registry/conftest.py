"""The register on the real broker and store, with a clock the tests set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from chassis.backing import REAL, Backing
from contracts.directory import (
    ORGANIZATION,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
)
from contracts.envelope import Envelope
from contracts.values import SYSTEM
from services.registry.main import create_app
from services.registry.registry import Registry
from services.registry.settings import RegistrySettings
from tests.service.stack import INSTITUTION, Clock, Stack, until
from tests.unit.registry.builders import DAY, MONDAY, ref_of, whole_path


@dataclass
class Register:
    """The register, a client for it, and its clock."""

    stack: Stack
    app: FastAPI
    http: httpx.AsyncClient
    clock: Clock

    @property
    def registry(self) -> Registry:
        registry: Registry = self.app.state.registry
        return registry

    async def hear(self, envelopes: Iterable[Envelope]) -> None:
        """Publish, and wait until every delivery has its outcome stored."""
        arriving = list(envelopes)
        tally = self.registry.service.consumer.tally
        seen = tally.received
        before = self.outcomes()
        await self.stack.publish(*arriving)
        await until(lambda: tally.received - seen >= len(arriving))
        await until(lambda: self.outcomes() - before >= len(arriving))

    def outcomes(self) -> int:
        tally = self.registry.service.consumer.tally
        applied = tally.applied - tally.released
        return applied + tally.parked + tally.duplicates + tally.unread + tally.failed

    async def get(self, path: str, role: str = "registry_reader", org: str | None = None) -> Any:
        answer = await self.http.get(path, headers=self.stack.headers(role, org))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def all(self, path: str, role: str = "registry_reader") -> list[dict[str, Any]]:
        """Every item of a list, page by page; the path has a query."""
        items: list[dict[str, Any]] = []
        cursor = None
        name = "after" if path.startswith("/events") else "cursor"
        while True:
            page = await self.get(path + (f"&{name}={cursor}" if cursor else ""), role)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    async def status_of(self, path: str, role: str, org: str | None) -> int:
        answer = await self.http.get(path, headers=self.stack.headers(role, org))
        return answer.status_code

    def writes(self) -> dict[str, int]:
        return {
            name: collection.counts.writes
            for name, collection in self.registry.service.collections.items()
        }


def path_of(case_id: str, institution: str = INSTITUTION) -> list[Envelope]:
    """Everything that four services tell of a case on the straight path."""
    tellers = whole_path(ref_of(case_id, institution))
    return [envelope for teller in tellers for envelope in teller.envelopes()]


def institution_card(institution: str = INSTITUTION) -> OrganizationCard:
    return OrganizationCard(
        id=institution,
        kind=OrganizationKind.INSTITUTION,
        name="Комплексный центр социального обслуживания населения",
        phones=("+73845630001",),
        source="test",
    )


async def opened_register(stack: Stack, backing: Backing = REAL) -> Register:
    """A register that knows the institution."""
    clock = Clock(MONDAY + 30 * DAY)
    settings = stack.settings(RegistrySettings, status_per_address=12, status_per_number=5)
    app = create_app(settings, clock, backing)
    register = Register(stack, app, await stack.serve(app), clock)
    story = stack.story(ORGANIZATION, INSTITUTION)
    await register.hear(
        story.write(OrganizationPublished(by=SYSTEM, card=institution_card()), at=MONDAY)
    )
    return register


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def register(stack: Stack) -> Register:
    """A register of this module's own."""
    return await opened_register(stack)
