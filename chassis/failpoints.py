"""Points at which a test may have the process die, to see that nothing is lost there.

Armed only where OPORA_FAIL_POINTS names a directory: a process that reaches a point whose file
`<service>.<point>` lies there takes the file away and dies on the spot, without a word to anybody.
The file's text names what the point must be about (`cases/<id>/<sequence>` of a save, the event's
id of a publish or an acknowledgement). In production the variable is not set.
"""

from __future__ import annotations

import os
from pathlib import Path

_directory = os.environ.get("OPORA_FAIL_POINTS")
_service = os.environ.get("SERVICE", "")

POINTS = ("before-save", "after-save", "before-publish", "after-publish", "before-acknowledge")


def reach(point: str, about: str) -> None:
    """Die here, once, if that was asked for."""
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
