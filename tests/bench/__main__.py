"""`python -m tests.bench [--quick] [--write]`: the benchmark of docs/performance.md.

--quick carries a few cases once, to see that everything still runs and is honest; its figures mean
nothing. --write puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse

import uvloop

from tests.bench.field import Field
from tests.bench.rounds import FULL, QUICK, Measured, Run


async def measured(servers: Field, quick: bool) -> Measured:
    return await Run(servers, QUICK if quick else FULL).everything()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    with Field("bench") as servers:
        seen = uvloop.run(measured(servers, chosen.quick))
    print(seen)


if __name__ == "__main__":
    main()
