"""What `opora status` calls a trouble."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.operations.standing import troubles_of

WELL: dict[str, Any] = {
    "ready": {"store": True, "broker": True},
    "queues": {"intake.inbox": 0, "intake.inbox.dead": 0},
    "standing": {
        "oldest_unhandled": 1.0, "due_lag": 1.0, "outbox_age": 1.0, "parked_age": 0.0,
        "blocked": 0, "letters": 0, "parked": 0,
    },
}  # fmt: skip


def test_nothing_is_wrong_with_a_service_that_is_well() -> None:
    assert troubles_of("intake", WELL) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"ready": {"store": True, "broker": False}}, "not ready: broker"),
        ({"queues": None}, "not known"),
        ({"queues": {"intake.inbox": 0, "intake.inbox.dead": 2}}, "dead-letter queue"),
        ({"oldest_unhandled": 61.0}, "waited for"),
        ({"due_lag": 61.0}, "late"),
        ({"outbox_age": 31.0}, "could not be sent"),
        ({"blocked": 1, "parked": 1}, "blocked"),
        ({"letters": 1}, "could not be decoded"),
        ({"parked": 1, "parked_age": 61.0}, "has not come"),
    ],
)
def test_what_needs_somebody_is_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    outer = {name: value for name, value in changed.items() if name in WELL}
    inner = {name: value for name, value in changed.items() if name not in WELL}
    answer = {**WELL, **outer, "standing": WELL["standing"] | inner}
    (trouble,) = troubles_of("intake", answer)
    assert sentence in trouble
