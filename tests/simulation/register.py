"""The register against the services: whose every case is, at which stage, and whose the citizen is.

What stage a state of a service amounts to is said here anew and not taken from the register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.assessment.domain.case import Case as Assessed
from services.assessment.domain.case import Status as InAssessment
from services.careplan.domain.case import Case as Plan
from services.careplan.domain.case import Status as InCareplan
from services.intake.domain.actions import Status as InIntake
from services.intake.domain.case import Case
from services.registry.domain.case import CaseRecord

Stored = Mapping[str, Any]

IN_INTAKE = {
    InIntake.AWAITED: "awaited",
    InIntake.TO_FORWARD: "forwarding",
    InIntake.REGISTERED: "registered",
    InIntake.ANALYSED: "registered",
    InIntake.TRIAGED: "triaged",
    InIntake.APPLICATION_REGISTERED: "triaged",
    InIntake.PACKAGE_COMPLETE: "triaged",
}
IN_ASSESSMENT = {
    InAssessment.OPEN: "survey",
    InAssessment.VISIT_SCHEDULED: "survey",
    InAssessment.SURVEYED: "commission",
    InAssessment.ORGANIZER_ASSIGNED: "commission",
    InAssessment.CONVENED: "commission",
    InAssessment.ACT_SIGNED: "commission",
    InAssessment.ASSESSED: "assessed",
}
IN_CAREPLAN = {
    InCareplan.PLANNING: "planning",
    InCareplan.DRAFTED: "planning",
    InCareplan.AGREED: "planning",
    InCareplan.PROGRAMME_ISSUED: "planning",
    InCareplan.REFUSAL_PROPOSED: "planning",
    InCareplan.SUBMITTED: "decision",
    InCareplan.DECIDED_ENROL: "contract",
    InCareplan.DECIDED_REFUSE: "decision",
    InCareplan.CONTRACTED: "contract",
    InCareplan.ENROLLED: "enrolled",
    InCareplan.REFUSED: "refused",
}
OVER = {"enrolled", "refused", "declined", "closed"}


def strangers(
    books: Mapping[str, Mapping[str, Stored]], records: Mapping[str, Stored]
) -> Iterator[str]:
    """Where the register believes a case to be elsewhere than it is.

    `books`: the stored cases of intake, assessment and careplan, by id; `records`: the register's.
    """
    for case_id, found in records.items():
        record = CaseRecord.model_validate(found["state"])
        wanted = place_of(
            *(books[name].get(case_id) for name in ("intake", "assessment", "careplan"))
        )
        stands = record.standing
        if (str(stands.stage), stands.owner and str(stands.owner)) != wanted:
            yield f"{case_id} is {wanted} and {stands.stage} of {stands.owner} in the register"
        case = Case.model_validate(books["intake"][case_id]["state"])
        if case.ref is not None and (
            record.ref is None or record.ref.citizen_id != case.ref.citizen_id
        ):
            yield f"{case_id} is another citizen's in the register"


def place_of(
    taken_in: Stored | None, assessed: Stored | None, planned: Stored | None
) -> tuple[str, str | None]:
    """The stage of a case and the one service that has it, by what the three store of it."""
    begun = Case.model_validate(taken_in["state"]).status if taken_in else InIntake.AWAITED
    survey = Assessed.model_validate(assessed["state"]).status if assessed else None
    plan = Plan.model_validate(planned["state"]).status if planned else None
    if begun is InIntake.DECLINED or survey is InAssessment.DECLINED:
        return "declined", None
    if begun is InIntake.CLOSED:
        return ("refused" if plan is InCareplan.REFUSED else "closed"), None
    working = survey in IN_ASSESSMENT and survey is not InAssessment.ASSESSED
    if plan in IN_CAREPLAN and not working:
        stage = IN_CAREPLAN[plan]
        return stage, None if stage in OVER else "careplan"
    if survey in IN_ASSESSMENT:
        return IN_ASSESSMENT[survey], "assessment"
    return IN_INTAKE[begun], "intake"
