"""A stack takes referrals for the institutions of its own district alone (R 3.1.2, appendix 1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.intake.main import create_app
from tests.service.intake.bodies import new_bundle, new_citizen, new_referral
from tests.service.intake.desk import (
    OTHER_INSTITUTION,
    Clock,
    Desk,
    knows_directory,
    publish_directory,
    settings_of,
)
from tests.service.intake.outside import Outside
from tests.service.stack import INSTITUTION, Stack

BELOVO = {"text": "652600, Кемеровская область, г. Белово, ул. Советская, д. 7"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(stack: Stack, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    """A desk of a district with one institution."""
    settings = settings_of(stack, institutions=INSTITUTION)
    app = create_app(settings, clock.now, outside.transport)
    desk = Desk(stack, app, await stack.serve(app), clock)
    await publish_directory(stack)
    await knows_directory(desk)
    yield desk


def elsewhere() -> dict[str, Any]:
    return new_referral(citizen={**new_citizen(), "address": BELOVO})


async def refused(desk: Desk, body: dict[str, Any], role: str, org: str) -> dict[str, Any]:
    before = await desk.stored()
    answered = await desk.post("/referrals", body, role, org=org)
    assert answered.status_code == 422, answered.text
    assert await desk.stored() == before
    problem: dict[str, Any] = answered.json()
    assert (problem["code"], problem["clause"]) == ("served-by-another-district", "R 3.1.2")
    assert OTHER_INSTITUTION in problem["detail"]
    assert "Советская" not in answered.text
    return problem


async def test_address_of_another_district_is_told_who_serves_it_r_3_1_2(here: Desk) -> None:
    problem = await refused(here, elsewhere(), "medical_organization", "hospital-03")
    assert problem["errors"][0]["field"] == "citizen.address"


async def test_institution_of_another_district_takes_nothing_here_r_3_1_2(here: Desk) -> None:
    named = {**new_referral(), "institution": OTHER_INSTITUTION}
    problem = await refused(here, named, "registrar", INSTITUTION)
    assert problem["errors"][0]["field"] == "institution"


async def test_pushed_referral_of_another_district_is_an_operation_outcome_r_3_1_2(
    here: Desk,
) -> None:
    bundle = new_bundle()
    bundle["entry"][0]["resource"]["address"] = [BELOVO]
    outcome = (await here.push(bundle)).json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "served-by-another-district"
    assert outcome["issue"][0]["expression"] == ["Bundle.entry[0].resource.address"]


@pytest.mark.parametrize("role", ["registrar", "medical_organization"])
async def test_address_of_this_district_is_taken(here: Desk, role: str) -> None:
    answered = await here.post("/referrals", new_referral(), role)
    assert answered.status_code == 201, answered.text
