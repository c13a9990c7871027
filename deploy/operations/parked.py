"""`opora parked`: events set aside in a document, early or failed; try again or pass over."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deploy.operations.answers import Outcome, SetAside
from deploy.operations.district import District, OperatorError
from deploy.operations.show import AsJson, OfService, Reason, as_json, console, moment, table

app = typer.Typer(
    no_args_is_help=True,
    help="Events set aside in a document: what failed, and what waits behind it or for another.",
)

Event = Annotated[str, typer.Argument(help="The event's id, e.g. intake.case.C12:3.")]


def every(district: District, service: str | None) -> list[dict[str, Any]]:
    """Everything set aside in these services."""
    return [
        entry
        for name in district.chosen(service)
        for entry in district.pages(name, "/operations/parked", SetAside, by="after")
    ]


def one(district: District, event: str, service: str | None, *, missing: bool = False) -> Any:
    """Where an event is set aside; with `missing`, also where others wait for it.

    Raises OperatorError when that is nowhere, or in several services and none was named.
    """
    entries = every(district, service)
    found = [entry for entry in entries if entry["event"] == event]
    if missing:
        found = [entry for entry in entries if event in {entry["event"], entry["waits_for"]}]
    places = {(entry["service"], entry["collection"], entry["document"]): entry for entry in found}
    if not places:
        raise OperatorError(f"{event} is not set aside anywhere{_where(service)}.")
    if len(places) > 1:
        services = ", ".join(sorted({place[0] for place in places}))
        raise OperatorError(f"{event} is set aside in several places ({services}): --service.")
    return next(iter(places.values()))


def _where(service: str | None) -> str:
    return f" in {service}" if service else ""


@app.command("list")
def list_(service: OfService = None, as_json_: AsJson = False) -> None:
    """List everything set aside, the longest waiting first."""
    found = sorted(every(District(), service), key=lambda entry: int(entry["since"]))
    if as_json_:
        as_json(found)
        return
    table(
        "Set aside",
        ("service", "event", "type", "since", "why"),
        [
            (
                entry["service"],
                entry["event"],
                entry["type"].removeprefix("ru.opora."),
                moment(entry["since"]),
                entry["reason"] or f"waits for {entry['waits_for']}",
            )
            for entry in found
        ],
    )


@app.command()
def show(event: Event, service: OfService = None, as_json_: AsJson = False) -> None:
    """Show one event that is set aside: where, since when, why, under which trace."""
    entry = one(District(), event, service)
    if as_json_:
        as_json(entry)
        return
    table("Set aside", ("", ""), [(name, value) for name, value in entry.items()])


@app.command()
def retry(
    event: Event, reason: Reason, service: OfService = None, as_json_: AsJson = False
) -> None:
    """Handle a failed event again, and all that waits behind it.

    If it fails again, it says why and stays set aside (exit code 1).
    """
    _mend("retry", event, reason, service, as_json_)


@app.command()
def skip(event: Event, reason: Reason, service: OfService = None, as_json_: AsJson = False) -> None:
    """Pass over the event a document stands before, failed or never arrived; go on behind it."""
    _mend("skip", event, reason, service, as_json_)


def _mend(action: str, event: str, reason: str, service: str | None, as_json_: bool) -> None:
    district = District()
    place = one(district, event, service, missing=action == "skip")
    outcome = district.do(
        place["service"],
        f"/operations/parked/{place['collection']}/{place['document']}/{action}",
        Outcome,
        reason,
        event=event,
    )
    if as_json_:
        as_json({**outcome, "service": place["service"], "event": event})
    elif action == "skip":
        console.print(f"Passed over in {place['service']}; {_behind(outcome)}.")
    elif outcome["applied"]:
        console.print(f"Took effect in {place['service']}; {_behind(outcome)}.")
    else:
        console.print(
            f"It failed again in {place['service']} ({outcome['reason']}) and stays set aside."
        )
    if not outcome["applied"]:
        raise typer.Exit(1)


def _behind(outcome: Any) -> str:
    count = int(outcome["released"])
    return "nothing waited behind it" if count == 0 else f"{count} events were released with it"
