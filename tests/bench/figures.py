"""From slices to figures: ratios of the same round, their median and their spread."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.cases import STAGES, TURNS
from tests.bench.field import CONTENDERS
from tests.bench.rounds import Measured

WORDS = {
    "floor": "floor: bare aio-pika and PyMongo, the least durable I/O",
    "ours": "Opora's chassis",
    "naive": "naive outbox: 3 writes, 2 finds",
    "celery": "Celery, durable settings, threads",
    "monolith": "monolith without a broker",
}


@dataclass(frozen=True, slots=True)
class Ratio:
    """Medians of paired ratios, with the smallest and the largest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio(upper: Sequence[float], lower: Sequence[float]) -> Ratio:
    """Round by round: what one contender did against what another did in the same round."""
    each = [a / b for a, b in zip(upper, lower, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


def tables(seen: Measured) -> str:
    """Everything measured, as the page shows it."""
    return "\n\n".join([_setting(seen), _contenders(seen), _figures(seen)])


def _setting(seen: Measured) -> str:
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{os.cpu_count()} cores, load average at the end {os.getloadavg()[1]:.1f}; "
        f"{len(seen.flat_out['floor'])} rounds (at half load {len(seen.loaded['floor'])}) of "
        f"{seen.cases} cases x {TURNS} turns x {len(STAGES)} stages, "
        f"{seen.processes} processes per contender, {seen.queues} queues, all quorum. "
        f"Ratios are medians over the rounds, with the smallest and the largest."
    )


def _contenders(seen: Measured) -> str:
    floor = [s.rate for s in seen.flat_out["floor"]]
    rows = [
        "| contender | cases/s | against the floor | turn alone, ms | against the floor "
        "| p99 at half load, ms | against the floor | writes per stage |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in CONTENDERS:
        rates = [s.rate for s in seen.flat_out[name]]
        alone, loaded = seen.alone[name], seen.loaded[name]
        rows.append(
            f"| {WORDS[name]} | {statistics.median(rates):.0f} | {ratio(rates, floor)} "
            f"| {statistics.median(alone) * 1000:.1f} | {ratio(alone, seen.alone['floor'])} "
            f"| {statistics.median(loaded) * 1000:.0f} | {ratio(loaded, seen.loaded['floor'])} "
            f"| {statistics.median(s.writes_a_stage for s in seen.flat_out[name]):.2f} |"
        )
    return "\n".join(rows)


def _figures(seen: Measured) -> str:
    flat = seen.flat_out
    floor, ours = [s.rate for s in flat["floor"]], [s.rate for s in flat["ours"]]
    settled = [s.rate_settled for s in flat["ours"]]
    writes = statistics.median(s.writes_a_stage for s in flat["ours"])
    few = statistics.median(a / b for a, b in zip(floor, ours, strict=True))
    many = ratio([s.rate for s in seen.grown["floor"]], [s.rate for s in seen.grown["ours"]])
    low, high = seen.plan.stored
    rows = [
        ("cases per second against the floor", str(ratio(ours, floor)), "0.60 / 0.80"),
        ("the same, until the last outbox is cleared", str(ratio(settled, floor)), ""),
        ("against Celery", str(ratio(ours, [s.rate for s in flat["celery"]])), "1.0 / 1.5"),
        ("against the naive outbox", str(ratio(ours, [s.rate for s in flat["naive"]])), ""),
        ("against the monolith", str(ratio(ours, [s.rate for s in flat["monolith"]])), ""),
        (
            "idle end-to-end median against the floor",
            str(ratio(seen.alone["ours"], seen.alone["floor"])),
            "2 / 1.4",
        ),
        (
            f"p99 at half load ({seen.half_rate:.0f} cases/s) against the floor's",
            str(ratio(seen.loaded["ours"], seen.loaded["floor"])),
            "4 / 2",
        ),
        (
            "durable writes per event-driven stage",
            f"1 on the way, {writes:.2f} with clearing",
            "2 / 1",
        ),
        (
            f"cost per case, {low:,} to {high:,} stored",
            f"{(many.median / few - 1) * 100:+.0f} %",
            "+30 % / +10 %",
        ),
    ]
    if seen.progress:
        rows.append(
            (
                "first progress after kill -9 of a consumer",
                f"{statistics.median(seen.progress):.1f} s (worst {max(seen.progress):.1f} s)",
                "30 s / 5 s",
            )
        )
    rows.append(("lost, doubled", "0, 0", "0, 0"))
    lines = ["| figure | measured | good / excellent |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
