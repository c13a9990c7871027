"""The faults of printed rows, named and reported; nothing is ever corrected here.

R appendix 1 is loaded as printed, typing errors included: the report lets a person decide, and a
proposal is only made where the other rows leave no doubt. A rule finds its faults by computing,
so another region's list is checked by the same rules.
"""

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from contracts.territory.municipality import Municipality, Region
from services.directory.domain.quality_address import ADDRESS_RULES
from services.directory.domain.quality_email import EMAIL_RULES
from services.directory.domain.quality_name import NAME_RULES
from services.directory.domain.quality_phone import PHONE_RULES
from services.directory.domain.quality_survey import (
    Place,
    PrintedContact,
    PrintedRow,
    Severity,
    Survey,
)

__all__ = [
    "RULES",
    "Fault",
    "Place",
    "PrintedContact",
    "PrintedRow",
    "Severity",
    "count_by_rule",
    "find_faults",
]

RULES = (*PHONE_RULES, *ADDRESS_RULES, *EMAIL_RULES, *NAME_RULES)
"""Every rule, each with its code, severity and source."""


class Fault(BaseModel):
    """One fault of one printed field. `proposal` is advice to a person, never applied."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity
    source: str
    row_key: str
    field: str
    printed: str | None
    reason_en: str
    reason_ru: str
    proposal: str | None = None
    place: Place | None = None
    """Where it is printed, if not where the rest of its row is."""


def find_faults(
    rows: Iterable[PrintedRow], municipalities: Iterable[Municipality], region: Region
) -> list[Fault]:
    """All faults of a region's rows, in the order of the rules and then of the rows."""
    survey = Survey(rows, municipalities, region)
    return [
        Fault(
            code=rule.code,
            severity=rule.severity,
            source=rule.source,
            row_key=finding.row.key,
            field=finding.field,
            printed=finding.printed,
            reason_en=finding.reason_en,
            reason_ru=finding.reason_ru,
            proposal=finding.proposal,
        )
        for rule in RULES
        for finding in rule.check(survey)
    ]


def count_by_rule(faults: Iterable[Fault]) -> dict[str, int]:
    """How many faults each rule found; rules that found none are listed with 0."""
    counted = Counter(fault.code for fault in faults)
    return {rule.code: counted[rule.code] for rule in RULES}
