"""Local copies of other services' records, kept from their events.

Invariant: a copy changes by its owner's events only, in their order, each once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from chassis.document import Handler
from chassis.store import Collection
from chassis.stored import Spec
from contracts.context import Context
from contracts.copies import Copy
from contracts.event import Event

C = TypeVar("C", bound=Copy)


def copies(name: str, kind: type[C], *found_by: str) -> Spec[C]:
    """Documents that are copies; `found_by` names those of their fields that are asked for."""
    return Spec(
        name=name,
        state=kind,
        index=lambda copy: {field: getattr(copy, field) for field in found_by},
        indexed=tuple((field,) for field in found_by),
    )


async def state_of(collection: Collection[C], document_id: str) -> C | None:
    """What is kept of another's record; None before it was heard of."""
    document = await collection.get(document_id)
    return document.state if document is not None else None


def keeping(kind: type[Copy]) -> Mapping[type[Event], Handler]:
    """Handlers that keep a copy from the events it is made of."""
    return dict.fromkeys(kind.made_of, _keep)


def _keep(copy: Copy, event: Event, _: Context) -> Sequence[Event]:
    copy.keep(event)
    return ()
