"""What a line of the journal holds, and what it is refused without (R 3.1.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.intake.bodies import new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Desk
from tests.service.intake.journal import entry


@pytest.mark.parametrize(
    ("contact", "code", "field"),
    [
        ({"organization_id": "l-provider-99"}, "unknown-organization", "contact.organization_id"),
        ({"organization_id": OTHER_INSTITUTION}, "journal-field-missing", "contact.address"),
        (
            {"organization_id": OTHER_INSTITUTION, "address": {"text": "г. Белово, ул. Мира, 1"}},
            "journal-field-missing",
            "contact.phone",
        ),
    ],
)
async def test_contact_by_id_has_address_and_phone_in_the_directory_r_3_1_2(
    desk: Desk, contact: dict[str, Any], code: str, field: str
) -> None:
    told = {"kind": "organization", "organization_name": "Центр", **contact}
    before = await desk.stored()
    refused = await desk.post("/referrals", new_referral(contact=told))
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["clause"] == "R 3.1.2"
    assert refused.json()["errors"][0]["field"] == field
    assert await desk.stored() == before


async def test_representative_with_proof_stands_in_the_line_r_5_4_3(desk: Desk) -> None:
    guardian = new_referral()["contact"] | {"phone": "+73845600055"}
    applicant = {
        "acting_as": "legal_representative",
        "person": guardian,
        "authority": {"kind": "decision_on_office", "number": "77-оп", "issued_on": "2024-03-01"},
    }
    made = await desk.register(new_referral(applicant=applicant))
    line = await entry(desk, made["id"])
    assert line["applicant"]["authority"]["number"] == "77-оп"
    assert line["oral"] is True
    del applicant["authority"]["number"]
    refused = await desk.post("/referrals", new_referral(applicant=applicant))
    assert (refused.status_code, refused.json()["code"]) == (422, "authority-missing")
    assert refused.json()["errors"][0]["field"] == "applicant.authority.number"
    assert refused.json()["clause"] == "R 5.4.3"


async def test_duplicate_under_another_key_joins_the_case_and_says_so_l_5_1(desk: Desk) -> None:
    referral = new_referral()
    first = await desk.register(referral)
    again = await desk.register(referral)
    assert again["id"] != first["id"]
    assert (again["linked"], again["case_id"]) == (True, first["case_id"])
    other = await desk.post("/referrals", new_referral(), key="twice-1")
    reused = await desk.post("/referrals", new_referral(), key="twice-1")
    assert other.status_code == 201
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
