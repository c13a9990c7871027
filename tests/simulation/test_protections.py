"""The simulation can fail: with any one protection gone it says what is wrong, and else nothing."""

from __future__ import annotations

import pytest

from tests.simulation.astray import ASTRAY
from tests.simulation.broken import BROKEN
from tests.simulation.scenario import play

ALL = {**BROKEN, **ASTRAY}


@pytest.mark.parametrize("what", ALL)
def test_missing_protection_is_found(what: str) -> None:
    makers, scenario, words = ALL[what]
    outcome = play(scenario, makers)
    assert len(outcome.met) == len(scenario.faults)
    assert any(words in found for found in outcome.contradictions), outcome.contradictions
    assert play(scenario).contradictions == []
