"""One seed, one run: in the same process and in another."""

from __future__ import annotations

import os
import subprocess
import sys

from deploy.runner.servers import ROOT
from tests.simulation.scenario import Scenario, play
from tests.simulation.trouble import Fault

SCENARIO = Scenario(
    seed=2026,
    ways=("enrolment", "again"),
    faults=(
        Fault("crash", "assessment", "after-save", 3),
        Fault("twice", "intake", "publish", 2),
        Fault("broker-away", "intake", "publish", 5),
        Fault("lose-reply", "careplan", "write", 2),
    ),
)
ELSEWHERE = """
from tests.simulation.scenario import play
from tests.simulation.test_replay import SCENARIO
print(play(SCENARIO).digest)
"""


def test_same_seed_runs_exactly_the_same_way() -> None:
    first, second = play(SCENARIO), play(SCENARIO)
    assert len(first.met) == 4
    assert first.steps > 500
    assert (first.digest, first.steps) == (second.digest, second.steps)


def test_another_process_runs_exactly_the_same_way() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "5", "PYTHONPATH": str(ROOT)}
    there = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
        timeout=250,
    )
    assert there.stdout.strip() == play(SCENARIO).digest


def test_another_seed_runs_another_way() -> None:
    other = Scenario(SCENARIO.seed + 1, SCENARIO.ways, SCENARIO.faults)
    assert play(other).digest != play(SCENARIO).digest
