"""Interventions: what an operator did to the system, by whom and why. Each is written down first.

Invariant: nothing an operator asks for is begun before the asking is stored, with actor and
reason; a repetition with the same Idempotency-Key finds what came of it and does nothing again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis.clock import epoch_ms
from chassis.commands import Request
from chassis.document import Document
from chassis.http import Body
from chassis.store import AlreadyExists, Collection, LostRace
from chassis.stored import Spec
from contracts.context import Context
from contracts.errors import Refusal
from contracts.values import Actor

T = TypeVar("T", bound=BaseModel)

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]
"""Why an operator does it; kept. It must name no person: ids of cases are enough."""


class Why(Body):
    """The body of every intervention."""

    reason: Reason = Field(description="why; is kept, so it may name nobody")


class Intervention(BaseModel):
    """One thing an operator asked for, and what came of it."""

    id: str
    at: AwareDatetime
    by: Actor
    action: str
    about: str = Field(description="the document, event or letter that it concerns")
    reason: str
    fingerprint: str
    outcome: dict[str, Any] | None = Field(
        default=None, description="what came of it; none while it is under way, or if we died"
    )
    refused: str | None = Field(default=None, description="code of what was in the way, if any")


INTERVENTIONS = Spec(
    name="interventions",
    state=Intervention,
    index=lambda intervention: {"at": epoch_ms(intervention.at)},
    indexed=(("at", "id"),),
)


@dataclass(frozen=True, slots=True)
class Deed(Generic[T]):
    """What is asked: its name, what it concerns, the shape of what comes of it, and doing it."""

    action: str
    about: str
    shape: type[T]
    act: Callable[[bool], Awaitable[T]]
    """Told whether it was begun before: after a death it must know what it had done by then."""
    check: Callable[[], Awaitable[None]] | None = None
    """Refuses what cannot be done, before anything is written down."""


async def carry_out(
    interventions: Collection[Intervention],
    request: Request,
    at: Context,
    reason: str,
    deed: Deed[T],
) -> T:
    """Write down, act, write down what came of it; a repetition gets the first outcome."""
    document, again = await interventions.get(f"I{request.key}"), True
    if document is None:
        if deed.check is not None:
            await deed.check()
        document, again = await _write_down(interventions, request, at, reason, deed)
    request.require_same(document.state.fingerprint)
    if document.state.outcome is not None:
        return deed.shape.model_validate(document.state.outcome)
    try:
        outcome = await deed.act(again)
        document.state.outcome, document.state.refused = outcome.model_dump(mode="json"), None
    except Refusal as refused:
        document.state.refused = refused.code
        raise
    finally:
        with suppress(LostRace):  # the same request at the same time: its outcome is the same
            await interventions.save(document)
    return outcome


async def _write_down(
    interventions: Collection[Intervention],
    request: Request,
    at: Context,
    reason: str,
    deed: Deed[T],
) -> tuple[Document[Intervention], bool]:
    """The intervention, and whether somebody had written it down before."""
    asked = Intervention(
        id=f"I{request.key}",
        at=at.now,
        by=at.by,
        action=deed.action,
        about=deed.about,
        reason=reason,
        fingerprint=request.fingerprint,
    )
    document = Document(id=asked.id, state=asked, version=1)
    try:
        await interventions.save(document)
    except AlreadyExists:  # the same request at the same time
        return await interventions.get(asked.id) or document, True
    return document, False
