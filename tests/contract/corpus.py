"""The golden corpus: what was ever said and stored, as it stood on the wire and in the database.

`corpus/` holds one file per event version, `stored/` one per collection of a service. A file that
is committed is never edited, so that today's code is held to what other versions wrote. What comes
later (an optional field, another shape of a document) gets a further file beside the first, named
`<first name>.<word>.json`. `python -m tests.contract.corpus` enters new files in the lists.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import Envelope

EVENTS = Path(__file__).parent / "corpus"
STORED = Path(__file__).parent / "stored"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Form:
    """One event as it stood on the wire. `minimal` has only what the schema requires, `full`
    every optional field, `recorded` is one that a service published."""

    key: str
    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.key}/{self.name}"

    @property
    def envelope(self) -> Envelope:
        """The event as today's code reads it."""
        return Envelope.model_validate(self.body)


@dataclass(frozen=True, slots=True)
class Stored:
    """One document as it lay in a service's database."""

    service: str
    collection: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.service}/{self.collection}/{self.body['_id']}/{self.body['rev']}"


def forms(folder: Path = EVENTS) -> Iterator[Form]:
    """Every event of the corpus."""
    for path in sorted(folder.glob("*.json")):
        key = ".".join(path.name.split(".")[:3])
        for name, body in json.loads(path.read_text(encoding="utf-8")).items():
            yield Form(key, name, body)


def stored(folder: Path = STORED) -> Iterator[Stored]:
    """Every document of the corpus."""
    for path in sorted(folder.glob("*.json")):
        service, collection = path.name.split(".")[:2]
        for body in json.loads(path.read_text(encoding="utf-8")):
            yield Stored(service, collection, body)


def sums(folder: Path) -> dict[str, str]:
    """Checksums of a folder's files as they were entered, by name."""
    listed = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in listed)}


def edited(folder: Path) -> list[str]:
    """What differs from the list: a file that was changed, is gone, or was not entered."""
    entered = sums(folder)
    present = {path.name: _checksum(path) for path in folder.glob("*.json")}
    return [
        f"{name}: {_difference(entered.get(name), present.get(name))}"
        for name in sorted(entered.keys() | present.keys())
        if entered.get(name) != present.get(name)
    ]


def _difference(entered: str | None, present: str | None) -> str:
    if entered is None:
        return "not entered"
    return "gone" if present is None else "edited"


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def enter(folder: Path) -> None:
    """Enter new files in a folder's list; one that was changed after it was entered ends this."""
    wrong = [line for line in edited(folder) if not line.endswith("not entered")]
    if wrong:
        sys.exit("The corpus is never edited:\n  " + "\n  ".join(wrong))
    lines = [f"{_checksum(path)}  {path.name}\n" for path in sorted(folder.glob("*.json"))]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    for each in (EVENTS, STORED):
        enter(each)
