"""From the cells of an imported row to the row of a data file, with every fault named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts import ijson
from contracts.hours import WEEKDAYS
from services.directory.domain.import_file import LONGEST_CELL, SURPLUS, Cells
from services.directory.domain.quality import Severity
from services.directory.domain.reading import is_one_line
from services.directory.domain.rows import SourceRow

PRINTED = ("name", "phone", "address", "email", "website")
_DAYS = re.compile(r"([A-Z]{2})(?:-([A-Z]{2}))?")
_TIME = r"([0-2]?\d:[0-5]\d)"
_HOURS = re.compile(rf"(?P<days>[A-Z,\s-]+?)\s+{_TIME}-{_TIME}(?:\s*\(\s*{_TIME}-{_TIME}\s*\))?")

_RANGE = re.compile(
    r"(?P<parity>odd|even)?(?:(?:^|\s+)(?P<first>\d[^-]*)?(?P<to>-)?(?P<last>\d.*)?)?"
)

_UNREADABLE: Mapping[str, tuple[str, str]] = {
    "quotes": (
        "text stands after a closing quote, or a quote is open at the end of the line; a quote"
        " within a cell is written twice, and a cell is one line",
        "текст после закрывающей кавычки, или кавычка не закрыта до конца строки; кавычка внутри"
        " ячейки пишется дважды, и в ячейке нет переноса строки",
    ),
    "cell_too_long": (
        f"a cell is longer than {LONGEST_CELL} characters",
        f"ячейка длиннее {LONGEST_CELL} знаков",
    ),
    ijson.NAME_TWICE: (ijson.RULES[ijson.NAME_TWICE], "имя стоит в объекте дважды"),
    ijson.NO_NUMBER: (ijson.RULES[ijson.NO_NUMBER], "NaN и Infinity — не числа"),
    ijson.NO_TEXT: (ijson.RULES[ijson.NO_TEXT], "в тексте управляющий знак или половина знака"),
}

_STAND_INS: Mapping[str, Any] = {
    "key": "unread", "kind": "mfc", "region": "unread", "printed": {"name": "unread"},
}  # fmt: skip
"""What stands for a field that every row has and that cannot be read, so that the rest is."""


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
    """The row and every reason why it is none (R 1.3).

    With a fault it is the row as far as it could be read, for the other rules to look at. None
    where nothing could.
    """
    if cells.wrong is not None:
        english, russian = _UNREADABLE[cells.wrong]
        return None, [_error("row", f"row.{cells.wrong}", english, russian)]
    item, faults = _from_table(cells) if is_table else (dict(cells.values), [])
    if not is_table and not cells.values:
        return None, [_error("row", "row.empty", "the element is no object", "пустой элемент")]
    faults += _of_several_lines(cells)
    if item.get("provenance") is not None:
        faults.append(
            _error("provenance", "row.provenance", "an example is not imported", "это пример")
        )
    item.setdefault("source", {"document": "import", "place": f"line {cells.line}"})
    row, wrong = _validated(item)
    known = {fault.field for fault in faults}
    faults += [fault for fault in wrong if fault.field not in known]
    if row is not None and row.key != row.key.lower():
        english = "an id has no capitals: people type it as part of a case's number"
        russian = "в идентификаторе нет прописных букв: его набирают в номере дела"
        faults.append(_error("key", "row.key", english, russian, row.key))
    return row, faults


def completed(row: SourceRow, spoken: frozenset[str], taken: SourceRow | None) -> SourceRow:
    """The row with what it does not speak of as it was taken in before: rules compare all of it."""
    if taken is None:
        return row
    kept = {
        name: getattr(taken.printed, name)
        for name in ("phone", "address", "email", "website", "hours", "phones")
        if name not in spoken
    }
    changes: dict[str, object] = {"printed": row.printed.model_copy(update=kept)}
    for name in ("municipality", "note", "also_printed"):
        if name not in spoken:
            changes[name] = getattr(taken, name)
    return row.model_copy(update=changes)


def _validated(item: dict[str, Any]) -> tuple[SourceRow | None, list[RowFault]]:
    """The row and what of it is not of its form; something else stands in the place of that."""
    try:
        return SourceRow.model_validate_json(json.dumps(item), extra="forbid"), []
    except ValidationError as failure:
        faults = faults_of(failure)
        rest = dict(item)
        for error in failure.errors():
            name, *inner = map(str, error["loc"] or ("",))
            if inner and name == "printed" and inner[0] != "name":
                rest[name] = {key: text for key, text in rest[name].items() if key != inner[0]}
            elif name == "printed" and isinstance(rest.get(name), dict):
                rest[name] = rest[name] | _STAND_INS[name]
            elif name in _STAND_INS:
                rest[name] = _STAND_INS[name]
            else:
                rest.pop(name, None)
        with suppress(ValidationError):
            return SourceRow.model_validate_json(json.dumps(rest), extra="forbid"), faults
        return None, faults


def _of_several_lines(cells: Cells) -> list[RowFault]:
    """Every text of a row is one line: more would be shown, and stored, as one name."""
    printed = cells.values.get("printed")
    texts = cells.values | (printed if isinstance(printed, dict) else {})
    return [
        _error(name, "row.several_lines", "the text is one line", "в тексте есть перенос строки")
        for name, value in texts.items()
        if isinstance(value, str) and not is_one_line(value)
    ]


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


def _serves(text: str) -> list[dict[str, Any]]:
    """«kemerovo/Рудничный район | tashtagol//Шерегеш | yurga///ул. Мира: odd 1-15»: municipality,
    city district, settlement, street with its houses; `*` is the whole region."""
    places: list[dict[str, Any]] = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        if part == "*":
            places.append({})
            continue
        names = [name.strip() for name in part.split("/", 3)]
        street, _, houses = names[3].partition(":") if len(names) == 4 else ("", "", "")
        if not names[0] or (len(names) == 4 and not street.strip()):
            raise BadCell(
                "municipality/city district/settlement/street: houses, several with | between them",
                "муниципалитет/район города/населённый пункт/улица: дома, несколько через |",
            )
        fields = ("municipality", "city_district", "settlement", "street")
        named = zip(fields, (*names[:3], street.strip()), strict=False)
        place: dict[str, Any] = {key: name for key, name in named if name}
        places.append(place | ({"houses": _houses(houses)} if houses.strip() else {}))
    return places


def _houses(text: str) -> list[dict[str, str]]:
    """«odd 1-15, even, 20-, 12/1»: a side of the street, from and to, or one house."""
    ranges = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _RANGE.fullmatch(part)
        if found is None or not any(found.group("parity", "first", "last")):
            raise BadCell(
                "houses as odd 1-15, even, 20-, 12/1", "дома в виде odd 1-15, even, 20-, 12/1"
            )
        last = found["last"] if found["to"] else found["first"]
        named = {"parity": found["parity"], "first": found["first"], "last": last}
        ranges.append({key: value.strip() for key, value in named.items() if value})
    return ranges


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
