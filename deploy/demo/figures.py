"""What the run came to: counted from the services' own metrics, positions and records."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from deploy.demo.journey import Case
from deploy.demo.office import Wire
from deploy.demo.staff import Staff
from deploy.runner.system import System
from deploy.services import SERVICES

OWN_STREAMS = ("intake", "assessment", "careplan")
OUTCOMES = ("applied", "duplicates", "parked", "released", "failed")


@dataclass(frozen=True, slots=True)
class Travelled:
    """One case that went the whole way, and how long that took."""

    case: Case
    seconds: float


async def disagreements(staff: Staff, travelled: Sequence[Travelled]) -> list[str]:
    """Where the register and a service do not say the same about a case; empty when all agree."""
    found: list[str] = []
    for case in (entry.case for entry in travelled):
        record = await staff.reader.get("registry", case.record)
        if record["stage"] != "enrolled":
            found.append(f"{case.id}: the register says {record['stage']}")
            continue
        found += await _differences(staff, case, record["result"])
        seen = await staff.reader.get("registry", f"{case.record}/positions")
        if seen["waiting"]:
            found.append(f"{case.id}: events wait in the register")
        for service in OWN_STREAMS:
            issued = await staff.operator.get(service, f"/operations/cases/{case.id}")
            read = seen["positions"].get(f"{service}.case.{case.id}", 0)
            if issued["issued"] != read:
                found.append(f"{case.id}: {service} issued {issued['issued']}, register has {read}")
            if issued["parked"]:
                found.append(f"{case.id}: events are set aside in {service}")
    return found


async def _differences(staff: Staff, case: Case, result: Mapping[str, Any]) -> list[str]:
    """Where the outcome in the register is not the outcome that the services have."""
    planned = await staff.organizer.get("careplan", case.record)
    known = await staff.registrar.get("intake", case.record)
    said = {
        "order in careplan": (planned["order"]["number"], result["enrolment"]["order_number"]),
        "order in intake": (known["progress"]["order_number"], result["enrolment"]["order_number"]),
        "level in intake": (known["progress"]["assessed_level"], result["level"]),
        "provider in careplan": (planned["order"]["provider"], result["enrolment"]["provider"]),
    }
    return [
        f"{case.id}: {what} is {service}, in the register {register}"
        for what, (service, register) in said.items()
        if service != register
    ]


async def metrics(wire: Wire) -> dict[str, float]:
    """The services' counters, summed over the services; a restarted one began again at 0."""
    totals: dict[str, float] = dict.fromkeys((*OUTCOMES, "published", "recovered"), 0.0)
    for service in SERVICES:
        response = await wire.call("GET", service, "/metrics", {})
        for family in text_string_to_metric_families(response.text):
            for sample in family.samples:
                name = {
                    "opora_events_total": sample.labels.get("outcome", ""),
                    "opora_events_published_total": "published",
                    "opora_outboxes_recovered_total": "recovered",
                }.get(sample.name, "")
                if name in totals:
                    totals[name] += sample.value
    return totals


def memory(system: System) -> dict[str, float]:
    """Resident megabytes of each program, with what it started."""
    found: dict[str, float] = {}
    for name in system.running.names:
        try:
            process = psutil.Process(system.pid(name))
            family = [process, *process.children(recursive=True)]
            found[name] = round(sum(each.memory_info().rss for each in family) / 1e6, 1)
        except psutil.NoSuchProcess:
            found[name] = 0.0
    return found


def pids(system: System) -> dict[str, int]:
    """The process ids of the services, by which a restart is seen."""
    return {name: system.pid(name) for name in SERVICES}


async def collect(
    system: System,
    staff: Staff,
    wire: Wire,
    travelled: Sequence[Travelled],
    seconds: float,
    began_as: Mapping[str, int],
) -> dict[str, Any]:
    """Every figure of the run; `began_as` are the process ids the services began with."""
    times = [entry.seconds for entry in travelled]
    counted = await metrics(wire)
    summary = await staff.reader.get("registry", "/summary")
    return {
        "cases_finished": len(travelled),
        "seconds": round(seconds, 1),
        "seconds_from_referral_to_order": {
            "median": round(statistics.median(times), 2) if times else None,
            "worst": round(max(times), 2) if times else None,
        },
        "events_in_the_log": summary["events"],
        "events_published": int(counted["published"]),
        "events_applied": int(counted["applied"]),
        "duplicates_dropped": int(counted["duplicates"]),
        "events_parked": int(counted["parked"]),
        "events_released": int(counted["released"]),
        "events_failed": int(counted["failed"]),
        "outboxes_recovered": int(counted["recovered"]),
        "http_requests": wire.requests,
        "http_requests_repeated": wire.repeated,
        "services_restarted": [n for n, pid in pids(system).items() if pid != began_as[n]],
        "memory_megabytes": memory(system),
        "pension_fund": (await wire.call("GET", "pension_fund", "/figures", {})).json(),
        "hospital": (await wire.call("GET", "hospital", "/figures", {})).json(),
        "disagreements": await disagreements(staff, travelled),
    }
