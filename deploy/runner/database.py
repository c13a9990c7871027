"""A private database speaking MongoDB's protocol: nx-27017, described as a program to run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.program import Program


@dataclass(frozen=True)
class Database:
    """A server that is ready to be run: where it will answer and its program."""

    url: str
    program: Program


def prepare_database(data_dir: Path) -> Database:
    """Lay out one server for all services under `data_dir` on a free port; nothing is started."""
    (port,) = free_ports(1)
    home = data_dir / "database"
    (home / "data").mkdir(parents=True, exist_ok=True)
    pid_file = home / "pid"
    program = Program(
        name="database",
        command=(
            *(sys.executable, str(Path(sys.executable).with_name("nx-27017"))),
            *("--host", LOOPBACK, "--port", str(port)),
            # One file per database; with --db all services would share one namespace.
            *("--data-dir", str(home / "data")),
            *("--pid-file", str(pid_file)),
            *("--log-file", os.devnull),  # standard error has it all already
        ),
        environment=dict(os.environ),
        ready=f"tcp://{LOOPBACK}:{port}",
        priority=20,
        directory=home,
        # After kill -9 its number may be somebody else's, and the server would refuse to start.
        stale=(pid_file,),
    )
    return Database(f"mongodb://{LOOPBACK}:{port}/", program)
