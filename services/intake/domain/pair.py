"""Two citizens who may be one: a person decides, pair by pair, and can undo it (L 5.1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.context import Context
from contracts.errors import require_allowed
from contracts.values import Actor, Text, Value
from services.intake.domain.citizen import Citizen
from services.intake.domain.likeness import Likeness


class PairStatus(StrEnum):
    """States of a pair. `joining`, `parting`: decided, and being carried out."""

    OPEN = "open"
    JOINING = "joining"
    SAME = "same"
    PARTING = "parting"
    DIFFERENT = "different"


class PairAction(StrEnum):
    """What can be done with a pair."""

    DECIDE = "decide"
    UNDO = "undo"


ALLOWED: dict[PairAction, frozenset[PairStatus]] = {
    PairAction.DECIDE: frozenset({PairStatus.OPEN}),
    PairAction.UNDO: frozenset({PairStatus.SAME, PairStatus.DIFFERENT}),
}
"""What may happen in which state; one test walks every state × action."""


class Verdict(StrEnum):
    """What a person decides about a pair."""

    SAME = "same"
    DIFFERENT = "different"


class PairDecision(Value):
    """A decision and, if it was undone, by whom and why."""

    verdict: Verdict
    reason: Text
    at: AwareDatetime
    by: Actor
    undone_at: AwareDatetime | None = None
    undone_by: Actor | None = None
    undone_reason: Text | None = None


class CitizenPair(BaseModel):
    """Two citizens, why they may be one, and what was decided. Holds no personal data."""

    id: str
    citizens: tuple[str, str] = Field(description="the one registered earlier first")
    found_at: AwareDatetime
    likeness: Likeness
    institution: str = Field(description="whose turn it is: whoever serves the later citizen")
    authorised_body: str
    involved: list[str] = Field(default_factory=list, description="organizations that may see it")
    status: PairStatus = PairStatus.OPEN
    decisions: list[PairDecision] = Field(default_factory=list)
    survivor: str | None = None
    joined: str | None = None
    settle_at: AwareDatetime | None = None


def pair_id(one: str, other: str) -> str:
    """The id of a pair follows from its citizens, so that no pair is there twice."""
    return "-".join(sorted((one, other)))


def elder_first(one: Citizen, other: Citizen) -> tuple[Citizen, Citizen]:
    """Two citizens by the time they were registered. Joinings lead from the later to the earlier
    one only, so that they never lead round in a circle."""
    first, second = sorted((one, other), key=_seniority)
    return first, second


def _seniority(citizen: Citizen) -> tuple[float, str]:
    known = citizen.registered_at
    return known.timestamp() if known is not None else 0.0, citizen.id


def may_see_pair(pair: CitizenPair, actor: Actor) -> bool:
    """Whoever serves one of the two, and their authorised bodies."""
    return actor.organization is not None and actor.organization in pair.involved


def require_pair(pair: CitizenPair, action: PairAction) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, pair.status, what="pair", clause="L 5.1")


def decide(
    pair: CitizenPair,
    verdict: Verdict,
    reason: str,
    at: Context,
    roots: tuple[Citizen, Citizen] | None = None,
) -> None:
    """A person says whether the two are one (L 5.1); of two, the one registered earlier goes on.

    `roots`, needed to join, are the two citizens or those whom they were joined to before. Are
    these one already, there is nothing left to join.
    """
    require_pair(pair, PairAction.DECIDE)
    pair.decisions.append(PairDecision(verdict=verdict, reason=reason, at=at.now, by=at.by))
    if verdict is Verdict.DIFFERENT or roots is None:
        pair.status = PairStatus.DIFFERENT
        return
    elder, younger = elder_first(*roots)
    if elder.id == younger.id:
        pair.status, pair.survivor, pair.joined = PairStatus.SAME, None, None
        return
    pair.survivor, pair.joined = elder.id, younger.id
    pair.status, pair.settle_at = PairStatus.JOINING, at.now


def undo(pair: CitizenPair, reason: str, at: Context) -> None:
    """A decision was wrong: the pair waits for a person again (L 5.1)."""
    require_pair(pair, PairAction.UNDO)
    _mark_undone(pair, at.by, reason, at.now)
    joined = pair.status is PairStatus.SAME and pair.joined is not None
    pair.status = PairStatus.PARTING if joined else PairStatus.OPEN
    pair.settle_at = at.now if joined else None


def settled(pair: CitizenPair) -> None:
    """What was decided is carried out."""
    if pair.status is PairStatus.JOINING:
        pair.status = PairStatus.SAME
    elif pair.status is PairStatus.PARTING:
        pair.status, pair.survivor, pair.joined = PairStatus.OPEN, None, None
    pair.settle_at = None


def overtaken(pair: CitizenPair, by: Actor, now: datetime) -> None:
    """The one to be joined was joined elsewhere meanwhile: a person looks again."""
    _mark_undone(pair, by, "one of the two was joined to another card meanwhile", now)
    pair.status, pair.settle_at, pair.survivor, pair.joined = PairStatus.OPEN, None, None, None


def _mark_undone(pair: CitizenPair, by: Actor, reason: str, now: datetime) -> None:
    undone = {"undone_at": now, "undone_by": by, "undone_reason": reason}
    pair.decisions[-1] = pair.decisions[-1].model_copy(update=undone)
