"""Expected failures: what a caller can be told, with a code that never changes.

The domain raises them, the chassis turns them into problem details (RFC 9457) for HTTP and into
the reason of a parked event for messages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

A = TypeVar("A", bound=StrEnum)
S = TypeVar("S", bound=StrEnum)


class Refusal(Exception):
    """Something may not be done; `code` is stable, `clause` the rule that says so."""

    status = 409
    retry_after = 5
    """Seconds after which it may be tried again, where trying again may help (429, 503)."""

    def __init__(
        self, code: str, detail: str, *, field: str | None = None, clause: str | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field
        self.clause = clause


class NotAllowedInState(Refusal):
    """The action does not fit the state the case is in."""

    status = 409


def require_allowed(
    allowed: Mapping[A, Collection[S]],
    action: A,
    status: S,
    what: str = "case",
    clause: str | None = None,
) -> None:
    """Refuse what a table of actions and states does not allow."""
    if status not in allowed[action]:
        raise NotAllowedInState(
            "not-allowed-in-state",
            f"{action} is not possible while the {what} is {status};"
            f" possible in: {', '.join(sorted(allowed[action]))}",
            clause=clause,
        )


class InvalidInput(Refusal):
    """A field breaks a rule. Always names the field."""

    status = 422


class NotPermitted(Refusal):
    """The caller's role may not do this to this record."""

    status = 403


class NotFound(Refusal):
    """No such record, or none that this caller may know of: the two answer alike."""

    status = 404

    def __init__(self, what: str) -> None:
        super().__init__("not-found", f"there is no such {what}")
