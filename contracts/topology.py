"""Who hears whom: the topics each service's inbox is bound to.

Every service declares every inbox before it publishes, so an event waits for a reader that was not
started yet, whichever service of a new deployment comes up first.
"""

from collections.abc import Mapping

EXCHANGE = "opora.events"
"""The topic exchange that carries every event."""

READS: Mapping[str, tuple[str, ...]] = {
    "intake": ("assessment.#", "careplan.#", "directory.#"),
    "assessment": ("intake.#", "careplan.#", "directory.#"),
    "careplan": ("intake.#", "assessment.#", "complaints.#", "directory.#"),
    "complaints": ("intake.#", "careplan.#", "directory.#"),
    "registry": ("#",),
}
"""The directory hears nobody and has no inbox."""


def inbox_name(service: str) -> str:
    """The queue of what a service hears."""
    return f"{service}.inbox"


def dead_name(service: str) -> str:
    """The queue of what lay in a service's inbox and could not be decoded."""
    return f"{inbox_name(service)}.dead"
