"""What a case of care planning is made of: the records kept in it. The rules stand beside them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StrictInt, StringConstraints

from contracts.assessment import Proposal
from contracts.careplan import Outcome, ServiceForm
from contracts.directory import Weekday
from contracts.values import Identifier, IsoDate, Line, Text, Value

DAYS_OF_A_WEEK = 7

Recommendation = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)
]


class Assessment(Value):
    """What the commission proposes, and what the level allows in a week (R 3.4.8, L 3.1)."""

    proposal: Proposal
    assessed_at: AwareDatetime
    group: int | None = None
    level: int | None = None
    weekly_minutes: int = Field(ge=0, description="the most that the level allows")
    days_per_week: int = Field(ge=0, le=DAYS_OF_A_WEEK)


class ExecutorKind(StrEnum):
    """Who carries a service out (R 3.5.1, 3.5.2)."""

    PROVIDER = "provider"
    RELATIVE = "relative"
    NEIGHBOUR = "neighbour"
    VOLUNTEER = "volunteer"
    ORGANIZATION = "organization"


OF_THE_DIRECTORY = frozenset({ExecutorKind.PROVIDER, ExecutorKind.ORGANIZATION})
"""Kinds that are organizations: named by their id, they answer for themselves."""


class Executor(Value):
    """An executor as the organizer names them: an organization by its id, a person by name."""

    kind: ExecutorKind
    organization: Identifier | None = None
    name: Line | None = None


class ItemForm(Value):
    """One service of a plan as the organizer writes it (R 3.5.2)."""

    service: Identifier = Field(description="code of the pack's catalogue of services")
    minutes_per_visit: StrictInt = Field(ge=1, le=1440)
    weekdays: tuple[Weekday, ...] | None = Field(default=None, max_length=DAYS_OF_A_WEEK)
    visits_per_week: StrictInt | None = Field(default=None, ge=1, le=70)
    executor: Executor


class PlanForm(Value):
    """A plan as the organizer writes it (R 3.5.1, 3.5.2, L 2.4)."""

    items: tuple[ItemForm, ...] = Field(min_length=1, max_length=60)
    medical_recommendations: tuple[Recommendation, ...] = Field(default=(), max_length=20)
    negotiated_with: tuple[Line, ...] = Field(
        min_length=1, max_length=20, description="who took part in the talks (R 3.5.1)"
    )


class PlanItem(Value):
    """One service of a plan: what, how long, how often, by whom."""

    service: Identifier
    guaranteed: bool = Field(description="by the state; else additional (R 3.5.2)")
    minutes_per_visit: int
    visits_per_week: int
    weekdays: tuple[Weekday, ...] | None = None
    executor: Identifier

    @property
    def weekly_minutes(self) -> int:
        """How much of the week the service takes."""
        return self.minutes_per_visit * self.visits_per_week

    @property
    def days(self) -> int:
        """On how many days of the week it is given; without weekdays, one visit a day."""
        return min(self.visits_per_week, DAYS_OF_A_WEEK)


class PlanExecutor(BaseModel):
    """An executor of a plan and their answer (R 3.5.3)."""

    id: str
    kind: ExecutorKind
    name: str | None = None
    agreed: bool | None = None
    reason: str | None = None
    answered_at: AwareDatetime | None = None


class Party(StrEnum):
    """Who signs a plan (R 3.5.3); a representative signs in the citizen's place."""

    ORGANIZER = "organizer"
    CITIZEN = "citizen"
    LEGAL_REPRESENTATIVE = "legal_representative"
    AUTHORISED_PERSON = "authorised_person"


class Signature(Value):
    """A signature under a plan."""

    party: Party
    signed_at: AwareDatetime


class Plan(BaseModel):
    """One version of the care plan; every version is kept (R 3.5.4)."""

    version: int
    drafted_at: AwareDatetime
    items: list[PlanItem]
    executors: list[PlanExecutor]
    medical_recommendations: list[str] = Field(default_factory=list)
    negotiated_with: list[str] = Field(default_factory=list)
    signatures: list[Signature] = Field(default_factory=list)
    agreed_at: AwareDatetime | None = None

    @property
    def weekly_minutes(self) -> int:
        """How much of the week the whole plan takes."""
        return sum(item.weekly_minutes for item in self.items)

    @property
    def refused(self) -> bool:
        """Whether an executor refused, so that it must be drawn up anew."""
        return any(executor.agreed is False for executor in self.executors)

    @property
    def signed(self) -> bool:
        """Whether the organizer and the citizen's side have signed."""
        parties = {signature.party for signature in self.signatures}
        return Party.ORGANIZER in parties and bool(parties - {Party.ORGANIZER})

    def find_executor(self, executor_id: str | None) -> PlanExecutor | None:
        """The executor of that id, if the plan has them."""
        return next((known for known in self.executors if known.id == executor_id), None)


class ProgrammeKind(StrEnum):
    """Whether the citizen had an individual programme before (order 874n)."""

    FIRST = "first"
    REPEATED = "repeated"


class Programme(Value):
    """The individual programme (order 874n); its tables follow from the agreed plan."""

    number: Line
    issued_on: IsoDate
    kind: ProgrammeKind = ProgrammeKind.FIRST
    valid_until: IsoDate
    form: ServiceForm
    recommended_providers: tuple[Identifier, ...] = Field(default=(), max_length=20)
    accompaniment: tuple[Line, ...] = Field(
        default=(), max_length=20, description="measures of social accompaniment"
    )


class IssuedProgramme(Programme):
    """A programme that was issued, and the plan version it was made from."""

    plan_version: int


class Delivery(StrEnum):
    """How the refusal notice reached the applicant (R 3.6.4)."""

    POST = "post"
    EMAIL = "email"
    PORTAL = "portal"
    MFC = "mfc"
    IN_PERSON = "in_person"


class RefusalNotice(Value):
    """The reasoned notice of a refusal (R 3.6.4)."""

    number: Line
    sent_by: Delivery
    sent_at: AwareDatetime


class DecisionForm(Value):
    """What the head of the authorised body decides (R 3.6.1)."""

    outcome: Outcome
    form: ServiceForm | None = None
    grounds: tuple[Identifier, ...] = Field(default=(), max_length=20)
    reasons: Text | None = None
    level: StrictInt | None = Field(
        default=None,
        ge=1,
        le=3,
        description="level of care need; of an enrolment whose assessment found none (L 3.1)",
    )


class Decision(BaseModel):
    """A decision; an annulled one is kept with the complaints that annulled it (R 5.8)."""

    outcome: Outcome
    form: ServiceForm | None = None
    grounds: list[str] = Field(default_factory=list)
    reasons: str | None = None
    level: int | None = Field(default=None, description="named where the assessment found none")
    deviates: bool = Field(description="is otherwise than the commission proposed")
    decided_at: AwareDatetime
    notice: RefusalNotice | None = None
    annulled_by: list[str] = Field(default_factory=list)


class Contract(Value):
    """The contract, and what the citizen got with it (R 3.6.2)."""

    number: Line
    handed_over: tuple[Identifier, ...]
    concluded_at: AwareDatetime


class Order(Value):
    """The director's order (R 3.6.3)."""

    number: Line
    provider: Identifier
    ordered_at: AwareDatetime
