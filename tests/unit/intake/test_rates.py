"""How often a partner may call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.limits import TooMany
from services.intake.adapters.partners import Partner
from services.intake.adapters.rates import Rates
from services.intake.api.fhir_protocol import outcome
from tests.unit.intake.sample import when

BOUND = Partner(organization="hospital-03", requests_per_minute=3)
OTHER = Partner(organization="hospital-04", requests_per_minute=3)


def test_call_over_the_bound_is_told_when_to_come_again() -> None:
    moment = [when().now]
    rates = Rates(lambda: moment[0])
    for _ in range(3):
        rates.take(BOUND)
    moment[0] += timedelta(seconds=5)
    with pytest.raises(TooMany) as refused:
        rates.take(BOUND)
    assert (refused.value.code, refused.value.retry_after) == ("too-many-requests", 15)
    assert outcome(refused.value).headers["Retry-After"] == "15"
    rates.take(OTHER)  # everybody's own
    moment[0] += timedelta(seconds=15)
    rates.take(BOUND)


def test_partner_without_a_bound_calls_as_often_as_it_likes() -> None:
    rates = Rates(lambda: when().now)
    for _ in range(1000):
        rates.take(Partner(organization="hospital-03"))
