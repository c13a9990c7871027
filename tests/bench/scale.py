"""`python -m tests.bench.scale [--quick] [--write]`: the same questions with few and many stored.

Two stocks lie side by side on the same servers, and each question is put to both in turn: medians,
and their ratio. Every question is answered with 200 and, where it asks for a list, with a full one.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

import httpx
import uvloop
from fastapi import FastAPI

from chassis.document import Document
from chassis.store import Collection
from deploy.runner.servers import Servers
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials
from tests.bench import page
from tests.bench.questions import QUESTIONS, Question
from tests.bench.stock import MAKERS, SECRET, START, documents
from tests.service.stack import DISTRICT, running, until

FULL = (1_000, 1_000), (100_000, 5_000)
QUICK = (100, 40), (200, 80)
"""Cases and organizations: few, and many."""
ROUNDS = 41
BATCH = 500
BEFORE = datetime.now(UTC) - START + timedelta(days=7)
"""The services' clocks stand before everything that is stored: nothing becomes due meanwhile."""
MARKS = "<!-- scale: written by `python -m tests.bench.scale --write` -->", "<!-- end of scale -->"


@dataclass
class Stock:
    """The services over so many cases and organizations, and how long they took to answer."""

    cases: int
    organizations: int
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    async def ask(self, question: Question, credentials: Credentials) -> None:
        """Put a question; raises if it was not answered."""
        token = credentials.token(question.role or "-", org=question.org, district=DISTRICT)
        headers = {"Authorization": f"Bearer {token}"} if question.role else {}
        method = "POST" if question.body else "GET"
        begun = time.perf_counter()
        answer = await self.clients[question.service].request(
            method, question.path, json=question.body, headers=headers
        )
        self.seconds.setdefault(question.name, []).append(time.perf_counter() - begun)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{question.name}: {answer.status_code} {answer.text}")
        if question.found and not answer.json()[question.found]:
            raise RuntimeError(f"{question.name}: nothing found")


async def fill(collection: Collection[Any], stocked: Iterator[Document[Any]]) -> None:
    """Store documents as the store would, many at a time; indexes are made of all at once."""
    begun, count = time.perf_counter(), 0
    while chunk := list(islice(stocked, BATCH)):
        await collection._stored.insert_many(
            [collection._to_stored(document, "stocked") for document in chunk]
        )
        count += len(chunk)
    await collection.prepare()
    seconds = time.perf_counter() - begun
    print(f"{collection.spec.name}: {count:,} in {seconds:.0f} s", file=sys.stderr)


def made(service: str, servers: Servers, credentials: Credentials, prefix: str) -> FastAPI:
    """A service as its own `main.py` puts it together."""
    declared = vars(importlib.import_module(f"services.{service}.settings"))
    kind = next(value for key, value in declared.items() if key.lower() == f"{service}settings")
    settings = kind(
        amqp_url=servers.amqp_url,
        mongo_url=servers.mongo_url,
        district=DISTRICT,
        jwks_file=credentials.jwks_file,
        issuer=ISSUER,
        audience=AUDIENCE,
        database_prefix=prefix,
        log_level="ERROR",
        identity_key=SECRET,
        pension_fund_url="http://127.0.0.1:1",
        pension_fund_token="t",
        status_per_address=100_000,
        status_per_number=100_000,
    )
    module = importlib.import_module(f"services.{service}.main")
    app: FastAPI = module.create_app(settings, lambda: datetime.now(UTC) - BEFORE)
    return app


async def stock(
    held: AsyncExitStack, servers: Servers, credentials: Credentials, size: tuple[int, int]
) -> Stock:
    """Services with that much stored, ready to be asked."""
    filled, prefix = Stock(*size), f"s{uuid.uuid4().hex[:6]}_"
    for service, kinds in MAKERS.items():
        app = made(service, servers, credentials, prefix)
        for name, (counted, make) in kinds.items():
            collection = app.state.service.collections[name]
            count: int = getattr(filled, counted)
            await fill(collection, documents(service, name, collection, make, count))
        filled.clients[service] = await held.enter_async_context(running(app))
        if service == "directory":
            await until(lambda app=app: app.state.directory.snapshot.complete, seconds=120)  # type: ignore[misc]
    return filled


async def measured(servers: Servers, sizes: tuple[tuple[int, int], ...]) -> list[Stock]:
    """Every question to every stock in turn, in rounds."""
    credentials = Credentials(servers.data_dir / "credentials")
    async with AsyncExitStack() as held:
        stocks = [await stock(held, servers, credentials, size) for size in sizes]
        for round_number in range(ROUNDS):
            for question in QUESTIONS:
                for asked in stocks if round_number % 2 else stocks[::-1]:
                    await asked.ask(question, credentials)
    return stocks


def table(few: Stock, many: Stock) -> str:
    """Medians in milliseconds, and the ratio."""
    lines = [
        f"| question | {few.cases:,} cases, {few.organizations:,} organizations: ms"
        f" | {many.cases:,} cases, {many.organizations:,} organizations: ms | ratio |",
        "|---|--:|--:|--:|",
    ]
    for question in QUESTIONS:
        short, long = (median(asked.seconds[question.name]) * 1000 for asked in (few, many))
        lines.append(f"| {question.name} | {short:.1f} | {long:.1f} | {long / short:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few, to see that it runs")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    chosen = parser.parse_args()
    if chosen.quick and chosen.write:
        parser.error("the figures of --quick mean nothing: they are not to be written")
    with Servers("scale-quick" if chosen.quick else "scale") as servers:
        servers.wait_ready()
        few, many = uvloop.run(measured(servers, QUICK if chosen.quick else FULL))
    print(table(few, many))
    if chosen.write:
        page.write(table(few, many), MARKS)


if __name__ == "__main__":
    main()
