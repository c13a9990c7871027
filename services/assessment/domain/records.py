"""What an assessment is made of: the records kept in a case. The rules stand beside them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field, StrictBool, StrictInt

from contracts.assessment import Proposal, SurveyOutcome, VisitPlace
from contracts.referral import ReferralSays
from contracts.regulation import Score
from contracts.values import Actor, Identifier, Line, Subject, Text, Value


class Visit(Value):
    """The visit of the primary survey (R 3.3.4)."""

    visit_at: AwareDatetime
    place: VisitPlace
    announced: bool


class InformationSheet(Value):
    """The information sheet of the primary survey (R 3.3.8), by the pack's sections."""

    sections: dict[Identifier, Text]
    outcome: SurveyOutcome
    consequences_explained: bool = False
    contact_left: bool = False
    completed_by: Actor
    completed_at: AwareDatetime


class Member(Value):
    """Who sits in the commission, on which seat, and from where (R 3.4.1, 3.4.2)."""

    seat: Identifier
    person: Subject
    organization: Identifier
    from_home_care: StrictBool


class Commission(Value):
    """The commission of one case (R 3.4.2)."""

    meeting_at: AwareDatetime
    members: tuple[Member, ...]

    @property
    def independent_members(self) -> int:
        """How many members are not engaged in home care (R 3.4.2)."""
        return sum(not member.from_home_care for member in self.members)

    def find_member(self, person: str) -> Member | None:
        """The member who is this person, if there is one."""
        return next((member for member in self.members if member.person == person), None)


class CitizenProblem(Value):
    """A problem of the citizen and what is to be done about it in the plan (R 3.4.4)."""

    problem: Line
    measures: tuple[Line, ...] = Field(min_length=1, max_length=20)


class FilledSection(Value):
    """A section of the act as a member filled it (R 3.4.4)."""

    findings: Text
    problems: tuple[CitizenProblem, ...] = Field(default=(), max_length=20)
    filled_by: Actor
    filled_at: AwareDatetime


class Answer(Value):
    """The answer to a position, and where it comes from."""

    option: Identifier
    source: Identifier


class Questionnaire(Value):
    """Answers to an instrument of one version, kept so that the score can be recomputed."""

    instrument: Identifier
    version: Line
    answers: dict[Identifier, Answer]
    experts: tuple[Subject, ...]
    score: Score
    recorded_by: Actor
    recorded_at: AwareDatetime


class Signer(StrEnum):
    """Whose signature stands under the act (R 3.4.6)."""

    MEMBER = "member"
    CITIZEN = "citizen"
    REPRESENTATIVE = "representative"


class Signature(Value):
    """A signature under the act: a member's own, or the citizen's as the organizer recorded it."""

    signer: Signer
    recorded_by: Actor
    signed_at: AwareDatetime


class Replaced(Value):
    """Who worked on a case until others were named in their place (R 3.3.12, 3.4.2), and why.

    The commission and what was signed under the act are here where they are void with it.
    """

    organizer: Subject
    commission: Commission | None = None
    signatures: tuple[Signature, ...] = ()
    reason: Text
    replaced_by: Actor
    replaced_at: AwareDatetime


class ProposedService(Value):
    """A service of the draft plan (R 3.4.9)."""

    service: Identifier
    times_per_week: StrictInt | None = Field(default=None, ge=1, le=70)


class Protocol(Value):
    """The commission's reasoned proposal (R 3.4.7–3.4.9)."""

    proposal: Proposal
    reasons: Text
    draft_plan: tuple[ProposedService, ...] = ()
    refusal_grounds: tuple[Identifier, ...] = ()
    recorded_by: Actor
    recorded_at: AwareDatetime


class Referred(BaseModel):
    """What a referral said besides: its sender's word, to be seen by those who assess (L 2.2)."""

    journal_number: str
    received_at: AwareDatetime
    requester: str | None = None
    says: ReferralSays
    withdrawn: bool = False
