"""What Opora consists of when it runs on one machine, and how its parts are told of each other.

Broker and database are in `servers.py`; here are the services and the outside parties.
"""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from dotenv import dotenv_values

from deploy.runner.errors import RunnerError
from deploy.runner.ports import LOOPBACK, free_ports, require_free
from deploy.runner.program import Program
from deploy.runner.servers import ROOT, Servers
from deploy.runner.tokens import AUDIENCE, DAY, ISSUER, Credentials
from deploy.services import DISTRICT, SERVICES

SIMULATORS = {"pension_fund": 8201, "hospital": 8202}
PORTS = {**SERVICES, **SIMULATORS}

DISTRICTS = ROOT / "deploy" / "districts"
TIME_ZONE = "Asia/Novokuznetsk"
PENSION_FUND_OFFICE = "example-pension-fund-office-01"
"""Whom the district served by default asks: only this office may answer."""
SIMULATOR_PER_MINUTE = "6000"
"""How fast the simulator is asked: it has no such limit as the real gateway."""
LISTENING_ORGANIZATION = "l-medical-organization-01"
"""Which medical organization the hospital simulator stands in for."""


class UnknownDistrict(RunnerError):
    """There are no settings for the district that was asked for."""


def free_service_ports() -> dict[str, int]:
    """Ports for a System beside the one on the fixed ports."""
    return dict(zip(PORTS, free_ports(len(PORTS)), strict=True))


def settings_of(district: str) -> dict[str, str]:
    """A district's own settings, from its file; raises UnknownDistrict where there is none."""
    file = DISTRICTS / f"{district}.env"
    if not file.is_file():
        raise UnknownDistrict(f"OPORA_DISTRICT={district}: there is no {file.relative_to(ROOT)}")
    return {name: value or "" for name, value in dotenv_values(file).items()}


class System(Servers):
    """Servers, simulators of the outside parties and the six services."""

    def __init__(
        self,
        name: str,
        *,
        fresh: bool = True,
        ports: Mapping[str, int] = PORTS,
        amqp_url: str | None = None,
        mongo_url: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, fresh=fresh, amqp_url=amqp_url, mongo_url=mongo_url)
        self.ports = dict(ports)
        self.urls = {part: f"http://{LOOPBACK}:{port}" for part, port in self.ports.items()}
        self._settings = dict(settings or {})

    @classmethod
    def local(cls, name: str = "demo") -> Self:
        """The whole system on the fixed ports, with nothing left of an earlier run."""
        return cls(name)

    @property
    def credentials(self) -> Credentials:
        """The keys and secrets of this system."""
        return Credentials(self.data_dir / "credentials")

    @property
    def district(self) -> str:
        """The district this system serves."""
        return self._setting("OPORA_DISTRICT", DISTRICT)

    def token(
        self,
        *roles: str,
        org: str | None = None,
        district: str | None = None,
        subject: str | None = None,
    ) -> str:
        """An access token for these roles; of this system's district unless told otherwise."""
        return self.credentials.token(
            *roles, org=org, district=district or self.district, subject=subject
        )

    def kill(self, program: str) -> int:
        """End a program as a crash would; supervisor restarts it. Returns the dead one's id."""
        pid = self.pid(program)
        os.kill(pid, signal.SIGKILL)
        return pid

    def _setting(self, name: str, default: str) -> str:
        return self._settings.get(name) or os.environ.get(name, default)

    def _require_ports(self) -> None:
        require_free(self.ports)

    def _application_programs(self, credentials: Credentials) -> list[Program]:
        return [
            *(self._simulator(name, credentials) for name in SIMULATORS),
            *(self._service(name, credentials) for name in SERVICES),
        ]

    def _simulator(self, name: str, credentials: Credentials) -> Program:
        return self._program(
            name,
            application=f"deploy.simulators.{name}:create_app",
            ready=f"tcp://{LOOPBACK}:{self.ports[name]}",
            priority=30,
            environment=self._environment(name, credentials),
        )

    def _service(self, name: str, credentials: Credentials) -> Program:
        return self._program(
            name,
            application=f"services.{name}.main:create_app",
            ready=f"{self.urls[name]}/health/ready",
            priority=40,
            environment=self._environment(name, credentials),
        )

    def replica(self, name: str, port: int, root: Path = ROOT) -> Program:
        """A further replica of a service, at work beside the first on its queue and database.

        `root` is the source tree it runs: another one makes it another version.
        """
        program = self._program(
            name,
            application=f"services.{name}.main:create_app",
            ready=f"http://{LOOPBACK}:{port}/health/ready",
            priority=40,
            environment={**self._environment(name, self.credentials), "PYTHONPATH": str(root)},
            port=port,
        )
        return replace(program, directory=root)

    def _program(
        self,
        name: str,
        application: str,
        ready: str,
        priority: int,
        environment: dict[str, str],
        port: int | None = None,
    ) -> Program:
        return Program(
            name=name,
            command=(
                *(sys.executable, "-m", "uvicorn", "--factory", application),
                *("--host", LOOPBACK, "--port", str(port or self.ports[name])),
                *("--loop", "uvloop", "--http", "httptools"),
                *("--no-access-log", "--log-level", "warning"),
                *("--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "75"),
            ),
            environment=environment,
            ready=ready,
            priority=priority,
            directory=ROOT,
        )

    def _own_settings(self, name: str, credentials: Credentials) -> dict[str, str]:
        """The addresses and secrets that only this program has a use for."""
        callback = credentials.token(
            "pension_fund",
            org=self._setting(
                "OPORA_PENSION_FUND_OFFICE",
                settings_of(self.district).get("OPORA_PENSION_FUND_OFFICE", PENSION_FUND_OFFICE),
            ),
            district=self.district,
            seconds=365 * DAY,
        )
        gateway = credentials.token(
            "pension_fund_gateway", district=self.district, seconds=365 * DAY
        )
        webhooks = {
            "OPORA_WEBHOOK_SECRET": credentials.webhook_secret,
            "OPORA_WEBHOOK_URL": f"{self.urls['hospital']}/webhooks",
        }
        own: dict[str, dict[str, str]] = {
            "intake": {
                "OPORA_ATTACHMENTS_URL": str(self.data_dir / "attachments"),
                "OPORA_PENSION_FUND_PER_MINUTE": self._setting(
                    "OPORA_PENSION_FUND_PER_MINUTE", SIMULATOR_PER_MINUTE
                ),
                "OPORA_PENSION_FUND_TOKEN": gateway,
                "OPORA_WEBHOOK_ORGANIZATION": LISTENING_ORGANIZATION,
                "OPORA_OUTGOING_LOOPBACK": "true",
                **webhooks,
            },
            "pension_fund": {
                "OPORA_SIM_CALLBACK_TOKEN": callback,
                "OPORA_SIM_CALLBACK_URL": self.urls["intake"],
            },
            "hospital": webhooks,
        }
        return own.get(name, {})

    def _environment(self, name: str, credentials: Credentials) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "SERVICE": name,
            "NO_PROXY": f"{LOOPBACK},localhost",
            "no_proxy": f"{LOOPBACK},localhost",
            "OPORA_AMQP_URL": self.amqp_url,
            "OPORA_MONGO_URL": self.mongo_url,
            **{
                name: self._setting(name, value)
                for name, value in settings_of(self.district).items()
            },
            "OPORA_JWKS_FILE": str(credentials.jwks_file),
            "OPORA_ISSUER": ISSUER,
            "OPORA_AUDIENCE": AUDIENCE,
            "OPORA_IDENTITY_KEY": credentials.identity_key,
            **{f"OPORA_{part.upper()}_URL": url for part, url in self.urls.items()},
            **self._own_settings(name, credentials),
            **self._settings,
        }
