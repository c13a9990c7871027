"""Fault tests report what they measured; the table comes at the end of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fault.outcome import Outcome, show

OUTCOMES = pytest.StashKey[list[Outcome]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[Outcome], None]:
    """Report an outcome; a fault that lost or doubled anything fails its test."""

    def take(outcome: Outcome) -> None:
        request.config.stash.setdefault(OUTCOMES, []).append(outcome)
        assert (outcome.lost, outcome.doubled) == (0, 0), outcome

    return take


def pytest_terminal_summary(config: pytest.Config) -> None:
    outcomes = config.stash.get(OUTCOMES, [])
    if outcomes:
        show(outcomes)
