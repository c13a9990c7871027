"""Puts the tables into docs/performance.md: between two marks, and nowhere else."""

from __future__ import annotations

from deploy.runner.system import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- benchmark: written by `make bench` -->", "<!-- end of benchmark -->"


def written(page: str, tables: str) -> str:
    """The page with these tables between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost its marks")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def write(tables: str) -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
