"""Requests of assessment's API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from chassis.http import Body
from contracts.assessment import Proposal, SurveyOutcome, VisitPlace
from contracts.values import Identifier, IsoDateTime, Subject, Text
from services.assessment.domain.records import (
    Answer,
    CitizenProblem,
    Member,
    ProposedService,
    Signer,
)

Code = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class VisitRequest(Body):
    """When and where the citizen is visited, and whether they were told (R 3.3.4)."""

    visit_at: IsoDateTime
    place: VisitPlace
    announced: StrictBool


class SurveyRequest(Body):
    """The information sheet: every section of the pack, and what the survey leads to (R 3.3.8)."""

    sections: dict[Code, Text] = Field(
        max_length=30, description="by the pack's codes: problems, biography, …"
    )
    outcome: SurveyOutcome
    consequences_explained: StrictBool = Field(
        default=False, description="when the citizen declines"
    )
    contact_left: StrictBool = Field(default=False, description="when the citizen declines")


class OrganizerRequest(Body):
    """The named care organizer (R 3.3.12)."""

    organizer: Subject = Field(description="subject of the organizer's token")
    reason: Text | None = Field(
        default=None, description="why another is named; required once a commission was convened"
    )


class CommissionRequest(Body):
    """When the commission meets and who sits in it (R 3.3.13, 3.4.1, 3.4.2)."""

    meeting_at: IsoDateTime
    members: list[Member] = Field(min_length=1, max_length=20)
    reason: Text | None = Field(
        default=None, description="why it is called anew; required once the act bears a signature"
    )


class SectionRequest(Body):
    """A section of the act: findings, and problems turned into measures (R 3.4.4)."""

    findings: Text
    problems: list[CitizenProblem] = Field(default_factory=list, max_length=20)


class QuestionnaireRequest(Body):
    """Answers to an instrument, by position, with their sources (L 2.1)."""

    instrument: Identifier = Field(examples=["care-need-2026"])
    answers: dict[Code, Answer] = Field(max_length=100)
    experts: list[Subject] = Field(
        min_length=1, max_length=10, description="token subjects of seated members"
    )


class SignatureRequest(Body):
    """A member's own signature, or the citizen's recorded by the care organizer (R 3.4.6)."""

    signer: Signer = Signer.MEMBER
    consents_to_transfer: StrictBool | None = Field(
        default=None, description="the citizen's consent to pass the information on; must be true"
    )


class ProtocolRequest(Body):
    """The commission's reasoned proposal (R 3.4.7–3.4.9)."""

    proposal: Proposal
    reasons: Text
    draft_plan: list[ProposedService] = Field(
        default_factory=list, max_length=60, description="required for a proposal of service"
    )
    refusal_grounds: list[Identifier] = Field(
        default_factory=list, max_length=20, description="required for a proposal of refusal"
    )
