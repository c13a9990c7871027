"""The package for the decision: what belongs to it, and what is missing (R 3.6.1)."""

from __future__ import annotations

from contracts.careplan import PackageSubmitted
from contracts.context import Context
from contracts.errors import NotAllowedInState
from contracts.event import Event
from services.careplan.domain.case import Action, Case, Status, require, require_organizer
from services.careplan.domain.terms import settle_terms

ACT, PROTOCOL = "needs_assessment_act", "protocol"
CARE_PLAN, PROGRAMME = "care_plan", "individual_programme"


class PackageIncomplete(NotAllowedInState):
    """Documents are missing; each is named."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        detail = f"the package for the decision lacks: {', '.join(missing)}"
        super().__init__("package-incomplete", detail, field="documents", clause="R 3.6.1")
        self.missing = missing


def needed_documents(case: Case) -> tuple[str, ...]:
    """What the head needs (R 3.6.1); the programme is issued with the plan (L 2.4).

    A proposal to refuse has neither.
    """
    needed = [document.code for document in case.pack.package_documents]
    if case.proposes_refusal:
        return tuple(code for code in needed if code != CARE_PLAN)
    return (*needed, PROGRAMME)


def missing_documents(case: Case) -> tuple[str, ...]:
    """What is needed and not there yet."""
    present = set(case.documents)
    if case.assessment is not None:  # assessment ends with both, signed
        present |= {ACT, PROTOCOL}
    if case.agreed_plan is not None:
        present.add(CARE_PLAN)
    if case.programme is not None:
        present.add(PROGRAMME)
    return tuple(code for code in needed_documents(case) if code not in present)


def check_complete(case: Case) -> None:
    """Refuse an incomplete package, naming every missing document (R 3.6.1)."""
    missing = missing_documents(case)
    if missing:
        raise PackageIncomplete(missing)


def submit_package(case: Case, at: Context) -> list[Event]:
    """The complete package goes to the head of the authorised body.

    The decision may take three working days from its arrival (R 3.6.5).
    """
    require(case, Action.SUBMIT_PACKAGE)
    require_organizer(case, at)
    check_complete(case)
    case.stage, case.submitted_at, case.counts_from = Status.SUBMITTED, at.now, at.now
    opened, closed = settle_terms(case, at)
    return [
        PackageSubmitted(by=at.by, documents=needed_documents(case), opened=opened, closed=closed)
    ]
