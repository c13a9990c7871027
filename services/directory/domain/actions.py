"""What can be done with an organization, and in which of its states (R 1.3, L)."""

from __future__ import annotations

from enum import StrEnum

from services.directory.domain.register_entry import Status


class Action(StrEnum):
    """What can be done with an organization."""

    CHANGE = "change"
    CORRECT = "correct"
    RETIRE = "retire"
    ANNOUNCE = "announce"
    WITHDRAW_ANNOUNCEMENT = "withdraw_announcement"
    AMEND = "amend"
    CHECK = "check"
    PUBLISH = "publish"
    REFUSE = "refuse"
    REINSTATE = "reinstate"


AMENDED = frozenset({Status.AMENDED, Status.AMENDMENT_CHECKED})
PUBLISHED = AMENDED | {Status.PUBLISHED}
UNDECIDED = frozenset({Status.PROPOSED, Status.CHECKED})

ALLOWED: dict[Action, frozenset[Status]] = {
    Action.CHANGE: PUBLISHED,
    Action.CORRECT: PUBLISHED,
    Action.RETIRE: PUBLISHED,
    Action.ANNOUNCE: PUBLISHED,
    Action.WITHDRAW_ANNOUNCEMENT: PUBLISHED,
    Action.AMEND: UNDECIDED | {Status.REFUSED} | PUBLISHED,
    Action.CHECK: UNDECIDED | AMENDED,
    Action.PUBLISH: frozenset({Status.CHECKED, Status.AMENDMENT_CHECKED}),
    Action.REFUSE: UNDECIDED | AMENDED,
    Action.REINSTATE: frozenset({Status.RETIRED}),
}
"""What may happen in which state; one test walks every state × action."""
