"""Changes announced for a later day: they take effect then, once, whoever sweeps (R 1.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.context import Context
from contracts.directory import OrganizationCard
from contracts.errors import InvalidInput, NotFound
from contracts.event import Event
from services.directory.domain import telling
from services.directory.domain.organization import (
    Action,
    Organization,
    note_change,
    require,
    require_enterable,
    succeed,
)
from services.directory.domain.versions import Announcement, Withdrawal, differing

ANNOUNCED_AT_MOST = 20
FURTHEST = timedelta(days=3 * 366)


def announce(
    organization: Organization,
    card: OrganizationCard,
    reason: str,
    valid_from: datetime,
    announcement_id: str,
    at: Context,
) -> list[Event]:
    """Keep a change until its day. It is no event before: nobody else has to wait for it.

    It is of the fields that differ from the card as it will be then: what an earlier announcement
    changes, a later one takes back.
    """
    require(organization, Action.ANNOUNCE)
    expected = _expected(organization, valid_from)
    require_enterable(card, expected)
    if valid_from <= at.now:
        raise _wrong("valid-from-past", "a change holds from a later moment, or at once without it")
    if valid_from > at.now + FURTHEST:
        raise _wrong("valid-from-too-far", "at most three years ahead")
    if len(organization.announced) >= ANNOUNCED_AT_MOST:
        raise _wrong("too-many-announced", f"at most {ANNOUNCED_AT_MOST} wait at one time")
    fields = differing(expected, card)
    if not fields:
        raise InvalidInput("nothing-changed", "the card is the one that holds then", field="card")
    organization.announced = sorted(
        [
            *organization.announced,
            Announcement(
                id=announcement_id,
                card=card,
                fields=fields,
                reason=reason,
                by=at.by,
                made_at=at.now,
                valid_from=valid_from,
            ),
        ],
        key=lambda item: item.valid_from,
    )
    note_change(organization, at)
    return []


def withdraw_announcement(
    organization: Organization, announcement_id: str, reason: str, at: Context
) -> list[Event]:
    """Take back a change whose day has not come; who did so and why stays with the record.

    Later announcements that change the same fields are compared anew: one that would only have
    ended this change is taken back with it.
    """
    require(organization, Action.WITHDRAW_ANNOUNCEMENT)
    gone = next((item for item in organization.announced if item.id == announcement_id), None)
    if gone is None:
        raise NotFound("announcement")
    waiting = [item for item in organization.announced if item is not gone]
    organization.announced, withdrawn = [], [gone.id]
    for item in waiting:
        left = item.fields
        if item.valid_from >= gone.valid_from:
            differs = differing(_expected(organization, item.valid_from), item.card)
            left = tuple(name for name in left if name not in gone.fields or name in differs)
        if left:
            organization.announced.append(item.model_copy(update={"fields": left}))
        else:
            withdrawn.append(item.id)
    taken_back = [
        Withdrawal(announcement=one, reason=reason, by=at.by, at=at.now) for one in withdrawn
    ]
    organization.withdrawals = [*organization.withdrawals, *taken_back][-ANNOUNCED_AT_MOST:]
    note_change(organization, at)
    return []


def _expected(organization: Organization, moment: datetime) -> OrganizationCard:
    """The card as it will be at a moment, by what is announced until then."""
    card = organization.card
    for item in organization.announced:
        if item.valid_from <= moment:
            card = item.onto(card)
    return card


def is_due(organization: Organization, at: Context) -> bool:
    """Whether something announced has come due and is not in effect yet."""
    return any(item.valid_from <= at.now for item in organization.announced)


def take_effect(organization: Organization, at: Context) -> list[Event]:
    """Make what has come due the present card, with its own author, reason and moment."""
    due = [item for item in organization.announced if item.valid_from <= at.now]
    organization.announced = [item for item in organization.announced if item not in due]
    events: list[Event] = []
    for item in due:
        before, card = organization.card, item.onto(organization.card)
        if card == before:
            continue  # somebody has changed it so already
        succeed(organization, card, item.reason, at, valid_from=item.valid_from, by=item.by)
        events += telling.changed(before, card, item.reason, item.by)
    return events


def _wrong(code: str, detail: str) -> InvalidInput:
    return InvalidInput(code, detail, field="valid_from", clause="R 1.3")
