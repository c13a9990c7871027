"""`make demo`: one referral in full, 50 more in parallel, and what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console

from deploy.demo.figures import Travelled, collect, pids
from deploy.demo.journey import travel
from deploy.demo.office import Office, Wire
from deploy.demo.people import invent
from deploy.demo.report import show_figures, show_timeline, show_urls
from deploy.demo.staff import AUTHORISED_BODY, INSTITUTION, Staff, hire
from deploy.runner.errors import RunnerError
from deploy.runner.servers import LOCAL
from deploy.runner.system import TIME_ZONE, System

MORE = 50
AT_ONCE = 50
RESULT = LOCAL / "demo.json"
COPIES = ("intake", "assessment", "careplan", "complaints", "registry")


async def directory_known(operator: Office) -> None:
    """Every service has its own copy of the directory before the first referral comes."""
    for organization in (INSTITUTION, AUTHORISED_BODY):
        path = f"/operations/organizations/{organization}"
        for service in COPIES:
            await operator.wait(service, path, lambda found: found["issued"] == 0)


async def travel_timed(staff: Staff, number: int, run: str) -> Travelled:
    """One person's whole way, and how long it took."""
    began = time.perf_counter()
    case = await travel(staff, invent(number), run)
    return Travelled(case, time.perf_counter() - began)


async def run(system: System, console: Console) -> dict[str, Any]:
    """The main job 1 + 50 times; returns the result that is written to demo.json."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=30, limits=limits) as http:
        wire = Wire(http, system.urls)
        staff = hire(system, wire)
        await directory_known(staff.operator)
        began, began_as = time.perf_counter(), pids(system)
        # A number of people of their own for every run: servers that stay remember the last ones.
        first_number = int(time.time()) // 60 % 900_000 * 100
        name = f"{first_number:08d}"
        first = await travel_timed(staff, first_number, name)
        console.print(f"The first referral became an order in {first.seconds:.1f} s.")
        done, failures = [first], []
        waiting = [
            asyncio.create_task(travel_timed(staff, first_number + more, name))
            for more in range(1, MORE + 1)
        ]
        for finished in asyncio.as_completed(waiting):
            try:
                done.append(await finished)
            except Exception as failure:  # one case that fails must not hide the others
                failures.append(f"{type(failure).__name__}: {failure}")
            if console.is_terminal:
                console.print(f"  {len(done)} of {MORE + 1} enrolled", end="\r")
        seconds = time.perf_counter() - began
        figures = await collect(system, staff, wire, done, seconds, began_as)
        timeline = await staff.reader.get("registry", f"{first.case.record}/timeline?limit=100")
        return {
            "case": {"id": first.case.id, "number": first.case.journal_number},
            "timeline": timeline,
            "figures": figures,
            "failures": failures,
            "urls": dict(system.urls),
            "passed": not failures and not figures["disagreements"] and len(done) == MORE + 1,
        }


def main() -> int:
    """Run, show, write `.local/demo.json`; 0 only if all ended enrolled and all agree."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        console.print("Starting broker, database, simulators and six services …")
        with System.local(name="demo") as system:
            result = asyncio.run(run(system, console))
    except RunnerError as failure:
        console.print(f"[red]{failure}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    zone = ZoneInfo(TIME_ZONE)
    show_timeline(console, result["timeline"]["items"], result["case"]["number"], zone)
    show_figures(console, result["figures"])
    show_urls(console, result["urls"], result["case"]["id"], stays=False)
    for text in result["failures"]:
        console.print(f"[red]{text}[/red]")
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    console.print(f"Written to {RESULT.relative_to(LOCAL.parent)}.")
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
