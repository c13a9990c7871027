"""The decision of the head of the authorised body, and its annulment by a satisfied complaint."""

from __future__ import annotations

from contracts.assessment import Proposal
from contracts.careplan import CaseReopened, Decided, Outcome
from contracts.context import Context
from contracts.errors import InvalidInput
from contracts.event import Event
from services.careplan.domain.case import (
    BEFORE_SUBMISSION,
    Action,
    Case,
    Status,
    find_level,
    require,
    require_authorised_body,
)
from services.careplan.domain.package import check_complete
from services.careplan.domain.records import Decision, DecisionForm
from services.careplan.domain.terms import settle_terms

PROPOSED = {Proposal.SERVICE: Outcome.ENROL, Proposal.REFUSAL: Outcome.REFUSE}
DECIDED = {Outcome.ENROL: Status.DECIDED_ENROL, Outcome.REFUSE: Status.DECIDED_REFUSE}


def decide(case: Case, form: DecisionForm, at: Context) -> list[Event]:
    """Enrol in a form of service, or refuse on grounds and with reasons (R 3.6.1).

    The notice of a refusal is due in the same term as the decision (R 3.6.4).
    """
    if case.status in BEFORE_SUBMISSION:
        check_complete(case)
    require(case, Action.DECIDE)
    require_authorised_body(case, at)
    if form.outcome is Outcome.ENROL:
        _check_enrolment(form)
    else:
        _check_refusal(case, form)
    deviates = form.outcome is not PROPOSED[case.assessed.proposal]
    if deviates and form.reasons is None:
        raise InvalidInput(
            "deviation-unexplained",
            f"the commission proposes {case.assessed.proposal}; to decide otherwise needs reasons",
            field="reasons",
            clause="R 3.6.1",
        )
    _check_level(case, form)
    case.decisions.append(
        Decision(
            outcome=form.outcome,
            form=form.form,
            grounds=list(form.grounds),
            reasons=form.reasons,
            level=form.level,
            deviates=deviates,
            decided_at=at.now,
        )
    )
    case.stage = DECIDED[form.outcome]
    opened, closed = settle_terms(case, at)
    return [Decided(by=at.by, outcome=form.outcome, form=form.form, opened=opened, closed=closed)]


def _check_enrolment(form: DecisionForm) -> None:
    if form.form is None:
        raise InvalidInput(
            "form-missing", "an enrolment names the form of service", field="form", clause="R 3.6.1"
        )
    if form.grounds:
        raise InvalidInput(
            "grounds-out-of-place",
            "an enrolment has no grounds of refusal",
            field="grounds",
            clause="R 3.6.1",
        )


def _check_refusal(case: Case, form: DecisionForm) -> None:
    """A refusal is reasoned, on the grounds the regulation lists (R 3.6.4)."""
    if form.form is not None:
        raise InvalidInput(
            "form-out-of-place", "a refusal has no form of service", field="form", clause="R 3.6.1"
        )
    if not form.grounds:
        raise InvalidInput(
            "grounds-missing", "a refusal names its grounds", field="grounds", clause="R 3.6.4"
        )
    known = [ground.code for ground in case.pack.refusal_grounds]
    for index, ground in enumerate(form.grounds):
        if ground not in known:
            raise InvalidInput(
                "unknown-ground",
                f"the grounds are: {', '.join(known)}",
                field=f"grounds.{index}",
                clause="R 3.6.4",
            )
        if ground in form.grounds[:index]:
            raise InvalidInput(
                "ground-twice", "a ground is named once", field=f"grounds.{index}", clause="R 3.6.4"
            )
    if form.reasons is None:
        raise InvalidInput(
            "reasons-missing", "a refusal gives its reasons", field="reasons", clause="R 3.6.4"
        )


def _check_level(case: Case, form: DecisionForm) -> None:
    """An enrolment has a level, for a plan takes no more of a week than one allows (L 3.1): the
    one that was assessed, or, where the score gave none, the one that the head names."""
    needed = form.outcome is Outcome.ENROL and case.assessed.level is None
    code = ""
    if not needed:
        code = "level-out-of-place" if form.level is not None else ""
    elif form.level is None:
        code = "level-missing"
    elif find_level(case.pack, form.level) is None:
        code = "unknown-level"
    if code:
        levels = ", ".join(str(level.level) for level in case.pack.levels)
        raise InvalidInput(
            code,
            f"an enrolment whose assessment found no level names one of {levels}, and no other"
            " decision does",
            field="level",
            clause="L 3.1",
        )


def annul_refusal(case: Case, complaint_id: str, at: Context) -> list[Event]:
    """A satisfied complaint annulled the refusal: the case stands before the decision again.

    The term of the decision is counted from the remedy (R 5.8, 3.6.5). Of several complaints about
    one refusal the earliest remedy counts, whichever is heard first; a remedy ordered before a
    decision was taken is not about it.
    """
    last = case.decisions[-1] if case.decisions else None
    if last is None or last.outcome is not Outcome.REFUSE or at.now < last.decided_at:
        return []
    earlier = case.counts_from if last.annulled_by else None
    last.annulled_by = sorted({*last.annulled_by, complaint_id})
    case.stage = Status.SUBMITTED
    case.counts_from = min(at.now, earlier or at.now)
    opened, closed = settle_terms(case, at)
    if earlier is not None and not opened:
        return []
    return [CaseReopened(by=at.by, complaint_id=complaint_id, opened=opened, closed=closed)]
