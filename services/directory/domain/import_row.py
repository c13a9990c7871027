"""From the cells of an imported row to the row of a data file, with every fault named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts.hours import WEEKDAYS
from services.directory.domain.import_file import LONGEST_CELL, SURPLUS, Cells
from services.directory.domain.quality import Severity
from services.directory.domain.rows import SourceRow

PRINTED = ("name", "phone", "address", "email", "website")
_DAYS = re.compile(r"([A-Z]{2})(?:-([A-Z]{2}))?")
_TIME = r"([0-2]?\d:[0-5]\d)"
_HOURS = re.compile(rf"(?P<days>[A-Z,\s-]+?)\s+{_TIME}-{_TIME}(?:\s*\(\s*{_TIME}-{_TIME}\s*\))?")

_UNREADABLE: Mapping[str, tuple[str, str]] = {
    "quotes": (
        "text stands after a closing quote; a quote within a cell is written twice",
        "текст после закрывающей кавычки; кавычка внутри ячейки пишется дважды",
    ),
    "cell_too_long": (
        f"a cell is longer than {LONGEST_CELL} characters",
        f"ячейка длиннее {LONGEST_CELL} знаков",
    ),
}

CARD_FIELDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind",), "region": ("region",), "name": ("name",),
    "phone": ("phones", "printed_phone"), "address": ("address",),
    "email": ("emails", "printed_email"), "website": ("website",), "serves": ("serves",),
    "parent": ("parent",), "hours": ("hours",), "reception_days": ("reception_days",),
    "ownership": ("ownership",), "closures": ("closures",),
    "preholiday_minutes": ("preholiday_minutes",), "source": ("source",),
    "source_document": ("source",),
}  # fmt: skip
"""Which fields of the card a column speaks of; of the others a row says nothing."""


class RowFault(BaseModel):
    """What is wrong with one field of one row; a proposal waits for a person."""

    field: str
    rule: str
    severity: Severity
    printed: str | None = None
    reason_en: str
    reason_ru: str
    proposal: str | None = None


class BadCell(ValueError):
    """A cell that is not of its form."""

    def __init__(self, english: str, russian: str) -> None:
        super().__init__(english)
        self.english, self.russian = english, russian


def spoken_of(cells: Cells) -> frozenset[str]:
    """The columns that a row has, be they empty: what it says nothing of stays as it is."""
    printed = cells.values.get("printed")
    inner = printed if isinstance(printed, dict) else {}
    return frozenset({*cells.values, *inner} - {"printed", SURPLUS})


def read_row(cells: Cells, *, is_table: bool) -> tuple[SourceRow | None, list[RowFault]]:
    """The row, or every reason why it is none (R 1.3)."""
    if cells.wrong is not None:
        english, russian = _UNREADABLE[cells.wrong]
        return None, [_error("row", f"row.{cells.wrong}", english, russian)]
    item, faults = _from_table(cells) if is_table else (dict(cells.values), [])
    if not is_table and not cells.values:
        return None, [_error("row", "row.empty", "the element is no object", "пустой элемент")]
    if item.get("provenance") is not None:
        faults.append(
            _error("provenance", "row.provenance", "an example is not imported", "это пример")
        )
    item.setdefault("source", {"document": "import", "place": f"line {cells.line}"})
    try:
        row = SourceRow.model_validate_json(json.dumps(item), extra="forbid")
    except ValidationError as failure:
        known = {fault.field for fault in faults}
        return None, faults + [fault for fault in faults_of(failure) if fault.field not in known]
    if row.key != row.key.lower():
        english = "an id has no capitals: people type it as part of a case's number"
        russian = "в идентификаторе нет прописных букв: его набирают в номере дела"
        faults.append(_error("key", "row.key", english, russian, row.key))
    return (None if faults else row), faults


def _from_table(cells: Cells) -> tuple[dict[str, Any], list[RowFault]]:
    faults: list[RowFault] = []
    if SURPLUS in cells.values:
        faults.append(
            _error("row", "row.too_many_cells", "more cells than columns", "лишние ячейки")
        )
    if cells.missing:
        faults.append(
            _error("row", "row.too_few_cells", "fewer cells than columns", "не хватает ячеек")
        )
    given = {
        name: value.strip() or None
        for name, value in cells.values.items()
        if isinstance(value, str)
    }
    item: dict[str, Any] = {"printed": {}}
    for name, value in given.items():
        if name in PRINTED:
            item["printed"][name] = value
        elif name in _PARTS:
            try:
                item[name] = _PARTS[name](value or "")
            except BadCell as failure:
                faults.append(_error(name, f"row.{name}", failure.english, failure.russian, value))
        elif name not in {"source_document", "source_place"} and value is not None:
            item[name] = value
    if given.get("source_document"):
        place = given.get("source_place") or f"line {cells.line}"
        item["source"] = {"document": given["source_document"], "place": place}
    return item, faults


def _serves(text: str) -> list[dict[str, str]]:
    """«kemerovo/Рудничный район | tashtagol//Шерегеш»: municipality, city district, settlement;
    `*` is the whole region."""
    places: list[dict[str, str]] = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        if part == "*":
            places.append({})
            continue
        names = [name.strip() for name in part.split("/")]
        if len(names) > 3 or not names[0]:
            raise BadCell(
                "municipality/city district/settlement, several with | between them",
                "муниципалитет/район города/населённый пункт, через | если их несколько",
            )
        fields = ("municipality", "city_district", "settlement")
        places.append({key: name for key, name in zip(fields, names, strict=False) if name})
    return places


def _days(text: str) -> list[str]:
    """«MO-FR, SU» → the weekdays."""
    days: list[str] = []
    for part in filter(None, (part.strip() for part in text.upper().split(","))):
        found = _DAYS.fullmatch(part)
        first, last = (found[1], found[2] or found[1]) if found else ("", "")
        known = first in WEEKDAYS and last in WEEKDAYS
        if not known or WEEKDAYS.index(first) > WEEKDAYS.index(last):
            raise BadCell("days as MO-FR, SA", "дни в виде MO-FR, SA")
        days += WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1]
    return list(dict.fromkeys(days))


def _hours(text: str) -> list[dict[str, Any]]:
    """«MO-TH 09:00-18:00 (12:00-13:00) | FR 09:00-17:00»; the break in brackets."""
    entries = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        found = _HOURS.fullmatch(part)
        if found is None:
            raise BadCell(
                "hours as MO-FR 09:00-18:00 (12:00-13:00), several with | between them",
                "часы в виде MO-FR 09:00-18:00 (12:00-13:00), через | если их несколько",
            )
        _, opens, closes, begins, ends = (
            time.zfill(5) if time and ":" in time else time for time in found.groups()
        )
        entry: dict[str, Any] = {"days": _days(found["days"]), "opens": opens, "closes": closes}
        entries.append(entry | ({"lunch": [begins, ends]} if begins else {}))
    return entries


_PARTS: Mapping[str, Callable[[str], Any]] = {
    "serves": _serves,
    "hours": _hours,
    "reception_days": _days,
}


def faults_of(failure: ValidationError) -> list[RowFault]:
    """Every field that is not of its form."""
    return [_of_pydantic(error) for error in failure.errors()]


def _of_pydantic(error: Any) -> RowFault:
    path = [str(part) for part in error["loc"] if part != "printed"] or ["printed"]
    kind = str(error["type"])
    if kind in {"missing", "value_error.missing"}:
        return _error(path[0], "row.value_missing", "a value is needed", "нет значения")
    if kind == "extra_forbidden":
        return _error(path[0], "row.unknown_field", "there is no such field", "нет такого поля")
    return _error(".".join(path), f"row.{kind}", str(error["msg"]), "значение не подходит по форме")


def _error(
    field: str, rule: str, english: str, russian: str, printed: str | None = None
) -> RowFault:
    return RowFault(
        field=field,
        rule=rule,
        severity=Severity.ERROR,
        printed=printed,
        reason_en=english,
        reason_ru=russian,
    )
