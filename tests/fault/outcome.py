"""What a fault test measured; printed as one table at the end of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one fault. Times are seconds."""

    fault: str
    """What was done, and to what."""
    confirmed: int
    """Events the broker confirmed, or writes the database acknowledged, while it lasted."""
    lost: int
    """Of these, how many never took effect."""
    doubled: int
    """How many took effect more than once. Delivered twice is not doubled."""
    worst_stall: float
    """Longest time without any progress."""
    first_progress: float
    """From the moment the fault was over to the first effect after it."""


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """The outcomes as a table for a terminal."""
    table = Table(title="Faults")
    for column in fields(Outcome):
        numeric = column.name != "fault"
        table.add_column(column.name.replace("_", " "), justify="right" if numeric else "left")
    for outcome in outcomes:
        table.add_row(
            *(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in astuple(outcome))
        )
    return table


def show(outcomes: Sequence[Outcome], console: Console | None = None) -> None:
    """Print the table with the sums that must be nought."""
    console = console or Console(width=120, highlight=False)
    console.print(table_of(outcomes))
    lost, doubled = sum(o.lost for o in outcomes), sum(o.doubled for o in outcomes)
    console.print(f"{len(outcomes)} faults: {lost} lost, {doubled} doubled")
