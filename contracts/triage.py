"""Triage: the code of a referral, and the urgent measures that follow from it."""

from __future__ import annotations

from enum import StrEnum

from contracts.event import CaseEvent
from contracts.intake import CASE
from contracts.values import Identifier, Line


class TriageCode(StrEnum):
    """The code of a referral (R 3.1.6 a–d)."""

    IMMEDIATE = "immediate"
    CONSULTATION = "consultation"
    INITIAL_ASSESSMENT = "initial_assessment"
    REASSESSMENT = "reassessment"


class CaseTriaged(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.6",
    ru="Присвоен код заявки",
    en="Triage code assigned",
):
    """A person confirmed or overrode the proposed code."""

    code: TriageCode
    proposed: TriageCode
    rule_version: Line
    overridden: bool = False


class UrgentMeasuresPlanned(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Составлен план срочных мероприятий",
    en="Urgent measures planned",
):
    """The plan of what is done the same day, with the organizations drawn in."""

    measures: int
    organizations: tuple[Identifier, ...] = ()


class UrgentMeasuresDone(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Срочные мероприятия выполнены",
    en="Urgent measures done",
):
    """Every measure of the plan has its result, and for each that failed another was carried out.

    `failed`: how many of them had failed on the way.
    """

    failed: int = 0


class UrgentMeasuresFailed(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Срочное мероприятие не удалось",
    en="Urgent measures failed",
):
    """Measures, by their numbers in the plan, that failed: something else has to be done still."""

    measures: tuple[int, ...]
    organizations: tuple[Identifier, ...] = ()
