"""The runner's promises: everything comes up, what dies comes back, nothing is left behind."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import aio_pika
import jwt
import psutil
import pymongo
import pytest

from deploy.demo.staff import HOSPITAL
from deploy.runner.broker import BrokerMissing, find_scripts, require_scripts
from deploy.runner.lock import AlreadyRunning
from deploy.runner.ports import LOOPBACK, PortTaken, free_ports
from deploy.runner.processes import NotReady, marked, start
from deploy.runner.program import Program
from deploy.runner.servers import ROOT, Servers, data_dir_of
from deploy.runner.system import System, free_service_ports
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials
from services.intake.settings import IntakeSettings

AMQP_ELSEWHERE = "amqp://elsewhere:5672/"
MONGO_ELSEWHERE = "mongodb://elsewhere:27017/"

needs_local_broker = pytest.mark.skipif(
    "OPORA_AMQP_URL" in os.environ and find_scripts() is None,
    reason="a broker was named, so none is installed here",
)

HOLDER = """
import sys, time
from deploy.runner.processes import marked
from deploy.runner.servers import Servers
name, amqp_url = sys.argv[1:]
with Servers(name, amqp_url=amqp_url or None) as servers:
    print(*(process.pid for process in marked(servers.data_dir)), flush=True)
    time.sleep(120)
"""

STARTING = """
import asyncio, os, sys
from deploy.runner.program import Program
from deploy.runner.servers import Servers

class NeverReady(Servers):
    def _server_programs(self, credentials):
        sleeps = (sys.executable, "-c", "import time; time.sleep(120)")
        return [Program("sleeper", sleeps, os.environ, "tcp://127.0.0.1:1")]

async def main():
    async with NeverReady(sys.argv[1]):
        pass

asyncio.run(main())
"""


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A system name of the test's own, with no servers from the environment."""
    monkeypatch.delenv("OPORA_AMQP_URL", raising=False)
    monkeypatch.delenv("OPORA_MONGO_URL", raising=False)
    name = f"test-{os.getpid()}-{uuid4().hex[:6]}"
    yield name
    left = marked(data_dir_of(name))
    for process in left:
        process.kill()
    shutil.rmtree(data_dir_of(name), ignore_errors=True)
    data_dir_of(name).with_suffix(".lock").unlink(missing_ok=True)
    assert left == []


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run; one that merely waits for init to take note of its end does not."""
    return [
        process
        for process in processes
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


async def assert_both_serve(servers: Servers) -> None:
    connection = await aio_pika.connect(servers.amqp_url, timeout=30)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("referrals", durable=True)
        await channel.default_exchange.publish(aio_pika.Message(b"1"), routing_key=queue.name)
    client: pymongo.AsyncMongoClient[dict[str, str]] = pymongo.AsyncMongoClient(servers.mongo_url)
    async with client:
        cases = client["intake"]["cases"]
        await cases.insert_one({"_id": "case-1", "citizen": "Авдотья Прохоровна"})
        assert await cases.find_one({"_id": "case-1"})


def assert_signal_ends_everything(name: str, ending: signal.Signals, amqp_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, name, amqp_url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as runner:
        try:
            assert runner.stdout is not None
            pids = [int(pid) for pid in runner.stdout.readline().split()]
            processes = [psutil.Process(pid) for pid in pids]
            assert len(processes) >= 2
            assert living(processes) == processes
            os.killpg(runner.pid, ending)  # as a terminal does
            assert runner.wait(60) != 0
        finally:
            runner.kill()
    if ending == signal.SIGKILL:
        assert eventually(lambda: not living(processes))
    assert living(processes) == []
    assert marked(data_dir_of(name)) == []


@needs_local_broker
async def test_servers_serve_and_leave_nothing_and_can_be_started_again(name: str) -> None:
    with Servers(name) as servers:
        await assert_both_serve(servers)
        processes = marked(servers.data_dir)
        kinds = {process.name() for process in processes}
        assert {"beam.smp", "epmd", "erl_child_setup", "inet_gethost"} <= kinds
        assert {servers.pid(program) for program in ("epmd", "broker", "database")} <= {
            process.pid for process in processes
        }
    assert living(processes) == []
    assert marked(servers.data_dir) == []
    assert_signal_ends_everything(name, signal.SIGINT, amqp_url="")


@pytest.mark.parametrize(
    ("ending", "amqp_url"),
    [
        pytest.param(signal.SIGKILL, "", marks=needs_local_broker),
        (signal.SIGINT, AMQP_ELSEWHERE),
        (signal.SIGTERM, AMQP_ELSEWHERE),
        (signal.SIGHUP, AMQP_ELSEWHERE),
        (signal.SIGKILL, AMQP_ELSEWHERE),
    ],
)
def test_runner_ended_by_a_signal_leaves_nothing(
    name: str, ending: signal.Signals, amqp_url: str
) -> None:
    assert_signal_ends_everything(name, ending, amqp_url)


def test_interrupt_during_an_asynchronous_start_leaves_nothing(name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTING, name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    ) as runner:
        assert eventually(lambda: len(marked(data_dir_of(name))) >= 2)
        runner.send_signal(signal.SIGINT)
        assert runner.wait(60) != 0  # not the minutes that it would wait for a broker
    assert marked(data_dir_of(name)) == []


def test_start_right_after_a_killed_runner_waits_for_its_end(name: str) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", HOLDER, name, AMQP_ELSEWHERE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    with runner:
        assert runner.stdout is not None
        before = [psutil.Process(int(pid)) for pid in runner.stdout.readline().split()]
        runner.kill()
        runner.wait()
        with Servers(name, amqp_url=AMQP_ELSEWHERE) as servers:
            assert living(before) == []
            assert servers.pid("database") not in {process.pid for process in before}


def test_killed_server_is_restarted_with_its_data(name: str) -> None:
    with Servers(name, amqp_url=AMQP_ELSEWHERE) as servers:
        client: pymongo.MongoClient[dict[str, str]] = pymongo.MongoClient(servers.mongo_url)
        client["intake"]["cases"].insert_one({"_id": "case-1"})
        first = servers.pid("database")
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: servers.pid("database") not in (0, first))
        servers.wait_ready("database")
        assert client["intake"]["cases"].find_one({"_id": "case-1"}) == {"_id": "case-1"}
        client.close()
    with Servers(name, amqp_url=AMQP_ELSEWHERE) as servers:  # a new start is a fresh one
        client = pymongo.MongoClient(servers.mongo_url)
        assert client["intake"]["cases"].find_one({"_id": "case-1"}) is None
        client.close()


def test_second_runner_of_the_same_name_is_told_of_the_first(name: str) -> None:
    with (
        Servers(name, amqp_url=AMQP_ELSEWHERE) as first,
        pytest.raises(AlreadyRunning, match=rf"already up \(process {os.getpid()}\)"),
        Servers(name, amqp_url=AMQP_ELSEWHERE),
    ):
        pass
    assert first.log_dir.exists()


def test_servers_from_the_environment_are_used_and_none_started(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPORA_AMQP_URL", AMQP_ELSEWHERE)
    monkeypatch.setenv("OPORA_MONGO_URL", MONGO_ELSEWHERE)
    with Servers(name) as servers:
        assert servers.amqp_url == AMQP_ELSEWHERE
        assert servers.mongo_url == MONGO_ELSEWHERE
        assert servers.running.names == []
        assert len(marked(servers.data_dir)) == 1  # an idle supervisor
    monkeypatch.delenv("OPORA_MONGO_URL")
    with Servers(name) as servers:
        assert servers.running.names == ["database"]


def test_taken_port_is_named_with_its_owner(name: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        ports = {**free_service_ports(), "careplan": taken}
        with (
            pytest.raises(
                PortTaken, match=rf"port {taken}, needed by careplan, .* process {os.getpid()}"
            ),
            System(name, ports=ports, amqp_url=AMQP_ELSEWHERE, mongo_url=MONGO_ELSEWHERE),
        ):
            pass


def test_program_that_keeps_ending_is_reported_with_its_log(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    broken = Program(
        name="broken",
        command=(sys.executable, "-c", "raise SystemExit('нет соединения 100%')"),
        environment=dict(os.environ),
        ready=f"tcp://{LOOPBACK}:{port}",
    )
    running = start(tmp_path, [broken])
    try:
        running.begin(["broken"])
        log = running.log_file("broken")
        assert eventually(lambda: log.exists() and "нет соединения" in log.read_text())
        with pytest.raises(
            NotReady, match=r"broken: not ready after 1 s(.|\n)*нет соединения 100%"
        ):
            running.wait_ready(["broken"], seconds=1)
    finally:
        running.stop()
    assert marked(tmp_path) == []


def test_environment_reaches_a_program_exactly(tmp_path: Path) -> None:
    values = {"QUOTES": "a\"b'c%d;e $HOME", "LINES": "один\nдва"}
    (port,) = free_ports(1)
    script = (
        "import json, os, socket; print(json.dumps(dict(os.environ)), flush=True);"
        f"socket.create_server(('{LOOPBACK}', {port})).accept()[0].recv(1)"
    )
    program = Program("told", (sys.executable, "-c", script), values, f"tcp://{LOOPBACK}:{port}")
    running = start(tmp_path, [program])
    try:
        running.begin(["told"])
        running.wait_ready(["told"], seconds=60)
        told = json.loads(running.log_file("told").read_text().splitlines()[0])
    finally:
        running.stop()
    assert {name: told[name] for name in values} == values
    assert "PATH" not in told


def test_data_directory_too_deep_for_a_socket_still_works(tmp_path: Path) -> None:
    deep = tmp_path / ("д" * 60)
    deep.mkdir()
    running = start(deep, [])
    assert running.alive()
    running.stop()
    assert not running.alive()


def test_services_are_told_of_each_other_and_only_of_their_own_secrets(name: str) -> None:
    system = System(
        name, ports=free_service_ports(), amqp_url=AMQP_ELSEWHERE, mongo_url=MONGO_ELSEWHERE
    )
    programs = {
        program.name: program.environment
        for program in system._application_programs(system.credentials)
    }
    assert len(programs) == 8
    for environment in programs.values():
        assert environment["OPORA_AMQP_URL"] == AMQP_ELSEWHERE
        assert environment["OPORA_DIRECTORY_URL"] == system.urls["directory"]
    holders = {part for part, told in programs.items() if "OPORA_WEBHOOK_SECRET" in told}
    assert holders == {"intake", "hospital"}
    assert {part for part, told in programs.items() if "OPORA_PENSION_FUND_TOKEN" in told} == {
        "intake"
    }


def test_pension_fund_answers_as_the_office_asked_and_one_hospital_listens_r_3_2_2(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPORA_PENSION_FUND_OFFICE", raising=False)
    for office in (None, "pension-fund-office-02"):
        if office is not None:
            monkeypatch.setenv("OPORA_PENSION_FUND_OFFICE", office)
        system = System(
            name, ports=free_service_ports(), amqp_url=AMQP_ELSEWHERE, mongo_url=MONGO_ELSEWHERE
        )
        programs = {
            program.name: program.environment
            for program in system._application_programs(system.credentials)
        }
        token = programs["pension_fund"]["OPORA_SIM_CALLBACK_TOKEN"]
        claims = jwt.decode(token, options={"verify_signature": False})
        default = IntakeSettings.model_fields["pension_fund_office"].default
        assert claims["org"] == (office or default)
        assert programs["intake"]["OPORA_PENSION_FUND_OFFICE"] == (office or default)
        assert programs["intake"]["OPORA_WEBHOOK_ORGANIZATION"] == HOSPITAL


def test_token_verifies_against_the_published_keys(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    token = credentials.token("intake_specialist", org="org-7", district="belovo")
    header = jwt.get_unverified_header(token)
    keys = jwt.PyJWKSet.from_json(credentials.jwks_file.read_text())
    claims = jwt.decode(
        token, keys[header["kid"]], algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER
    )
    assert header["typ"] == "at+jwt"
    assert claims["roles"] == ["intake_specialist"]
    assert (claims["org"], claims["district"]) == ("org-7", "belovo")
    private = tmp_path / "signing-key.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "d" not in json.loads(credentials.jwks_file.read_text())["keys"][0]
    assert Credentials(tmp_path).webhook_secret == credentials.webhook_secret


def fake_apt(directory: Path, installs: Path | None) -> None:
    """An apt-get that notes its calls and, when told to, makes what the real one would."""
    script = directory / "apt-get"
    make = f"mkdir -p {installs} && touch {installs}/rabbitmq-server" if installs else "exit 100"
    script.write_text(
        f'#!/bin/sh\necho "$@" >>{directory}/calls\n'
        "for unit in rabbitmq-server.service cron.service; do\n"
        f'"$OPORA_POLICY_FILE" $unit start; echo "policy $?" >>{directory}/calls; done\n'
        f'case "$*" in *install*) {make} ;; esac\n'
    )
    script.chmod(0o755)
    sudo = directory / "sudo"
    sudo.write_text('#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n')
    sudo.chmod(0o755)


@pytest.fixture
def path_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose programs stand before the system's."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.delenv("RABBITMQ_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")
    monkeypatch.setenv("OPORA_POLICY_FILE", str(tmp_path / "policy-rc.d"))
    return directory


def test_missing_broker_is_installed_without_its_service_being_started(
    tmp_path: Path, path_first: Path
) -> None:
    packaged = tmp_path / "lib"
    sbin = packaged / "rabbitmq_server-4.0.5" / "sbin"
    fake_apt(path_first, installs=sbin)
    assert require_scripts(packaged) == sbin
    calls = (path_first / "calls").read_text().splitlines()
    assert calls[0].endswith("update")
    assert calls[3].endswith("install --yes --no-install-recommends rabbitmq-server")
    assert calls[4:] == ["policy 101", "policy 0"]  # ours is denied its start, others are not
    assert not (tmp_path / "policy-rc.d").exists()


def test_existing_start_policy_is_left_alone(tmp_path: Path, path_first: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)
    fake_apt(path_first, installs=tmp_path / "lib" / "rabbitmq_server-3.10.8" / "sbin")
    require_scripts(tmp_path / "lib")
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"


def test_failed_installation_says_what_to_do(tmp_path: Path, path_first: Path) -> None:
    fake_apt(path_first, installs=None)
    with pytest.raises(BrokerMissing, match=r"failed(.|\n)*sudo sh .*(.|\n)*OPORA_AMQP_URL"):
        require_scripts(tmp_path / "lib")
    assert not (tmp_path / "policy-rc.d").exists()


def test_system_without_apt_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RABBITMQ_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerMissing, match=r"no apt-get(.|\n)*RABBITMQ_HOME"):
        require_scripts(tmp_path)


def test_newest_packaged_broker_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RABBITMQ_HOME", raising=False)
    for version in ("3.9.13", "3.10.8", "3.8.2"):
        (tmp_path / f"rabbitmq_server-{version}" / "sbin").mkdir(parents=True)
        (tmp_path / f"rabbitmq_server-{version}" / "sbin" / "rabbitmq-server").touch()
    assert find_scripts(tmp_path) == tmp_path / "rabbitmq_server-3.10.8" / "sbin"
