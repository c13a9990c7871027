"""Fixtures for every kind of test: real servers, started once and gone afterwards.

Order of choice: the URLs in the environment; containers, where OPORA_TEST_CONTAINERS=1 and a Docker
engine answers; else the local runner's own broker and embedded database.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
import pytest
from hypothesis import HealthCheck, settings
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.runner.servers import LOCAL, Servers, data_dir_of

# Nothing fails because a machine is slow, or because this run drew what none has drawn before.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@dataclass(frozen=True)
class ServerUrls:
    """Where broker and database answer, whoever started them."""

    amqp_url: str
    mongo_url: str


def _docker_answers() -> bool:
    if os.environ.get("OPORA_TEST_CONTAINERS") != "1" or not shutil.which("docker"):
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False)
    return asked.returncode == 0


def _container_urls(held: ExitStack) -> ServerUrls:
    amqp_url = os.environ.get("OPORA_AMQP_URL")
    mongo_url = os.environ.get("OPORA_MONGO_URL")
    if not amqp_url:
        address = _container(held, "rabbitmq:4-management", 5672, "Server startup complete")
        amqp_url = f"amqp://guest:guest@{address}/"
    if not mongo_url:
        mongo_url = f"mongodb://{_container(held, 'mongo:8', 27017, 'Waiting for connections')}/"
    return ServerUrls(amqp_url, mongo_url)


def _container(held: ExitStack, image: str, port: int, ready: str) -> str:
    container = DockerContainer(image).with_exposed_ports(port)
    container.waiting_for(LogMessageWaitStrategy(ready).with_startup_timeout(120))
    held.enter_context(container)
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _remove_data(name: str) -> None:
    shutil.rmtree(data_dir_of(name), ignore_errors=True)
    data_dir_of(name).with_suffix(".lock").unlink(missing_ok=True)


def _remove_abandoned_data() -> None:
    """A test run that was killed -9 could not remove its own."""
    for path in LOCAL.glob("test-*"):
        owner = path.stem.split("-")[1]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            _remove_data(path.stem)


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerUrls]:
    """A broker and a database for the whole session."""
    amqp_url, mongo_url = os.environ.get("OPORA_AMQP_URL"), os.environ.get("OPORA_MONGO_URL")
    if amqp_url and mongo_url:
        yield ServerUrls(amqp_url, mongo_url)
        return
    _remove_abandoned_data()
    with ExitStack() as held:
        if _docker_answers():
            yield _container_urls(held)
            return
        name = f"test-{os.getpid()}"
        held.callback(_remove_data, name)
        own = held.enter_context(Servers(name))
        yield ServerUrls(own.amqp_url, own.mongo_url)
