"""Reading packs: each is a folder of JSON files beside this module, found by its name.

A new pack is a new folder; no code changes. The top-level keys of its files are the fields of
`RegulationPack`; `instruments/` holds one instrument a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import ClassVar

from contracts.regulation.pack import RegulationPack

FIRST_PACK = "kuzbass-2013"


class UnknownPack(LookupError):
    """There is no regulation pack of that code."""

    code: ClassVar[str] = "unknown-pack"

    def __init__(self, pack: str) -> None:
        super().__init__(f"no regulation pack {pack!r}")
        self.pack = pack


class NoPackInForce(LookupError):
    """No regulation pack was in force on that day."""

    code: ClassVar[str] = "no-pack-in-force"

    def __init__(self, day: date) -> None:
        super().__init__(f"no regulation pack was in force on {day.isoformat()}")
        self.day = day


@cache
def load_pack(code: str) -> RegulationPack:
    """The pack of that code, checked strictly; raises UnknownPack."""
    folder = _folders().get(code)
    if folder is None:
        raise UnknownPack(code)
    merged: dict[str, object] = {}
    for name, value in _top_level(folder):
        if name in merged:
            raise ValueError(f"pack {code}: {name!r} stands in two files")
        merged[name] = value
    merged["instruments"] = {
        _stem(file): json.loads(file.read_text(encoding="utf-8"))
        for file in _json_files(folder / "instruments")
    }
    # From text, because strict validation then still reads dates and tuples as JSON writes them.
    return RegulationPack.model_validate_json(json.dumps(merged), strict=True)


def pack_in_force(day: date) -> RegulationPack:
    """The latest pack in force on a day; raises NoPackInForce before the first."""
    packs = [load_pack(code) for code in _folders()]
    in_force = [pack for pack in packs if pack.in_force_from <= day]
    if not in_force:
        raise NoPackInForce(day)
    return max(in_force, key=lambda pack: pack.in_force_from)


def _folders() -> dict[str, Traversable]:
    packs = files("contracts.regulation") / "packs"
    return {
        folder.name.replace("_", "-"): folder
        for folder in packs.iterdir()
        if (folder / "pack.json").is_file()
    }


def _json_files(folder: Traversable) -> list[Traversable]:
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".json")),
        key=lambda file: file.name,
    )


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".json")


def _top_level(folder: Traversable) -> Iterator[tuple[str, object]]:
    for file in _json_files(folder):
        content: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        yield from content.items()
