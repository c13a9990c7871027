"""The code by which the applicant asks where the case stands (M, R 2.14, 3.7.3)."""

from __future__ import annotations

from collections.abc import Callable

from contracts.context import Context
from contracts.event import Event
from contracts.intake import StatusCodeIssued
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require


def bury_code(case: Case, entry_id: str, hash_of: Callable[[str], str]) -> str:
    """The code of a referral that was taken back, or left the case, opens nothing more (R 3.7.3).

    `hash_of` gives what may be known of that code, by the case's number; that is answered, or "" if
    it had died before. Where it was the case's own, another one is issued when somebody asks.
    """
    if entry_id == case.entry_id:
        held = case.status_code_issue == 0
        case.status_code_issue += held
    else:
        told = [link for link in case.linked if link.entry_id == entry_id and link.coded]
        held = bool(told)
        for link in told:
            link.coded = False
    return hash_of(case.reference.number) if held else ""


def issue_status_code(case: Case, hash_of: Callable[[int], str], at: Context) -> list[Event]:
    """Another code, where one was lost or leaked; all that were told die with it (R 3.7.3).

    `hash_of` gives what may be known of the code of an issue.
    """
    require(case, Action.ISSUE_STATUS_CODE)
    case.status_code_issue += 1
    for link in case.linked:
        link.coded = False
    return [StatusCodeIssued(by=at.by, status_code_hash=hash_of(case.status_code_issue))]
