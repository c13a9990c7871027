"""What docs/reliability.md names exists: else nobody could see again what it says was seen."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.architecture.rules import CODE, PACKAGES, ROOT, known_tests

PAGE = ROOT / "docs" / "reliability.md"
TESTS = known_tests()
SOURCES = {
    path: path.read_text(encoding="utf-8")
    for folder in sorted({*PACKAGES, "tests"})
    for path in sorted((ROOT / folder).rglob("*.py"))
}


def named(page: str) -> list[str]:
    """Every path and name in the page's text."""
    return sorted({name for name in CODE.findall(page) if re.search(r"\w", name)})


def exists(name: str) -> bool:
    """A path, a file, a test (or how its name begins), a part of a module, or words of a source."""
    plain = name.partition("[")[0]
    if "/" in plain:
        return any(ROOT.glob(plain))
    if plain.endswith(".py"):
        return any(path.name == plain for path in SOURCES)
    if plain.startswith("test_"):
        cut = plain.removesuffix("…")
        return cut in TESTS or (cut != plain and any(test.startswith(cut) for test in TESTS))
    if re.fullmatch(r"\w+\.\w+", plain):
        module, part = plain.split(".")
        declared = re.compile(rf"\b(def|class) {part}\b")
        ours = [path for path in SOURCES if path.name == f"{module}.py"]
        if ours:
            return any(declared.search(SOURCES[path]) for path in ours)
        return hasattr(importlib.import_module(module), part)
    words = re.compile(rf"(?<!\w){re.escape(plain)}(?!\w)")
    return any(words.search(text) for text in SOURCES.values())


TEXT = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", named(TEXT))
def test_whatever_the_page_names_exists(name: str) -> None:
    assert exists(name), f"{PAGE.name} names `{name}`, which is nowhere"


@pytest.mark.parametrize(
    "name",
    ["bus.consume", "_bind_own_", "tests/fault/test_none.py", "test_that_nobody_wrote", "none_.py"],
)
def test_name_that_is_nowhere_is_found(name: str) -> None:
    assert not exists(name.replace("_bind_own_", "_bind" + "_own"))
