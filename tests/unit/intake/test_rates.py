"""How often a partner may call: a sliding minute."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.intake.adapters.partners import Partner
from services.intake.adapters.rates import Rates, TooManyRequests
from tests.unit.intake.sample import when

BOUND = Partner(organization="hospital-03", requests_per_minute=3)
OTHER = Partner(organization="hospital-04", requests_per_minute=3)


def test_call_over_the_bound_is_told_when_to_come_again() -> None:
    moment = [when().now]
    rates = Rates(lambda: moment[0])
    for _ in range(3):
        rates.take(BOUND)
        moment[0] += timedelta(seconds=10)
    with pytest.raises(TooManyRequests) as refused:
        rates.take(BOUND)
    assert (refused.value.status, refused.value.seconds) == (429, 30)
    rates.take(OTHER)  # everybody's own
    moment[0] += timedelta(seconds=31)
    rates.take(BOUND)


def test_partner_without_a_bound_calls_as_often_as_it_likes() -> None:
    rates = Rates(lambda: when().now)
    for _ in range(1000):
        rates.take(Partner(organization="hospital-03"))
