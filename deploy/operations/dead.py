"""`opora dead`: messages that could not be decoded."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deploy.operations.answers import Letter, Outcome
from deploy.operations.district import District, OperatorError
from deploy.operations.show import AsJson, OfService, Reason, as_json, console, table

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that could not be decoded: look at them, deliver them again, discard them.",
)

LetterId = Annotated[str, typer.Argument(help="The letter's id, as `opora dead list` shows it.")]


@app.command("list")
def list_(
    service: OfService = None,
    settled: Annotated[bool, typer.Option(help="Those replayed or discarded.")] = False,
    as_json_: AsJson = False,
) -> None:
    """List the messages that wait; what they hold is shown to nobody."""
    district = District()
    found = [
        {"service": name, **letter}
        for name in district.chosen(service)
        for letter in district.pages(name, "/operations/dead", Letter, settled=settled)
    ]
    if as_json_:
        as_json(found)
        return
    table(
        "Dead letters",
        ("service", "letter", "since", "published as", "bytes", "what did not fit"),
        [
            (
                letter["service"],
                letter["id"],
                letter["received_at"][:19],
                letter["routing_key"],
                letter["size"],
                ", ".join(letter["fields"]),
            )
            for letter in found
        ],
    )


def _place(district: District, letter: str, service: str | None) -> tuple[str, Any]:
    for name in district.chosen(service):
        found = district.find(name, f"/operations/dead/{letter}", Letter)
        if found is not None:
            return name, found
    raise OperatorError(f"There is no dead letter {letter}.")


@app.command()
def show(letter: LetterId, service: OfService = None, as_json_: AsJson = False) -> None:
    """Show what is known of one message."""
    name, found = _place(District(), letter, service)
    if as_json_:
        as_json({"service": name, **found})
        return
    table(f"Dead letter in {name}", ("", ""), [(part, value) for part, value in found.items()])


@app.command()
def replay(
    letter: LetterId, reason: Reason, service: OfService = None, as_json_: AsJson = False
) -> None:
    """Deliver a message again, as if it came now; useful once the service can read it.

    If it does not take effect, it says why and is set aside like any other event (exit code 1).
    """
    told = "Delivered to {name}. If it was delivered before, it had no second effect."
    _settle("replay", letter, reason, service, as_json_, told)


@app.command()
def discard(
    letter: LetterId, reason: Reason, service: OfService = None, as_json_: AsJson = False
) -> None:
    """Let a message wait no longer: it is no event of ours. It is kept, with your reason."""
    told = "Discarded in {name}; `opora dead list --settled` still shows it."
    _settle("discard", letter, reason, service, as_json_, told)


def _settle(
    action: str, letter: str, reason: str, service: str | None, as_json_: bool, told: str
) -> None:
    """Have it done in the service that keeps the message, and say what was done, and where."""
    district = District()
    name, _ = _place(district, letter, service)
    outcome = district.do(name, f"/operations/dead/{letter}/{action}", Outcome, reason)
    if as_json_:
        as_json({**outcome, "service": name, "letter": letter})
    elif outcome["applied"]:
        console.print(told.format(name=name))
    else:
        console.print(f"Delivered to {name}, and set aside there ({outcome['reason']}).")
    if not outcome["applied"]:
        raise typer.Exit(1)
