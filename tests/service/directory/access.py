"""The directory's routes and who may call them: reading is public, changing is the editors'."""

import httpx

from contracts.roles import Role
from tests.service.access import About, Route, Walk
from tests.service.directory import access_offer
from tests.service.directory.conftest import app_of, settled
from tests.service.stack import INSTITUTION, Stack

ONE = "/organizations/{organization_id}"
EDITORS = (Role.DIRECTORY_EDITOR,)
QUALITY_READERS = (Role.DIRECTORY_EDITOR, Role.REGISTRY_READER, Role.OPERATOR)
CARD = {"kind": "mfc", "name": "МФЦ города Юрга", "region": "RU-KEM", "source": "Письмо № 12"}
ENTERED = {"card": CARD, "reason": "Письмо № 12"}
DISTRICT = About.DISTRICT
PROPOSERS = (Role.DIRECTORY_EDITOR, Role.PROVIDER)
ENTRIES, IMPORT = "/register-entries/{entry_id}", "/imports/{import_id}"
ENTRY = {
    "name": "ООО «Добрый дом»",
    "phones": ["+73845630077"],
    "region": "RU-KEM",
    "serves": [{"municipality": "yurga"}],
    "particulars": {
        "form": "private",
        "legal_form": "ООО",
        "inn": "4212000120",
        "ogrn": "1024200000000",
        "services": ["Уход на дому"],
    },
}
AMENDED = ENTRY | {"name": "ООО «Добрый дом плюс»"}
CHECKS = {
    "results": [
        {"item": item, "passed": True}
        for item in ("legal_entity", "services", "territory", "contacts")
    ]
}
ROW = {
    "key": "x-mfc-1",
    "kind": "mfc",
    "region": "RU-KEM",
    "printed": {"name": "МФЦ города Юрга"},
    "municipality": "yurga",
}
ROUTES = [
    Route("GET", "/organizations"),
    Route("GET", ONE),
    Route("GET", f"{ONE}/open"),
    Route("POST", "/serving", body={"municipality": "yurga"}),
    Route("POST", "/organizations", EDITORS, ENTERED, DISTRICT, creates=True),
    Route("POST", ONE, EDITORS, {"card": CARD, "reason": "Письмо № 13"}, DISTRICT),
    Route("POST", f"{ONE}/retirement", EDITORS, {"reason": "Ликвидировано"}, DISTRICT),
    Route("GET", f"{ONE}/versions", QUALITY_READERS, about=DISTRICT),
    Route(
        "POST",
        f"{ONE}/announcements/{{announcement_id}}/withdrawal",
        EDITORS,
        {"reason": "Переезд отменён"},
        DISTRICT,
    ),
    Route("GET", "/providers"),
    Route("GET", "/volunteers"),
    Route("POST", "/providers", PROPOSERS, ENTRY, DISTRICT, creates=True),
    Route("POST", "/volunteers", EDITORS, ENTRY, DISTRICT, creates=True),
    Route("GET", "/register-entries", PROPOSERS, about=DISTRICT),
    Route("GET", ENTRIES, PROPOSERS, about=DISTRICT),
    Route("POST", ENTRIES, PROPOSERS, {"entry": AMENDED, "reason": "Уточнено"}, DISTRICT),
    Route("POST", f"{ENTRIES}/checks", EDITORS, CHECKS, DISTRICT),
    Route("POST", f"{ENTRIES}/publication", EDITORS, {"reason": "Внесён"}, DISTRICT),
    Route("POST", f"{ENTRIES}/refusal", EDITORS, {"reason": "Не подтверждено"}, DISTRICT),
    Route("POST", "/imports", EDITORS, [ROW], DISTRICT, creates=True),
    Route("GET", "/imports", EDITORS, about=DISTRICT),
    Route("GET", IMPORT, EDITORS, about=DISTRICT),
    Route("GET", f"{IMPORT}/rows", EDITORS, about=DISTRICT),
    Route("GET", f"{IMPORT}/report.csv", EDITORS, about=DISTRICT),
    Route("POST", f"{IMPORT}/application", EDITORS, {"reason": "Письмо № 14"}, DISTRICT),
    Route("GET", "/quality", QUALITY_READERS, about=DISTRICT),
    Route("GET", "/quality.csv", QUALITY_READERS, about=DISTRICT),
    *access_offer.ROUTES,
]


async def made(stack: Stack, client: httpx.AsyncClient) -> dict[str, str]:
    """An entry of a register and an import of the tests' own."""
    headers = stack.headers(Role.DIRECTORY_EDITOR)
    entry = await client.post("/providers", headers=headers, json=ENTRY)
    previewed = await client.post("/imports", headers=headers, json=[ROW])
    assert (entry.status_code, previewed.status_code) == (201, 201), previewed.text
    return {"entry_id": entry.json()["id"], "import_id": previewed.json()["id"]}


async def begun(stack: Stack) -> Walk:
    """The service with everything loaded and said."""
    app = app_of(stack)
    client = await stack.serve(app)
    await settled(app)
    ids = {"organization_id": INSTITUTION, "announcement_id": "A-1", **await made(stack, client)}
    ids |= access_offer.IDS
    return Walk(stack, app, client, "organizations", INSTITUTION, 1, ids)
