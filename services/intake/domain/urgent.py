"""The urgent measures plan: what is done the same day, by whom, and what came of it (R 3.1.7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import Field, StrictBool, StrictInt

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.triage import (
    TriageCode,
    UrgentMeasuresDone,
    UrgentMeasuresFailed,
    UrgentMeasuresPlanned,
)
from contracts.values import Identifier, IsoDateTime, Line, Text, Value
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, require
from services.intake.domain.records import Entered, UrgentMeasure
from services.intake.domain.term_codes import ANALYSIS_TERM, FORWARDING_TERM, URGENT_TERM

MOST_NUMBER = 1000
"""No plan has so many measures."""


class PlannedMeasure(Value):
    """A measure as it is planned: what, by whom, with whom, by when (R 3.1.7)."""

    measure: Text = Field(description="what is to be done")
    responsible: Line = Field(description="who sees to it")
    persons: tuple[Line, ...] = Field(
        default=(), max_length=20, description="specialists drawn in besides"
    )
    organization: Identifier | None = Field(
        default=None, description="the organization drawn in, by its id in the directory"
    )
    by_when: IsoDateTime | None = Field(
        default=None, description="not after the end of this day, which is meant where it is absent"
    )
    instead_of: StrictInt | None = Field(
        default=None,
        ge=1,
        le=MOST_NUMBER,
        description="number of the failed measure it stands in for",
    )


class MeasureResult(Value):
    """What came of one measure; one that failed is said to have failed (R 3.1.7)."""

    measure: StrictInt = Field(ge=1, le=MOST_NUMBER, description="its number in the plan, from 1")
    done: StrictBool = Field(
        description="false: it failed, and something else has to be done instead"
    )
    result: Text


def calls_for_urgent_help(case: Case) -> bool:
    """The code says so (R 3.1.7), the survey found it (R 3.3.8), or a further referral did."""
    return case.code is TriageCode.IMMEDIATE or _called_at(case) is not None


def _called_at(case: Case) -> datetime | None:
    """When help was last called for otherwise than by the code."""
    calls = (case.progress.urgent_help_at, case.urgent_called_at)
    return max((call for call in calls if call is not None), default=None)


def needs_urgent_help(case: Case) -> bool:
    """Whether urgent help is called for and not given yet."""
    if case.urgent_done_at is None:
        return calls_for_urgent_help(case)
    found = _called_at(case)
    return found is not None and found > case.urgent_done_at


def needs_help_today(case: Case) -> bool:
    """Whether help is still to be given the same day (R 3.1.7): the code says so, or who looked at
    a further referral. For a need that the survey found the regulation sets no term (R 3.3.8)."""
    called, done = case.urgent_called_at, case.urgent_done_at
    if done is None:
        return case.code is TriageCode.IMMEDIATE or called is not None
    return called is not None and called > done


def danger_reported(case: Case) -> bool:
    """Whether somebody reports danger, and neither a triage nor a review has decided on it yet
    (R 3.1.7)."""
    untriaged = case.code is None and case.status is not Status.CLOSED
    return (untriaged and case.in_danger) or any(link.in_danger for link in case.to_review)


def terms_until_triage(case: Case) -> tuple[str, ...]:
    """What runs until the code is assigned: the analysis (R 3.1.8) or the passing on (R 3.1.2),
    and the same day where danger is reported (R 3.1.7)."""
    first = FORWARDING_TERM if case.waits else ANALYSIS_TERM
    return (first, URGENT_TERM) if case.in_danger else (first,)


def organizations_of(measures: Sequence[PlannedMeasure]) -> tuple[str, ...]:
    """The organizations that are drawn in, each once."""
    return tuple(sorted({m.organization for m in measures if m.organization is not None}))


def plan_urgent_measures(
    case: Case, measures: Sequence[PlannedMeasure], at: Context, taking_part: Collection[str] = ()
) -> list[Event]:
    """Plan what is done the same day, with who is drawn in; or add to the plan (R 3.1.7).

    Measures are added while help is still needed, and on the day it was given. `taking_part`: those
    of the named organizations that the directory knows to take part.
    """
    require(case, Action.PLAN_URGENT_MEASURES)
    if not calls_for_urgent_help(case):
        raise NotAllowedInState(
            "not-immediate", "only an immediate case has an urgent measures plan", clause="R 3.1.7"
        )
    day, done = at.calendar.local_date(at.now), case.urgent_done_at
    if done is not None and not needs_urgent_help(case) and at.calendar.local_date(done) != day:
        raise NotAllowedInState(
            "plan-of-another-day",
            "the plan was carried out on another day; it is added to on its own day only",
            clause="R 3.1.7",
        )
    planned = [
        _checked(case, measure, f"measures.{index}", at, taking_part)
        for index, measure in enumerate(measures)
    ]
    case.urgent_measures, case.urgent_done_at = [*case.urgent_measures, *planned], None
    due = (at.deadline(case.pack, URGENT_TERM),) if needs_help_today(case) else ()
    return [
        UrgentMeasuresPlanned(
            by=at.by,
            measures=len(measures),
            organizations=organizations_of(measures),
            opened=case.terms.open(*due),  # it runs since the referral, unless all was done before
        )
    ]


def _checked(
    case: Case, measure: PlannedMeasure, field: str, at: Context, taking_part: Collection[str]
) -> UrgentMeasure:
    if measure.organization is not None and measure.organization not in taking_part:
        raise InvalidInput(
            "organization-takes-no-part",
            "the directory knows no organization of this id that takes part",
            field=f"{field}.organization",
            clause="R 3.1.7",
        )
    if measure.instead_of is not None and measure.instead_of not in _failed(case.urgent_measures):
        raise InvalidInput(
            "not-a-failed-measure",
            "this measure did not fail",
            field=f"{field}.instead_of",
            clause="R 3.1.7",
        )
    return UrgentMeasure(
        **measure.model_dump(exclude={"by_when"}),
        by_when=_by_when(case, measure, f"{field}.by_when", at),
        planned=Entered(at=at.now, by=at.by.id),
    )


def _by_when(case: Case, measure: PlannedMeasure, field: str, at: Context) -> datetime:
    """The hour that is given, or the end of this day: help is given the same day."""
    latest = at.calendar.end_of_day(at.calendar.local_date(at.now))
    if measure.by_when is None:
        return latest
    if measure.by_when > latest:
        raise InvalidInput(
            "after-the-same-day",
            "urgent help is given the same day",
            field=field,
            clause="R 3.1.7",
        )
    if case.received_at is not None and measure.by_when < case.received_at:
        raise InvalidInput(
            "before-the-referral",
            "nothing was to be done before the referral came",
            field=field,
            clause="R 3.1.7",
        )
    return measure.by_when


def _failed(measures: Sequence[UrgentMeasure]) -> set[int]:
    return {number for number, measure in enumerate(measures, start=1) if measure.failed}


def record_urgent_results(case: Case, results: Sequence[MeasureResult], at: Context) -> list[Event]:
    """What came of some measures, or of all (R 3.1.7).

    Help was given, and the same-day term ends, when every measure has its result and for each that
    failed another one was carried out. Until then what failed is said, and the term runs on.
    """
    require(case, Action.COMPLETE_URGENT_MEASURES)
    if not case.urgent_measures or case.urgent_done_at is not None:
        raise NotAllowedInState(
            "no-open-plan", "there is no open urgent measures plan", clause="R 3.1.7"
        )
    measures = list(case.urgent_measures)
    recorded = Entered(at=at.now, by=at.by.id)
    for index, given in enumerate(results):
        place = _open(measures, given, f"results.{index}.measure")
        came_of_it = {"result": given.result, "failed": not given.done, "recorded": recorded}
        measures[place] = measures[place].model_copy(update=came_of_it)
    case.urgent_measures = measures
    if _carried_out(measures):
        case.urgent_done_at = at.now
        failures = len(_failed(measures))
        return [
            UrgentMeasuresDone(
                by=at.by, failed=failures, closed=case.terms.close(URGENT_TERM, at=at.now)
            )
        ]
    failed = tuple(sorted(given.measure for given in results if not given.done))
    if not failed:
        return []
    named = {measures[number - 1].organization for number in failed}
    organizations = tuple(sorted(name for name in named if name is not None))
    return [UrgentMeasuresFailed(by=at.by, measures=failed, organizations=organizations)]


def _open(measures: Sequence[UrgentMeasure], given: MeasureResult, field: str) -> int:
    """The place of a measure that has no result yet."""
    if given.measure > len(measures):
        raise InvalidInput(
            "unknown-measure",
            f"the plan has {len(measures)} measures",
            field=field,
            clause="R 3.1.7",
        )
    if measures[given.measure - 1].result is not None:
        raise InvalidInput(
            "result-is-recorded",
            "this measure has its result, which stays as it is",
            field=field,
            clause="R 3.1.7",
        )
    return given.measure - 1


def _carried_out(measures: Sequence[UrgentMeasure]) -> bool:
    replaced = {measure.instead_of for measure in measures}
    return all(
        measure.result is not None and (not measure.failed or number in replaced)
        for number, measure in enumerate(measures, start=1)
    )
