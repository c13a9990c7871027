"""Routes of services, capacity, the navigator and HSDS, with valid bodies and ids."""

from __future__ import annotations

from contracts.roles import Role
from services.directory.hsds_ids import hsds_id
from tests.service.access import About, Route, Walk
from tests.service.stack import INSTITUTION

EDITORS = (Role.DIRECTORY_EDITOR,)
COUNTERS = (Role.PROVIDER, Role.INSTITUTION_DIRECTOR, Role.DIRECTORY_EDITOR)
SERVICE_ID = f"{INSTITUTION}.equipment"
IDS = {
    "service_id": SERVICE_ID,
    "service_uuid": hsds_id("service", SERVICE_ID),
    "organization_uuid": hsds_id("organization", INSTITUTION),
    "service_at_location_uuid": hsds_id("service_at_location", SERVICE_ID),
    "taxonomy_uuid": hsds_id("taxonomy", "needs"),
    "term_uuid": hsds_id("taxonomy_term", "needs", "equipment"),
}
SERVICE = {
    "organization": INSTITUTION,
    "name": "Прокат колясок",
    "description": "Коляски и ходунки на время болезни.",
    "kinds": ["communication"],
    "source": "Письмо № 14",
}
WHY = {"reason": "Письмо № 14"}
COUNT = {"capacities": [{"service": SERVICE_ID, "unit": "item", "available": 4}], **WHY}
DISTRICT = About.DISTRICT
ONE = "/services/{service_id}"
CAPACITY = "/organizations/{organization_id}/capacity"
CHANGES = [
    Route("POST", "/services", EDITORS, {"service": SERVICE, **WHY}, DISTRICT, creates=True),
    Route("POST", ONE, EDITORS, {"service": SERVICE, **WHY}, DISTRICT),
    Route("POST", f"{ONE}/withdrawal", EDITORS, WHY, DISTRICT),
    Route("POST", f"{ONE}/relisting", EDITORS, WHY, DISTRICT),
    Route("POST", CAPACITY, COUNTERS, COUNT, DISTRICT),
]
QUESTIONS = [
    Route("GET", "/vocabularies"),
    Route("GET", "/organizations/{organization_id}/services"),
    Route("GET", ONE),
    Route("GET", CAPACITY),
    Route("GET", "/navigator", query="?q=коляска&place=Ленинск-Кузнецкий&open_now=true"),
    Route("GET", "/navigator/page", query="?q=коляска&place=Ленинск-Кузнецкий"),
    Route("GET", "/hsds/"),
    Route("GET", "/hsds/services", query="?search=коляска&full=true"),
    Route("GET", "/hsds/services/{service_uuid}"),
    Route("GET", "/hsds/organizations", query="?full_service=true"),
    Route("GET", "/hsds/organizations/{organization_uuid}"),
    Route("GET", "/hsds/service_at_locations", query="?full=true"),
    Route("GET", "/hsds/service_at_locations/{service_at_location_uuid}"),
    Route("GET", "/hsds/taxonomies"),
    Route("GET", "/hsds/taxonomies/{taxonomy_uuid}"),
    Route("GET", "/hsds/taxonomy_terms"),
    Route("GET", "/hsds/taxonomy_terms/{term_uuid}"),
    Route("POST", "/hsds/services", query="?search=коляска&full=true"),
    Route("POST", "/hsds/organizations", query="?full_service=true"),
    Route("POST", "/hsds/service_at_locations", query="?full=true"),
    Route("POST", "/hsds/taxonomies"),
    Route("POST", "/hsds/taxonomy_terms"),
]
ROUTES = [*QUESTIONS, *CHANGES]


async def change_everything(walk: Walk) -> None:
    """Every change once, the good way; each on the version that the one before it left."""
    versions = {ONE: 0, f"{ONE}/withdrawal": 1, f"{ONE}/relisting": 2}
    for route in CHANGES:
        version = versions.get(route.path, 0)
        answered = await walk.call(route, version=version, key=f"offer-{route.path[-9:]}")
        assert answered.is_success, (route.key, answered.text)
