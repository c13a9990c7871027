"""Fixtures for every kind of test: real servers, started once and gone afterwards.

Order of choice: the URLs in the environment; containers, where OPORA_TEST_CONTAINERS=1 and a Docker
engine answers; else the local runner's own broker and embedded database.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
import pytest

from deploy.runner.system import LOCAL, Servers


@dataclass(frozen=True)
class ServerUrls:
    """Where broker and database answer, whoever started them."""

    amqp_url: str
    mongo_url: str


def _docker_answers() -> bool:
    if os.environ.get("OPORA_TEST_CONTAINERS") != "1":
        return False
    import docker

    try:
        return bool(docker.from_env(timeout=5).ping())
    except docker.errors.DockerException:
        return False


def _container_urls(containers: ExitStack) -> ServerUrls:
    from testcontainers.mongodb import MongoDbContainer
    from testcontainers.rabbitmq import RabbitMqContainer

    amqp_url = os.environ.get("OPORA_AMQP_URL")
    mongo_url = os.environ.get("OPORA_MONGO_URL")
    if not amqp_url:
        broker = containers.enter_context(RabbitMqContainer("rabbitmq:4-management"))
        host, port = broker.get_container_host_ip(), broker.get_exposed_port(5672)
        amqp_url = f"amqp://guest:guest@{host}:{port}/"
    if not mongo_url:
        mongo_url = containers.enter_context(MongoDbContainer("mongo:8")).get_connection_url()
    return ServerUrls(amqp_url, mongo_url)


def _remove_abandoned_data() -> None:
    """A test run that was killed -9 could not remove its own."""
    for directory in LOCAL.glob("test-*"):
        owner = directory.name.removeprefix("test-").split("-")[0].removesuffix(".lock")
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            if directory.is_dir():
                shutil.rmtree(directory, ignore_errors=True)
            else:
                directory.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerUrls]:
    """A broker and a database for the whole session."""
    _remove_abandoned_data()
    with ExitStack() as held:
        if _docker_answers():
            yield _container_urls(held)
            return
        own = held.enter_context(Servers(f"test-{os.getpid()}"))
        held.callback(shutil.rmtree, own.data_dir, ignore_errors=True)
        yield ServerUrls(own.amqp_url, own.mongo_url)
