"""Faults of all kinds throughout: nothing lost, doubled or stuck (P1, P3, P4, P8, P9, P10).

OPORA_SIMULATION_SEED repeats a run.
"""

from __future__ import annotations

import os
import secrets

import pytest

from tests.simulation.throughout import run


def _seed() -> int:
    return int(os.environ.get("OPORA_SIMULATION_SEED", secrets.randbelow(2**32)))


def test_faults_throughout_some_thousand_steps_leave_no_trace() -> None:
    outcome, world = run(8, 5000)
    assert sum(outcome.crashes.values()) >= 5
    assert outcome.duplicates >= 10
    assert outcome.reordered >= 10
    assert world.restarts >= 5
    assert outcome.contradictions == []


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_faults_throughout_hundred_thousand_steps_leave_no_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed = _seed()
    with capsys.disabled():
        print(f"\nsimulation: OPORA_SIMULATION_SEED={seed}")
    outcome, world = run(seed, 100_000)
    with capsys.disabled():
        print(f"{outcome.steps} steps, {outcome.cases} cases, {len(world.model.issued)} events")
        print(f"{outcome.steps / outcome.seconds:.0f} steps a second of the processor")
        print(f"crashes {dict(outcome.crashes)}, restarts {world.restarts}")
        print(f"{outcome.duplicates} duplicates, {outcome.reordered} out of order")
        print(f"clock put forward {world.clock.jumps} times")
        print(f"steps by kind {dict(outcome.kinds)}")
        print(f"faults { ({' '.join(fault): n for fault, n in outcome.troubles.items()}) }")
    assert outcome.steps >= 100_000
    assert sum(outcome.crashes.values()) >= 100
    assert outcome.contradictions == []
