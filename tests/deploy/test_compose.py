"""The production shape holds together, as far as a machine without an engine can tell.

What only an engine can show (that the images start and become healthy) is not shown here.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from chassis.queues import DELIVERY_LIMIT
from contracts.topology import dead_name, inbox_name
from deploy.runner.servers import ROOT
from deploy.runner.system import System
from deploy.services import SERVICES

OPERATIONS = ROOT / "docs" / "operations.md"
COMPOSE_FILE = ROOT / "docker-compose.yml"
VARIABLE_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?P<required>:?\?[^}]*)?")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
    return loaded


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """The .env that deploy/secrets.sh writes, in a copy of the place it writes it to."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "secrets.sh", tmp_path / "deploy")
    subprocess.run(["sh", tmp_path / "deploy" / "secrets.sh"], check=True, capture_output=True)
    return tmp_path / ".env"


def names_in(env_file: Path) -> set[str]:
    return set(re.findall(r"^(\w+)=", env_file.read_text(), re.MULTILINE))


def test_official_servers_and_the_six_services_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"broker", "database", *SERVICES}
    assert services["broker"]["image"] == "rabbitmq:4-management"
    assert services["database"]["image"] == "mongo:8"
    for name, port in SERVICES.items():
        assert services[name]["environment"]["SERVICE"] == name
        assert services[name]["ports"] == [f"127.0.0.1:{port}:8000"]
        assert services[name]["image"] == services["intake"]["image"]


def test_everything_is_checked_for_health_and_awaited(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert service["healthcheck"]["test"][0] == "CMD"
        for other, how in service.get("depends_on", {}).items():
            assert "healthcheck" in services[other]
            assert how == {"condition": "service_healthy"}
    assert all(set(services[name]["depends_on"]) == {"broker", "database"} for name in SERVICES)


def test_database_is_a_replica_set_that_its_health_check_makes(compose: dict[str, Any]) -> None:
    database = compose["services"]["database"]
    name = database["command"][database["command"].index("--replSet") + 1]
    assert f'rs.initiate({{ _id: "{name}"' in database["healthcheck"]["test"][-1]
    assert f"replicaSet={name}" in compose["services"]["intake"]["environment"]["OPORA_MONGO_URL"]


def test_moved_days_reach_every_service(compose: dict[str, Any]) -> None:
    told = {compose["services"][name]["environment"]["OPORA_MOVED_DAYS"] for name in SERVICES}
    assert told == {"${OPORA_MOVED_DAYS:-}"}


async def test_address_of_a_caller_is_the_one_that_the_proxy_on_the_host_names(
    compose: dict[str, Any],
) -> None:
    told = {compose["services"][name]["environment"]["FORWARDED_ALLOW_IPS"] for name in SERVICES}
    (allowed,) = {VARIABLE_DEFAULT.sub(r"\1", value) for value in told}
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["client"][0])

    server: Any = ProxyHeadersMiddleware(app, trusted_hosts=allowed)
    claimed = [(b"x-forwarded-for", b"198.51.100.1, 203.0.113.7")]  # the first is the caller's lie
    for bridge in ("172.18.0.1", "192.0.2.9"):
        scope = {"type": "http", "scheme": "http", "client": (bridge, 1), "headers": claimed}
        await server(scope, None, None)
    assert seen == ["203.0.113.7", "192.0.2.9"]


def test_dead_message_may_be_delivered_as_often_as_any(compose: dict[str, Any]) -> None:
    """P7: RabbitMQ 4 would drop one at the twentieth lost connection."""
    check = compose["services"]["broker"]["healthcheck"]["test"][-1].replace("$$", "$")
    (written,) = re.findall(r"set_policy \S+ '(\S+)' '(.+?)'", check)
    pattern, policy = written
    assert json.loads(policy) == {"delivery-limit": DELIVERY_LIMIT}
    for service in SERVICES:
        assert re.search(pattern, dead_name(service))
        assert not re.search(pattern, inbox_name(service))
    assert f"rabbitmqctl set_policy letters-stay '{pattern}' '{policy}'" in OPERATIONS.read_text()


def test_everything_named_is_declared_or_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]
        for file in service.get("env_file", []):
            assert (ROOT / VARIABLE_DEFAULT.sub(r"\1", file)).is_file()
        if "build" in service:
            assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_required_secrets_are_those_the_script_makes(env_file: Path) -> None:
    variables = list(VARIABLE.finditer(COMPOSE_FILE.read_text()))
    required = {found[1] for found in variables if found["required"]}
    assert required == names_in(env_file)
    assert env_file.stat().st_mode & 0o077 == 0
    written = env_file.read_text()
    again = subprocess.run(
        ["sh", env_file.parent / "deploy" / "secrets.sh"], check=False, capture_output=True
    )
    assert again.returncode == 1
    assert env_file.read_text() == written


def test_services_are_told_all_that_the_local_runner_tells_them(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("OPORA_")]:
        monkeypatch.delenv(name)
    system = System("compose-comparison", amqp_url="amqp://a/", mongo_url="mongodb://b/")
    system.data_dir = tmp_path
    simulators = {"OPORA_HOSPITAL_URL"}  # there are none in production
    for program in system._application_programs(system.credentials):
        if program.name not in SERVICES:
            continue
        service = compose["services"][program.name]
        told = set(service["environment"])
        for file in service["env_file"]:
            told |= names_in(ROOT / VARIABLE_DEFAULT.sub(r"\1", file))
        expected = {name for name in program.environment if name.startswith("OPORA_")}
        if program.name != "intake":
            expected -= {"OPORA_PENSION_FUND_URL"}
        assert expected - told - simulators == set(), program.name


def test_image_copies_what_exists_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [line.split()[1] for line in lines if re.match(r"COPY (?!--from)", line)]
    assert copied
    for source in copied:
        assert f"!{source}" in ignored
    assert (ROOT / "deploy" / "locks" / "service.txt").is_file()
    assert "USER 10001:10001" in lines
    assert any("--require-hashes" in line for line in lines)
    assert not any("curl" in line for line in lines)
    assert any("--timeout-keep-alive 75" in line for line in lines)
