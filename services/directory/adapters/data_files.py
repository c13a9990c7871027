"""The data files: JSON lists of printed rows, one file per source and kind."""

from __future__ import annotations

import json
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from services.directory.domain.rows import SourceRow

VERSION = "VERSION"
"""The file that numbers the set: whoever changes a file raises the number."""


class WrongVersion(ValueError):
    """The number of the set is none: the service does not start with such files."""


def read_rows(folder: Path | None = None) -> list[SourceRow]:
    """Every row of every file, in the order of the files' names; those of R by default.

    A file with a misspelt field stops the start: half a directory would mislead.
    """
    files = _within(folder).iterdir()
    return [
        SourceRow.model_validate_json(json.dumps(item), extra="forbid")
        for file in sorted(files, key=lambda found: found.name)
        if file.name.endswith(".json")
        for item in json.loads(file.read_text(encoding="utf-8"))
    ]


def read_version(folder: Path | None = None) -> int:
    """The number of the file set; 0 for a folder that has none."""
    file = _within(folder).joinpath(VERSION)
    if not file.is_file():
        return 0
    text = file.read_text(encoding="utf-8").strip()
    if not (text.isascii() and text.isdigit()):
        raise WrongVersion(f"{VERSION} holds a whole number")
    return int(text)


def _within(folder: Path | None) -> Traversable:
    return folder or resources.files("services.directory").joinpath("data")
