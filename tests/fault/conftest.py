"""Fault tests report what they measured; the tables come at the end of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fault import crash_points
from tests.fault.crash_points import Row
from tests.fault.outcome import Outcome, show

OUTCOMES = pytest.StashKey[list[Outcome]]()
ROWS = pytest.StashKey[list[Row]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[Outcome], None]:
    """Report an outcome; a fault that lost or doubled anything fails its test."""

    def take(outcome: Outcome) -> None:
        request.config.stash.setdefault(OUTCOMES, []).append(outcome)
        assert (outcome.lost, outcome.doubled) == (0, 0), outcome

    return take


@pytest.fixture
def report_row(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Report what came of a kind of work at every fail point."""
    return request.config.stash.setdefault(ROWS, []).append


def pytest_terminal_summary(config: pytest.Config) -> None:
    outcomes = config.stash.get(OUTCOMES, [])
    if outcomes:
        show(outcomes)
    rows = config.stash.get(ROWS, [])
    if rows:
        crash_points.show(rows)
