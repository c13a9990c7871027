"""What stayed behind when something moved: cards, pairs, notices and requests follow it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.intake.adapters.partners import Partners
from services.intake.domain.requests import RequestState, RequestWay
from services.intake.domain.task import DeliveryState, record_held
from services.intake.notifying import release_returned, run_deliveries
from services.intake.placing import place
from services.intake.recognising import compare_citizen
from tests.service.intake.bodies import (
    CONSENT,
    PAPERS,
    SIGNED,
    answers_of,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import (
    HOSPITAL,
    OTHER_INSTITUTION,
    Clock,
    Desk,
    knows_directory,
    open_desk,
    publish_body,
)
from tests.service.intake.outside import Outside
from tests.service.intake.test_citizens import decide, open_pairs
from tests.service.intake.test_deliveries import PARTNER, WHY, calls, last, pushed
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, until

ASKED = {**SIGNED, "kind": "benefits_proof"}


@pytest.fixture(autouse=True)
def present(clock: Clock) -> None:
    clock.put_to(datetime.now(UTC))


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def body(desk: Desk) -> None:
    """An authorised body in the desk's copy of the directory."""
    await publish_body(desk)


async def with_papers(desk: Desk, case_id: str) -> tuple[str, str]:
    """Bring a case to a request on paper; where the letter and the receipt are printed."""
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.act(case_id, "consent", CONSENT, "specialist")
    await desk.act(case_id, "application", {"documents": PAPERS})
    asked = {**SIGNED, "kind": "representative_authority"}
    named = {"addressed_name": "Орган опеки", "addressed_address": "ул. Советская, 21"}
    await desk.act(case_id, "interagency-requests", {**asked, **named}, "institution_director")
    request_id = (await desk.case(case_id))["requests"][-1]
    return (
        f"/interagency-requests/{request_id}/letter.html",
        f"/cases/{case_id}/receipts/1/receipt.html",
    )


async def test_what_is_printed_or_corrected_after_a_joining_is_the_survivors_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    """Paper bears the card that stands, and a corrected line corrects that card (R 3.1.2)."""
    citizen = new_citizen()
    told = {**moved(citizen), "phone": "+73845600044"}
    first, second = await two_alike(desk, clock, citizen, told)
    papers = await with_papers(desk, second["case_id"])
    await decide(desk, pair_id(first, second), "same")
    amended = {"reason": "описка в телефоне", "citizen": {**told, "phone": "+73845600055"}}
    corrected = await desk.post(f"/referrals/{second['id']}/corrections", amended, version=1)
    assert corrected.status_code == 200, corrected.text
    shown = (await desk.get(f"/citizens/{first['citizen_id']}")).json()
    assert shown["card"]["phone"] == "+73845600055"
    survivor = await desk.intake.citizens.get(first["citizen_id"])
    assert survivor is not None
    name = citizen["name"] | {"family": "Найдёнова"}
    renamed = await desk.post(
        f"/citizens/{first['citizen_id']}/card",
        {"card": citizen | {"name": name}, "reason": "сверено"},
        version=survivor.version,
    )
    assert renamed.status_code == 200, renamed.text
    for path in papers:
        printed = await desk.get(path)
        assert printed.status_code == 200, printed.text
        assert "Найдёнова" in printed.text, path


async def test_a_possible_pair_follows_a_forwarded_case_l_5_1(desk: Desk, clock: Clock) -> None:
    """Whoever gets the case sees and decides the pair, and not the body that passed it on."""
    citizen = new_citizen()
    lost = {**citizen, "address": {"text": "ул. Канареечная, д. 1"}}
    first = await desk.register(new_referral(citizen=citizen))
    second = await desk.register(new_referral(citizen=lost), org=AUTHORISED_BODY)
    await compare_citizen(desk.intake, second["citizen_id"])
    known, case_id = pair_id(first, second), second["case_id"]
    pair = await desk.intake.pairs.get(known)
    assert pair is not None
    assert AUTHORISED_BODY in pair.state.involved
    version = (await desk.intake.cases.get(case_id)).version  # type: ignore[union-attr]
    forwarded = await desk.post(
        f"/cases/{case_id}/forwarding",
        {"institution": OTHER_INSTITUTION},
        org=AUTHORISED_BODY,
        version=version,
    )
    assert forwarded.status_code == 200, forwarded.text
    clock.forward(seconds=301)
    desk.intake.service.sweeper.nudge()

    async def followed() -> bool:
        document = await desk.intake.pairs.get(known)
        return document is not None and OTHER_INSTITUTION in document.state.involved

    await until(followed)
    later = await desk.intake.pairs.get(known)
    assert later is not None
    assert later.version == 2
    turn = later.state.institution
    assert known in await open_pairs(desk, org=turn)


async def test_a_case_that_waits_to_be_passed_on_is_joined_and_its_journals_follow_r_3_1_2(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    lost = {**citizen, "address": {"text": "ул. Канареечная, д. 1"}}
    first = await desk.register(new_referral(citizen=citizen))
    clock.forward(seconds=5)
    second = await desk.register(new_referral(citizen=lost), org=AUTHORISED_BODY)
    await compare_citizen(desk.intake, second["citizen_id"])
    found = f"/citizen-pairs/{pair_id(first, second)}"
    version = (await desk.get(found)).json()["version"]
    same = {"decision": "same", "reason": "сверено с паспортом"}
    answered = await desk.post(f"{found}/decision", same, version=version)
    assert (answered.status_code, answered.json()["status"]) == (200, "same")
    younger = await desk.intake.cases.get(second["case_id"])
    assert younger is not None
    assert (younger.state.status, younger.state.joined_to) == ("closed", first["case_id"])
    assert (await desk.case(first["case_id"]))["linked_referrals"] == [second["id"]]

    async def passed_on() -> bool:
        line = await desk.intake.journal.get(second["id"])
        return line is not None and line.state.passed_to == INSTITUTION

    await until(passed_on)


async def held_back(desk: Desk) -> str:
    """A notice that was held back though the endpoint is enabled; its task."""
    task_id, _ = await pushed(desk)
    await desk.settle()
    document = await desk.intake.tasks.get(task_id)
    assert document is not None
    assert document.state.delivery is not None
    record_held(document.state.delivery, desk.intake.now())
    await desk.intake.tasks.save(document)
    return task_id


async def test_notice_held_back_is_replayed_where_somebody_listens_l_2_2(
    desk: Desk, outside: Outside
) -> None:
    task_id = await held_back(desk)
    before, held = len(calls(outside, task_id)), await last(desk, task_id)
    replayed = await desk.post(f"/webhooks/deliveries/{held.id}/replay", WHY, PARTNER, org=HOSPITAL)
    assert replayed.status_code == 200, replayed.text
    await until(lambda: len(calls(outside, task_id)) > before)


async def test_what_was_held_back_leaves_when_the_partner_is_in_the_settings_again_l_2_2(
    desk: Desk,
) -> None:
    task_id = await held_back(desk)
    await release_returned(desk.intake)
    assert (await last(desk, task_id)).state is not DeliveryState.HELD


async def test_notice_of_a_partner_that_stands_nowhere_is_held_until_it_does_l_2_2(
    desk: Desk,
) -> None:
    task_id = await held_back(desk)
    known, desk.intake.partners = desk.intake.partners, Partners({})
    try:
        await release_returned(desk.intake)
        held = await last(desk, task_id)
        assert held.state is DeliveryState.HELD
        refused = await desk.post(
            f"/webhooks/deliveries/{held.id}/replay", WHY, PARTNER, org=HOSPITAL
        )
        assert refused.json()["code"] == "endpoint-disabled"
    finally:
        desk.intake.partners = known


async def test_notice_held_back_while_the_endpoint_was_enabled_leaves_after_all_l_2_2(
    desk: Desk, clock: Clock
) -> None:
    """Whoever released the others had looked before it was stored."""
    task_id, _ = await pushed(desk)
    await desk.settle()
    document = await desk.intake.tasks.get(task_id)
    assert document is not None
    assert document.state.delivery is not None
    delivery = document.state.delivery
    delivery.state, delivery.next_attempt_at = DeliveryState.WAITING, desk.intake.now()
    await desk.intake.tasks.save(document)
    known = desk.intake.partners
    fickle = Fickle(known)
    desk.intake.partners = fickle  # type: ignore[assignment]
    try:
        await run_deliveries(desk.intake, task_id)
    finally:
        desk.intake.partners = known
    assert fickle.asked >= 2
    assert (await last(desk, task_id)).state is not DeliveryState.HELD


class Fickle:
    """Partners who have no endpoint when they are asked for first, and one from then on."""

    def __init__(self, known: Partners) -> None:
        self.known, self.asked = known, 0

    def of(self, organization: str) -> Any:
        self.asked += 1
        return (Partners({}) if self.asked == 1 else self.known).of(organization)


async def test_a_retried_referral_gets_its_first_answer_whatever_the_directory_says_r_3_1_2(
    desk: Desk,
) -> None:
    """Whom it names as a contact has left the directory since; the key decides first."""
    contact = {
        "kind": "organization",
        "organization_id": OTHER_INSTITUTION,
        "organization_name": "Комплексный центр",
    }
    reached = {"address": {"text": "г. Белово, ул. Советская, д. 1"}, "phone": "+73845200001"}
    referral = new_referral(contact={**contact, **reached})
    made = await desk.register(referral, key="contact-gone")
    document = await desk.intake.organizations.get(OTHER_INSTITUTION)
    assert document is not None
    card, document.state.card = document.state.card, None
    await desk.intake.organizations.save(document)
    try:
        again = await desk.post("/referrals", referral, key="contact-gone")
        fresh = await desk.post("/referrals", referral)
    finally:
        document.state.card = card
        await desk.intake.organizations.save(document)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert fresh.json()["code"] == "unknown-organization"


async def test_a_repeated_registration_says_where_the_referral_is_by_now_r_3_1_2(
    desk: Desk,
) -> None:
    """The process that took it in died before it was placed; who repeats it has it placed."""
    referral = new_referral(citizen=new_citizen())
    made = await desk.register(referral, key="died-early", org=AUTHORISED_BODY)
    assert made["forwarded_to"] is not None
    document = await desk.intake.journal.get(made["id"])
    assert document is not None
    entry = document.state
    entry.placed, entry.place_at = None, desk.intake.now()
    entry.passed_on = entry.passed_to = None
    await desk.intake.journal.save(document)
    again = await desk.post("/referrals", referral, key="died-early", org=AUTHORISED_BODY)
    assert (again.status_code, again.json()["state"]) == (200, "forwarded")
    assert again.json()["forwarded_to"] == made["forwarded_to"]
    await place(desk.intake, made["id"])


async def test_request_to_a_body_without_a_gateway_goes_on_paper_and_holds_up_no_other_r_3_2_2(
    stack: Stack, tmp_path: Path, desk: Desk
) -> None:
    """The gateway was taken out of the settings while the request waited for its answer."""
    file = tmp_path / "gateways.json"
    file.write_text(
        f'[{{"kind": "benefits_proof", "office": "{AUTHORISED_BODY}", "url": "https://pf.example",'
        ' "token": "t", "per_minute": 6000}]',
        encoding="utf-8",
    )
    outside = Outside()
    outside.fund.usual = 503
    before = await open_desk(stack, Clock(), outside, gateways=file)
    await knows_directory(before)
    case_id = await before.applied()
    await before.act(case_id, "interagency-requests", ASKED, "institution_director")

    async def tried() -> bool:
        return await before.intake.sending._paces.get(f"G-{AUTHORISED_BODY}") is not None

    await until(tried)
    after = await open_desk(stack, Clock(), Outside())

    async def on_paper() -> bool:
        document = await after.intake.cases.get(case_id)
        assert document is not None
        return [r.way for r in document.state.requests] == [RequestWay.PAPER]

    await until(on_paper)
    document = await after.intake.cases.get(case_id)
    assert document is not None
    assert (document.state.sendable, document.state.requests[0].state) == ([], RequestState.TO_SEND)
    await after.act(case_id, "certificate-request", SIGNED, "institution_director")

    async def left() -> bool:
        found = await after.intake.cases.get(case_id)
        return bool(found and found.state.request and found.state.request.sent_at)

    await until(left)
