"""`python -m tests.bench.imports [rows]`: how long an imported file takes, preview and application.

Invented: as many new organizations as a large region has, in one table; the directory is asked over
HTTP, on servers of its own. What came of every row is asserted.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from deploy.runner.servers import Servers
from tests.conftest import ServerUrls
from tests.service.directory.conftest import app_of, loaded
from tests.service.directory.test_imports import Importing, row, table
from tests.service.stack import stacked

ROWS = 3_000
AT_MOST = 900
"""Seconds after which it is given up."""


async def measured(rows: int) -> None:
    content = table(*(row(f"x-bench-{number}") for number in range(rows)))
    with TemporaryDirectory() as folder, Servers("bench-imports") as servers:
        urls = ServerUrls(servers.amqp_url, servers.mongo_url)
        async with stacked(urls, Path(folder)) as stack:
            app = app_of(stack)
            client = await stack.serve(app)
            directory = await loaded(app)
            editor = Importing(client, stack)
            begun = time.perf_counter()
            await editor.preview(content)
            previewed = time.perf_counter() - begun
            begun = time.perf_counter()
            assert (await editor.apply()).status_code == 200
            slowest = 0.0
            async with asyncio.timeout(AT_MOST):
                while (found := (await editor.get()).json())["status"] != "applied":
                    await asyncio.sleep(0.5)
                    asked = time.perf_counter()
                    await client.get("/organizations/r-department")
                    slowest = max(slowest, time.perf_counter() - asked)
            applied = time.perf_counter() - begun
            assert found["outcomes"]["applied"] == rows
            assert directory.snapshot.get(f"x-bench-{rows - 1}") is not None
    print(
        f"{rows:,} rows ({len(content) // 1024:,} KB): previewed in {previewed:.1f} s,"
        f" applied in {applied:.1f} s ({1000 * applied / rows:.1f} ms a row); meanwhile a reader"
        f" waited {1000 * slowest:.0f} ms at most"
    )


if __name__ == "__main__":
    uvloop.run(measured(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
