"""Care planning's routes and who may call them; a case with its plan and programme."""

from contracts.roles import Role
from tests.service.access import About, Route, Walk
from tests.service.careplan.bureau import (
    CONTRACT,
    ENROL,
    NOTICE,
    ORDER,
    ORGANIZER,
    PLAN,
    PROGRAMME,
    PROVIDER,
    STRAIGHT,
    opened_bureau,
)
from tests.service.stack import AUTHORISED_BODY, Stack

CASE = "/cases/{case_id}"
STAFF = (
    Role.REGISTRAR,
    Role.SPECIALIST,
    Role.CARE_ORGANIZER,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
)
ORGANIZERS = (Role.CARE_ORGANIZER,)
ROUTES = [
    Route("GET", "/cases", STAFF, about=About.LIST),
    Route("GET", CASE, STAFF),
    Route("GET", f"{CASE}/plan", (*STAFF, Role.PROVIDER)),
    Route("GET", f"{CASE}/programme", STAFF),
    Route("POST", f"{CASE}/plan", ORGANIZERS, PLAN, subject=ORGANIZER),
    Route("POST", f"{CASE}/plan/signatures", ORGANIZERS, {"party": "citizen"}, subject=ORGANIZER),
    Route("POST", f"{CASE}/plan/agreements", (Role.PROVIDER, Role.CARE_ORGANIZER),
          {"executor": PROVIDER, "agreed": True}, org=PROVIDER),
    Route("POST", f"{CASE}/programme", (Role.REGISTRAR, Role.CARE_ORGANIZER), PROGRAMME),
    Route("POST", f"{CASE}/package", ORGANIZERS, subject=ORGANIZER),
    Route("POST", f"{CASE}/decision", (Role.AUTHORISED_BODY_HEAD,), ENROL, org=AUTHORISED_BODY),
    Route("POST", f"{CASE}/contract", ORGANIZERS, CONTRACT, subject=ORGANIZER),
    Route("POST", f"{CASE}/enrolment", (Role.INSTITUTION_DIRECTOR,), ORDER),
    Route("POST", f"{CASE}/refusal-notice", (Role.REGISTRAR, Role.CARE_ORGANIZER), NOTICE),
]  # fmt: skip


async def begun(stack: Stack) -> Walk:
    """The service with a case whose plan is agreed and whose programme is issued."""
    bureau = await opened_bureau(stack)
    desk = await bureau.planning()
    await desk.walk(*STRAIGHT[:6])
    ids = {"case_id": desk.case_id}
    return Walk(stack, bureau.app, bureau.client, "cases", desk.case_id, await desk.version(), ids)
