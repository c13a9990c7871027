"""Small scenarios, drawn and shrunk by Hypothesis: a few cases, a few faults, and then the truth.

A falsifying example is a `Scenario(...)`; `play` of it does the same thing again (P1, P3, P4, P9).
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.services import SERVICES
from tests.simulation.scenario import Scenario, play
from tests.simulation.trouble import ACTIONS, Fault
from tests.simulation.ways import WAYS

BUSY = tuple(name for name in SERVICES if name != "directory")
READERS_ONLY = {"outside": ("intake",)}


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Something that goes wrong at a point that services come by."""
    point = draw(st.sampled_from(list(ACTIONS)))
    return Fault(
        action=draw(st.sampled_from(ACTIONS[point])),
        service=draw(st.sampled_from(READERS_ONLY.get(point, BUSY))),
        point=point,
        nth=draw(st.integers(1, 12 if point in {"second", "outside"} else 40)),
    )


scenarios = st.builds(
    Scenario,
    seed=st.integers(0, 2**32),
    ways=st.lists(st.sampled_from(list(WAYS)), min_size=1, max_size=3).map(tuple),
    faults=st.lists(faults(), min_size=1, max_size=6).map(tuple),
    replicas=st.integers(1, 2),
)


def hold_in(examples: int, *, derandomize: bool) -> Counter[str]:
    """Everything holds in so many scenarios; the faults that took place in them."""
    met: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=derandomize,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios)
    def hold(scenario: Scenario) -> None:
        outcome = play(scenario)
        met.update(fault.action for fault in outcome.met)
        assert outcome.contradictions == []

    hold()
    return met


@pytest.mark.timeout(600)
def test_few_cases_with_few_faults_end_as_if_nothing_had_happened() -> None:
    met = hold_in(10, derandomize=True)
    assert met["crash"] >= 2
    assert met.total() >= 6


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_many_scenarios_nobody_has_seen_before_end_well() -> None:
    met = hold_in(120, derandomize=False)
    assert met["crash"] >= 20
    assert met.total() >= 80
