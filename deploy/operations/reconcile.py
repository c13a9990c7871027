"""`opora reconcile`: every gap between what was issued and what was read, named (P15)."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.operations.district import District, OperatorError
from deploy.operations.gaps import Gap, lasting
from deploy.operations.reemit import refill_stream
from deploy.operations.show import AsJson, as_json, console, errors, table


def reconcile(
    settle: Annotated[float, typer.Option(help="Seconds between the two looks.")] = 5.0,
    watch: Annotated[
        float, typer.Option(help="Look again every so many seconds, until stopped.")
    ] = 0.0,
    mend: Annotated[
        bool, typer.Option(help="Have what is missing sent again; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, if --mend; it is kept.")] = "",
    as_json_: AsJson = False,
) -> None:
    """Compare what each service has issued with what each reader has read; name every gap.

    Exit code 0 when there is none, 1 when there is one.
    """
    if mend and len(reason) < 5:
        raise typer.BadParameter("--mend needs a --reason of five letters or more")
    while watch:
        try:
            _look(settle, reason if mend else None, as_json_)
        except OperatorError as failure:  # a service that starts anew ends no watch
            errors.print(str(failure))
        time.sleep(watch)
    if _look(settle, reason if mend else None, as_json_):
        raise typer.Exit(1)


def _look(settle: float, mending: str | None, as_json_: bool) -> list[Gap]:
    """One comparison, shown; with a reason what is missing is sent again."""
    district = District()  # with the token of now: a watch outlives any
    gaps = lasting(district, settle)
    _show(gaps, as_json_)
    if mending is not None and gaps:
        sent = sum(refill_stream(district, gap, mending) for gap in gaps)
        if not as_json_:
            console.print(f"Sent {sent} events again; look once more in a moment.")
    return gaps


def _show(gaps: list[Gap], as_json_: bool) -> None:
    if as_json_:
        as_json([{**asdict(gap), "missing": gap.missing} for gap in gaps])
        return
    table(
        "Gaps",
        ("reader", "missing", "issued by", "read", "issued", "why"),
        [
            (
                gap.reader,
                gap.missing,
                gap.owner,
                gap.read,
                gap.issued,
                "set aside (opora parked list)" if gap.set_aside else "never arrived",
            )
            for gap in gaps
        ],
    )
