"""Further referrals as a case keeps them (L 5.1); the rules are in `further.py`."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel

from contracts.referral import Channel, ReviewOutcome
from contracts.values import Text, Value


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


def number_of(entry_id: str) -> str:
    """The number a person writes down, from the id of the journal entry."""
    institution, year, number = entry_id.removeprefix("J-").rsplit("-", 2)
    return f"{institution}/{year}/{number}"
