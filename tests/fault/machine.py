"""A broker and a database of the fault tests' own: killed, frozen and reconfigured at will."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from deploy.runner.broker import require_scripts
from deploy.runner.servers import Servers
from deploy.runner.system import System


class Machine(Servers):
    """Started afresh even where the environment names servers: somebody else's are not killed."""

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name, **more)
        self.amqp_url = self.mongo_url = ""

    def kill(self, program: str) -> int:
        """End it with -9; supervisor starts it again. Returns the dead one's process id."""
        pid = self.pid(program)
        os.kill(pid, signal.SIGKILL)
        return pid

    def replaced(self, program: str, dead: int) -> bool:
        """Whether another process runs in the dead one's place, and answers."""
        if self.pid(program) in {0, dead}:
            return False
        self.wait_ready(program, seconds=60)
        return True

    @contextmanager
    def frozen(self, program: str) -> Iterator[None]:
        """Within the block the program stands still, its connections open; it is asserted to."""
        process = psutil.Process(self.pid(program))
        process.suspend()
        try:
            deadline = time.monotonic() + 5
            while process.status() != psutil.STATUS_STOPPED:
                assert time.monotonic() < deadline, "it could not be frozen"
                time.sleep(0.01)
            yield
        finally:
            process.resume()

    async def rabbitmqctl(self, *words: str) -> str:
        """Have the broker told something by its own tool; returns what that printed."""
        described = json.loads((self.data_dir / "programs" / "broker.json").read_text())
        tool = await asyncio.create_subprocess_exec(
            str(require_scripts() / "rabbitmqctl"),
            *("--quiet", *words),
            env=described["environment"],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(tool.communicate(), 60)
        assert tool.returncode == 0, output.decode()
        return output.decode()


class District(Machine, System):
    """The whole system on servers of its own, every process of which may be harmed."""
