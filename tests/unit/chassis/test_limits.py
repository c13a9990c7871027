"""How often the public may ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyrate_limiter import Duration

from chassis import limits
from chassis.limits import GuessLimits, Limit, TooMany, network_of

MONDAY = datetime(2026, 3, 16, 3, 0, tzinfo=UTC)


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
    both = GuessLimits(per_address=4, per_number=2, reserve_per_day=1)
    assert [both.refused_for("10.0.0.1", "n1", MONDAY) for _ in range(3)] == [0, 0, 0]
    assert both.refused_for("10.0.0.1", "n1", MONDAY) == 300
    assert both.refused_for("10.0.0.2", "n2", MONDAY) == 0
    assert both.refused_for("10.0.0.2", "n3", MONDAY) == 0
    assert both.refused_for("10.0.0.2", "n4", MONDAY) == 0
    assert both.refused_for("10.0.0.2", "n5", MONDAY) == 0
    assert both.refused_for("10.0.0.2", "n6", MONDAY) == 15


def test_guesser_from_many_addresses_shuts_out_no_other_address_r_3_7_3() -> None:
    """Each address has a few questions of its own about a number others keep asking about."""
    limits = GuessLimits(per_address=20, per_number=5)
    for number in range(200):
        limits.refused_for(f"10.1.0.{number}", "n1", MONDAY)
    asked = [limits.refused_for("10.2.0.1", "n1", MONDAY) for _ in range(4)]
    assert asked[:3] == [0, 0, 0]
    assert asked[3] > 0


def test_guesses_about_a_number_are_few_a_day_from_each_address() -> None:
    """What a guesser gains by another address is its reserve and no more."""
    limits = GuessLimits(per_address=20, per_number=5)
    passed = 0
    for minute in range(24 * 60):
        now = MONDAY + timedelta(minutes=minute)
        passed += sum(not limits.refused_for(f"10.1.0.{n}", "n1", now) for n in range(10))
    shared = 5 + 5 * 24 * 6
    assert passed <= shared + 10 * 6


def test_address_that_knew_the_secret_is_not_held_to_what_others_spend() -> None:
    limits = GuessLimits(per_address=20, per_number=1, reserve_per_day=1)
    limits.trust("10.2.0.1", "n1", MONDAY)
    for number in range(50):
        limits.refused_for(f"10.1.0.{number}", "n1", MONDAY)
    later = MONDAY + timedelta(days=29)
    assert [limits.refused_for("10.2.0.1", "n1", later) for _ in range(20)] == [0] * 20
    assert limits.refused_for("10.2.0.1", "n1", later) == 3
    assert limits.refused_for("10.2.0.1", "n2", later + timedelta(minutes=1)) == 0
    late = MONDAY + timedelta(days=31)
    assert [limits.refused_for("10.2.0.1", "n1", late) > 0 for _ in range(3)] == [
        False,
        False,
        True,
    ]


def test_trust_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEYS_KEPT", 5)
    known = GuessLimits(per_address=20, per_number=1)
    for number in range(20):
        known.trust(f"10.0.0.{number}", "n1", MONDAY)
    assert len(known._trusted) == 5


def test_check_says_when_to_come_back() -> None:
    both = GuessLimits(per_address=1, per_number=5)
    both.check("10.0.0.1", "n1", MONDAY)
    with pytest.raises(TooMany) as refused:
        both.check("10.0.0.1", "n2", MONDAY)
    assert (refused.value.status, refused.value.retry_after) == (429, 60)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2a02:6b8:0:1::1", "2a02:6b8:0:1::"),
        ("2a02:6b8:0:1:ffff:ffff:ffff:ffff", "2a02:6b8:0:1::"),
        ("2a02:6b8:0:2::1", "2a02:6b8:0:2::"),
        ("-", "-"),
    ],
)
def test_address_of_ipv6_stands_for_its_customer(address: str, network: str) -> None:
    assert network_of(address) == network


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
