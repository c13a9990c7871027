"""The README's walk with curl works as written: its own blocks are run."""

from __future__ import annotations

import asyncio
import os
import re

from deploy.runner.servers import ROOT
from tests.system.conftest import Region

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def walk() -> str:
    """The blocks of the walk, one after the other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## A walk with curl", 1)[1].split("\n## ", 1)[0]
    return "".join(BLOCK.findall(section))


async def test_readme_walk_with_curl_ends_enrolled(region: Region) -> None:
    urls = {name.upper(): url for name, url in region.system.urls.items()}
    script = walk()
    assert script.count("change $") > 20
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        cwd=ROOT,
        env={**os.environ, **urls, "OPORA_SYSTEM": region.system.name},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode()
    refused = [line for line in text.splitlines() if "urn:opora:problem" in line]
    assert (process.returncode, refused) == (0, []), text[-3000:]
    assert "enrolled" in text.splitlines()[-1]
