"""The simulation can fail: with any one protection gone it says what is wrong, and else nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.astray import ASTRAY
from tests.simulation.broken import BROKEN
from tests.simulation.scenario import play

ALL = {**BROKEN, **ASTRAY}
SEEDS = 8


@pytest.mark.parametrize("what", ALL)
def test_missing_protection_is_found(what: str) -> None:
    """In one of a few runs: which event meets the fault first is up to the dice."""
    makers, scenario, words = ALL[what]
    seen: list[list[str]] = []
    for seed in range(scenario.seed, scenario.seed + SEEDS):
        outcome = play(replace(scenario, seed=seed), makers)
        assert len(outcome.met) == len(scenario.faults)
        seen.append(outcome.contradictions)
        if any(words in found for found in outcome.contradictions):
            assert play(replace(scenario, seed=seed)).contradictions == []
            return
    raise AssertionError(seen)
