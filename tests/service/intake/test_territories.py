"""Who serves an address is known from memory, in step with the directory, and never guessed
(R 3.1.2)."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from contracts.directory import (
    ORGANIZATION,
    HouseRange,
    OrganizationCard,
    OrganizationKind,
    OrganizationPublished,
    OrganizationRetired,
    Territory,
)
from contracts.values import SYSTEM, Address
from services.intake.domain.referral_form import ReferralForm
from services.intake.forwarding import decided_by
from services.intake.territories import Territories
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import Desk
from tests.service.intake.passing import publish_bodies
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Story, until

PART = "r-institution-31"
"""It serves a few houses of a town, and nobody else serves the rest."""
TOWN = {"text": "г. Полысаево"}
HOUSE = {"text": "г. Полысаево, ул. Ленина, д. 7"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def directory(desk: Desk) -> None:
    await publish_bodies(desk)
    piece = Territory(
        municipality="polysaevo", street="ул. Ленина", houses=(HouseRange(first="1", last="50"),)
    )
    await publish(desk, PART, piece)
    await until(lambda: desk.intake.organizations.get(PART))


async def publish(desk: Desk, institution: str, *serves: Territory) -> Story:
    card = OrganizationCard(
        id=institution,
        kind=OrganizationKind.INSTITUTION,
        name="Центр социального обслуживания",
        parent=AUTHORISED_BODY,
        serves=serves,
        source="test",
    )
    story = desk.stack.story(ORGANIZATION, institution)
    await story.tell(OrganizationPublished(by=SYSTEM, card=card))
    return story


def living(address: dict[str, Any]) -> dict[str, Any]:
    return new_referral(citizen=new_citizen() | {"address": address})


@pytest.mark.parametrize("role", ["call_centre", "medical_organization"])
async def test_address_that_leaves_open_who_serves_it_is_nobodys_by_itself_r_3_1_2(
    desk: Desk, role: str
) -> None:
    before = await desk.stored()
    refused = await desk.post("/referrals", living(TOWN), role, org="caller-01")
    assert refused.status_code == 422, refused.text
    problem = refused.json()
    assert (problem["code"], problem["clause"]) == ("undecided-who-serves-this-address", "R 3.1.2")
    assert problem["errors"][0]["field"] == "citizen.address"
    assert "Полысаево" not in refused.text
    assert await desk.stored() == before
    taken = await desk.post("/referrals", living(HOUSE), role, org="caller-01")
    assert taken.status_code == 201, taken.text
    assert taken.json()["journal_number"].startswith(f"{PART}/")


async def test_body_lets_a_person_decide_about_such_an_address_r_3_1_2(desk: Desk) -> None:
    made = await desk.register(living(TOWN), org=AUTHORISED_BODY)
    assert made["state"] == "to_forward"
    made = await desk.register(living(HOUSE), org=AUTHORISED_BODY)
    assert (made["state"], made["forwarded_to"]) == ("forwarded", PART)


async def test_every_replica_knows_who_serves_whoever_of_them_heard_it_r_3_1_2(
    desk: Desk, second: Desk
) -> None:
    """Of two replicas one hears an event; the other looks for what it has missed."""
    institution, town = "r-institution-32", Address(text="г. Юрга, ул. Мира, д. 1")
    replicas = (desk, second)
    for replica in replicas:
        await replica.intake.ready()

    def known() -> bool:
        answers = [replica.intake.serving(town) for replica in replicas]
        return all(
            outcome == "one" and found[0].institution == institution for outcome, found in answers
        )

    story = await publish(desk, institution, Territory(municipality="yurga"))
    await until(known)
    await story.tell(OrganizationRetired(by=SYSTEM, reason="ликвидировано"))
    await until(lambda: [at.intake.serving(town)[0] for at in replicas] == ["none", "none"])


async def test_no_institution_is_left_out_for_their_number_r_3_1_2(desk: Desk) -> None:
    organizations = desk.intake.organizations
    anew = Territories(looked_at=1)
    await anew.refresh(organizations)
    outcome, found = anew.who_serves(Address(**HOUSE))
    assert (outcome, [card.id for card in found]) == ("one", [PART])
    assert anew.who_serves(Address(**new_citizen()["address"]))[1][0].id == INSTITUTION


async def test_referral_asks_the_store_nothing_of_who_serves_its_address(desk: Desk) -> None:
    asked = desk.intake.organizations.counts.queries
    form = ReferralForm.model_validate(living(HOUSE))
    assert decided_by(desk.intake, form) is not None
    assert desk.intake.organizations.counts.queries == asked
