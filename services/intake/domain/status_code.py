"""The code by which the applicant asks where the case stands (M, R 2.14, 3.7.3)."""

from __future__ import annotations

from collections.abc import Callable

from contracts.context import Context
from contracts.event import Event
from contracts.intake import StatusCodeIssued
from services.intake.domain.case import Action, Case, require


def issue_status_code(case: Case, hash_of: Callable[[int], str], at: Context) -> list[Event]:
    """Another code, where one was lost or leaked; all that were told die with it (R 3.7.3).

    `hash_of` gives what may be known of the code of an issue.
    """
    require(case, Action.ISSUE_STATUS_CODE)
    case.status_code_issue += 1
    for link in case.linked:
        link.coded = False
    return [StatusCodeIssued(by=at.by, status_code_hash=hash_of(case.status_code_issue))]
