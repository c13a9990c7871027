"""`python -m tests.bench [--quick] [--write]`: the benchmark of docs/performance.md.

--quick carries a few cases once, to see that everything still runs and is honest; its figures mean
nothing. --write puts the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse

import uvloop

from tests.bench import page
from tests.bench.field import Field
from tests.bench.figures import tables
from tests.bench.rounds import FULL, QUICK, Measured, Run


async def measured(servers: Field, quick: bool) -> Measured:
    return await Run(servers, QUICK if quick else FULL).everything()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few cases, to see that it runs")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    chosen = parser.parse_args()
    if chosen.quick and chosen.write:
        parser.error("the figures of --quick mean nothing: they are not to be written")
    with Field("bench-quick" if chosen.quick else "bench") as servers:
        seen = uvloop.run(measured(servers, chosen.quick))
    print(tables(seen))
    if chosen.write:
        page.write(tables(seen))


if __name__ == "__main__":
    main()
