"""The data files: JSON lists of printed rows, one file per source and kind."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from services.directory.domain.rows import SourceRow


def read_rows(folder: Path | None = None) -> list[SourceRow]:
    """Every row of every file, in the order of the files' names; those of R by default.

    A file with a misspelt field stops the start: half a directory would mislead.
    """
    packaged = resources.files("services.directory").joinpath("data")
    files = (folder or packaged).iterdir()
    return [
        SourceRow.model_validate_json(json.dumps(item), extra="forbid")
        for file in sorted(files, key=lambda found: found.name)
        if file.name.endswith(".json")
        for item in json.loads(file.read_text(encoding="utf-8"))
    ]
