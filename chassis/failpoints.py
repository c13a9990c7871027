"""Points at which a test may have the process die, to see that nothing is lost there.

Armed only where OPORA_FAIL_POINTS names a directory: a process that reaches a point whose file
`<service>.<point>` lies there takes the file away and dies on the spot, without a word to anybody.
A process that was forked, and so has no environment of its own, is told by `look_in`. The file's
text names what the point must be about (`cases/<id>/<sequence>` of a save or a clear, the event's
id of a publish, a confirmation or an acknowledgement). In production the variable is not set. A
simulation, in which several services share a process, watches its own points instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

_directory = os.environ.get("OPORA_FAIL_POINTS")
_service = os.environ.get("SERVICE", "")

POINTS = (
    "before-save",
    "after-save",
    "before-publish",
    "after-publish",  # the broker has it, and nobody here has looked at its answer
    "before-confirm",
    "after-confirm",  # it is noted here that the broker has it
    "before-clear",
    "after-clear",
    "before-acknowledge",
    "after-acknowledge",
)

Watcher = Callable[[str, str], None]

watched_by: ContextVar[Watcher | None] = ContextVar("watched_by", default=None)
"""Who is told of the points reached by the tasks of one context: (point, about)."""


def look_in(directory: Path, service: str) -> None:
    """Have this process look for what is armed in that directory, as that service."""
    global _directory, _service
    _directory, _service = str(directory), service


def reach(point: str, about: str) -> None:
    """Die here, once, if that was asked for."""
    watcher = watched_by.get()
    if watcher is not None:
        watcher(point, about)
    if _directory is None:
        return
    armed = Path(_directory) / f"{_service}.{point}"
    try:
        if armed.read_text() != about:
            return
        armed.unlink()
    except FileNotFoundError:
        return
    os._exit(137)
