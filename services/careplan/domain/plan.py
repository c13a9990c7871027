"""The care plan: services, periodicity, executors, within what the level allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.careplan import PlanDrafted
from contracts.context import Context
from contracts.directory import OrganizationKind
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation import RegulationPack
from services.careplan.domain.case import Action, Case, Status, require, require_organizer
from services.careplan.domain.records import (
    OF_THE_DIRECTORY,
    Assessment,
    Executor,
    ExecutorKind,
    ItemForm,
    Plan,
    PlanExecutor,
    PlanForm,
    PlanItem,
)

Organizations = Mapping[str, str]
"""The organizations of the directory that were named: id to kind; unknown ones are left out."""

PROVIDERS = frozenset({OrganizationKind.PROVIDER, OrganizationKind.INSTITUTION})
"""Kinds that give social services; other organizations are drawn in as what they are."""


def draft_plan(case: Case, form: PlanForm, known: Organizations, at: Context) -> list[Event]:
    """A new version of the plan; signatures and agreements start anew (R 3.5.2–3.5.4)."""
    require(case, Action.DRAFT_PLAN)
    require_organizer(case, at)
    if case.agreed_plan is not None:
        raise NotAllowedInState(
            "plan-already-agreed", "the plan is signed and agreed", clause="R 3.5.3"
        )
    check_items(case.pack, form.items, known)
    executors = name_executors(form.items)
    items = [_item(case.pack, form_item, executors) for form_item in form.items]
    check_hours(case.allowance, items)
    check_days(case.allowance, items)
    plan = Plan(
        version=len(case.plans) + 1,
        drafted_at=at.now,
        items=items,
        executors=list({executor.id: executor for executor in executors.values()}.values()),
        medical_recommendations=list(form.medical_recommendations),
        negotiated_with=list(form.negotiated_with),
    )
    case.plans.append(plan)
    case.plan_version = plan.version
    if case.stage is Status.PLANNING:
        case.stage = Status.DRAFTED
    return [
        PlanDrafted(
            by=at.by,
            plan_version=plan.version,
            weekly_minutes=plan.weekly_minutes,
            executors=tuple(executor.id for executor in plan.executors),
        )
    ]


def check_items(pack: RegulationPack, items: Sequence[ItemForm], known: Organizations) -> None:
    """Every item is a service of the catalogue, once per executor, with its periodicity."""
    services = {service.code for service in pack.services}
    seen = set[tuple[str, Executor]]()
    for index, item in enumerate(items):
        field = f"items.{index}"
        if item.service not in services:
            raise InvalidInput(
                "unknown-service",
                f"the catalogue has: {', '.join(sorted(services))}",
                field=f"{field}.service",
                clause="R 3.5.2",
            )
        if (item.service, item.executor) in seen:
            raise InvalidInput(
                "item-twice",
                "this executor has this service in the plan already",
                field=f"{field}.service",
                clause="R 3.5.2",
            )
        seen.add((item.service, item.executor))
        _check_periodicity(item, field)
        check_executor(item.executor, known, f"{field}.executor")


def _check_periodicity(item: ItemForm, field: str) -> None:
    if bool(item.weekdays) == (item.visits_per_week is not None):
        raise InvalidInput(
            "periodicity-unclear",
            "say either on which weekdays or how many visits a week",
            field=f"{field}.weekdays",
            clause="R 3.5.2",
        )
    if item.weekdays and len(set(item.weekdays)) < len(item.weekdays):
        raise InvalidInput(
            "weekday-twice",
            "a weekday is named once",
            field=f"{field}.weekdays",
            clause="R 3.5.2",
        )


def check_executor(executor: Executor, known: Organizations, field: str) -> None:
    """An organization is named by its id in the directory, a person by name (R 3.5.1, 3.5.2)."""
    if executor.kind not in OF_THE_DIRECTORY:
        if executor.name is None or executor.organization is not None:
            raise InvalidInput(
                "executor-unnamed", "name the person", field=f"{field}.name", clause="R 3.5.2"
            )
        return
    if executor.organization is None or executor.name is not None:
        raise InvalidInput(
            "executor-unnamed",
            "name the organization by its id in the directory, and by nothing else",
            field=f"{field}.organization",
            clause="R 3.5.2",
        )
    kind = known.get(executor.organization)
    if kind is None:
        raise InvalidInput(
            "unknown-organization",
            "the directory has no such organization",
            field=f"{field}.organization",
            clause="R 3.5.2",
        )
    if executor.kind is ExecutorKind.PROVIDER and kind not in PROVIDERS:
        raise InvalidInput(
            "not-a-provider",
            f"this organization is a {kind}: it gives no social services",
            field=f"{field}.organization",
            clause="R 3.5.2",
        )


def name_executors(items: Sequence[ItemForm]) -> dict[Executor, PlanExecutor]:
    """Executors by ids that may leave with events: an organization's own, a person's by number."""
    named: dict[Executor, PlanExecutor] = {}
    persons = 0
    for executor in (item.executor for item in items):
        if executor in named:
            continue
        if executor.organization is None:
            persons += 1
        executor_id = executor.organization or f"{executor.kind}.{persons}"
        named[executor] = PlanExecutor(id=executor_id, kind=executor.kind, name=executor.name)
    return named


def _item(
    pack: RegulationPack, form: ItemForm, executors: Mapping[Executor, PlanExecutor]
) -> PlanItem:
    guaranteed = {service.code: service.guaranteed for service in pack.services}
    return PlanItem(
        service=form.service,
        guaranteed=guaranteed[form.service],
        minutes_per_visit=form.minutes_per_visit,
        visits_per_week=form.visits_per_week or len(form.weekdays or ()),
        weekdays=form.weekdays or None,
        executor=executors[form.executor].id,
    )


def check_hours(assessment: Assessment, items: Sequence[PlanItem]) -> None:
    """Guaranteed services take no more of the week than the level allows (L 3.1)."""
    planned = sum(item.weekly_minutes for item in items if item.guaranteed)
    over = planned - assessment.weekly_minutes
    if over > 0:
        raise InvalidInput(
            "plan-over-hours",
            f"the guaranteed services take {planned} minutes a week: {over} more than the"
            f" {assessment.weekly_minutes} that level {assessment.level or 'none'} allows",
            field="items",
            clause="L 3.1",
        )


def check_days(assessment: Assessment, items: Sequence[PlanItem]) -> None:
    """Guaranteed services are given on no more days than the level allows (L 3.1)."""
    guaranteed = [item for item in items if item.guaranteed]
    weekdays = {day for item in guaranteed for day in item.weekdays or ()}
    days = max([len(weekdays), *(item.days for item in guaranteed)])
    over = days - assessment.days_per_week
    if over > 0:
        raise InvalidInput(
            "plan-over-days",
            f"the guaranteed services are given on {days} days a week: {over} more than the"
            f" {assessment.days_per_week} that level {assessment.level or 'none'} allows",
            field="items",
            clause="L 3.1",
        )
