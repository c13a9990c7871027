"""The architecture's rules hold, and each check is seen to fail on a bad sample."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.architecture import checks

SERVICES = ("intake", "assessment", "careplan", "complaints", "directory", "registry")
DATABASE = {Path("chassis/store.py"), Path("chassis/database.py")}
PUBLISHERS = {
    *(Path("chassis/bus.py"), Path("chassis/publisher.py")),
    *(Path("chassis/relay.py"), Path("chassis/queues.py")),
}
"""The last sends probes, which say nothing."""


def test_store_uses_the_exact_subset_of_operators_only() -> None:
    for path, source in checks.sources("chassis", "services"):
        assert checks.forbidden_store_operators(source) == [], path


@pytest.mark.parametrize(
    "sample",
    [
        "await cases.update_one({'_id': 1}, {'$set': {'a': 1}})",
        "query = {'outbox': {'$push': 1}}",
        "await cases.find_one_and_update(a, b)",
        "await cases.count_documents({})",
        "q = {'a': {'$ne': 1}}",
        "async with client.start_session() as session: ...",
    ],
)
def test_forbidden_operator_is_found(sample: str) -> None:
    body = "async def bad():\n    " + sample
    assert checks.forbidden_store_operators(body)


def test_only_the_store_knows_the_database() -> None:
    for path, source in checks.sources("contracts", "chassis", "services"):
        names = {name for _, name in checks.imported_modules(source)}
        uses = any(name.split(".")[0] in {"pymongo", "bson", "motor"} for name in names)
        assert not uses or path in DATABASE, path


@pytest.mark.parametrize("service", SERVICES)
def test_domain_is_pure(service: str) -> None:
    for path, source in checks.sources(f"services/{service}/domain"):
        found = checks.impure_domain(source, service, sys.stdlib_module_names)
        assert found == [], path


@pytest.mark.parametrize(
    "sample",
    [
        "import httpx",
        "from chassis.clock import now",
        "import uuid",
        "from services.careplan.domain.case import Case",
        "from services.intake.adapters.identity import Identity",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import date\nx = date.today()",
        "import structlog",
    ],
)
def test_impure_domain_is_found(sample: str) -> None:
    assert checks.impure_domain(sample, "intake", sys.stdlib_module_names)


def test_contracts_import_pydantic_and_the_standard_library_only() -> None:
    for path, source in checks.sources("contracts"):
        for line, name in checks.imported_modules(source):
            top = name.split(".", maxsplit=1)[0]
            allowed = top in {"contracts", "pydantic"} or top in sys.stdlib_module_names
            assert allowed, f"{path}:{line} imports {name}"


def test_only_the_relay_publishes() -> None:
    for path, source in checks.sources("chassis", "services"):
        if path not in PUBLISHERS:
            assert checks.publishes(source) == [], path


def test_publishing_elsewhere_is_found() -> None:
    assert checks.publishes("async def f(broker):\n    await broker.publish(b'x')")


def test_log_messages_are_constant() -> None:
    for path, source in checks.sources("chassis", "services"):
        assert checks.varying_log_messages(source) == [], path


@pytest.mark.parametrize(
    "sample", ["log.info(f'case {name}')", "log.error('a' + b)", "log.info(x)"]
)
def test_varying_log_message_is_found(sample: str) -> None:
    assert checks.varying_log_messages(sample)


def test_names_say_something() -> None:
    for path, source in checks.sources():
        assert checks.vague_names(path, source) == [], path


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("chassis/utils.py", ""),
        ("services/intake/helpers/a.py", ""),
        ("chassis/a.py", "class CaseManager: ..."),
        ("chassis/a.py", "def common_things(): ..."),
    ],
)
def test_vague_name_is_found(path: str, source: str) -> None:
    assert checks.vague_names(Path(path), source)


@pytest.mark.parametrize("service", SERVICES)
def test_services_have_the_same_files(service: str) -> None:
    folder = checks.ROOT / "services" / service
    expected = {"README.md", "settings.py", "main.py", "stores.py", "domain", "api"}
    assert expected <= {path.name for path in folder.iterdir()}
