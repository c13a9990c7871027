"""`opora trace`: one case through all services, in order, with times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from deploy.operations.answers import Line, Positions, Record
from deploy.operations.district import District, OperatorError, Unreachable
from deploy.operations.show import AsJson, as_json, console, errors, table


def trace(
    case: Annotated[str, typer.Argument(help="The case's id.")], as_json_: AsJson = False
) -> None:
    """Follow one case through all services: every event in order of time, and who has read it.

    What a service that is down would have said is left out, and named (exit code 2).
    """
    district, away = District(), list[OperatorError]()
    places = dict[str, Any]()
    for service in district.services:
        try:
            found = district.find(service, f"/operations/cases/{case}", Positions)
        except Unreachable as failure:
            away.append(failure)
            continue
        if found is not None:
            places[service] = found
    record, lines = _recorded(district, case, away)
    if record is None and not places and not away:
        raise OperatorError(f"No service knows a case {case}.")
    if as_json_:
        as_json({"case": record, "events": lines, "services": places})
    else:
        _show(case, lines, places)
        for sentence in _not_recorded(case, lines, places):
            console.print(sentence)
    for one in away:
        errors.print(str(one))
    if away:
        raise typer.Exit(2)


def _recorded(district: District, case: str, away: list[OperatorError]) -> tuple[Any, list[Any]]:
    """The register's record of the case and its timeline, as far as the register answers."""
    try:
        record = district.find("registry", f"/cases/{case}", Record)
        if record is None:
            return None, []
        return record, list(district.pages("registry", f"/cases/{case}/timeline", Line))
    except Unreachable as failure:
        if str(failure) not in map(str, away):
            away.append(failure)
        return None, []


def _not_recorded(case: str, lines: list[Any], places: dict[str, Any]) -> Iterator[str]:
    """What services have said of the case and the timeline does not show."""
    for service, found in places.items():
        stream = f"{service}.case.{case}"
        shown = sum(line["stream"] == stream for line in lines)
        if found["issued"] > shown:
            yield (
                f"{service} has said {found['issued']} events of it, the register shows {shown}:"
                " opora reconcile"
            )


def _show(case: str, lines: list[Any], places: dict[str, Any]) -> None:
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


def _short(read: Any) -> str:
    return ", ".join(f"{stream.rsplit('.', 1)[0]} {number}" for stream, number in read.items())
