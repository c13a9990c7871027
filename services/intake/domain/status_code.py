"""The code by which the applicant asks where the case stands (M, R 2.14, 3.7.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from contracts.context import Context
from contracts.event import Event
from contracts.intake import StatusCodeIssued
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require

CodeHash = Callable[[str, int, str], str]
"""What may be known of a code: by the referral it is of, its issue, and the case's number."""


def bury_code(case: Case, gone: Collection[str], hash_of: CodeHash) -> str:
    """The code of referrals that were taken back, or left the case, opens nothing more (R 3.7.3).

    So does one that was issued later, while they were in the case: it may have been told to their
    applicants, and whoever else has it asks for another. What may be known of the code that dies is
    answered, or "" if it had died before.
    """
    dead, number = "", case.reference.number
    for link in case.linked:
        if link.entry_id in gone and link.coded:
            dead, link.coded = hash_of(link.entry_id, 0, number), False
    if not set(gone).isdisjoint(_told(case)):
        dead = hash_of(case.entry_id, case.status_code_issue, number)
        case.status_code_issue += 1
        case.code_told = []
    return dead


def _told(case: Case) -> list[str]:
    """The referrals whose applicants may know the case's own code."""
    if case.code_told is not None:
        return case.code_told
    first = [] if case.opening is None else [case.opening]
    return case.referrals if case.status_code_issue else first


def issue_status_code(case: Case, hash_of: Callable[[int], str], at: Context) -> list[Event]:
    """Another code, where one was lost or leaked; all that were told die with it (R 3.7.3).

    `hash_of` gives what may be known of the code of an issue.
    """
    require(case, Action.ISSUE_STATUS_CODE)
    case.status_code_issue += 1
    case.code_told = list(case.referrals)
    for link in case.linked:
        link.coded = False
    return [StatusCodeIssued(by=at.by, status_code_hash=hash_of(case.status_code_issue))]
