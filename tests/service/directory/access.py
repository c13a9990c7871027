"""The directory's routes and who may call them: reading is public, changing is the editors'."""

from contracts.roles import Role
from tests.service.access import About, Route, Walk
from tests.service.directory import access_offer
from tests.service.directory.conftest import app_of, settled
from tests.service.stack import INSTITUTION, Stack

ONE = "/organizations/{organization_id}"
EDITORS = (Role.DIRECTORY_EDITOR,)
QUALITY_READERS = (Role.DIRECTORY_EDITOR, Role.REGISTRY_READER, Role.OPERATOR)
CARD = {"kind": "mfc", "name": "МФЦ города Юрга", "region": "RU-KEM", "source": "Письмо № 12"}
DISTRICT = About.DISTRICT
ROUTES = [
    Route("GET", "/organizations"),
    Route("GET", ONE),
    Route("GET", f"{ONE}/open"),
    Route("POST", "/serving", body={"municipality": "yurga"}),
    Route("POST", "/organizations", EDITORS, {"card": CARD}, DISTRICT, creates=True),
    Route("POST", ONE, EDITORS, {"card": CARD, "reason": "Письмо № 13"}, DISTRICT),
    Route("POST", f"{ONE}/retirement", EDITORS, {"reason": "Ликвидировано"}, DISTRICT),
    Route("GET", "/quality", QUALITY_READERS, about=DISTRICT),
    Route("GET", "/quality.csv", QUALITY_READERS, about=DISTRICT),
    *access_offer.ROUTES,
]
IDS = {"organization_id": INSTITUTION, **access_offer.IDS}


async def begun(stack: Stack) -> Walk:
    """The service with everything loaded and said."""
    app = app_of(stack)
    client = await stack.serve(app)
    await settled(app)
    return Walk(stack, app, client, "organizations", INSTITUTION, 1, IDS)
