"""Started in place of every program, to become it: so that none outlives the runner.

The kernel is asked to end this process when its parent ends, even by kill -9; the request survives
`exec`. It also takes the command and the exact environment from a file, because quoting them through
supervisor's configuration would be a second, weaker syntax. Standard library only: it starts in
milliseconds, before every (re)start of every program.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Erlang loops over every possible descriptor; some containers allow a thousand million of them.
MAX_OPEN_FILES = 65536


def tie_to_parent(parent: int, signal_number: int) -> None:
    """Have the kernel send `signal_number` to this process when `parent` ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request was made
        os.kill(os.getpid(), signal_number)


def main() -> None:
    """Become the program described by the file named on the command line."""
    tie_to_parent(os.getppid(), signal.SIGKILL)
    program = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft > MAX_OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, hard))
    for stale in program["stale"]:
        Path(stale).unlink(missing_ok=True)
    os.chdir(program["directory"])
    os.execvpe(program["command"][0], program["command"], program["environment"])


if __name__ == "__main__":
    main()
