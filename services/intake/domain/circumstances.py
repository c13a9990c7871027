"""What a case was opened by, put right: whether the citizen lies in a hospital, and whether home
care was asked for from the start (R 3.3.3, 3.3.10). The journal keeps its lines (R 3.1.2)."""

from __future__ import annotations

from pydantic import Field, StrictBool

from contracts.context import Context
from contracts.errors import InvalidInput
from contracts.event import Event
from contracts.referral import CircumstancesCorrected
from contracts.values import Text, Value
from services.intake.domain.actions import Action
from services.intake.domain.case import Case, require
from services.intake.domain.records import Circumstances
from services.intake.domain.said import say_where


class CorrectedCircumstances(Value):
    """How it is, and why the case says otherwise."""

    in_hospital: StrictBool = Field(description="the citizen lies in a hospital (R 3.3.3)")
    home_care_asked: StrictBool = Field(
        description="home care was asked for from the start (R 3.3.10)"
    )
    reason: Text = Field(description="why the case says otherwise until now")


def correct_circumstances(
    case: Case, corrected: CorrectedCircumstances, at: Context
) -> list[Event]:
    """Say of a case how it is; what it said before is kept, with who changed it and why.

    Assessment runs the survey's term by the right length (R 3.3.2, 3.3.3).
    """
    require(case, Action.CORRECT_CIRCUMSTANCES)
    if (corrected.in_hospital, corrected.home_care_asked) == (
        case.in_hospital,
        case.home_care_asked,
    ):
        raise InvalidInput(
            "nothing-corrected", "the case says so already", field="body", clause="R 3.3.3"
        )
    case.circumstances.append(
        Circumstances(
            in_hospital=case.in_hospital,
            home_care_asked=case.home_care_asked,
            until=at.now,
            by=at.by.id,
            reason=corrected.reason,
        )
    )
    say_where(case, in_hospital=corrected.in_hospital)
    case.home_care_asked = corrected.home_care_asked
    return [
        CircumstancesCorrected(
            by=at.by,
            in_hospital=case.in_hospital,
            home_care_asked=case.home_care_asked,
        )
    ]
