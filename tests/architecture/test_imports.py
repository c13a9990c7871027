"""Imports run one way: services → chassis → contracts; no service imports another."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.checks import ROOT

BAD_IMPORTS = [
    ("contracts/bad.py", "import chassis.store"),
    ("chassis/bad.py", "import services.intake.main"),
    ("services/careplan/bad.py", "import services.intake.domain.case"),
    ("contracts/worse.py", "import services.intake"),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree with the project's own contracts."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
            "--config",
            str(root / "pyproject.toml"),
        ],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_import_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """The project's packages, empty, under the same contracts."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "importlinter" in config["tool"]
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in ("contracts", "chassis", "deploy", "services"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "chassis" / "store.py").touch()
    for service in ("intake", "assessment", "careplan", "complaints", "directory", "registry"):
        folder = tmp_path / "services" / service
        (folder / "domain").mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "main.py").touch()
        (folder / "domain" / "__init__.py").touch()
        (folder / "domain" / "case.py").touch()
    return tmp_path


def test_miniature_without_bad_imports_passes(miniature: Path) -> None:
    assert lint(miniature).returncode == 0, lint(miniature).stdout


@pytest.mark.parametrize(("file", "source"), BAD_IMPORTS)
def test_bad_import_breaks_a_contract(miniature: Path, file: str, source: str) -> None:
    (miniature / file).write_text(source + "\n")
    result = lint(miniature)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout
