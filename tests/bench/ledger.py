"""What a process asked of the database, as seen on its way there; read from outside at any time.

The counts lie in a file that both sides map, so that reading them costs the process nothing.
"""

from __future__ import annotations

import mmap
import operator
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from pymongo import monitoring

_COUNTS = struct.Struct("<QQQ")
_JOURNALED = {"w": "majority", "j": True}
_WRITES = {"insert", "update", "delete", "findAndModify"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Commands sent: reads, writes, and writes that asked for majority and journal."""

    reads: int = 0
    writes: int = 0
    journaled: int = 0

    def __add__(self, other: Asked) -> Asked:
        return Asked(
            self.reads + other.reads, self.writes + other.writes, self.journaled + other.journaled
        )

    def __sub__(self, other: Asked) -> Asked:
        return Asked(
            self.reads - other.reads, self.writes - other.writes, self.journaled - other.journaled
        )


class Ledger(monitoring.CommandListener):
    """Counts this process's commands. A process that is restarted goes on counting."""

    def __init__(self, file: str) -> None:
        path = Path(file)
        if not path.exists():
            path.write_bytes(bytes(_COUNTS.size))
        with path.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _COUNTS.size)
        self._lock = threading.Lock()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in {"find", *_WRITES}:
            return
        writes = event.command_name != "find"
        journaled = writes and dict(event.command.get("writeConcern", {})) == _JOURNALED
        with self._lock:
            counts = _COUNTS.unpack_from(self._map)
            more = (not writes, writes, journaled)
            _COUNTS.pack_into(self._map, 0, *map(operator.add, counts, more))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def asked(file: Path) -> Asked:
    """The counts of the process that keeps this file."""
    return Asked(*_COUNTS.unpack(file.read_bytes()))
