"""Started in place of every program, to become it: so that none outlives the runner.

The kernel is asked to end this process when its parent ends, even by kill -9; the request outlasts
`exec`. The command and its exact environment come from a file, because quoting them through
supervisor's configuration would be a second, weaker syntax. Standard library only: it starts in
milliseconds, before every (re)start of every program.
"""

import ctypes
import json
import os
import resource
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Erlang loops over every possible descriptor; some containers allow a thousand million of them.
MAX_OPEN_FILES = 65536


def main() -> None:
    """Become the program described by the file named on the command line."""
    program = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, program["signal"], 0, 0, 0)
    if program["parent"] not in (None, os.getppid()):  # it ended before the request was made
        sys.exit(1)
    if program["adopts"]:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft > MAX_OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, hard))
    for stale in program["stale"]:
        Path(stale).unlink(missing_ok=True)
    os.chdir(program["directory"])
    command = program["command"]
    os.execvpe(command[0], command, program["environment"])  # noqa: S606 -- that is its purpose


if __name__ == "__main__":
    main()
