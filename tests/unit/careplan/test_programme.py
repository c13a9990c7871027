"""The individual programme in the form of order 874n (L 2.4)."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.careplan import ProgrammeIssued, ServiceForm
from services.careplan.domain.case import Status
from services.careplan.domain.opening import open_planning
from services.careplan.domain.programme import issue_programme, service_tables
from tests.unit.careplan.made import (
    KNOWN,
    MUSEUM,
    ORGANIZER,
    REF,
    assessment,
    at,
    in_status,
    programme,
    refused,
    rule_of,
)

TODAY = date(2026, 3, 2)


def test_the_programme_is_issued_from_the_agreed_plan() -> None:
    """L 2.4: with the plan; a table for each kind of service the plan has (order 874n)."""
    case = in_status(Status.AGREED)
    (event,) = issue_programme(case, programme(), KNOWN, at("registrar"))
    assert event == ProgrammeIssued(
        by=at("registrar").by, number="ИП-14/2026", form=ServiceForm.HOME
    )
    assert case.status is Status.PROGRAMME_ISSUED
    issued = case.programme
    assert issued is not None
    assert issued.plan_version == 1
    domestic, medical = service_tables(case, issued)
    assert (domestic.kind, domestic.title_ru) == ("social_domestic", "Социально-бытовые")
    assert [row.name for row in domestic.rows] == ["Приготовление пищи", "Уборка помещения"]
    cooking = domestic.rows[0]
    assert cooking.model_dump() == {
        "service": "cooking",
        "name": "Приготовление пищи",
        "minutes_per_visit": 45,
        "minutes_per_week": 135,
        "visits_per_week": 3,
        "weekdays": ["MO", "WE", "FR"],
        "provided_from": "2026-03-02",
        "provided_until": "2029-03-01",
    }
    assert (medical.kind, [row.visits_per_week for row in medical.rows]) == ("medical", [14])


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"issued_on": TODAY}, None),
        ({"issued_on": TODAY + timedelta(days=1)}, ("programme-in-future", "issued_on")),
        ({"valid_until": TODAY + timedelta(days=1)}, None),
        ({"valid_until": TODAY}, ("programme-over-at-once", "valid_until")),
        ({"recommended_providers": ()}, None),
        (
            {"recommended_providers": ("r-institution-15", "l-nobody")},
            ("unknown-provider", "recommended_providers.1"),
        ),
        ({"recommended_providers": (MUSEUM,)}, ("unknown-provider", "recommended_providers.0")),
    ],
)
def test_what_a_programme_may_say(changed: dict[str, Any], rule: tuple[str, str] | None) -> None:
    """Order 874n: dates that fit each other, providers that give social services."""
    case = in_status(Status.AGREED)
    if rule is None:
        issue_programme(case, programme(**changed), KNOWN, at())
        assert case.status is Status.PROGRAMME_ISSUED
        return
    met = refused(lambda: issue_programme(case, programme(**changed), KNOWN, at()))
    assert rule_of(met) == (*rule, "order 874n")
    assert case.programmes == []


def test_a_programme_is_issued_once() -> None:
    case = in_status(Status.DECIDED_ENROL)
    met = refused(lambda: issue_programme(case, programme(), KNOWN, at()))
    assert rule_of(met) == ("programme-issued", None, "L 2.4")


def test_a_new_assessment_leaves_the_programme_of_the_old_plan_behind() -> None:
    """R 3.5.4: kept, but a new plan needs a new programme."""
    case = in_status(Status.PROGRAMME_ISSUED)
    open_planning(case, REF, ORGANIZER, assessment(level=3, minutes=28 * 60), at())
    assert case.status is Status.PLANNING
    assert case.programme is None
    assert len(case.programmes) == 1
