"""How often the public may ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyrate_limiter import Duration

from services.registry.adapters import limits
from services.registry.adapters.limits import Limit, StatusLimits
from tests.unit.registry.builders import MONDAY


def test_limit_lets_so_many_pass_and_says_when_to_come_back() -> None:
    limit = Limit(3, Duration.MINUTE)
    assert [limit.refused_for("a", MONDAY) for _ in range(3)] == [0, 0, 0]
    assert limit.refused_for("a", MONDAY) == 20
    assert limit.refused_for("b", MONDAY) == 0


@pytest.mark.parametrize(("seconds", "wait"), [(19, 1), (20, 0)])
def test_refusal_spends_nothing_and_ends_when_it_said(seconds: int, wait: int) -> None:
    limit = Limit(3, Duration.MINUTE)
    for _ in range(10):
        limit.refused_for("a", MONDAY)
    assert limit.refused_for("a", MONDAY + timedelta(seconds=seconds)) == wait


def test_address_and_number_are_limited_each_by_itself() -> None:
    both = StatusLimits(per_address=4, per_number=2)
    assert [both.refused_for("10.0.0.1", "n1", MONDAY) for _ in range(2)] == [0, 0]
    assert both.refused_for("10.0.0.2", "n1", MONDAY) == 300
    assert both.refused_for("10.0.0.1", "n2", MONDAY) == 0
    assert both.refused_for("10.0.0.1", "n3", MONDAY) == 0
    assert both.refused_for("10.0.0.1", "n4", MONDAY) == 15


def test_memory_is_bounded_and_who_is_held_is_forgotten_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "KEYS_KEPT", 5)
    limit = Limit(1, Duration.MINUTE)
    for number in range(5):
        limit.refused_for(f"old{number}", MONDAY - timedelta(hours=1))
    assert limit.refused_for("held", MONDAY) == 0
    assert len(limit._states) == 1
    for number in range(20):
        limit.refused_for(f"new{number}", MONDAY)
        assert len(limit._states) <= 5
    assert limit.refused_for("new19", MONDAY) == 60
