"""The primary survey and whom it hands the case to (R 3.3)."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.assessment import (
    AssessmentDeclined,
    OrganizerAssigned,
    SurveyCompleted,
    SurveyOutcome,
    SurveyScheduled,
)
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.regulation import RegulationPack
from services.assessment.domain.case import Action, Case, Status, require
from services.assessment.domain.opening import COMMISSION_TERM, STAGE_TERM, SURVEY_TERMS
from services.assessment.domain.records import InformationSheet, Visit
from services.assessment.domain.replacing import keep_replaced


def schedule_survey(case: Case, visit: Visit, at: Context, *, has_phone: bool) -> list[Event]:
    """Set the visit, or set it anew; who has a phone is told beforehand (R 3.3.4)."""
    require(case, Action.SCHEDULE_SURVEY)
    if visit.visit_at < at.now:
        raise InvalidInput(
            "visit-in-past", "a visit cannot be set in the past", field="visit_at", clause="R 3.3.4"
        )
    if has_phone and not visit.announced:
        raise InvalidInput(
            "visit-not-announced",
            "the citizen has a phone: announce date and time beforehand",
            field="announced",
            clause="R 3.3.4",
        )
    case.visit, case.stage = visit, Status.VISIT_SCHEDULED
    return [
        SurveyScheduled(
            by=at.by, visit_at=visit.visit_at, place=visit.place, announced=visit.announced
        )
    ]


def check_sheet(pack: RegulationPack, sections: Mapping[str, str]) -> None:
    """Every section of the information sheet is filled, and no other (R 3.3.5, 3.3.8)."""
    missing = [entry for entry in pack.survey_sections if entry.code not in sections]
    if missing:
        raise InvalidInput(
            "survey-section-missing",
            "the information sheet lacks: " + ", ".join(entry.code for entry in missing),
            field=f"sections.{missing[0].code}",
            clause=missing[0].clause,
        )
    if set(sections) - {entry.code for entry in pack.survey_sections}:
        raise InvalidInput(
            "unknown-survey-section",
            "the information sheet has no such section",
            field="sections",
            clause="R 3.3.8",
        )


def check_decline(sheet: InformationSheet) -> None:
    """A refusal is an informed one: consequences explained, a contact left (R 3.3.7.2)."""
    if not sheet.consequences_explained:
        raise InvalidInput(
            "consequences-not-explained",
            "explain the possible consequences of declining first",
            field="consequences_explained",
            clause="R 3.3.7.2",
        )
    if not sheet.contact_left:
        raise InvalidInput(
            "contact-not-left",
            "leave the citizen the address, the phone and the name to turn to",
            field="contact_left",
            clause="R 3.3.7.2",
        )


def complete_survey(
    case: Case, sheet: InformationSheet, at: Context, *, has_phone: bool
) -> list[Event]:
    """The information sheet is complete; the survey's term is met (R 3.3.2, 3.3.3, 3.3.8)."""
    require(case, Action.COMPLETE_SURVEY)
    if case.visit is None and has_phone:
        raise NotAllowedInState(
            "visit-not-announced",
            "the citizen has a phone: the visit is announced before it is made",
            clause="R 3.3.4",
        )
    check_sheet(case.pack, sheet.sections)
    if sheet.outcome is SurveyOutcome.COMBINED_WITH_COMMISSION and not case.home_care_asked:
        raise InvalidInput(
            "home-care-not-asked",
            "survey and commission are combined only where home care was asked for from the start",
            field="outcome",
            clause="R 3.3.10",
        )
    declined = sheet.outcome is SurveyOutcome.DECLINED
    if declined:
        check_decline(sheet)
    case.survey, case.stage, case.declined_at_survey = sheet, Status.SURVEYED, declined
    closed = case.terms.close(*SURVEY_TERMS, at=at.now)
    events: list[Event] = [SurveyCompleted(by=at.by, outcome=sheet.outcome, closed=closed)]
    if declined:
        events.append(AssessmentDeclined(by=at.by, closed=case.terms.close_all(at.now)))
    return events


def assign_organizer(case: Case, organizer: str, reason: str | None, at: Context) -> list[Event]:
    """The package goes to a named care organizer (R 3.3.11, 3.3.12).

    Ends the survey stage (R 3.3.16) and begins the commission's term (R 3.4.10), which keeps its
    start when another is named. Once a commission was convened that takes a reason; while its act
    is unsigned the one who takes over calls it anew, an act that all have signed stays.
    """
    require(case, Action.ASSIGN_ORGANIZER)
    if case.stage not in {Status.SURVEYED, Status.ORGANIZER_ASSIGNED}:
        if organizer == case.organizer:
            raise InvalidInput(
                "organizer-already-assigned",
                "this is the care organizer of the case",
                field="organizer",
                clause="R 3.3.12",
            )
        keep_replaced(case, reason, at, "R 3.3.12", commission=case.stage is Status.CONVENED)
    case.organizer = organizer
    if case.stage in {Status.SURVEYED, Status.CONVENED}:
        case.stage = Status.ORGANIZER_ASSIGNED
    begins = case.stage is Status.ORGANIZER_ASSIGNED
    opened = case.terms.open(at.deadline(case.pack, COMMISSION_TERM)) if begins else ()
    return [
        OrganizerAssigned(
            by=at.by,
            organizer=organizer,
            closed=case.terms.close(STAGE_TERM, at=at.now),
            opened=opened,
        )
    ]
