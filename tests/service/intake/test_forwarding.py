"""Forwarding: two journals, one case; at once, by a person, back again, on two replicas, after a
crash (R 3.1.2, 5.5.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from chassis.document import Document
from contracts.referral import ReferralForwarded, ReferralRegistered, ReferralReturned
from services.intake.api.schemas import ReferralRequest
from services.intake.domain.case import Case
from services.intake.domain.forwarding import forward_referral, return_referral
from services.intake.domain.journal import JournalEntry
from services.intake.domain.records import ChosenBy, Onward
from services.intake.forwarding import pass_on, taken_by
from services.intake.placing import _citizen, _open, place
from services.intake.registering import Source, _enter
from tests.service.intake.bodies import answers_of, new_citizen, new_referral
from tests.service.intake.desk import (
    OTHER_BODY,
    OTHER_INSTITUTION,
    Clock,
    Desk,
)
from tests.service.intake.passing import (
    MFC,
    NOWHERE,
    act,
    entry,
    forward,
    listed,
    no_gap,
    publish_bodies,
    unclear,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor, until


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def bodies(desk: Desk) -> None:
    await publish_bodies(desk)


@pytest.mark.parametrize("body", [AUTHORISED_BODY, MFC])
async def test_what_one_institution_serves_is_forwarded_at_once_r_3_1_2(
    desk: Desk, body: str
) -> None:
    made = await desk.register(org=body)
    assert made["journal_number"].startswith(f"{body}/")
    assert (made["state"], made["forwarded_to"]) == ("forwarded", INSTITUTION)
    own = await entry(desk, made["id"], body)
    assert own["stands"]["institution"] == INSTITUTION
    assert own["stands"]["status"] == "registered"
    assert own["stands"]["case_number"] == made["journal_number"]
    (kept,) = own["stands"]["forwardings"]
    assert (kept["sender"], kept["chosen_by"]) == (body, "address")
    theirs = await entry(desk, own["passed_on"], INSTITUTION)
    assert theirs["journal_number"].startswith(f"{INSTITUTION}/")
    assert (theirs["sender"], theirs["forwarded_from"]) == (body, made["id"])
    assert theirs["citizen"] == own["citizen"]
    assert theirs["problems"] == own["problems"]
    case = await desk.case(made["case_id"])
    assert (case["number"], case["institution"]) == (made["journal_number"], INSTITUTION)
    registered = await desk.stack.spy.wait_for(ReferralRegistered, made["case_id"])
    assert registered.to_forward
    forwarded = await desk.stack.spy.wait_for(ReferralForwarded, made["case_id"])
    assert (forwarded.sender, forwarded.case.institution) == (body, INSTITUTION)


async def test_body_that_names_the_institution_forwards_there_r_3_1_2(desk: Desk) -> None:
    made = await desk.register({**unclear(), "institution": OTHER_INSTITUTION}, org=MFC)
    assert made["forwarded_to"] == OTHER_INSTITUTION
    theirs = await entry(desk, made["id"], MFC)
    assert theirs["stands"]["authorised_body"] == OTHER_BODY


async def test_what_no_address_decides_waits_until_a_person_names_the_institution_r_3_1_2(
    desk: Desk,
) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    assert (made["state"], made["forwarded_to"]) == ("to_forward", None)
    assert made["id"] in await listed(desk, "to_forward", AUTHORISED_BODY)
    assert (await desk.get(f"/cases/{made['case_id']}")).status_code == 404  # nobody's yet
    done = await forward(desk, made["case_id"])
    assert done.status_code == 200, done.text
    assert made["id"] not in await listed(desk, "to_forward", AUTHORISED_BODY)
    assert made["id"] in await listed(desk, "forwarded", AUTHORISED_BODY)
    line = (await entry(desk, made["id"]))["passed_on"]
    found = await desk.get(f"/referrals?sender={AUTHORISED_BODY}&limit=100")
    assert line in [item["id"] for item in found.json()["items"]]
    await desk.act(made["case_id"], "answers", answers_of())
    assert (await entry(desk, made["id"]))["stands"]["status"] == "analysed"


async def test_what_waits_is_triaged_by_nobody_r_3_1_5(desk: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    refused = await act(desk, made["case_id"], "answers", answers_of(), AUTHORISED_BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-allowed-in-state")


async def test_unknown_institution_is_refused_and_nothing_changes_r_3_1_2(desk: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    before = await desk.stored()
    refused = await forward(desk, made["case_id"], "r-institution-99")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-institution")
    assert refused.json()["errors"][0]["field"] == "institution"
    assert await desk.stored() == before


async def test_wrong_forwarding_comes_back_and_goes_on_anew_r_3_1_2(desk: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    case_id = made["case_id"]
    assert (await forward(desk, case_id)).status_code == 200
    first = (await entry(desk, made["id"]))["passed_on"]
    reason = {"reason": "another_serves", "explanation": "Адрес обслуживают в Белово"}
    done = await act(desk, case_id, "return", reason, INSTITUTION)
    assert done.status_code == 200, done.text
    returned = await desk.stack.spy.wait_for(ReferralReturned, case_id)
    assert (returned.institution, returned.case.institution) == (INSTITUTION, AUTHORISED_BODY)
    assert first in await listed(desk, "returned", INSTITUTION)
    assert made["id"] in await listed(desk, "to_forward", AUTHORISED_BODY)
    line = await entry(desk, first, INSTITUTION)
    assert line["returned"]["explanation"] == "Адрес обслуживают в Белово"
    assert (await desk.get(f"/cases/{case_id}")).status_code == 404
    assert (await forward(desk, case_id, OTHER_INSTITUTION)).status_code == 200
    own = await entry(desk, made["id"])
    assert own["passed_on"] != first
    assert [known["institution"] for known in own["stands"]["forwardings"]] == [
        INSTITUTION,
        OTHER_INSTITUTION,
    ]
    assert own["stands"]["case_number"] == made["journal_number"]
    assert (await entry(desk, own["passed_on"], OTHER_INSTITUTION))["state"] == "entered"
    late = await desk.get(f"/cases/{case_id}", org=OTHER_INSTITUTION)
    assert late.json()["number"] == made["journal_number"]


async def test_triaged_referral_does_not_come_back_r_3_1_2(desk: Desk) -> None:
    made = await desk.register(org=MFC)
    case_id = made["case_id"]
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    refused = await act(desk, case_id, "return", {"reason": "other"}, INSTITUTION)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-allowed-in-state")


async def test_second_referral_through_an_mfc_joins_the_case_and_reaches_its_institution_l_5_1(
    desk: Desk,
) -> None:
    citizen = new_citizen()
    known = await desk.register(new_referral(citizen=citizen))
    made = await desk.register(new_referral(citizen=citizen), org=MFC)
    assert (made["case_id"], made["linked"]) == (known["case_id"], True)
    assert made["forwarded_to"] == INSTITUTION
    theirs = await entry(desk, (await entry(desk, made["id"], MFC))["passed_on"], INSTITUTION)
    assert theirs["case_id"] == known["case_id"]


async def test_second_referral_whose_address_decides_takes_the_waiting_one_along_r_3_1_2(
    desk: Desk,
) -> None:
    citizen = new_citizen() | {"snils": "08765430300", "address": NOWHERE}
    first = await desk.register(new_referral(citizen=citizen), org=AUTHORISED_BODY)
    clear = citizen | {"address": new_citizen()["address"]}
    made = await desk.register(new_referral(citizen=clear), org=MFC)
    assert (made["case_id"], made["forwarded_to"]) == (first["case_id"], INSTITUTION)
    await pass_on(desk.intake, first["case_id"])
    assert (await entry(desk, first["id"]))["forwarded_to"] == INSTITUTION


async def test_completed_address_sends_on_what_waited_r_3_1_2(desk: Desk) -> None:
    bare = new_referral(citizen={"phone": "+73845600088"}, contact=None, in_danger=True)
    made = await desk.register(bare, org=MFC)
    assert made["state"] == "to_forward"
    assert made["incomplete"]
    completion = {
        "citizen": new_citizen(),
        "contact": new_referral()["contact"],
        "source": "сестра",
    }
    done = await desk.post(f"/referrals/{made['id']}/completion", completion, version=1, org=MFC)
    assert done.status_code == 200, done.text
    own = await entry(desk, made["id"], MFC)
    assert (own["state"], own["forwarded_to"]) == ("forwarded", INSTITUTION)
    refused = await desk.post(f"/referrals/{made['id']}/completion", completion, version=2, org=MFC)
    assert (refused.status_code, refused.json()["code"]) == (409, "entry-forwarded")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ({"text": "Томская область, г. Томск, пр. Канареечный, д. 3"}, "address-outside-region"),
        ({"text": "Томский район, с. Канареечное", "settlement": "с. Канареечное"},
         "address-outside-region"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("org", [AUTHORISED_BODY, MFC, INSTITUTION])
async def test_address_outside_the_region_is_refused_by_that_name_r_3_1_1(
    desk: Desk, org: str, address: dict[str, Any], code: str
) -> None:
    before = await desk.stored()
    far = new_referral(citizen=new_citizen() | {"address": address})
    refused = await desk.post("/referrals", far, org=org)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["field"] == "citizen.address"
    assert "Канареечн" not in refused.text
    assert await desk.stored() == before
    taken = await desk.post("/referrals", far | {"in_danger": True}, org=org)
    assert taken.status_code == 201, taken.text  # danger first


async def test_two_replicas_that_forward_at_once_one_wins_r_3_1_2(desk: Desk, second: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    answers = await asyncio.gather(
        *[
            forward(at, made["case_id"], to)
            for at, to in [(desk, INSTITUTION), (second, OTHER_INSTITUTION)] * 3
        ]
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {404, 409, 412}
    own = await entry(desk, made["id"])
    assert len(own["stands"]["forwardings"]) == 1
    lines = [
        document
        async for document in desk.intake.journal.each()
        if document.state.forwarded_from == made["id"]
    ]
    assert [line.id for line in lines] == [own["passed_on"]]


async def test_same_forwarding_twice_is_one(desk: Desk) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    version = 1
    path, body = f"/cases/{made['case_id']}/forwarding", {"institution": INSTITUTION}
    first, again = [
        await desk.post(path, body, org=AUTHORISED_BODY, key="forward-1", version=version)
        for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


async def test_who_passed_it_on_is_answered_again_though_it_is_theirs_no_more(desk: Desk) -> None:
    """The answer may have been lost on its way; the case is another one's by then."""
    made = await desk.register(unclear(), org=MFC)
    path = f"/cases/{made['case_id']}"
    steps = (
        ("forwarding", {"institution": INSTITUTION}, MFC),
        ("return", {"reason": "another_serves"}, INSTITUTION),
    )
    for action, body, org in steps:
        version = int((await desk.get(path, org=org)).headers["etag"].strip('"'))
        headers = {"org": org, "version": version, "key": f"again-{action}"}
        first, again = [await desk.post(f"{path}/{action}", body, **headers) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200), again.text
        assert first.json() == again.json()
    anew = await desk.post(f"{path}/return", steps[1][1], version=9)
    assert (anew.status_code, anew.json()["code"]) == (412, "stale-version")


async def taken_in(desk: Desk, referral: dict[str, Any]) -> Document[JournalEntry]:
    """The line of the body's journal, stored by a process that died right after."""
    form = ReferralRequest.model_validate(referral).form()
    by = actor("registrar", AUTHORISED_BODY)
    serving = await taken_by(desk.intake, form, None, by)
    source = Source(f"key:{new_citizen()['birth_date']}{id(form)}", "f", by, None)
    document, _ = await _enter(desk.intake, form, serving, source, [], desk.intake.service.at(by))
    return document


@pytest.mark.parametrize("died_after", ["entry", "citizen", "case"])
async def test_crash_before_the_institutions_line_is_made_good_r_3_1_2(
    desk: Desk, died_after: str
) -> None:
    document = await taken_in(desk, new_referral())
    at = desk.intake.service.at(document.state.recorded_by)
    if died_after != "entry":
        citizen = await _citizen(desk.intake, document.state, at)
        if died_after == "case":
            await _open(desk.intake, document.state, citizen, at)
    await place(desk.intake, document.id)
    await place(desk.intake, document.id)
    own = await entry(desk, document.id)
    assert own["forwarded_to"] == INSTITUTION
    lines = [
        line
        async for line in desk.intake.journal.each()
        if line.state.forwarded_from == document.id
    ]
    assert [line.id for line in lines] == [own["passed_on"]]


@pytest.mark.parametrize("move", ["forwarding", "return"])
async def test_crash_after_the_case_moved_is_made_good_by_the_sweeper_r_3_1_2(
    desk: Desk, clock: Clock, move: str
) -> None:
    made = await desk.register(unclear(), org=AUTHORISED_BODY)
    if move == "return":
        assert (await forward(desk, made["case_id"])).status_code == 200
    org = AUTHORISED_BODY if move == "forwarding" else INSTITUTION
    at = desk.intake.service.at(actor("registrar", org))
    there = Onward(institution=INSTITUTION, authorised_body=AUTHORISED_BODY)

    def decide(case: Case) -> Any:
        if move == "forwarding":
            return forward_referral(case, there, ChosenBy.PERSON, None, at)
        return return_referral(case, "lives_elsewhere", None, at)  # type: ignore[arg-type]

    await desk.intake.service.commands.execute(
        desk.intake.cases, made["case_id"], "intake.case", None, at, decide,
        visible=lambda case: True,
    )  # fmt: skip
    clock.forward(seconds=10)
    desk.intake.service.sweeper.nudge()

    async def in_step() -> bool:
        case = await desk.intake.cases.get(made["case_id"])
        return case is not None and case.state.pass_on_at is None

    await until(in_step)
    own = await entry(desk, made["id"])
    assert own["state"] == ("forwarded" if move == "forwarding" else "to_forward")
    await no_gap(desk)


async def test_many_at_once_leave_no_gap_in_either_journal_r_3_1_2(
    desk: Desk, second: Desk
) -> None:
    answers = await asyncio.gather(
        *[at.register(org=org) for at, org in [(desk, MFC), (second, INSTITUTION)] * 10]
    )
    assert len({answer["journal_number"] for answer in answers}) == 20
    await no_gap(desk)


async def test_forwarded_referral_costs_five_writes_and_three_events(desk: Desk) -> None:
    await desk.register(org=MFC)  # the other replica may have written last in these journals
    cost = await desk.cost(lambda: desk.register(org=MFC))
    assert cost == {"journal": 3, "citizens": 1, "cases": 1, "published": 3}
