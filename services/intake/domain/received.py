"""When a referral was received, put right: the terms that count from it count anew (R 3.1.8)."""

from __future__ import annotations

from datetime import datetime

from contracts.context import Context
from contracts.event import Event
from contracts.referral import CircumstancesCorrected, CorrectedReceipt
from contracts.terms import Deadline
from services.intake.domain.case import Case
from services.intake.domain.journal import JournalEntry, number_of
from services.intake.domain.linked import LinkedReferral
from services.intake.domain.term_codes import ANALYSIS_TERM, FORWARDING_TERM, URGENT_TERM

COUNTED = frozenset({FORWARDING_TERM, ANALYSIS_TERM, URGENT_TERM})
"""Terms that run from the receipt of a referral (R 3.1.2, 3.1.7, 3.1.8)."""


def said_later(case: Case, referral: str, line: JournalEntry) -> bool:
    """Whether a later line than this one has told the case when the referral was received."""
    return line.id < case.receipt_lines.get(referral, "")


def correct_receipt(case: Case, referral: str, line: JournalEntry, at: Context) -> list[Event]:
    """A line that stands in place of another says otherwise when its referral was received, which
    the case knows by the first line of it.

    What runs from that moment runs from the right one, and its alarms sound by it; what ran out by
    mistake is not missed any more. Of several lines the last speaks, in whatever order they come.
    """
    link = next((one for one in case.linked if one.entry_id == referral), None)
    before = link.received_at if link is not None else case.received_at
    told = case.receipt_lines.get(referral, "")
    if before is None or referral not in case.referrals or line.id <= told:
        return []
    case.receipt_lines[referral] = line.id
    if before == line.received_at:
        return []
    if link is None:
        case.received_at = line.received_at
    else:
        link.received_at = line.received_at
    opened = case.terms.recount(*_count_anew(case, link, before, line.received_at, at))
    if link is not None and case.analysed_since == before:
        case.analysed_since = line.received_at
    return [
        CircumstancesCorrected(
            by=at.by,
            in_hospital=case.in_hospital,
            home_care_asked=case.home_care_asked,
            receipt=CorrectedReceipt(
                journal_number=number_of(referral),
                before=before,
                received_at=line.received_at,
                opened_case=link is None,
            ),
            opened=opened,
        )
    ]


def _count_anew(
    case: Case, link: LinkedReferral | None, before: datetime, received: datetime, at: Context
) -> list[Deadline]:
    """The running terms that count from a receipt, from the first receipt that they count from now.
    What was begun at another moment, by a return or a person's word, stays as it is."""
    anew = []
    for term in case.terms.deadlines:
        waiting = _waiting(case, term.code)
        first = term.started_at
        if term.code in COUNTED and first == before and _begins(case, link, term.code, before):
            first = min([received, *waiting])
        elif term.code in COUNTED and first in waiting:
            first = min(waiting)
        if first != term.started_at:
            anew.append(at.deadline(case.pack, term.code, first))
    return anew


def _begins(case: Case, link: LinkedReferral | None, code: str, before: datetime) -> bool:
    """Whether it is by this referral that a term of this code runs."""
    if link is None:
        return True
    if code == URGENT_TERM:
        return link.in_danger
    return link.to_review or case.analysed_since == before


def _waiting(case: Case, code: str) -> list[datetime]:
    """When further referrals were received that nobody has decided on, and that call for a term of
    this code: to be looked at, or help of the same day."""
    untriaged = code == URGENT_TERM and case.code is None
    links = case.linked if untriaged else case.to_review
    return [link.received_at for link in links if link.in_danger or code != URGENT_TERM]
