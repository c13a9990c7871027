"""The figures of the district, counted from the records."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chassis.clock import Now
from chassis.document import Document
from chassis.store import Collection
from contracts.copies import CitizenCopy, OrganizationCopy
from services.registry.api.schemas import InstitutionFigures, Summary
from services.registry.domain.case import CaseRecord
from services.registry.domain.stages import OVER
from services.registry.domain.terms import TermState

RUNNING = (TermState.RUNNING, TermState.DUE_SOON, TermState.LATE)


@dataclass
class Figures:
    """Counts afresh: there are no counters that could go wrong.

    A count is kept for ten times as long as it took, so that asking for it, however often, costs
    a tenth of this process at most; and those who ask while it is counted get the same one.
    """

    cases: Collection[CaseRecord]
    citizens: Collection[CitizenCopy]
    organizations: Collection[OrganizationCopy]
    now: Now
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept: Summary | None = None
    _until: float = 0.0

    async def summary(self) -> Summary:
        """The figures now, or as last counted."""
        async with self._lock:
            started = asyncio.get_running_loop().time()
            if self._kept is not None and started < self._until:
                return self._kept
            self._kept = await self._count()
            finished = asyncio.get_running_loop().time()
            self._until = finished + 10 * (finished - started)
            return self._kept

    async def _count(self) -> Summary:
        now = self.now()
        figures = Summary(as_of=now)
        by_institution: dict[str, InstitutionFigures] = {}
        async for document in self.cases.each():
            _add_case(figures, by_institution, document, now)
        async for citizen in self.citizens.each():
            figures.citizens += 1
            _add_events(figures, citizen)
        async for organization in self.organizations.each():
            _add_events(figures, organization)
            listed = by_institution.get(organization.id)
            if listed is not None and organization.state.card is not None:
                listed.name = organization.state.card.name
        figures.institutions = sorted(by_institution.values(), key=lambda line: line.institution)
        return figures


def _add_events(figures: Summary, document: Document[Any]) -> None:
    figures.events += sum(document.streams.values())
    figures.events_waiting += len(document.parked)


def _add_case(
    figures: Summary,
    by_institution: dict[str, InstitutionFigures],
    document: Document[CaseRecord],
    now: datetime,
) -> None:
    _add_events(figures, document)
    case = document.state
    stage, is_open = case.stage, case.stage not in OVER
    states = [term.state(now) for term in case.running()]
    figures.cases += 1
    figures.open += is_open
    figures.by_stage[stage] = figures.by_stage.get(stage, 0) + 1
    for state in RUNNING:
        figures.terms[state] = figures.terms.get(state, 0) + states.count(state)
    institution = case.ref.institution if case.ref else None
    if institution is not None:
        line = by_institution.setdefault(institution, InstitutionFigures(institution=institution))
        line.cases += 1
        line.open += is_open
        line.with_late_terms += TermState.LATE in states
