"""Rules for printed phones: a wrong digit sends a citizen to a stranger (R 1.3, R appendix 1)."""

import re
from collections import Counter
from collections.abc import Iterator

from services.directory.domain.contacts import NATIONAL_DIGITS, parse_phone
from services.directory.domain.quality_survey import (
    Finding,
    PrintedRow,
    Rule,
    Severity,
    Survey,
)

_SOURCE = "R 1.3, R appendix 1"
_TOLL_FREE = "800"


def _missing(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        if not row.printed.phone:
            yield Finding(row, "phone", None, "No phone is printed.", "Телефон не напечатан.")


def _unbalanced_bracket(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        phone = row.printed.phone or ""
        if phone.count("(") == phone.count(")"):
            continue
        repaired = f"({phone}" if phone.count(")") == 1 and "(" not in phone else None
        certain = repaired and parse_phone(repaired) and survey.usual_area_code(row)
        same_code = certain and certain == survey.area_code(row)
        yield Finding(
            row, "phone", phone,
            "A bracket of the area code is missing.",
            "Не хватает скобки у кода города.",
            repaired if same_code else None,
        )  # fmt: skip


def _area_code_outside_region(survey: Survey) -> Iterator[Finding]:
    for row, phone, area, local in survey.with_phone():
        if survey.is_regional_code(area) or area == _TOLL_FREE:
            continue
        usual = survey.usual_area_code(row)
        prefix = survey.region.phone_area_prefix
        yield Finding(
            row, "phone", phone,
            f"Area code {area} is not one of the region's ({prefix}…).",
            f"Код {area} не относится к региону ({prefix}…).",
            _proposal(usual, local),
        )  # fmt: skip


def _area_code_differs(survey: Survey) -> Iterator[Finding]:
    """Two codes in one municipality: which of them is wrong only a person can find out."""
    for row, phone, area, local, others in _beside_other_codes(survey):
        differing = [code for code in others if not (area + local).startswith(code)]
        if not differing:
            continue
        hint_en, hint_ru = _where_else(survey, row.municipality, area)
        yield Finding(
            row, "phone", phone,
            f"Other rows of this municipality print {', '.join(differing)}, not {area}{hint_en}.",
            f"В других строках муниципалитета — {', '.join(differing)}, а не {area}{hint_ru}.",
        )  # fmt: skip


def _bracket_elsewhere(survey: Survey) -> Iterator[Finding]:
    """«(384-66) 2-31-49» beside «(3846) …»: the ten digits fit both codes."""
    for row, phone, area, local, others in _beside_other_codes(survey):
        if not all((area + local).startswith(code) for code in others):
            continue
        shorter = next((code for code in others if area.startswith(code)), None)
        yield Finding(
            row, "phone", phone,
            f"Other rows of this municipality close the bracket after {', '.join(others)}.",
            f"В других строках муниципалитета скобка стоит после {', '.join(others)}.",
            _proposal(shorter, area[len(shorter):] + local) if shorter else None,
        )  # fmt: skip


def _beside_other_codes(survey: Survey) -> Iterator[tuple[PrintedRow, str, str, str, list[str]]]:
    """Rows whose regional code most rows of their municipality do not print, with the others'."""
    for row, phone, area, local in survey.with_phone():
        codes = survey.area_codes.get(row.municipality or "", Counter())
        is_majority = codes[area] * 2 > codes.total()
        if len(codes) > 1 and not is_majority and survey.is_regional_code(area):
            yield row, phone, area, local, sorted(code for code in codes if code != area)


def _digit_count(survey: Survey) -> Iterator[Finding]:
    for row, phone, area, local in survey.with_phone():
        count = len(area) + len(local)
        if count == NATIONAL_DIGITS:
            continue
        yield Finding(
            row, "phone", phone,
            f"{count} digits without the trunk prefix 8; a Russian number has {NATIONAL_DIGITS}.",
            f"Цифр без междугородной 8: {count}, а должно быть {NATIONAL_DIGITS}.",
            _proposal(survey.usual_area_code(row), local),
        )  # fmt: skip


def _odd_grouping(survey: Survey) -> Iterator[Finding]:
    for row, phone, area, local in survey.with_phone():
        printed = phone.rpartition(")")[2].strip()
        if ")" not in phone or re.fullmatch(r"\d{1,3}(-\d{2}){1,2}", printed):
            continue
        regrouped = phone.replace(printed, _group(local))
        yield Finding(
            row, "phone", phone,
            f"The digits are grouped unusually: {printed}; one may be misplaced.",
            f"Цифры сгруппированы необычно: {printed}; возможно, есть перестановка.",
            regrouped if len(area) + len(local) == NATIONAL_DIGITS else None,
        )  # fmt: skip


def _where_else(survey: Survey, municipality: str | None, area: str) -> tuple[str, str]:
    names = [
        survey.municipalities[code].name
        for code, codes in survey.area_codes.items()
        if area in codes and code != municipality and code in survey.municipalities
    ]
    if not names:
        return "", ""
    listed = "; ".join(sorted(names))
    return f" (which rows of {listed} print)", f" (его печатают строки: {listed})"


def _proposal(area: str | None, local: str) -> str | None:
    if area is None or len(area) + len(local) != NATIONAL_DIGITS:
        return None
    return f"({area}) {_group(local)}"


def _group(local: str) -> str:
    """2-22-22, 22-22-22 or 222-22-22: pairs from the right."""
    return f"{local[:-4]}-{local[-4:-2]}-{local[-2:]}"


PHONE_RULES = (
    Rule("phone.missing", Severity.WARNING, _SOURCE, _missing),
    Rule("phone.unbalanced_bracket", Severity.ERROR, _SOURCE, _unbalanced_bracket),
    Rule("phone.area_code_outside_region", Severity.ERROR, _SOURCE, _area_code_outside_region),
    Rule("phone.area_code_differs", Severity.SUSPICION, _SOURCE, _area_code_differs),
    Rule("phone.bracket_elsewhere", Severity.COSMETIC, _SOURCE, _bracket_elsewhere),
    Rule("phone.digit_count", Severity.ERROR, _SOURCE, _digit_count),
    Rule("phone.odd_grouping", Severity.WARNING, _SOURCE, _odd_grouping),
)
