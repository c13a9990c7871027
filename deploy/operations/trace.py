"""`opora trace`: one case through all services, in order, with times."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deploy.operations.region import OperatorError, Region
from deploy.operations.show import AsJson, as_json, console, table


def trace(
    case: Annotated[str, typer.Argument(help="The case's id.")], as_json_: AsJson = False
) -> None:
    """Follow one case through all services: every event in order of time, and who has read it."""
    region = Region()
    record = region.find("registry", f"/cases/{case}")
    places = {
        service: found
        for service in region.services
        if (found := region.find(service, f"/operations/cases/{case}")) is not None
    }
    if record is None and not places:
        raise OperatorError(f"No service knows a case {case}.")
    lines = _timeline(region, case) if record is not None else []
    if as_json_:
        as_json({"case": record, "events": lines, "services": places})
        return
    table(
        f"Case {case}",
        ("time", "service", "event", "what", "who"),
        [
            (
                line["time"][:19].replace("T", " "),
                line["stream"].split(".", 1)[0],
                f"{line['stream']}:{line['sequence']}",
                line["title_en"],
                line["who"].get("role"),
            )
            for line in lines
        ],
    )
    table(
        "Where it stands",
        ("service", "issued", "unconfirmed", "read", "set aside"),
        [
            (
                service,
                found["issued"],
                found["unconfirmed"],
                _short(found["read"]),
                ", ".join(f"{event} ({why or 'early'})" for event, why in found["parked"].items())
                or None,
            )
            for service, found in places.items()
        ],
    )
    if record is None:
        console.print("The register has no record of it: opora reconcile")


def _short(read: Any) -> str:
    return ", ".join(f"{stream.rsplit('.', 1)[0]} {number}" for stream, number in read.items())


def _timeline(region: Region, case: str) -> list[Any]:
    return list(region.pages("registry", f"/cases/{case}/timeline"))
