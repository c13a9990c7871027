"""The individual programme (ИППСУ): issued with the plan, in the form of order 874n (L 2.4)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from contracts.careplan import ProgrammeIssued
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation.entries import CareService
from services.careplan.domain.case import Action, Case, Status, require, require_institution
from services.careplan.domain.plan import PROVIDERS, Organizations
from services.careplan.domain.records import IssuedProgramme, PlanItem, Programme


class ServiceRow(BaseModel):
    """A service in the programme: name, volume, periodicity, term (order 874n)."""

    service: str
    name: str
    minutes_per_visit: int
    minutes_per_week: int
    visits_per_week: int
    weekdays: list[str] | None
    provided_from: str
    provided_until: str


class ServiceTable(BaseModel):
    """The services of one kind (order 874n has a table for each)."""

    kind: str
    title_ru: str
    title_en: str
    rows: list[ServiceRow]


def issue_programme(
    case: Case, programme: Programme, known: Organizations, at: Context
) -> list[Event]:
    """Issue the programme that follows from the agreed plan (L 2.4)."""
    require(case, Action.ISSUE_PROGRAMME)
    require_institution(case, at)
    plan = case.agreed_plan
    if plan is None:
        raise NotAllowedInState("plan-not-agreed", "agree the plan first", clause="R 3.5.3")
    if case.programme is not None:
        raise NotAllowedInState("programme-issued", "the programme is issued", clause="L 2.4")
    _check_dates(programme, at)
    _check_providers(programme, known)
    case.programmes.append(
        IssuedProgramme.model_validate({**dict(programme), "plan_version": plan.version})
    )
    if case.stage is Status.AGREED:
        case.stage = Status.PROGRAMME_ISSUED
    return [ProgrammeIssued(by=at.by, number=programme.number, form=programme.form)]


def _check_dates(programme: Programme, at: Context) -> None:
    if programme.issued_on > at.calendar.local_date(at.now):
        raise InvalidInput(
            "programme-in-future",
            "a programme is not issued before its day has come",
            field="issued_on",
            clause="order 874n",
        )
    if programme.valid_until <= programme.issued_on:
        raise InvalidInput(
            "programme-over-at-once",
            "a programme is valid for some time after it was issued",
            field="valid_until",
            clause="order 874n",
        )


def _check_providers(programme: Programme, known: Organizations) -> None:
    for index, provider in enumerate(programme.recommended_providers):
        if known.get(provider) not in PROVIDERS:
            raise InvalidInput(
                "unknown-provider",
                "the directory has no such provider of social services",
                field=f"recommended_providers.{index}",
                clause="order 874n",
            )


def service_tables(case: Case, programme: IssuedProgramme) -> list[ServiceTable]:
    """One table per kind of service from the plan the programme was made from (order 874n)."""
    services = {service.code: service for service in case.pack.services}
    by_kind: dict[str, list[ServiceRow]] = {}
    for item in case.plans[programme.plan_version - 1].items:
        kind = services[item.service].kind
        by_kind.setdefault(kind, []).append(_row(item, services, programme))
    return [
        ServiceTable(
            kind=kind.code,
            title_ru=kind.title_ru,
            title_en=kind.title_en,
            rows=by_kind[kind.code],
        )
        for kind in case.pack.service_kinds
        if kind.code in by_kind
    ]


def _row(
    item: PlanItem, services: Mapping[str, CareService], programme: IssuedProgramme
) -> ServiceRow:
    return ServiceRow(
        service=item.service,
        name=services[item.service].title_ru,
        minutes_per_visit=item.minutes_per_visit,
        minutes_per_week=item.weekly_minutes,
        visits_per_week=item.visits_per_week,
        weekdays=list(item.weekdays) if item.weekdays else None,
        provided_from=programme.issued_on.isoformat(),
        provided_until=programme.valid_until.isoformat(),
    )
