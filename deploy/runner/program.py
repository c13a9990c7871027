"""One program to keep running, and the command that becomes it, tied to its parent and marked."""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.runner import tether

MARK = "OPORA_RUNNER"


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    `ready` is a URL asked until it answers: tcp:// (accepts a connection), http:// (status 200).
    `stale` files are removed before each start. `group` says whether the stop signal goes to the
    program's whole process group, `restarted` whether the program is started again when it ended.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: str
    priority: int = 999
    directory: Path = field(default_factory=Path.cwd)
    stale: Sequence[Path] = ()
    group: bool = True
    restarted: bool = True


def tethered(program: Program, data_dir: Path, parent: int | None = None) -> list[str]:
    """The command that becomes `program`. One with a `parent` is the supervisor itself.

    It is told politely when the runner is gone, so that it can stop the rest, and adopts what they
    leave behind: in a container there may be no init that would.
    """
    description = {
        "command": list(program.command),
        "environment": {**program.environment, MARK: str(data_dir)},
        "directory": str(program.directory),
        "stale": [str(file) for file in program.stale],
        "signal": signal.SIGTERM if parent else signal.SIGKILL,
        "parent": parent,
        "adopts": parent is not None,
    }
    file = data_dir / "programs" / f"{program.name}.json"
    _write_private(file, json.dumps(description, indent=2))
    return [sys.executable, "-I", "-S", tether.__file__, str(file)]


def _write_private(file: Path, text: str) -> None:
    """Programs' environments hold tokens and keys."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
