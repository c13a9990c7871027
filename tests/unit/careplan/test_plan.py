"""The care plan: what a version may hold (R 3.5.1–3.5.4, L 2.4, L 3.1)."""

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.careplan import PlanDrafted
from contracts.regulation import load_pack
from services.careplan.domain.agreement import answer_plan, sign_plan
from services.careplan.domain.case import Status
from services.careplan.domain.plan import draft_plan
from services.careplan.domain.records import ItemForm, Party, PlanForm
from tests.unit.careplan.made import (
    BY_DAUGHTER,
    BY_PROVIDER,
    INSTITUTION,
    KNOWN,
    MUSEUM,
    PROVIDER,
    agree,
    at,
    executor,
    in_status,
    item,
    opened,
    plan_form,
    refused,
    rule_of,
)

LEVELS = {level.level: level for level in load_pack("kuzbass-2013").levels}


def test_a_draft_says_how_much_of_the_week_it_takes_and_who_carries_it_out() -> None:
    """R 3.5.2: services, periodicity, executors; persons leave as numbers, never by name."""
    case = in_status(Status.PLANNING)
    (event,) = draft_plan(case, plan_form(), KNOWN, at())
    assert event == PlanDrafted(
        by=at().by,
        plan_version=1,
        weekly_minutes=45 * 3 + 10 * 14 + 40,
        executors=(PROVIDER, "relative.1"),
    )
    assert BY_DAUGHTER.name not in event.model_dump_json()
    plan = case.plan
    assert plan is not None
    assert [(i.service, i.guaranteed, i.visits_per_week, i.executor) for i in plan.items] == [
        ("cooking", True, 3, PROVIDER),
        ("medication", True, 14, PROVIDER),
        ("cleaning", False, 1, "relative.1"),
    ]
    assert plan.medical_recommendations == ["Измерять давление дважды в день"]  # L 2.4
    assert plan.negotiated_with == ["заявитель", "дочь"]  # R 3.5.1
    assert [known.name for known in plan.executors] == [None, BY_DAUGHTER.name]
    assert case.status is Status.DRAFTED


def test_a_new_draft_is_a_new_version_and_starts_signatures_anew() -> None:
    """R 3.5.4: every version is kept, as it was."""
    case = in_status(Status.DRAFTED)
    sign_plan(case, Party.ORGANIZER, at())
    answer_plan(case, "relative.1", True, None, at())
    first = case.plan
    assert first is not None
    kept = first.model_copy(deep=True)
    (event,) = draft_plan(case, plan_form(item("feeding", 30)), KNOWN, at())
    assert isinstance(event, PlanDrafted)
    assert event.plan_version == 2
    assert case.plans[0] == kept
    assert case.plan is case.plans[1]
    assert case.plans[1].signatures == []
    assert [known.agreed for known in case.plans[1].executors] == [None]


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("over", [0, 1, 300])
def test_guaranteed_services_stay_within_the_hours_of_the_level(level: int, over: int) -> None:
    """L 3.1: exactly the level's hours are allowed, a minute more is not."""
    bound = LEVELS[level].weekly_hours_max * 60
    case = opened(level=level, minutes=bound)
    items = [item("feeding", bound // 7, visits_per_week=7)]
    if not over:
        draft_plan(case, plan_form(*items), KNOWN, at())
        assert case.plan is not None
        assert case.plan.weekly_minutes == bound
        return
    items.append(item("bathing", over, visits_per_week=1))
    met = refused(lambda: draft_plan(case, plan_form(*items), KNOWN, at()))
    assert rule_of(met) == ("plan-over-hours", "items", "L 3.1")
    assert f"{over} more than the {bound} that level {level} allows" in met.detail
    assert case.plans == []


def test_additional_services_do_not_count_against_the_level() -> None:
    """L 3.1 bounds what the state guarantees; R 3.5.2 adds services beside it."""
    case = opened(level=1, minutes=14 * 60)
    draft_plan(
        case,
        plan_form(item("feeding", 120, visits_per_week=7), item("walk", 240, visits_per_week=7)),
        KNOWN,
        at(),
    )
    assert case.plan is not None
    assert case.plan.weekly_minutes == 360 * 7


def test_without_a_level_nothing_is_guaranteed() -> None:
    case = opened(level=None, minutes=0, days=0)
    met = refused(lambda: draft_plan(case, plan_form(item("feeding", 1)), KNOWN, at()))
    assert rule_of(met) == ("plan-over-hours", "items", "L 3.1")
    draft_plan(case, plan_form(item("walk", 45)), KNOWN, at())
    assert case.status is Status.DRAFTED


WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@pytest.mark.parametrize(
    ("days", "allowed", "over"),
    [
        ({"weekdays": WEEK[:5], "visits_per_week": None}, 5, 0),
        ({"weekdays": WEEK[:6], "visits_per_week": None}, 5, 1),
        ({"weekdays": WEEK, "visits_per_week": None}, 7, 0),
        ({"visits_per_week": 5}, 5, 0),
        ({"visits_per_week": 6}, 5, 1),
        ({"visits_per_week": 21}, 7, 0),
        ({"visits_per_week": 21}, 5, 2),
    ],
)
def test_guaranteed_services_stay_within_the_days_of_the_level(
    days: dict[str, Any], allowed: int, over: int
) -> None:
    """L 3.1: up to seven days a week, or fewer where the level says so."""
    case = opened(days=allowed)
    form = plan_form(item("feeding", 10, **days))
    if not over:
        draft_plan(case, form, KNOWN, at())
        return
    met = refused(lambda: draft_plan(case, form, KNOWN, at()))
    assert rule_of(met) == ("plan-over-days", "items", "L 3.1")
    assert f"{over} more than the {allowed}" in met.detail


def test_days_of_several_services_add_up() -> None:
    """L 3.1: what counts is on how many days somebody comes."""
    case = opened(days=5)
    form = plan_form(
        item("feeding", 10, visits_per_week=None, weekdays=WEEK[:4]),
        item("dressing", 10, visits_per_week=None, weekdays=WEEK[3:6]),
    )
    met = refused(lambda: draft_plan(case, form, KNOWN, at()))
    assert rule_of(met) == ("plan-over-days", "items", "L 3.1")
    assert "on 6 days a week: 1 more than the 5" in met.detail


GOOD = item("feeding", 30)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (item("horse_riding"), "unknown-service", "service"),
        (GOOD, "item-twice", "service"),
        (item(visits_per_week=None), "periodicity-unclear", "weekdays"),
        (item(visits_per_week=3, weekdays=("MO",)), "periodicity-unclear", "weekdays"),
        (item(visits_per_week=None, weekdays=()), "periodicity-unclear", "weekdays"),
        (item(visits_per_week=None, weekdays=("MO", "MO")), "weekday-twice", "weekdays"),
        (
            item(executor=executor("provider", "l-nobody")),
            "unknown-organization",
            "executor.organization",
        ),
        (
            item(executor=executor("organization", "l-nobody")),
            "unknown-organization",
            "executor.organization",
        ),
        (item(executor=executor("provider", MUSEUM)), "not-a-provider", "executor.organization"),
        (item(executor=executor("provider")), "executor-unnamed", "executor.organization"),
        (
            item(executor=executor("provider", PROVIDER, "Забота")),
            "executor-unnamed",
            "executor.organization",
        ),
        (item(executor=executor("neighbour")), "executor-unnamed", "executor.name"),
        (
            item(executor=executor("volunteer", PROVIDER, "Громов Олег")),
            "executor-unnamed",
            "executor.name",
        ),
    ],
)
def test_a_wrong_item_is_named(wrong: ItemForm, code: str, field: str) -> None:
    """R 3.5.2: the error says which item and which of its fields."""
    case = in_status(Status.PLANNING)
    met = refused(lambda: draft_plan(case, plan_form(GOOD, wrong), KNOWN, at()))
    assert rule_of(met) == (code, f"items.1.{field}", "R 3.5.2")
    assert case.plans == []


def test_one_service_may_be_shared_by_several_executors() -> None:
    """R 3.5.1: relatives and neighbours are drawn in beside the provider."""
    case = in_status(Status.PLANNING)
    neighbour = executor("neighbour", name="Дьяченко Пётр")
    form = plan_form(
        item("feeding", executor=BY_PROVIDER),
        item("feeding", executor=BY_DAUGHTER),
        item("shopping", executor=neighbour, visits_per_week=1),
        item("bills", executor=BY_DAUGHTER, visits_per_week=1),
        item("conversation", executor=executor("organization", MUSEUM), visits_per_week=1),
        item("bathing", executor=executor("provider", INSTITUTION), visits_per_week=1),
    )
    (event,) = draft_plan(case, form, KNOWN, at())
    assert isinstance(event, PlanDrafted)
    assert event.executors == (PROVIDER, "relative.1", "neighbour.2", MUSEUM, INSTITUTION)


def test_an_agreed_plan_is_not_drafted_anew_before_the_contract() -> None:
    case = in_status(Status.DECIDED_ENROL)
    met = refused(lambda: draft_plan(case, plan_form(), KNOWN, at()))
    assert rule_of(met) == ("plan-already-agreed", None, "R 3.5.3")


def test_a_plan_without_talks_or_items_is_no_plan() -> None:
    """R 3.5.1: the organizer negotiates the plan with the applicant at least."""
    with pytest.raises(ValidationError, match="negotiated_with"):
        plan_form(negotiated_with=())
    with pytest.raises(ValidationError, match="items"):
        PlanForm(items=(), negotiated_with=("заявитель",))


def test_agreeing_needs_every_executor_of_the_version_in_hand() -> None:
    case = in_status(Status.DRAFTED)
    draft_plan(case, plan_form(item("feeding", 30)), KNOWN, at())
    assert [event.type for event in agree(case)] == ["ru.opora.careplan.plan-agreed.v1"]
    assert case.plans[0].agreed_at is None
