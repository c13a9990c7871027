"""A consultation is given, recorded and closed (R 3.1.6 б)."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.intake import CaseClosed
from contracts.triage import TriageCode
from contracts.values import Identifier, Text, Value
from services.intake.domain.case import Action, Case, Status, require
from services.intake.domain.records import Consultation, Entered


class Advice(Value):
    """What was asked, what was answered, and where the person was directed (R 3.1.6 б)."""

    asked: Text
    answered: Text
    directed_to: tuple[Identifier, ...] = Field(
        default=(), max_length=20, description="organizations, by their ids in the directory"
    )


def close_consultation(
    case: Case, advice: Advice, at: Context, taking_part: Collection[str] = ()
) -> list[Event]:
    """A consultation was given and is recorded; nothing more is to be done (R 3.1.6 б).

    `taking_part`: those of the named organizations that the directory knows to take part.
    """
    require(case, Action.CLOSE_CONSULTATION)
    if case.code is not TriageCode.CONSULTATION:
        raise NotAllowedInState(
            "not-a-consultation", "only a consultation is closed here", clause="R 3.1.6 б"
        )
    for index, organization in enumerate(advice.directed_to):
        if organization not in taking_part:
            raise InvalidInput(
                "organization-takes-no-part",
                "the directory knows no organization of this id that takes part",
                field=f"directed_to.{index}",
                clause="R 3.1.6 б",
            )
    case.consultation = Consultation(**advice.model_dump(), given=Entered(at=at.now, by=at.by.id))
    case.status, case.closed_for = Status.CLOSED, "consultation_given"
    return [CaseClosed(by=at.by, reason=case.closed_for, closed=case.terms.close_all(at.now))]
