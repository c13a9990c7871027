"""The data files on services: what is given, and the words by which it is described and found."""

from __future__ import annotations

import json
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from services.directory.domain.listing_rows import ServiceRow
from services.directory.domain.vocabulary import Vocabulary
from services.directory.domain.words import WordList

SERVICES = "services"


def read_services(folder: Path | None = None) -> list[ServiceRow]:
    """Every row of every file of the folder's `services`; those of the sources by default.

    A file with a misspelt field stops the start: half an offer would mislead.
    """
    within: Traversable = folder if folder is not None else _packaged()
    listed = within.joinpath(SERVICES)
    if not listed.is_dir():
        return []
    return [
        ServiceRow.model_validate_json(json.dumps(item), extra="forbid")
        for file in sorted(listed.iterdir(), key=lambda found: found.name)
        if file.name.endswith(".json")
        for item in json.loads(file.read_text(encoding="utf-8"))
    ]


def read_vocabulary() -> Vocabulary:
    """The codes of services and their words for people."""
    return Vocabulary.model_validate_json(_text("vocabulary.json"))


def read_words() -> WordList:
    """Words that are passed over, and words that mean others."""
    return WordList.model_validate_json(_text("words.json"))


def _packaged() -> Traversable:
    return resources.files("services.directory").joinpath("data")


def _text(name: str) -> str:
    return _packaged().joinpath("navigator", name).read_text(encoding="utf-8")
