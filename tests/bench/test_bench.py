"""The benchmark runs, and refuses to give figures when a contender is not what is said of it."""

import os
import subprocess
import sys
from typing import Any, cast

import pytest

from deploy.runner.servers import ROOT
from tests.bench import honesty, page
from tests.bench.cases import TURNS, Turn, advanced, said
from tests.bench.driving import Driver
from tests.bench.feeds import Feed
from tests.bench.field import CONTENDERS, Field
from tests.bench.figures import WORDS, ratio
from tests.bench.honesty import Dishonest
from tests.bench.ledger import Asked
from tests.bench.questions import QUESTIONS


@pytest.mark.timeout(180)
def test_few_cases_through_every_contender_pass_all_gates() -> None:
    """As `make bench` does it, with its own processes; no time is asserted."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for contender in CONTENDERS:
        assert WORDS[contender] in run.stdout
    assert "| lost, doubled | 0, 0 |" in run.stdout


@pytest.mark.timeout(120)
def test_every_question_is_answered_by_few_and_by_many() -> None:
    """As `python -m tests.bench.scale` asks them; no time is asserted."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.scale", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n| ") == len(QUESTIONS)


@pytest.mark.parametrize("contender", CONTENDERS)
def test_write_without_majority_and_journal_fails_the_run(contender: str) -> None:
    writes = TURNS * 3 * honesty.WRITES_A_STAGE[contender]
    writes += 3 if contender == "ours" else 0  # clearing, once per document
    honesty.writes(contender, Asked(0, writes, writes), cases=1)
    with pytest.raises(Dishonest, match="majority and journal"):
        honesty.writes(contender, Asked(0, writes, writes - 1), cases=1)


@pytest.mark.parametrize("contender", CONTENDERS)
@pytest.mark.parametrize("more", [-1, 1])
def test_other_number_of_writes_than_said_fails_the_run(contender: str, more: int) -> None:
    writes = TURNS * 3 * honesty.WRITES_A_STAGE[contender] + more
    if contender == "ours":  # between one clearing per document and one per write
        writes += 3 if more < 0 else TURNS * 3
    with pytest.raises(Dishonest, match="writes, said"):
        honesty.writes(contender, Asked(0, writes, writes), cases=1)


class Asking:
    """A field whose broker answers with the same rows whatever it is asked."""

    def __init__(self, *rows: str) -> None:
        self._rows = [row.split() for row in rows]

    def ask_broker(self, _: str, *columns: str) -> list[list[str]]:
        return [row[: len(columns)] for row in self._rows]

    def pid(self, program: str) -> int:
        return os.getpid()


@pytest.mark.parametrize("row", ["floor.done classic true", "floor.done quorum false"])
def test_queue_that_is_not_quorum_and_durable_fails_the_run(row: str) -> None:
    with pytest.raises(Dishonest, match=r"floor\.done is"):
        honesty.queues(cast(Field, Asking(row)))


def test_contender_without_its_queue_fails_the_run() -> None:
    with pytest.raises(Dishonest, match="no queue"):
        honesty.queues(cast(Field, Asking("floor.done quorum true")))


def test_process_without_a_confirming_channel_fails_the_run() -> None:
    with pytest.raises(Dishonest, match="floor assessment: confirms"):
        honesty.confirms(cast(Field, Asking("1 2 3")))


class Silent:
    """A contender that nothing comes out of."""

    sizes = (300, 300)


@pytest.mark.parametrize("times", [0, 2])
async def test_turn_lost_or_doubled_fails_the_run(times: int) -> None:
    driver = Driver(cast(Feed, Silent()))
    driver.taken.update({Turn("д1", number): 1 for number in range(1, TURNS)})
    driver.taken[Turn("д1", TURNS)] = times
    nothing = cast(Any, None)
    with pytest.raises(Dishonest, match=f"came out {times} times"):
        await honesty.finished_once(nothing, nothing, "floor", driver, ["д1"])


def test_payload_of_another_size_fails_the_run() -> None:
    with pytest.raises(Dishonest, match="300 bytes"):
        honesty.payload({"floor": cast(Feed, Silent())})


def test_floor_takes_each_event_once_and_in_order() -> None:
    first = advanced(None, said(Turn("д1", 1)))
    assert first is not None
    assert advanced(first, said(Turn("д1", 1))) is None
    with pytest.raises(ValueError, match="turn 3 after 1"):
        advanced(first, said(Turn("д1", 3)))
    second = advanced(first, said(Turn("д1", 2)))
    assert second is not None
    assert (second["rev"], second["heard"]) == (2, 2)


def test_ratio_pairs_the_rounds_and_shows_its_spread() -> None:
    assert str(ratio([1.0, 4.0, 9.0], [2.0, 4.0, 3.0])) == "1.00 (0.50-3.00)"


def test_tables_take_the_place_of_the_old_ones_and_of_nothing_else() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    once = page.written(text, "| a |")
    assert page.written(once, "| a |") == once
    assert once.partition(page.BEGIN)[0] == text.partition(page.BEGIN)[0]
    assert once.partition(page.END)[2] == text.partition(page.END)[2]
    with pytest.raises(ValueError, match="lost its marks"):
        page.written("# Performance", "| a |")
