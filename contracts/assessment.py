"""Events of assessment: survey, commission, act, protocol, level."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.case import CaseRef
from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.values import Identifier, Line, Subject

CASE = "assessment.case"


class VisitPlace(StrEnum):
    """Where the citizen is visited (R 3.3.4)."""

    HOME = "home"
    HOSPITAL = "hospital"


class SurveyOutcome(StrEnum):
    """What the primary survey leads to (R 3.3.8, 3.3.10, 3.3.7.2)."""

    URGENT_HELP = "urgent_help"
    COMMISSION = "commission"
    COMBINED_WITH_COMMISSION = "combined_with_commission"
    DECLINED = "declined"


class Proposal(StrEnum):
    """What the commission argues for (R 3.4.8)."""

    SERVICE = "service"
    REFUSAL = "refusal"


class AssessmentOpened(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.2",
    ru="Дело принято для первичного обследования",
    en="Assessment took the case over",
):
    """Assessment has the case; the terms of the survey run from the referral.

    `reopened`: a citizen who had declined came back, and the stage's terms begin anew.
    """

    case: CaseRef
    reopened: bool = False


class SurveyTermShortened(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.3",
    ru="Гражданин в больнице: срок обследования сокращён",
    en="Citizen in a hospital: the survey's term is shorter",
):
    """A further referral says that the citizen lies in a hospital: the survey is due earlier."""


class SurveyTermCorrected(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.3",
    ru="Срок обследования исправлен",
    en="The survey's term is corrected",
):
    """The case said wrongly whether the citizen lies in a hospital, or when the referral was
    received: the survey is due by the right term, counted from the right moment."""


class SurveyScheduled(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.4",
    ru="Назначено первичное обследование",
    en="Primary survey scheduled",
):
    """The visit was announced to the citizen."""

    visit_at: AwareDatetime
    place: VisitPlace
    announced: bool


class SurveyCompleted(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.8",
    ru="Проведено первичное обследование",
    en="Primary survey completed",
):
    """The information sheet is complete."""

    outcome: SurveyOutcome


class OrganizerAssigned(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.12",
    ru="Назначен организатор ухода",
    en="Care organizer assigned",
):
    """The named person who guards the citizen's interests from here on."""

    organizer: Subject


class CommissionConvened(
    CaseEvent,
    stream=CASE,
    clause="R 3.4.2",
    ru="Созвана комиссия по оценке нуждаемости",
    en="Commission convened",
):
    """The commission with its required seats; how many members are from outside home care."""

    seats: tuple[Identifier, ...]
    meeting_at: AwareDatetime
    independent_members: int = Field(ge=0)


class ActSigned(
    CaseEvent,
    stream=CASE,
    clause="R 3.4.6",
    ru="Подписан акт оценки нуждаемости",
    en="Needs assessment act signed",
):
    """Every member and the citizen signed; the act is closed."""

    signatures: int = Field(ge=1)


class ProtocolRecorded(
    CaseEvent,
    stream=CASE,
    clause="R 3.4.7",
    ru="Составлен протокол совещания комиссии",
    en="Commission protocol recorded",
):
    """The commission's reasoned proposal."""

    proposal: Proposal


class NeedsAssessed(
    CaseEvent,
    stream=CASE,
    clause="L 3.3",
    ru="Определён уровень нуждаемости в уходе",
    en="Needs assessed",
):
    """The end of assessment: what the commission proposes and what the level allows.

    The level is the questionnaire's, with a proposal of refusal too; null where it gives none.
    """

    case: CaseRef
    proposal: Proposal
    organizer: Subject
    instrument: Identifier
    instrument_version: Line
    group: int | None = Field(default=None, ge=1, le=5)
    level: int | None = Field(default=None, ge=1, le=3)
    weekly_minutes_from: int = Field(default=0, ge=0)
    weekly_minutes_to: int = Field(default=0, ge=0)
    days_per_week: int = Field(default=0, ge=0, le=7)


class AssessmentDeclined(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.7.2",
    ru="Гражданин отказался при обследовании",
    en="Citizen declined at the survey",
):
    """The citizen declined during the survey; consequences explained, contact left.

    Not `during_survey`: they declined at intake, and the terms running here lost their object.
    """

    during_survey: bool = True


class TermDueSoon(
    TermDueSoonFact, stream=CASE, clause="R 3.3.16", ru="Срок истекает", en="Term due soon"
):
    """A term of assessment is about to run out."""


class TermMissed(
    TermMissedFact, stream=CASE, clause="R 3.3.16", ru="Срок пропущен", en="Term missed"
):
    """A term of assessment was missed."""
