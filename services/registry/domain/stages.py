"""At which stage a case is and whose turn it is: read off the facts, never stored as such.

Each service's own stream is in order, so each service's progress is a small machine of its own,
moved by its own events only. The stage of the case is a function of the three, and so it is the
same in whatever order the three streams were heard.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, Field

from contracts import assessment, careplan, intake, referral, triage
from contracts.event import Event


class Stage(StrEnum):
    """Stages of the procedure. `awaited`: others spoke of the case before it was registered;
    `forwarding`: the body that took the referral in has yet to pass it on (R 3.1.2)."""

    AWAITED = "awaited"
    FORWARDING = "forwarding"
    REGISTERED = "registered"
    TRIAGED = "triaged"
    SURVEY = "survey"
    COMMISSION = "commission"
    ASSESSED = "assessed"
    PLANNING = "planning"
    DECISION = "decision"
    CONTRACT = "contract"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    DECLINED = "declined"
    CLOSED = "closed"


OVER = frozenset({Stage.ENROLLED, Stage.REFUSED, Stage.DECLINED, Stage.CLOSED})
"""Stages in which nobody has a turn."""

LEFT = frozenset({Stage.DECLINED, Stage.CLOSED})
"""Stages a service leaves by going back to where it was."""


class Owner(StrEnum):
    """The service that has the case."""

    INTAKE = "intake"
    ASSESSMENT = "assessment"
    CAREPLAN = "careplan"


class Progress(BaseModel):
    """How far one service has brought the case, by its own stream alone."""

    stage: Stage | None = None
    before: Stage | None = Field(default=None, description="where a re-opening leads back to")
    since: AwareDatetime | None = None
    taken_at: AwareDatetime | None = Field(default=None, description="when it took the case over")
    reopened_at: AwareDatetime | None = None

    def move(self, stage: Stage, at: datetime, *, restart: bool = False) -> None:
        """Go on to a stage. Only a restart goes back: a plan amended after the enrolment, or an
        organizer who takes over late, does not."""
        if stage in LEFT:
            if self.stage not in LEFT:
                self.before = self.stage
        elif not restart and self.stage not in LEFT and self._reached(stage):
            return
        self.taken_at = self.taken_at or at
        self.stage, self.since = stage, at

    def reopen(self, at: datetime) -> None:
        """Go back to where it was before it was declined or closed."""
        if self.stage in LEFT:
            self.stage, self.before, self.since = self.before, None, at
        self.reopened_at = at

    def _reached(self, stage: Stage) -> bool:
        order = list(Stage)
        return self.stage is not None and order.index(self.stage) >= order.index(stage)


MILESTONES: dict[type[Event], Stage] = {
    referral.ReferralForwarded: Stage.REGISTERED,
    referral.ReferralReturned: Stage.FORWARDING,
    triage.CaseTriaged: Stage.TRIAGED,
    intake.CaseDeclined: Stage.DECLINED,
    intake.CaseClosed: Stage.CLOSED,
    assessment.SurveyScheduled: Stage.SURVEY,
    assessment.OrganizerAssigned: Stage.COMMISSION,
    assessment.CommissionConvened: Stage.COMMISSION,
    assessment.NeedsAssessed: Stage.ASSESSED,
    careplan.PlanningOpened: Stage.PLANNING,
    careplan.PackageSubmitted: Stage.DECISION,
    careplan.ContractConcluded: Stage.CONTRACT,
    careplan.Enrolled: Stage.ENROLLED,
    careplan.Refused: Stage.REFUSED,
    careplan.CaseReopened: Stage.DECISION,
}
"""The event by which a stage is reached; seven more depend on what the event says."""

ANEW = (assessment.AssessmentOpened, careplan.CaseReopened, referral.ReferralReturned)
"""Events by which a service begins again, however far it was."""

TAKEOVERS = (assessment.AssessmentOpened, careplan.PlanningOpened, careplan.CaseReopened)
"""Events by which a service has the case, or has it anew (a new assessment; R 5.8)."""


def milestone(event: Event) -> Stage | None:
    """The stage an event leads to, if it leads to one."""
    if isinstance(event, referral.ReferralRegistered):
        return Stage.FORWARDING if event.to_forward else Stage.REGISTERED
    if isinstance(event, assessment.SurveyCompleted):
        return {
            assessment.SurveyOutcome.URGENT_HELP: Stage.SURVEY,
            assessment.SurveyOutcome.DECLINED: Stage.DECLINED,
        }.get(event.outcome, Stage.COMMISSION)
    if isinstance(event, assessment.AssessmentOpened):
        return None if event.reopened else Stage.SURVEY
    if isinstance(event, assessment.AssessmentDeclined):
        return Stage.DECLINED if event.during_survey else None
    if isinstance(event, careplan.Decided):
        return Stage.CONTRACT if event.outcome is careplan.Outcome.ENROL else Stage.DECISION
    return Stage.REGISTERED if begins_again(event) else MILESTONES.get(type(event))


def begins_again(event: Event) -> bool:
    """Whether a further referral has the questions and the code begin again (R 3.1.3)."""
    if isinstance(event, referral.ReferralsReviewed):
        return event.outcome is referral.ReviewOutcome.ANALYSIS_ANEW
    return isinstance(event, intake.CaseReopened) and event.analysis_anew


def advance(progress: Progress, event: Event, at: datetime) -> None:
    """What an event does to the progress of the service that issued it.

    Planning says "opened" again when a citizen returns, wherever it stood: it never goes back by
    that. Assessment opened anew begins with the survey, unless the citizen only returned.
    """
    returned = isinstance(event, intake.CaseReopened) or (
        isinstance(event, assessment.AssessmentOpened) and event.reopened
    )
    if returned:
        progress.reopen(at)
    if isinstance(event, TAKEOVERS) and not returned:
        progress.taken_at = at
    stage = milestone(event)
    if stage is not None:
        progress.move(stage, at, restart=isinstance(event, ANEW) or begins_again(event))


class Standing(NamedTuple):
    """The stage of a case and the service that has it; nobody has one that is over."""

    stage: Stage
    owner: Owner | None


def standing(
    taken_in: Progress, assessed: Progress, planned: Progress, closed_for: str | None
) -> Standing:
    """Stage and owner of the case from the three services' progress."""
    survey = assessed.stage
    if survey is Stage.DECLINED and _later(taken_in.reopened_at, assessed.since):
        survey = assessed.before  # the citizen thought better of it (R 3.3.7.2)
    if Stage.DECLINED in {taken_in.stage, survey}:
        return Standing(Stage.DECLINED, None)
    if taken_in.stage is Stage.CLOSED:
        if closed_for == "refused" or planned.stage in OVER:
            # Intake closes after a refusal and says no more when that is annulled (R 5.8).
            return _of(planned.stage or Stage.REFUSED, Owner.CAREPLAN)
        return Standing(Stage.CLOSED, None)
    if planned.stage is not None and not _later(assessed.taken_at, planned.taken_at):
        return _of(planned.stage, Owner.CAREPLAN)
    if survey is not None:
        return _of(survey, Owner.ASSESSMENT)
    return _of(taken_in.stage or Stage.AWAITED, Owner.INTAKE)


def _of(stage: Stage, owner: Owner) -> Standing:
    return Standing(stage, None if stage in OVER else owner)


def _later(moment: datetime | None, than: datetime | None) -> bool:
    return moment is not None and (than is None or moment > than)
