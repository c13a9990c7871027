"""The index of rules, read from `docs/rules.md`, and what in it does not fit the code."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rules.md"
CODE = re.compile(r"`([^`]+)`")
PACKAGES = {"chassis", "contracts", "services", "deploy"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the page."""

    text: str
    clauses: tuple[str, ...]
    functions: tuple[str, ...]
    tests: tuple[str, ...]


def rules(page: str) -> Iterator[Rule]:
    """Every line of the page's tables."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| ") or len(cells) != 4 or cells[0] == "rule":
            continue
        yield Rule(
            text=cells[0],
            clauses=tuple(clause.strip() for clause in cells[1].split(";")),
            functions=tuple(CODE.findall(cells[2])),
            tests=tuple(CODE.findall(cells[3])),
        )


def known_tests() -> dict[str, list[str]]:
    """The source of every test function, its decorators included, by its name."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
                text = "\n".join(lines[first - 1 : node.end_lineno])
                found.setdefault(node.name, []).append(text)
    return found


def names(source: str, clause: str) -> bool:
    """Whether a test names a clause: as it is printed, or in its name as `r_3_1_2`."""
    words = re.sub(r"[^0-9a-zа-я]+", "_", clause.lower())
    printed = rf"(?<![\w.]){re.escape(clause)}(?![\w]|\.\d)"
    named = rf"def test(?:_\w+?)?_{words}(?!_\d)(?=_|\b)"
    return re.search(printed, source) is not None or re.search(named, source) is not None


def exists(function: str) -> bool:
    """Whether what the page names can be imported."""
    parts = function.split(".")
    if parts[0] not in PACKAGES:
        parts = ["services", *parts]
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def wrong(rule: Rule, tests: Mapping[str, Sequence[str]]) -> list[str]:
    """What of a line does not fit the code."""
    found = [f"no function {name}" for name in rule.functions if not exists(name)]
    found += [f"no test {name}" for name in rule.tests if name not in tests]
    if not rule.functions or not rule.tests or not all(rule.clauses):
        found.append("a line names its clauses, functions and tests")
    sources = [source for name in rule.tests for source in tests.get(name, ())]
    found += [
        f"no test of the line names {clause}"
        for clause in rule.clauses
        if not any(names(source, clause) for source in sources)
    ]
    return found
