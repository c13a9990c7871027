"""Others are named in the place of those who have begun, so that no case waits for who is gone."""

from __future__ import annotations

from contracts.context import Context
from contracts.errors import InvalidInput
from services.assessment.domain.case import Case
from services.assessment.domain.records import Replaced


def keep_replaced(
    case: Case, reason: str | None, at: Context, clause: str, *, commission: bool
) -> None:
    """It takes a reason, kept with who it was until now.

    With the `commission` all signatures under the act are void: an act is signed by the members of
    the commission that concludes it (R 3.4.6). What they filled in stays.
    """
    if reason is None:
        raise InvalidInput(
            "reason-missing",
            "say why others are named in the place of those who have begun",
            field="reason",
            clause=clause,
        )
    case.replaced.append(
        Replaced(
            organizer=case.care_organizer,
            commission=case.commission if commission else None,
            signatures=tuple(case.signatures) if commission else (),
            reason=reason,
            replaced_by=at.by,
            replaced_at=at.now,
        )
    )
    if commission:
        case.commission, case.signatures = None, []
