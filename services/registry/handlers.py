"""What the register does on events: it takes every one over, whoever says it."""

from __future__ import annotations

from chassis.document import Handler
from contracts.event import Event
from services.registry.domain.case import learn
from services.registry.domain.log import CASE_STREAMS, DECLARED

CASE_HANDLERS: dict[type[Event], Handler] = {
    declared: learn for declared in DECLARED.values() if declared.stream in CASE_STREAMS
}
"""One handler for every event of the streams a case reads: a new event needs no line here."""
