"""Passing a referral on: from the body or MFC that took it in to the institution that serves the
citizen's address, and back if it was the wrong one (R 3.1.2, 5.5.2).

The case is what moves, and only before triage: its document settles who has it, so that of two
who forward at once one wins, and nobody returns what is triaged. Its number never changes.
"""

from __future__ import annotations

from datetime import timedelta

from contracts.case import CaseRef
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.event import Event
from contracts.referral import ReferralForwarded, ReferralReturned, ReturnReason
from contracts.terms import Deadline
from contracts.values import Actor
from services.intake.domain.actions import Action, Status
from services.intake.domain.case import Case, involves, require
from services.intake.domain.journal import JournalEntry
from services.intake.domain.notices import tell_requester
from services.intake.domain.records import ChosenBy, Forwarding, Onward, Returned
from services.intake.domain.urgent import terms_until_triage

GRACE = timedelta(seconds=5)
"""How long whoever moved the case has to enter it in the journals, before the sweeper does."""


def follow_entry(case: Case, entry: JournalEntry, at: Context) -> list[Event]:
    """A referral that says where it belongs takes a case that still waits with it.

    Its address is served by one institution, or it stands in an institution's own journal. To one
    that has given the case back no address sends it again: a person says why it goes there.
    """
    to, chosen_by = entry.onward, ChosenBy.ADDRESS
    if not entry.taken_in:
        to = Onward(institution=entry.institution, authorised_body=entry.authorised_body)
        chosen_by = ChosenBy.PERSON
    if to is None or case.status is not Status.TO_FORWARD:
        return []
    if entry.taken_in and to.institution in _gave_back(case):
        return []
    events = _move(case, to, chosen_by, None, at)
    if case.entry_id == entry.referral and not case.linked:
        case.pass_on_at = None  # whoever places the entry enters it in the institution's journal
    return events


def forward_referral(
    case: Case, to: Onward, chosen_by: ChosenBy, note: str | None, at: Context
) -> list[Event]:
    """Pass the referral on to an institution (R 3.1.2); its analysis begins there (R 3.1.8).

    To go to an institution that has given it back before, it needs a note that says why.
    """
    require(case, Action.FORWARD_REFERRAL)
    _require_holder(case, at.by)
    if to.institution in _gave_back(case) and note is None:
        raise InvalidInput(
            "returned-from-there",
            "this institution has given the referral back; say why it gets it again",
            field="note",
            clause="R 3.1.2",
        )
    return _move(case, to, chosen_by, note, at)


def return_referral(
    case: Case, reason: ReturnReason, explanation: str | None, at: Context
) -> list[Event]:
    """Give back what was forwarded to the wrong institution; until triage (R 3.1.2).

    It is with the sender again, who has until the next working day to pass it on anew (R 5.5.2).
    """
    require(case, Action.RETURN_REFERRAL)
    ref = case.reference
    if at.by.organization != ref.institution:
        raise NotPermitted(
            "not-the-institution",
            "the institution that has the case gives it back",
            clause="R 3.1.2",
        )
    if case.triaged is not None:
        raise NotAllowedInState(
            "taken-already",
            "what was triaged once is not given back, though it is analysed anew",
            clause="R 3.1.2, 3.1.6",
        )
    last = case.forwardings[-1] if case.forwardings else None
    if last is None or last.returned is not None:
        raise NotAllowedInState(
            "not-forwarded", "nobody forwarded this referral, so none can have it back",
            clause="R 3.1.2",
        )  # fmt: skip
    if reason is ReturnReason.OTHER and explanation is None:
        raise InvalidInput(
            "return-unexplained", "say why it is given back", field="explanation", clause="R 3.1.2"
        )
    last.returned = Returned(
        at=at.now, recorded_by=at.by.id, reason=reason, explanation=explanation
    )
    closed = case.terms.close(*terms_until_triage(case), at=at.now)
    case.ref = _moved(ref, Onward(institution=last.sender, authorised_body=last.sender_body))
    case.status, case.reached_at, case.proposal = Status.TO_FORWARD, None, None
    case.pass_on_at = at.now + GRACE
    tell_requester(case, at)
    return [
        ReferralReturned(
            by=at.by,
            case=case.ref,
            institution=ref.institution,
            reason=reason,
            closed=closed,
            opened=_begin_anew(case, at),
        )
    ]


def _begin_anew(case: Case, at: Context) -> tuple[Deadline, ...]:
    """Where it came to, its terms run from its receipt there."""
    return case.terms.open(*[at.deadline(case.pack, code) for code in terms_until_triage(case)])


def may_move(case: Case) -> bool:
    """Whether it may still go to another organization: it waits to be passed on, or was passed on
    and may be given back, until triage (R 3.1.2)."""
    untriaged = case.status in {Status.REGISTERED, Status.ANALYSED} and case.triaged is None
    return case.status is Status.TO_FORWARD or (untriaged and bool(case.forwardings))


def took_part(case: Case, by: Actor) -> bool:
    """Whether the caller has the case, or has passed it on or given it back: whoever did is
    answered when they ask again."""
    passed = {known.sender for known in case.forwardings}
    return involves(case, by) or by.organization in passed | _gave_back(case)


def _gave_back(case: Case) -> set[str]:
    return {known.institution for known in case.forwardings if known.returned is not None}


def _require_holder(case: Case, by: Actor) -> None:
    if not case.reference.is_served_by(by.organization):
        raise NotPermitted(
            "not-the-body", "the body that took the referral in passes it on", clause="R 3.1.2"
        )


def _move(
    case: Case, to: Onward, chosen_by: ChosenBy, note: str | None, at: Context
) -> list[Event]:
    before = case.reference
    closed = case.terms.close(*terms_until_triage(case), at=at.now)
    case.forwardings.append(
        Forwarding(
            sender=before.institution,
            sender_body=before.authorised_body,
            institution=to.institution,
            sent_at=at.now,
            sent_by=at.by.id,
            chosen_by=chosen_by,
            note=note,
        )
    )
    case.ref, case.status = _moved(before, to), Status.REGISTERED
    case.reached_at, case.pass_on_at = at.now, at.now + GRACE
    tell_requester(case, at)
    return [
        ReferralForwarded(
            by=at.by,
            case=case.ref,
            sender=before.institution,
            closed=closed,
            opened=_begin_anew(case, at),
        )
    ]


def _moved(ref: CaseRef, to: Onward) -> CaseRef:
    return ref.model_copy(
        update={"institution": to.institution, "authorised_body": to.authorised_body}
    )
