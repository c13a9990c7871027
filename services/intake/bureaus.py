"""District bureaus: where citizens are received by appointment, and how (S)."""

from __future__ import annotations

from chassis.commands import Request, check_version, repeated
from chassis.document import Answered
from chassis.races import until_won
from contracts.copies import OrganizationCopy
from contracts.directory import OrganizationKind
from contracts.errors import NotFound
from contracts.hours import NONE, Exceptions
from contracts.values import Actor
from services.intake.domain.slots import Bureau, Schedule
from services.intake.intake import Intake

RECEIVING = frozenset(
    {
        OrganizationKind.INSTITUTION,
        OrganizationKind.COORDINATION_CENTRE,
        OrganizationKind.AUTHORISED_BODY,
        OrganizationKind.MFC,
    }
)
"""Kinds of organizations at which specialists receive citizens."""


async def get_bureau(intake: Intake, organization: str) -> Bureau:
    """A bureau with its hours as the directory last published them, and its schedule."""
    copy = await get_receiving(intake, organization)
    stored = await intake.schedules.get(organization)
    schedule = stored.state if stored else Schedule(id=organization)
    return bureau_of(intake, copy, schedule)


async def get_receiving(intake: Intake, organization: str) -> OrganizationCopy:
    """The copy of an organization at which citizens are received; one retired is one still."""
    found = await intake.organizations.get(organization)
    card = found.state.card if found is not None else None
    if found is None or card is None or card.kind not in RECEIVING:
        raise NotFound("bureau")
    return found.state


def bureau_of(intake: Intake, copy: OrganizationCopy, schedule: Schedule) -> Bureau:
    """A bureau put together of what the directory and what it itself say."""
    card = copy.card
    calendar = intake.service.calendars.of(card.region if card else None)
    return Bureau(
        organization=copy.id,
        hours=card.hours if card else (),
        exceptions=Exceptions(card.closures, card.preholiday_minutes) if card else NONE,
        schedule=schedule,
        zone=calendar.zone,
        calendar=calendar,
        retired=copy.retired,
    )


def manages(copy: OrganizationCopy, actor: Actor) -> bool:
    """Whether the caller is of the bureau, or of the institution or centre it answers to."""
    parent = copy.card.parent if copy.card else None
    return actor.organization is not None and actor.organization in {copy.id, parent}


@until_won("schedule")
async def set_schedule(intake: Intake, schedule: Schedule, request: Request, by: Actor) -> Answered:
    """Set how a bureau receives (S); version 0 is that of a schedule never set."""
    copy = await get_receiving(intake, schedule.id)
    if copy.retired or not manages(copy, by):
        raise NotFound("bureau")
    async with intake.schedules.lock(schedule.id):
        document = await intake.schedules.get(schedule.id)
        document = document or intake.schedules.blank(schedule.id)
        known = repeated(document, request)
        if known is not None:
            return known
        check_version(document, request)
        document.state = schedule.model_copy(deep=True)
        return await intake.service.commands.store(
            intake.schedules, document, None, request, intake.service.at(by), ()
        )
