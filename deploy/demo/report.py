"""The run as a person reads it: the first case's timeline in Russian and English, the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

LABELS = {
    "cases_finished": "Cases that ended enrolled",
    "seconds": "Whole run, seconds",
    "events_in_the_log": "Events in the register's log",
    "events_published": "Events published and confirmed",
    "events_applied": "Events applied by readers",
    "duplicates_dropped": "Duplicates dropped",
    "events_parked": "Events that came too early, parked",
    "events_released": "Parked events released in order",
    "events_failed": "Events set aside as failed",
    "outboxes_recovered": "Outboxes a sweeper took up",
    "http_requests": "HTTP requests",
    "http_requests_repeated": "HTTP requests repeated (no answer, or 503)",
}


def show_timeline(
    console: Console, timeline: Sequence[Mapping[str, Any]], number: str, zone: ZoneInfo
) -> None:
    """What, when, who, by which clause, how it stood to its term; fits any width."""
    console.print(f"\n[bold]Дело {number} · Case {number}[/bold]")
    for line in timeline:
        at = datetime.fromisoformat(line["time"]).astimezone(zone)
        console.print(
            f"{at:%d.%m.%Y %H:%M:%S}  [bold]{line['title_ru']}[/bold] · {line['title_en']}"
            f" [cyan]{line['clause'] or ''}[/cyan]"
        )
        who = [line["who"]["role"], line.get("organization_name")]
        details = [", ".join(filter(None, who)), *_terms(line)]
        for detail in details:
            console.print(f"    {detail}")
    console.print()


def _terms(line: Mapping[str, Any]) -> Iterable[str]:
    for term in line["closed"]:
        in_time = "[green]в срок · in time[/green]"
        late = f"[red]поздно · late by {term['late_by_seconds']} s[/red]"
        yield f"{_title(term)}: {in_time if term['in_time'] else late}"
    for term in line["opened"]:
        due = date.fromisoformat(term["due_on"])
        yield f"{_title(term)}: [yellow]до · until {due:%d.%m.%Y}[/yellow]"
    if spoken_of := line.get("term"):
        yield f"[red]{_title(spoken_of)}[/red]"


def _title(term: Mapping[str, Any]) -> str:
    return f"{term['title_ru']} · {term['title_en']}"


def show_figures(console: Console, figures: Mapping[str, Any]) -> None:
    """The figures of the run."""
    table = Table(title="Figures")
    table.add_column("")
    table.add_column("", justify="right")
    for name, label in LABELS.items():
        table.add_row(label, str(figures[name]))
    times = figures["seconds_from_referral_to_order"]
    table.add_row(
        "From referral to order, median / worst", f"{times['median']} s / {times['worst']} s"
    )
    for program, megabytes in figures["memory_megabytes"].items():
        table.add_row(f"Memory of {program}", f"{megabytes} MB")
    console.print(table)
    if restarted := figures["services_restarted"]:
        names = ", ".join(restarted)
        console.print(f"Restarted during the run: {names}; their counters began again at 0.")
    for text in figures["disagreements"]:
        console.print(f"[red]The register disagrees: {text}[/red]")


def show_urls(console: Console, urls: Mapping[str, str], case_id: str, stays: bool) -> None:
    """Where to look."""
    console.print("[bold]To look at[/bold]" + ("" if stays else " (while `make up` runs)"))
    for name, url in urls.items():
        page = f"{url}/docs" if name not in {"pension_fund", "hospital"} else f"{url}/figures"
        console.print(f"  {name:13} {page}")
    console.print(f"  where is my case  {urls['registry']}/")
    console.print(f"  its timeline      {urls['registry']}/cases/{case_id}/timeline.html")
