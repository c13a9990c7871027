"""Completing a line of the journal that was taken with what was known (R 3.1.2)."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from contracts.errors import InvalidInput
from contracts.values import CitizenCard, Contact, Line, Text, Value
from services.intake.domain.journal import Addition, JournalEntry, require_present
from services.intake.domain.referral_form import check_birth, missing_fields


class Completion(Value):
    """What was learned later about a referral taken with what was known."""

    citizen: CitizenCard
    problems: Text | None = None
    contact: Contact | None = None
    source: Line = Field(description="from whom it was learned")


def complete(
    entry: JournalEntry, completion: Completion, by: str, now: datetime, today: date
) -> None:
    """Add what was missing; what was recorded stays as it was (append-only, R 3.1.2).

    The entry becomes due once more, so that the citizen's card gets what was learned.
    """
    require_present(entry)
    if not entry.missing:
        raise InvalidInput(
            "referral-is-complete", "nothing is missing in this entry", field="id", clause="R 3.1.2"
        )
    check_birth(completion.citizen, today)
    known = entry.form.citizen.model_dump(exclude_none=True, exclude_defaults=True)
    learned = completion.citizen.model_dump(exclude_none=True)
    form = entry.form.model_copy(
        update={
            "citizen": CitizenCard.model_validate({**learned, **known}),
            "problems": entry.form.problems or completion.problems,
            "contact": entry.form.contact or completion.contact,
        }
    )
    before, entry.missing = entry.missing, missing_fields(form)
    added = tuple(field for field in before if field not in entry.missing)
    entry.additions.append(Addition(at=now, recorded_by=by, source=completion.source, fields=added))
    entry.form, entry.place_at = form, now
