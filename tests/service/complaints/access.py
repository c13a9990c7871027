"""The routes of complaints and who may call them; a complaint of the institution's case."""

from contracts.roles import Role
from tests.service.access import About, Ids, Route, Walk
from tests.service.complaints.conftest import PARTS, form, opened_office
from tests.service.stack import AUTHORISED_BODY, Stack

COMPLAINT = "/complaints/{complaint_id}"
READERS = (
    Role.COMPLAINT_OFFICER,
    Role.REGISTRAR,
    Role.AUTHORISED_BODY_HEAD,
    Role.INSTITUTION_DIRECTOR,
)
DECISION = {"outcome": "satisfied", "remedy": "other", "reasons": "Срок нарушен"}


def complaint_of(ids: Ids) -> object:
    """A complaint about the case of these ids."""
    return form(ids["case_id"])


ROUTES = [
    Route("POST", "/complaints", (Role.COMPLAINT_OFFICER, Role.REGISTRAR), complaint_of,
          org=AUTHORISED_BODY, creates=True),
    Route("GET", "/complaints", READERS, about=About.LIST, org=AUTHORISED_BODY),
    Route("GET", COMPLAINT, READERS, org=AUTHORISED_BODY),
    Route("POST", f"{COMPLAINT}/decision", (Role.COMPLAINT_OFFICER,), DECISION,
          org=AUTHORISED_BODY),
    Route("POST", f"{COMPLAINT}/answer", (Role.COMPLAINT_OFFICER,),
          {"parts": PARTS, "way": "post"}, org=AUTHORISED_BODY),
]  # fmt: skip


async def begun(stack: Stack) -> Walk:
    """The service with a registered complaint."""
    office = await opened_office(stack)
    case_id = await office.case()
    made = await office.register(case_id)
    ids = {"complaint_id": made["id"], "case_id": case_id}
    return Walk(stack, office.app, office.http, "complaints", made["id"], made["version"], ids)
