"""`opora status`, `opora interventions`: how every service stands, and what operators did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import typer

from contracts.topology import inbox_name
from deploy.operations.answers import Intervention, Standing
from deploy.operations.district import District, OperatorError
from deploy.operations.show import AsJson, OfService, age, as_json, console, errors, table


def status(as_json_: AsJson = False) -> None:
    """How every service stands: health, queues, outboxes, what is set aside.

    Exit code 0 when all is well, 1 when something needs somebody.
    """
    district = District()
    with errors.status("asking the services"), ThreadPoolExecutor() as at_once:
        answers = at_once.map(lambda service: _standing(district, service), district.services)
        found = dict(zip(district.services, answers, strict=True))
    troubles = [line for service, answer in found.items() for line in troubles_of(service, answer)]
    if as_json_:
        as_json({"services": found, "troubles": troubles})
    else:
        table(
            "Services",
            (
                "service", "ready", "inbox", "oldest", "unsent", "parked", "blocked", "dead",
                "sweep", "due",
            ),
            [_row(service, answer) for service, answer in found.items()],
        )  # fmt: skip
        for line in troubles:
            console.print(f"! {line}")
        if not troubles:
            console.print("All is well.")
    if troubles:
        raise typer.Exit(1)


def _standing(district: District, service: str) -> Any:
    try:
        return district.get(service, "/operations/standing", Standing)
    except OperatorError as failure:
        return {"unknown": str(failure)}


def _row(service: str, answer: Any) -> list[object]:
    if "unknown" in answer:
        return [service, "no answer", *([None] * 8)]
    stands, queues = answer["standing"] or {}, answer["queues"] or {}
    ready = all(answer["ready"].values())
    return [
        service,
        "yes" if ready else ", ".join(part for part, well in answer["ready"].items() if not well),
        queues.get(inbox_name(service)),
        age(stands.get("oldest_unhandled", 0)),
        stands.get("outboxes"),
        stands.get("parked"),
        stands.get("blocked"),
        stands.get("letters"),
        age(stands.get("sweep_lag", 0)),
        age(stands.get("due_lag", 0)),
    ]


def troubles_of(service: str, answer: Any) -> list[str]:
    """What needs somebody, in sentences."""
    if "unknown" in answer:
        return [str(answer["unknown"])]
    found = [
        f"{service} is not ready: {part}" for part, well in answer["ready"].items() if not well
    ]
    queues, stands = answer["queues"], answer["standing"]
    if queues is None:
        found.append(f"{service}: how much lies in its queues is not known: is the broker there?")
    elif queues.get(f"{service}.inbox.dead"):
        found.append(f"{service}: messages lie in its dead-letter queue and are not taken out")
    if stands is None:
        return found
    if stands["oldest_unhandled"] > UNHANDLED_LONG:
        found.append(
            f"{service}: a message has waited for {age(stands['oldest_unhandled'])} to be handled"
        )
    if stands["due_lag"] > DUE_LONG:
        found.append(
            f"{service}: a term or other alarm is {age(stands['due_lag'])} late (see its log)"
        )
    if stands["blocked"]:
        found.append(
            f"{service}: {stands['blocked']} documents are blocked by an event that failed"
            f" (opora parked list --service {service})"
        )
    if stands["letters"]:
        found.append(
            f"{service}: {stands['letters']} messages could not be decoded"
            f" (opora dead list --service {service})"
        )
    if stands["parked"] > stands["blocked"] and stands["parked_age"] > PARKED_LONG:
        found.append(
            f"{service}: events wait for one that has not come for {age(stands['parked_age'])}"
            " (opora reconcile)"
        )
    if stands["outbox_age"] > OUTBOX_LONG:
        found.append(
            f"{service}: events could not be sent for {age(stands['outbox_age'])}:"
            " is the broker there?"
        )
    return found


UNHANDLED_LONG = 60.0
DUE_LONG = 60.0
PARKED_LONG = 60.0
OUTBOX_LONG = 30.0
"""Seconds after which what waits needs somebody."""


def interventions(service: OfService = None, as_json_: AsJson = False) -> None:
    """What operators did: every retry, skip, replay and re-emission, with who, when and why."""
    district = District()
    found = [
        {"service": name, **entry}
        for name in district.chosen(service)
        for entry in district.pages(name, "/operations/interventions", Intervention)
    ]
    found.sort(key=lambda entry: str(entry["at"]))
    if as_json_:
        as_json(found)
        return
    table(
        "Interventions",
        ("at", "service", "who", "what", "about", "why", "outcome"),
        [
            (
                entry["at"][:19],
                entry["service"],
                entry["by"]["id"],
                entry["action"],
                entry["about"],
                entry["reason"],
                entry["refused"] or _outcome(entry["outcome"]),
            )
            for entry in found
        ],
    )


def _outcome(outcome: Any) -> str:
    if outcome is None:
        return "not finished"
    if "applied" in outcome:
        return "applied" if outcome["applied"] else str(outcome.get("reason"))
    return f"{outcome.get('events')} events"
