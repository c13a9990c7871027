"""Events of careplan: plan, programme, decision, contract, enrolment."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from contracts.case import CaseRef
from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.values import Identifier, Line, Subject

CASE = "careplan.case"


class ServiceForm(StrEnum):
    """Form of service (R 3.6.1)."""

    HOME = "home"
    SEMI_RESIDENTIAL = "semi_residential"
    RESIDENTIAL = "residential"
    URGENT = "urgent"


class Outcome(StrEnum):
    """The decision of the head of the authorised body (R 3.6.1)."""

    ENROL = "enrol"
    REFUSE = "refuse"


class PlanningOpened(
    CaseEvent,
    stream=CASE,
    clause="R 3.5.5",
    ru="Дело принято для планирования ухода",
    en="Care planning took the case over",
):
    """Care planning has the case; the term of planning runs."""

    case: CaseRef
    organizer: Subject


class PlanDrafted(
    CaseEvent,
    stream=CASE,
    clause="R 3.5.2",
    ru="Составлен проект плана ухода",
    en="Care plan drafted",
):
    """A version of the plan: services, periodicity, executors."""

    plan_version: int = Field(ge=1)
    weekly_minutes: int = Field(ge=0)
    executors: tuple[Identifier, ...]


class PlanAgreed(
    CaseEvent,
    stream=CASE,
    clause="R 3.5.3",
    ru="План ухода подписан и согласован",
    en="Care plan agreed",
):
    """Signed by the care organizer and the citizen, agreed by each executor."""

    plan_version: int = Field(ge=1)


class ProgrammeIssued(
    CaseEvent,
    stream=CASE,
    clause="L 2.4",
    ru="Выдана индивидуальная программа (ИППСУ)",
    en="Individual programme issued",
):
    """The individual programme of social services."""

    number: Line
    form: ServiceForm


class PackageSubmitted(
    CaseEvent,
    stream=CASE,
    clause="R 3.6.1",
    ru="Пакет документов передан руководителю уполномоченного органа",
    en="Package submitted for decision",
):
    """The complete package lies before the head of the authorised body."""

    documents: tuple[Identifier, ...]


class Decided(
    CaseEvent,
    stream=CASE,
    clause="R 3.6.1",
    ru="Принято решение",
    en="Decision taken",
):
    """Enrol or refuse, and the form of service."""

    outcome: Outcome
    form: ServiceForm | None = None


class ContractConcluded(
    CaseEvent,
    stream=CASE,
    clause="R 3.6.2",
    ru="Заключён договор о социальном обслуживании",
    en="Contract concluded",
):
    """The contract, and what was handed over to the citizen with it."""

    number: Line
    handed_over: tuple[Identifier, ...]


class Enrolled(
    CaseEvent,
    stream=CASE,
    clause="R 3.6.3",
    ru="Издан приказ о зачислении",
    en="Enrolment order issued",
):
    """The director's order; ends the procedure."""

    order_number: Line
    form: ServiceForm
    level: int | None = None
    provider: Identifier


class Refused(
    CaseEvent,
    stream=CASE,
    clause="R 3.6.4",
    ru="Направлено уведомление об отказе",
    en="Refusal notice sent",
):
    """The reasoned notice of refusal went to the applicant."""

    notice_number: Line
    grounds: tuple[Identifier, ...]


class CaseReopened(
    CaseEvent,
    stream=CASE,
    clause="R 5.8",
    ru="Решение об отказе отменено, дело возобновлено",
    en="Refusal annulled, case re-opened",
):
    """A satisfied complaint annulled the refusal; the case stands before the decision again."""

    complaint_id: Identifier


class TermDueSoon(
    TermDueSoonFact, stream=CASE, clause="R 3.6.5", ru="Срок истекает", en="Term due soon"
):
    """A term of care planning is about to run out."""


class TermMissed(
    TermMissedFact, stream=CASE, clause="R 3.6.5", ru="Срок пропущен", en="Term missed"
):
    """A term of care planning was missed."""
