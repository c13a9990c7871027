"""PyMongo's asynchronous client against Motor on one server, in interleaved slices (ABBA).

`python -m tests.bench.mongo_clients` prints medians of paired ratios for docs/decisions/0001.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import AsyncMongoClient, WriteConcern

from deploy.runner.servers import Servers

ROUNDS, OPERATIONS = 12, 120
BODY = {"state": {f"field{n}": "Ленинск-Кузнецкий" * 2 for n in range(20)}, "rev": 1}
Collection = Any
Operation = Callable[[Collection, str], Awaitable[Any]]


async def insert(collection: Collection, key: str) -> None:
    await collection.insert_one({"_id": key, **BODY})


async def find(collection: Collection, key: str) -> None:
    await collection.find_one({"_id": key})


async def replace(collection: Collection, key: str) -> None:
    await collection.replace_one({"_id": key, "rev": 1}, {"_id": key, **BODY})


async def slice_of(
    operation: Operation, collection: Collection, prefix: str, at_once: int
) -> tuple[float, float]:
    """Operations a second and CPU microseconds an operation."""
    keys = iter([f"{prefix}{number}" for number in range(OPERATIONS)])

    async def worker() -> None:
        for key in keys:
            await operation(collection, key)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return OPERATIONS / wall, cpu / OPERATIONS * 1e6


async def compare(url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - deprecated, warns
    concern = WriteConcern(w="majority", j=True)
    clients: dict[str, Any] = {"pymongo": AsyncMongoClient(url), "motor": AsyncIOMotorClient(url)}
    tables = {
        name: client.get_database("bench", write_concern=concern)[name]
        for name, client in clients.items()
    }
    print("| operation | at once | PyMongo op/s | Motor op/s | throughput ratio | CPU ratio |")
    print("|---|---|---|---|---|---|")
    for at_once in (1, 32):
        for operation in (insert, find, replace):
            seen: dict[str, list[tuple[float, float]]] = {"pymongo": [], "motor": []}
            for round_number in range(ROUNDS):
                order = ["pymongo", "motor"]
                for name in order if round_number % 2 == 0 else order[::-1]:
                    prefix = f"c{at_once}-{round_number}-"
                    seen[name].append(await slice_of(operation, tables[name], prefix, at_once))
            pairs = list(zip(seen["pymongo"], seen["motor"], strict=True))
            rate = statistics.median(p[0] / m[0] for p, m in pairs)
            cpu = statistics.median(p[1] / m[1] for p, m in pairs)
            medians = {n: statistics.median(s[0] for s in slices) for n, slices in seen.items()}
            print(
                f"| {operation.__name__} | {at_once} | {medians['pymongo']:.0f} "
                f"| {medians['motor']:.0f} | {rate:.2f} | {cpu:.2f} |"
            )
    await clients["pymongo"].close()
    clients["motor"].close()


def main() -> None:
    with Servers("bench-clients") as servers:
        asyncio.run(compare(servers.mongo_url))


if __name__ == "__main__":
    main()
