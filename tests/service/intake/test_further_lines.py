"""A further referral in another institution's journal is read by whoever answers for the case
(R 3.1.3, L 5.1)."""

from __future__ import annotations

from typing import Any

from tests.service.intake.bodies import answers_of, new_citizen, new_referral
from tests.service.intake.desk import OTHER_BODY, OTHER_INSTITUTION, Desk
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

WORSE = "Упала, не встаёт, соседка слышит стоны"
STRANGER = "r-institution-17"


async def joined(desk: Desk) -> tuple[str, dict[str, Any]]:
    """A triaged case of one institution, and what another one was answered of its referral."""
    citizen = new_citizen()
    known = await desk.register(new_referral(citizen=citizen))
    await desk.act(known["case_id"], "answers", answers_of())
    code = {"code": "initial_assessment"}
    await desk.act(known["case_id"], "triage", code, "urgent_head")
    further = new_referral(citizen=citizen, problems=WORSE)
    made = await desk.register(further, org=OTHER_INSTITUTION)
    assert (made["case_id"], made["linked"]) == (known["case_id"], True)
    assert made["journal_number"].startswith(f"{OTHER_INSTITUTION}/")
    return known["journal_number"], made


async def test_who_serves_the_case_reads_every_referral_in_it_r_3_1_3_l_5_1(desk: Desk) -> None:
    _, made = await joined(desk)
    case = await desk.case(made["case_id"])
    (further,) = case["further_referrals"]
    assert (further["entry_id"], further["to_review"]) == (made["id"], True)
    for role, org in (("urgent_head", INSTITUTION), ("authorised_body_head", AUTHORISED_BODY)):
        read = await desk.get(f"/referrals/{made['id']}", role, org=org)
        assert read.status_code == 200, read.text
        assert (read.json()["problems"], read.json()["journal_of"]) == (WORSE, OTHER_INSTITUTION)
    lines = (await desk.get("/referrals?limit=100")).json()["items"]
    assert made["id"] not in [line["id"] for line in lines]  # it is no line of their own journal


async def test_whose_journal_it_stands_in_sees_where_it_stands_and_not_the_case_l_5_1(
    desk: Desk,
) -> None:
    number, made = await joined(desk)
    for role, org in (("registrar", OTHER_INSTITUTION), ("authorised_body_head", OTHER_BODY)):
        own = (await desk.get(f"/referrals/{made['id']}", role, org=org)).json()
        assert own["joined_case"] == number
        assert own["stands"] == {
            "case_number": number,
            "status": "triaged",
            "institution": INSTITUTION,
            "authorised_body": AUTHORISED_BODY,
            "forwardings": [],
        }
        hidden = await desk.get(f"/cases/{made['case_id']}", role, org=org)
        assert hidden.status_code == 404
    day = own["received_at"][:10]
    printed = await desk.get(f"/referrals.csv?from={day}&to={day}", org=OTHER_INSTITUTION)
    (row,) = [row for row in printed.text.splitlines() if made["journal_number"] in row]
    assert f"присоединено к делу {number}" in row


async def test_line_of_a_case_of_others_is_a_missing_one_l_5_1(desk: Desk) -> None:
    _, made = await joined(desk)
    hidden = await desk.get(f"/referrals/{made['id']}", org=STRANGER)
    missing = await desk.get("/referrals/J-nobodys", org=STRANGER)
    assert (hidden.status_code, missing.status_code) == (404, 404)
    same = [
        {key: value for key, value in answer.json().items() if key != "correlation_id"}
        for answer in (hidden, missing)
    ]
    assert same[0] == same[1]


async def test_correction_of_a_further_referral_is_read_too_and_made_by_its_journal_alone_r_3_1_2(
    desk: Desk,
) -> None:
    _, made = await joined(desk)
    body = {"reason": "уточнено", "problems": "Не встаёт, соседка с ней"}
    path = f"/referrals/{made['id']}/corrections"
    assert (await desk.post(path, body, version=1)).status_code == 404
    done = await desk.post(path, body, org=OTHER_INSTITUTION, version=1)
    assert done.status_code == 200, done.text
    read = await desk.get(f"/referrals/{done.json()['corrected_by']}")
    assert read.json()["problems"] == body["problems"]
