"""Services whose cases go astray, each by one protection less: the worklists must show it, and the
register where it is the one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chassis.commands import Commands
from chassis.consumer import Consumer
from chassis.document import Answered, Reading
from chassis.store import Collection
from contracts.assessment import AssessmentOpened
from contracts.careplan import Refused
from contracts.envelope import Envelope
from services.intake.domain.case import Case
from services.registry.domain.case import CaseRecord
from tests.simulation.broken import ONE_OF, consumer, with_part
from tests.simulation.scenario import Scenario
from tests.simulation.world import Maker


class Aimless(Commands):
    """Decides, and does not ask when the case has to be looked at again."""

    async def execute(self, *arguments: Any, **more: Any) -> Answered:
        *before, decide = arguments

        def decided(state: Any) -> Any:
            events = decide(state)
            if isinstance(state, Case):
                state.follow_up = None
            return events

        return await super().execute(*before, decided, **more)


def aimless(service: Any) -> None:
    """Commands after which a case has no follow-up."""
    service.commands = Aimless(service.name, service.settings.district)


class Deaf(Consumer):
    """Does not hear which terms others start."""

    async def _deliver(
        self, collection: Collection[Any], reading: Reading, document_id: str, envelope: Envelope
    ) -> None:
        if collection.spec.state is Case:
            heard = {name: value for name, value in envelope.data.items() if name != "opened"}
            envelope = envelope.model_copy(update={"data": heard})
        await super()._deliver(collection, reading, document_id, envelope)


class Unlisted(Consumer):
    """Does not hear that a case was refused, and leaves it in its list."""

    async def _deliver(
        self, collection: Collection[Any], reading: Reading, document_id: str, envelope: Envelope
    ) -> None:
        if collection.spec.state is Case:
            known = {kind: act for kind, act in reading.handlers.items() if kind is not Refused}
            reading = replace(reading, handlers=known)
        await super()._deliver(collection, reading, document_id, envelope)


class Forgetful(Consumer):
    """A register that does not hear that assessment has taken a case over."""

    async def _deliver(
        self, collection: Collection[Any], reading: Reading, document_id: str, envelope: Envelope
    ) -> None:
        if collection.spec.state is CaseRecord:
            known = {
                kind: act for kind, act in reading.handlers.items() if kind is not AssessmentOpened
            }
            reading = replace(reading, handlers=known)
        await super()._deliver(collection, reading, document_id, envelope)


ASTRAY: Mapping[str, tuple[Mapping[str, Maker], Scenario, str]] = {
    "a case has no follow-up": (
        with_part(aimless),
        Scenario(1, ("consultation",)),
        "in consultation has no next term",
    ),
    "terms of others are not heard": (
        with_part(consumer(Deaf)),
        Scenario(1, ONE_OF),
        "were not heard of",
    ),
    "a refused case stays in its list": (
        with_part(consumer(Unlisted)),
        Scenario(1, ("refusal",)),
        "which has done with it",
    ),
    "the register does not follow a case": (
        with_part(consumer(Forgetful)),
        Scenario(1, ("urgent",)),
        "in the register",
    ),
}
"""As `broken.BROKEN`."""
