"""Nobody falls between: every open case of intake is in exactly one worklist, with one owner and
one next term, at every write; and whom intake follows is where intake believes them to be.

What counts as open is said here anew and not taken from the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chassis.clock import NEVER_DUE, epoch_ms
from contracts.terms import Deadline, TermBook
from services.assessment.domain.case import Case as Assessed
from services.assessment.domain.case import Status as AssessmentStatus
from services.careplan.domain.case import Case as Plan
from services.careplan.domain.case import Status as PlanStatus
from services.intake.domain.case import Case
from services.intake.domain.worklists import WORKLISTS, Follows, TermSource, Worklist, place_of

Stored = Mapping[str, Any]

GOING_ON = {
    *("to_forward", "registered", "analysed", "triaged"),
    *("application_registered", "package_complete"),
}
LISTED_STILL = {"triaged", "application_registered", "package_complete", "declined", "closed"}
"""Where a further referral that nobody has looked at keeps a case in a list."""

NOT_THERE = {
    Follows.ASSESSMENT: {AssessmentStatus.DECLINED, AssessmentStatus.CLOSED},
    Follows.CAREPLAN: {PlanStatus.DECLINED, PlanStatus.CLOSED, PlanStatus.REFUSED},
}
"""States in which a service has nothing more to do for a case."""


def is_open(state: Stored) -> bool:
    """Whether something has still to be done in a case, by what is stored of it."""
    unseen = any(link.get("to_review") for link in state["linked"])
    waits = unseen and state["status"] in LISTED_STILL and state["joined_to"] is None
    goes_on = state["status"] in GOING_ON and state["progress"]["order_number"] is None
    asked = state["status"] == "declined" and state["ask_again_at"] is not None
    return goes_on or waits or (asked and not state["consent_withdrawn"])


def _assignee(state: Stored) -> str | None:
    """Who has the case by name; what was assigned before it went elsewhere is over."""
    moves = sum(2 if known["returned"] else 1 for known in state["forwardings"])
    last = state["assignments"][-1] if state["assignments"] else {"assignee": None, "moves": moves}
    return last["assignee"] if last["moves"] == moves else None


def misplaced(document: Stored) -> Iterator[str]:
    """What is wrong with the place of one case of intake, as it was just written."""
    case_id, state = document["_id"], document["state"]
    case = Case.model_validate(state)
    place = place_of(case)
    if not is_open(state):
        if place is not None or document["worklist"] or document["owner"]:
            yield f"{case_id} is {state['status']} and still in the list {document['worklist']}"
        return
    if document["worklist"] not in set(Worklist) or place is None:
        yield f"{case_id} is {state['status']} and in no list"
        return
    if sum(row.worklist == document["worklist"] for row in WORKLISTS) != 1:
        yield f"{case_id} is in a list that stands {document['worklist']} in the table"
    assigned = _assignee(state)
    wanted = f"person:{assigned}" if assigned else f"role:{place.role}"
    if document["owner"] != wanted or document["worklist"] != place.row.worklist:
        yield f"{case_id} is found under {document['worklist']} of {document['owner']}"
    unsettled = case.follow_up is None and place.term and place.term.source is TermSource.FOLLOW_UP
    if place.term is None or unsettled or document["list_due"] == NEVER_DUE:
        yield f"{case_id} in {place.row.worklist} has no next term"
    elif document["list_due"] != epoch_ms(place.term.deadline.due_at):
        yield f"{case_id} in {place.row.worklist} is due at another time than it is listed"


def strayed(books: Mapping[str, Mapping[str, Stored]]) -> Iterator[str]:
    """At rest: where intake's lists and what the other services hold do not agree.

    `books`: the stored cases of intake, assessment and careplan, by id.
    """
    for case_id, found in books["intake"].items():
        case = Case.model_validate(found["state"])
        place = place_of(case)
        if place is None or place.row.follows is None:
            continue
        service = place.row.follows
        there = books[service].get(case_id)
        if there is None and place.row.worklist is not Worklist.APPLICATION:
            yield f"{case_id} is followed in {service}, which does not know it"
        if there is None:
            continue
        if _status(service, there) in NOT_THERE[service]:
            yield f"{case_id} is followed in {service}, which has done with it"
        own = TermBook.model_validate(there["state"]["terms"]).deadlines
        if _known(own) != _known(case.followed.get(service, [])):
            yield f"{case_id}: the terms that run in {service} were not heard of"


def _status(service: Follows, found: Stored) -> str:
    kind = Assessed if service is Follows.ASSESSMENT else Plan
    return kind.model_validate(found["state"]).status


def _known(terms: list[Deadline]) -> set[tuple[str, int]]:
    return {(term.code, epoch_ms(term.due_at)) for term in terms}
