"""Puts the tables into docs/performance.md: between two marks, and nowhere else."""

from __future__ import annotations

from deploy.runner.servers import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- benchmark: written by `make bench` -->", "<!-- end of benchmark -->"


def written(page: str, tables: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """The page with these tables between its marks."""
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost its marks")
    return f"{before}{begin}\n\n{tables}\n\n{end}{after}"


def write(tables: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    page = written(PAGE.read_text(encoding="utf-8"), tables, marks)
    PAGE.write_text(page, encoding="utf-8")
