"""House checks: rules of the architecture that a machine can hold. Each takes source text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "chassis", "services", "deploy")

WRITES = {
    "update_one", "update_many", "insert_many", "delete_one", "delete_many", "bulk_write",
    "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "aggregate",
    "count_documents", "distinct", "rename", "start_session", "start_transaction", "watch",
    "map_reduce", "drop", "drop_index",
}  # fmt: skip
FILTER_OPERATORS = {"$gt", "$gte", "$lt", "$lte", "$in", "$or", "$and", "$exists"}
JSON_SCHEMA_WORDS = {"$ref", "$defs"}
ALLOWED_WORDS = FILTER_OPERATORS | JSON_SCHEMA_WORDS
IMPURE_MODULES = {
    "time", "random", "secrets", "uuid", "os", "socket", "asyncio", "httpx", "logging",
    "structlog", "pymongo", "faststream", "aio_pika", "fastapi", "chassis", "threading",
}  # fmt: skip
DOMAIN_MAY_IMPORT = {"contracts", "pydantic", "rapidfuzz", "phonenumbers"}
"""Two of them only compute: how alike two texts are, and which number a text says."""
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def sources(*packages: str) -> Iterator[tuple[Path, str]]:
    """Every hand-written Python file of these packages."""
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def forbidden_store_operators(source: str) -> list[str]:
    """Database operators outside the exact subset: whole-document replace and plain finds."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in WRITES:
            found.append(f"{node.lineno}: .{node.attr}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
            if name.startswith("$") and name[1:].isalpha() and name not in ALLOWED_WORDS:
                found.append(f"{node.lineno}: {name}")
    return found


def imported_modules(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def impure_domain(source: str, service: str, standard_library: frozenset[str]) -> list[str]:
    """What a domain file does that is not pure: foreign imports, clocks."""
    found: list[str] = []
    for line, name in imported_modules(source):
        top = name.split(".", maxsplit=1)[0]
        own = name.startswith(f"services.{service}.domain")
        pure = top in DOMAIN_MAY_IMPORT or (top in standard_library and top not in IMPURE_MODULES)
        if not own and not pure:
            found.append(f"{line}: imports {name}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            called = isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
            if called:
                found.append(f"{node.lineno}: reads the clock")
    return found


def publishes(source: str) -> list[str]:
    """Calls that publish to the broker."""
    return [
        f"{node.lineno}: .{node.func.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"publish", "basic_publish"}
    ]


def stores_cases(source: str) -> list[str]:
    """Where a case of intake is stored: by a command on the collection, or by saving it there."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, on = node.func.attr, [*node.args[:1], *(k.value for k in node.keywords)]
        by_command = called in {"execute", "store", "create"} and any(map(_is_cases, on))
        if by_command or (called == "save" and _is_cases(node.func.value)):
            found.append(f"{node.lineno}: .{called}")
    return found


def _is_cases(node: ast.expr) -> bool:
    names = {"cases", "_cases"}
    return (isinstance(node, ast.Attribute) and node.attr in names) or (
        isinstance(node, ast.Name) and node.id in names
    )


def varying_log_messages(source: str) -> list[str]:
    """Log calls whose message is not a constant: a message may never carry data."""
    return [
        f"{node.lineno}: log.{node.func.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"log", "logger"}
        and node.args
        and not isinstance(node.args[0], ast.Constant)
    ]


def vague_names(path: Path, source: str) -> list[str]:
    """Files, classes and functions with names that say nothing."""
    found = [part for part in (*path.parts[:-1], path.stem) if part in VAGUE_NAMES]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            words = {word.lower() for word in _words(node.name)}
            found += [f"{node.lineno}: {node.name}"] if words & VAGUE_NAMES else []
    return found


def _words(name: str) -> list[str]:
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in name)
    return spaced.replace("_", " ").split()
