"""The register's routes and who may call them; a citizen with a case and a running term."""

from contracts import citizen
from contracts.envelope import Envelope
from contracts.roles import Role
from contracts.values import SYSTEM
from tests.service.access import About, Route, Walk
from tests.service.registry.conftest import opened_register
from tests.service.stack import Stack
from tests.unit.registry.builders import CARD, CODE, MONDAY, envelopes, intake_of, ref_of

REF = ref_of("C0000000000000000000000000009001")
CASE = "/cases/{case_id}"
STAFF = (
    Role.REGISTRAR,
    Role.SPECIALIST,
    Role.URGENT_HEAD,
    Role.CARE_ORGANIZER,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
    Role.COMPLAINT_OFFICER,
)
READERS = (*STAFF, Role.REGISTRY_READER, Role.OPERATOR)
DISTRICT_READERS = (Role.REGISTRY_READER, Role.OPERATOR)
ROUTES = [
    Route("GET", "/"),
    Route("POST", "/status", body={"number": REF.number, "code": CODE}),
    Route("GET", "/cases", READERS, about=About.LIST),
    Route("GET", "/terms", READERS, about=About.LIST, query="?state=running"),
    Route("GET", CASE, READERS),
    Route("GET", f"{CASE}/timeline", READERS),
    Route("GET", f"{CASE}/timeline.html", READERS),
    Route("GET", f"{CASE}/positions", READERS),
    Route("GET", "/citizens/{citizen_id}", (*STAFF, Role.REGISTRY_READER)),
    Route("GET", "/events", DISTRICT_READERS, about=About.DISTRICT, org=None),
    Route("GET", "/streams/{stream}", DISTRICT_READERS, about=About.DISTRICT, org=None),
    Route(
        "POST",
        "/reemissions",
        (Role.OPERATOR,),
        body={"reason": "Проверка доступа"},
        about=About.DISTRICT,
        org=None,
        query="?to=careplan",
        creates=True,
        answers=200,
    ),
    Route("GET", "/summary", DISTRICT_READERS, about=About.DISTRICT, org=None),
]


def citizen_told() -> list[Envelope]:
    """What intake says of the citizen."""
    registered = citizen.CitizenRegistered(by=SYSTEM, card=CARD)
    return envelopes(citizen.CITIZEN, REF.citizen_id, [(registered, MONDAY)])


async def begun(stack: Stack) -> Walk:
    """The service with a citizen and the beginning of their case."""
    register = await opened_register(stack)
    first = intake_of(REF).envelopes()[0]
    await register.hear([*citizen_told(), first])
    ids = {"case_id": REF.case_id, "citizen_id": REF.citizen_id, "stream": first.stream}
    return Walk(stack, register.app, register.http, "cases", REF.case_id, 1, ids)
