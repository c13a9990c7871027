"""What all contenders carry: a case takes turns through the same stages, with the same payload.

A turn is one event of about a kilobyte going through every stage in a row: each stage reads one
event, changes one document durably and issues one event. A case takes several turns, one after the
other, as a real one does: its documents are made once and changed often.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

STAGES = ("assessment", "careplan", "registry")
TURNS = 4
PREFETCH = 32
"""How many events a process may have in hand; the services' own figure."""

NOTE = "4207 " * 110
"""What an event says and a document keeps. Digits: every JSON library writes them alike."""
FRAME = "1941 " * 100
"""As much as the envelope of a real event adds to what it says, for contenders without one."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One case's n-th way through the stages."""

    case: str
    number: int


def said(turn: Turn) -> dict[str, Any]:
    """The event of a contender that has no envelope."""
    return {"case": turn.case, "turn": turn.number, "note": NOTE, "frame": FRAME}


def advanced(stored: dict[str, Any] | None, event: dict[str, Any]) -> dict[str, Any] | None:
    """The document after an event, as little as it can be; None if it has had that one already."""
    before = stored or {"_id": event["case"], "rev": 0, "heard": 0}
    if event["turn"] <= before["heard"]:
        return None
    if event["turn"] != before["heard"] + 1:
        raise ValueError(f"{event['case']}: turn {event['turn']} after {before['heard']}")
    return {**before, "rev": before["rev"] + 1, "heard": event["turn"], "note": event["note"]}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process stands: told by its environment."""

    contender: str
    stage: str
    port: int
    amqp_url: str
    mongo_url: str
    ledger: str

    @classmethod
    def here(cls) -> Place:
        """This process's."""
        given = os.environ
        return cls(
            given["BENCH_CONTENDER"],
            given["BENCH_STAGE"],
            int(given["BENCH_PORT"]),
            given["OPORA_AMQP_URL"],
            given["OPORA_MONGO_URL"],
            given["BENCH_LEDGER"],
        )

    @property
    def inbox(self) -> str:
        """The queue this stage reads."""
        return f"{self.contender}.{self.stage}"

    @property
    def onward(self) -> str:
        """The queue that what this stage says goes to."""
        following = dict(zip(STAGES, (*STAGES[1:], "done"), strict=True))
        return f"{self.contender}.{following[self.stage]}"


def database_of(contender: str, stage: str) -> str:
    """Every stage keeps its own data, as services do."""
    return f"{contender}_{stage}"
