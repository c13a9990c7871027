"""The urgent measures plan of an immediate case (R 3.1.7)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import TriageCode, UrgentMeasuresDone, UrgentMeasuresPlanned
from services.intake.domain.case import Action, Case, require
from services.intake.domain.records import UrgentMeasure


def plan_urgent_measures(case: Case, measures: Sequence[UrgentMeasure], at: Context) -> list[Event]:
    """The plan of what is done the same day, with who is drawn in (R 3.1.7)."""
    require(case, Action.PLAN_URGENT_MEASURES)
    if case.code is not TriageCode.IMMEDIATE:
        raise NotAllowedInState(
            "not-immediate", "only an immediate case has an urgent measures plan", clause="R 3.1.7"
        )
    if case.urgent_measures:
        raise NotAllowedInState("already-planned", "the plan exists already", clause="R 3.1.7")
    case.urgent_measures = list(measures)
    organizations = tuple(sorted({m.organization for m in measures if m.organization}))
    return [UrgentMeasuresPlanned(by=at.by, measures=len(measures), organizations=organizations)]


def complete_urgent_measures(case: Case, results: Sequence[str], at: Context) -> list[Event]:
    """Every measure has its result; the same-day term ends (R 3.1.7)."""
    require(case, Action.COMPLETE_URGENT_MEASURES)
    if not case.urgent_measures or case.urgent_done_at is not None:
        raise NotAllowedInState(
            "no-open-plan", "there is no open urgent measures plan", clause="R 3.1.7"
        )
    if len(results) != len(case.urgent_measures):
        raise InvalidInput(
            "result-missing",
            f"the plan has {len(case.urgent_measures)} measures; each needs its result",
            field="results",
            clause="R 3.1.7",
        )
    case.urgent_measures = [
        measure.model_copy(update={"result": result})
        for measure, result in zip(case.urgent_measures, results, strict=True)
    ]
    case.urgent_done_at = at.now
    return [UrgentMeasuresDone(by=at.by, closed=case.terms.close("urgent-measures", at=at.now))]
