"""The operator's guide works as written: the blocks of its three incidents are run."""

from __future__ import annotations

import asyncio
import os
import re

import psutil

from contracts.topology import READS
from deploy.runner.servers import ROOT
from deploy.runner.system import System
from tests.conftest import ServerUrls
from tests.system.conftest import Region

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def incidents() -> str:
    """The blocks, one after the other."""
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return "".join(BLOCK.findall(guide))


async def test_three_incidents_end_well(region: Region, servers: ServerUrls) -> None:
    script = incidents()
    assert script.count("./opora") > 15
    services = {*READS, "directory"}
    urls = {name: url for name, url in region.system.urls.items() if name in services}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=ROOT,
        env={
            **os.environ,
            "INTAKE": urls["intake"],
            **{f"OPORA_{name.upper()}_URL": url for name, url in urls.items()},
            "OPORA_SYSTEM": region.system.name,
            "LOCAL": str(region.system.data_dir),
            "BROKER_PID": str(_broker_pid_file(region.system)),
            "AMQP": servers.amqp_url,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode()
    assert process.returncode == 0, text[-5000:]
    for sentence in (
        "is not ready: broker",
        "blocked by an event that failed",
        "It failed again in assessment (data-does-not-fit",
        "Passed over in registry; 1 events were released with it.",
        "careplan does not answer",
    ):
        assert sentence in text, text[-5000:]


def _broker_pid_file(system: System) -> object:
    """Of the system's own broker; on a broker of somebody else's the guide cannot be tried."""
    file = system.data_dir / "broker" / "pid"
    assert psutil.pid_exists(int(file.read_text()))
    return file
