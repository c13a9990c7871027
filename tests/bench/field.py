"""The field all contenders run on: one broker, one database, one process per stage for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deploy.runner.broker import Broker, prepare_broker, require_scripts
from deploy.runner.database import prepare_database
from deploy.runner.ports import LOOPBACK, free_ports
from deploy.runner.program import Program
from deploy.runner.servers import ROOT, Servers
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials
from deploy.services import DISTRICT
from tests.bench.cases import PREFETCH, STAGES

ROOM = ("vm_memory_high_watermark.absolute = 400MB", "vm_memory_high_watermark.absolute = 1500MB")
"""Fifty quorum queues, most of them Celery's, fill what is enough for six services."""

CONTENDERS = ("floor", "ours", "naive", "celery", "monolith")


def program_of(contender: str, stage: str) -> str:
    """What the process is called."""
    return f"{contender}-{stage}"


class Field(Servers):
    """Servers of the benchmark's own, whatever the environment names, and every contender."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        programs = [(contender, stage) for contender in CONTENDERS for stage in STAGES]
        self.ports = dict(zip(programs, free_ports(len(programs)), strict=True))
        self._broker: Broker | None = None

    def ledger(self, contender: str, stage: str) -> Path:
        """Where a process counts what it asked of the database."""
        return self.data_dir / f"{program_of(contender, stage)}.ledger"

    def ask_broker(self, *question: str) -> list[list[str]]:
        """Rows that the broker's own tool answers."""
        if self._broker is None:
            raise RuntimeError("the broker is not running")
        tool = require_scripts() / "rabbitmqctl"
        asked = subprocess.run(
            [str(tool), "--quiet", "--no-table-headers", *question],
            env=dict(self._broker.programs[0].environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [line.split("\t") for line in asked.stdout.splitlines()]

    def _server_programs(self, credentials: Credentials) -> list[Program]:
        self._broker = prepare_broker(self.data_dir, self.name, credentials.erlang_cookie)
        settings = self.data_dir / "broker" / "rabbitmq.conf"
        settings.write_text(settings.read_text().replace(*ROOM))
        database = prepare_database(self.data_dir)
        self.amqp_url, self.mongo_url = self._broker.url, database.url
        return [*self._broker.programs, database.program]

    def _application_programs(self, credentials: Credentials) -> list[Program]:
        return [
            Program(
                name=program_of(contender, stage),
                command=self._command(contender, stage, port),
                environment=self._environment(contender, stage, port, credentials),
                ready=(
                    f"http://{LOOPBACK}:{port}/health/ready"
                    if contender == "ours"
                    else f"tcp://{LOOPBACK}:{port}"
                ),
                directory=ROOT,
                priority=40,
            )
            for (contender, stage), port in self.ports.items()
        ]

    def _command(self, contender: str, stage: str, port: int) -> tuple[str, ...]:
        python = (sys.executable, "-m")
        if contender == "ours":
            return (
                *(*python, "uvicorn", "--factory", "tests.bench.ours:create_app"),
                *("--host", LOOPBACK, "--port", str(port), "--loop", "uvloop"),
                *("--http", "httptools", "--no-access-log", "--log-level", "warning"),
            )
        if contender == "celery":
            return (
                *(*python, "celery", "-A", "tests.bench.celery_pipeline", "worker"),
                *("--pool", "threads", "--concurrency", str(PREFETCH), "-l", "warning"),
                *("-Q", f"celery.{stage}", "-n", f"{stage}@localhost"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            )
        return (*python, "tests.bench.bare")

    def _environment(
        self, contender: str, stage: str, port: int, credentials: Credentials
    ) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "BENCH_CONTENDER": contender,
            "BENCH_STAGE": stage,
            "BENCH_PORT": str(port),
            "BENCH_LEDGER": str(self.ledger(contender, stage)),
            "OPORA_AMQP_URL": self.amqp_url,
            "OPORA_MONGO_URL": self.mongo_url,
            "OPORA_DISTRICT": DISTRICT,
            "OPORA_DATABASE_PREFIX": "ours_",
            "OPORA_JWKS_FILE": str(credentials.jwks_file),
            "OPORA_ISSUER": ISSUER,
            "OPORA_AUDIENCE": AUDIENCE,
        }
