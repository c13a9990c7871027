"""Each page of the API works as written: its own blocks are run, after the common beginning."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from deploy.runner.servers import ROOT
from tests.system.conftest import Region

PAGES = ROOT / "docs" / "api"
BLOCK = re.compile(r"^```(sh|sh refused)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROBLEM = "urn:opora:problem"
REFUSED = """answer=$(
{block})
case $answer in *"urn:opora:problem"*) ;; *) echo "NOT REFUSED: $answer"; exit 9 ;; esac
printf '%s\\n' "${{answer//urn:opora:problem/refused}}"
"""


def script(page: Path) -> str:
    """The blocks of a page; one marked as refused must be."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return "\n".join(
        block if mark == "sh" else REFUSED.format(block=block) for mark, block in found
    )


def pages() -> list[str]:
    return sorted(page.name for page in PAGES.glob("*.md") if page.name != "README.md")


@pytest.mark.parametrize("name", pages())
async def test_page_of_the_api_works_as_written(region: Region, name: str) -> None:
    urls = {service.upper(): url for service, url in region.system.urls.items()}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script(PAGES / "README.md") + script(PAGES / name)),
        cwd=ROOT,
        env={**os.environ, **urls, "OPORA_SYSTEM": region.system.name},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode()
    unforeseen = [line for line in text.splitlines() if PROBLEM in line]
    assert (process.returncode, unforeseen) == (0, []), text[-4000:]
