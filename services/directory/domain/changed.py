"""What was changed, as a log for anybody tells it: fields as text, offices instead of persons."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel

from contracts.values import Actor, Value

CHANGES_KEPT = 30
"""How many changes a record remembers; the register's log has them all."""
LONGEST = 300
"""Characters of a field's text; the whole stands in the event."""


class ChangedField(Value):
    """One field before and after, as text."""

    field: str
    before: str = ""
    after: str = ""


class Change(Value):
    """One change: when, by which office, and what. No person is named: it is public."""

    at: AwareDatetime
    action: str
    role: str
    organization: str | None = None
    fields: tuple[ChangedField, ...] = ()


class CardChange(Change):
    """One change of an organization, told with the number of the version that it made."""

    edition: int


def created(name: str, at: AwareDatetime, by: Actor | None, edition: int) -> CardChange:
    """That an organization was entered, under which name."""
    fields = (ChangedField(field="name", after=name),)
    return card_change("create", fields, at, by, edition)


def card_change(
    action: str,
    fields: tuple[ChangedField, ...],
    at: AwareDatetime,
    by: Actor | None,
    edition: int,
) -> CardChange:
    """A change by somebody, or by nobody known: one made by a version that did not keep it."""
    return CardChange(
        at=at,
        action=action,
        role=by.role if by is not None else "unknown",
        organization=by.organization if by is not None else None,
        fields=fields,
        edition=edition,
    )


def changed_fields(before: BaseModel, after: BaseModel) -> tuple[ChangedField, ...]:
    """The fields in which two states of one record differ."""
    return tuple(
        ChangedField(field=name, before=as_text(old), after=as_text(new))
        for name in type(before).model_fields
        if (old := getattr(before, name)) != (new := getattr(after, name))
    )


def as_text(value: object) -> str:
    """A field as a change log shows it, shortened."""
    if isinstance(value, tuple):
        text = ", ".join(as_text(item) for item in value)
    elif isinstance(value, Value):
        text = value.model_dump_json(exclude_none=True)
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
