"""The declaration of an event: one class, from which everything else about it derives.

Type, routing key, schema address, title and clause all come from the class, so that an event's
name is typed in one place only. Within a version only optional fields may be added; any other
change is a new version (`tests/contract/test_catalogue.py` holds this).
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.context import Context
from contracts.terms import Alarm, ClosedTerm, Deadline, TermBook
from contracts.values import Actor, Identifier

PREFIX = "ru.opora."

REGISTERED: dict[str, type[Event]] = {}
"""Every declared event by its CloudEvents type."""


class Event(BaseModel):
    """Base of all events. `by` is who did it; what it is about is the envelope's subject.

    Class keywords: `stream` (which kind of stream carries it, e.g. `intake.case`), `ru` and `en`
    (what a timeline calls it), `clause` (the rule it fulfils) and `version`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: ClassVar[str]
    type: ClassVar[str]
    ru: ClassVar[str]
    en: ClassVar[str]
    clause: ClassVar[str]

    by: Actor

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__()  # the keywords are read below, once the model is complete

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        stream: str = "",
        ru: str = "",
        en: str = "",
        clause: str = "",
        version: int = 1,
        **kwargs: object,
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not stream:  # an abstract base such as CaseEvent
            return
        words = re.sub(r"V\d+$", "", cls.__name__)
        kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", words).lower()
        service = stream.split(".", maxsplit=1)[0]
        cls.stream, cls.ru, cls.en, cls.clause = stream, ru, en, clause
        cls.type = f"{PREFIX}{service}.{kebab}.v{version}"
        if cls.type in REGISTERED:
            raise TypeError(f"event {cls.type} is declared twice")
        REGISTERED[cls.type] = cls

    @classmethod
    def routing_key(cls) -> str:
        """Topic the event is published under, e.g. `intake.case-triaged.v1`."""
        return cls.type.removeprefix(PREFIX)

    @classmethod
    def schema_name(cls) -> str:
        """File name of the JSON schema, e.g. `intake.case-triaged.v1.json`."""
        return f"{cls.routing_key()}.json"


class CaseEvent(Event):
    """An event about one citizen's case; says which terms it started and which it ended."""

    opened: tuple[Deadline, ...] = ()
    closed: tuple[ClosedTerm, ...] = ()


class TermDueSoonFact(Event):
    """A watched term is about to run out. Each owner declares its own event from this."""

    term: Deadline
    institution: Identifier | None = None


class TermMissedFact(Event):
    """A watched term ran out before it was met. Each owner declares its own event from this."""

    term: Deadline
    institution: Identifier | None = None


def sound(
    terms: TermBook,
    due_soon: type[TermDueSoonFact],
    missed: type[TermMissedFact],
    at: Context,
    **said: Any,
) -> list[Event]:
    """The alarms that are due, as the two events that their owner declares for them."""
    kinds: dict[Alarm, Any] = {Alarm.DUE_SOON: due_soon, Alarm.MISSED: missed}
    return [kinds[alarm](by=at.by, term=term, **said) for alarm, term in terms.ring(at.now)]
