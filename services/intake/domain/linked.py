"""Further referrals as a case keeps them (L 5.1); the rules are in `further.py`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel

from contracts.referral import Channel, ReviewOutcome
from contracts.status_code import MOST_CODES
from contracts.triage import TriageCode
from contracts.values import Text, Value
from services.intake.domain.priority import Priority
from services.intake.domain.records import TriageProposal


class Said(Value):
    """What a referral says of the citizen that its case goes by (R 3.1.7, 3.3.3)."""

    in_danger: bool = False
    in_hospital: bool = False
    priority: Priority | None = None


class ReferralReview(Value):
    """Somebody has looked at a further referral: what is to follow from it, and why (R 3.1.3)."""

    at: AwareDatetime
    by: str
    outcome: ReviewOutcome
    note: Text


class LinkedReferral(BaseModel):
    """A further referral about the same citizen (L 5.1)."""

    entry_id: str
    received_at: AwareDatetime
    channel: Channel
    requester: str | None = None
    in_danger: bool = False
    in_hospital: bool = False
    to_review: bool = False
    """It came when the case was triaged or set aside, and nobody has looked at it yet."""
    review: ReferralReview | None = None
    coded: bool = False
    """Who applied was told a code of their own, by which they ask where the case stands."""


class TakenUp(Value):
    """What a declined case was before a further referral took it up again (L 5.1): it is set aside
    as it was, should that leave before anything was done in it."""

    by: str
    """The referral, or the case whose referrals they were."""
    status_before: str | None = None
    code: TriageCode | None = None
    proposal: TriageProposal | None = None
    override_reason: str | None = None
    analysed_since: AwareDatetime | None = None
    in_danger: bool = False
    think_until: AwareDatetime | None = None
    ask_again_at: AwareDatetime | None = None
    to_review: tuple[str, ...] = ()
    answerings: int = 0
    linked: int = 0
    """How many further referrals it has had since."""


def coded_entries(linked: Sequence[LinkedReferral]) -> list[str]:
    """Journal entries of further referrals whose codes hold besides the case's own (R 3.7.3)."""
    return [link.entry_id for link in linked if link.coded][-MOST_CODES:]
