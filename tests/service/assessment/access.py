"""Assessment's routes and who may call them; a case whose commission sits."""

from contracts.roles import Role
from tests.service.access import About, Route, Walk
from tests.service.assessment.office import opened_office
from tests.service.assessment.people import (
    CHAIR,
    ORGANIZER,
    SECTION,
    SERVICE,
    SURVEY,
    commission_body,
    questionnaire_body,
    visit_body,
)
from tests.service.stack import AUTHORISED_BODY, Stack

CASE = "/cases/{case_id}"
MEMBERS = (
    Role.CARE_ORGANIZER,
    Role.COMMISSION_CHAIR,
    Role.HEALTH_WORKER,
    Role.PSYCHOLOGIST,
    Role.COMMISSION_MEMBER,
)
READERS = (
    Role.SPECIALIST,
    Role.URGENT_HEAD,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
    *MEMBERS,
)
ROUTES = [
    Route("GET", "/cases", READERS, about=About.LIST),
    Route("GET", CASE, READERS),
    Route("POST", f"{CASE}/survey-visit", (Role.SPECIALIST,), visit_body()),
    Route("POST", f"{CASE}/survey", (Role.SPECIALIST,), SURVEY),
    Route("POST", f"{CASE}/reopening", (Role.SPECIALIST, Role.URGENT_HEAD)),
    Route("POST", f"{CASE}/organizer", (Role.URGENT_HEAD, Role.INSTITUTION_DIRECTOR),
          {"organizer": "w-deputy"}),
    Route("POST", f"{CASE}/commission", (Role.CARE_ORGANIZER,), commission_body(),
          subject=ORGANIZER.id),
    Route("POST", CASE + "/act/sections/{section}", MEMBERS, SECTION, subject=ORGANIZER.id),
    Route("POST", f"{CASE}/questionnaire", MEMBERS, questionnaire_body(), subject=ORGANIZER.id),
    Route("POST", f"{CASE}/act/signatures", MEMBERS, {}, subject=ORGANIZER.id),
    Route("POST", f"{CASE}/protocol", (Role.COMMISSION_CHAIR,), SERVICE,
          org=AUTHORISED_BODY, subject=CHAIR.id),
]  # fmt: skip


async def begun(stack: Stack) -> Walk:
    """The service with a convened case."""
    office = await opened_office(stack)
    desk = await office.open()
    await desk.to_convened()
    ids = {"case_id": desk.case_id, "section": "family"}
    return Walk(stack, office.app, office.client, "cases", desk.case_id, desk.version, ids)
