"""One case per citizen, no gap in the journal: in parallel, on two replicas, after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contracts import careplan
from contracts.careplan import Enrolled, ServiceForm
from contracts.referral import ReferralLinked, ReferralRegistered
from contracts.values import SYSTEM
from services.intake.api.schemas import ReferralRequest
from services.intake.intake import Serving
from services.intake.placing import CaseNotThereYet, _citizen, _link, _open, place
from services.intake.registering import Source, _enter
from tests.service.intake.bodies import ADVICE, answers_of, new_citizen, new_referral
from tests.service.intake.desk import Clock, Desk, open_desk
from tests.service.intake.outside import Outside
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, Stack, actor, until


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(stack: Stack, desk: Desk, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    """Another replica on the same store and queue."""
    yield await open_desk(stack, clock, outside)


async def test_same_request_many_times_at_once_is_one_referral(desk: Desk, second: Desk) -> None:
    referral, key = new_referral(), "same-key-2"
    answers = await asyncio.gather(
        *[at.post("/referrals", referral, key=key) for at in [desk, second] * 6]
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_twenty_referrals_at_once_about_one_citizen_are_one_case_l_5_1(
    desk: Desk, second: Desk
) -> None:
    citizen = new_citizen()
    answers = await asyncio.gather(
        *[
            at.register(new_referral(citizen=citizen, problems=f"Обращение {number}"))
            for number, at in enumerate([desk, second] * 10)
        ]
    )
    assert len({answer["case_id"] for answer in answers}) == 1
    assert len({answer["citizen_id"] for answer in answers}) == 1
    assert sorted(answer["linked"] for answer in answers) == [False] + [True] * 19
    case_id = answers[0]["case_id"]
    view = await desk.case(case_id)
    opened = next(answer["id"] for answer in answers if not answer["linked"])
    assert set(view["linked_referrals"]) == {answer["id"] for answer in answers} - {opened}
    assert len(view["linked_referrals"]) == 19
    await desk.stack.spy.wait_for(ReferralLinked, case_id, 19)
    assert {envelope.id for envelope in desk.stack.spy.of(ReferralRegistered, subject=case_id)} == {
        f"intake.case.{case_id}:1"  # two replicas may both have published it
    }
    assert len({answer["status_code"] for answer in answers}) == len(answers)
    assert len({answer["case_number"] for answer in answers}) == 1
    await no_gap(desk)


async def test_fifty_registrations_at_once_leave_no_gap_in_the_journal_r_3_1_2(
    desk: Desk, second: Desk
) -> None:
    answers = await asyncio.gather(*[at.register() for at in [desk, second] * 25])
    assert len({answer["journal_number"] for answer in answers}) == 50
    assert len({answer["case_id"] for answer in answers}) == 50
    await no_gap(desk)


async def no_gap(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    async for document in desk.intake.journal.each():
        numbers.setdefault(document.state.register_key, []).append(document.state.number)
        assert document.state.placed is not None
        assert document.state.place_at is None
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))


@pytest.mark.parametrize("died_after", ["entry", "citizen", "case"])
async def test_crash_between_the_writes_of_a_registration_is_made_good(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    form = ReferralRequest.model_validate(new_referral()).form()
    source = Source(f"key:crash-{died_after}", "f", actor("registrar"), None)
    at = desk.intake.service.at(source.recorded_by)
    serving = Serving(INSTITUTION, AUTHORISED_BODY)
    document, repeated = await _enter(desk.intake, form, serving, source, [], at)
    assert not repeated
    if died_after != "entry":
        citizen = await _citizen(desk.intake, document.state, at)
        if died_after == "case":
            await _open(desk.intake, document.state, citizen, at)
    assert document.state.placed is None
    clock.forward(seconds=6)
    desk.intake.service.sweeper.nudge()

    async def placed() -> Any:
        found = await desk.intake.journal.get(document.id)
        return found is not None and found.state.place_at is None and found.state.placed

    placement = await until(placed)
    assert placement.case_id == document.state.case_candidate
    assert not placement.linked
    await desk.stack.spy.wait_for(ReferralRegistered, placement.case_id)
    view = await desk.case(placement.case_id)
    assert view["status"] == "registered"
    assert view["linked_referrals"] == []
    registered = desk.stack.spy.of(ReferralRegistered, subject=placement.case_id)
    assert len({envelope.id for envelope in registered}) == 1


async def test_referral_that_meets_a_claimed_case_waits_for_it(desk: Desk) -> None:
    referral = new_referral()
    form = ReferralRequest.model_validate(referral).form()
    source = Source("key:claimed", "f", actor("registrar"), None)
    at = desk.intake.service.at(source.recorded_by)
    serving = Serving(INSTITUTION, AUTHORISED_BODY)
    document, _ = await _enter(desk.intake, form, serving, source, [], at)
    citizen = await _citizen(desk.intake, document.state, at)
    meeting = asyncio.create_task(desk.register(referral))
    await asyncio.sleep(0.2)
    assert not meeting.done()
    await _open(desk.intake, document.state, citizen, at)
    answered = await meeting
    assert answered["linked"]
    assert answered["case_id"] == document.state.case_candidate


async def test_new_referral_after_the_end_opens_a_new_case_l_5_1_r_3_1_6(desk: Desk) -> None:
    citizen = new_citizen()
    advice = await desk.register(new_referral(citizen=citizen, consultation_only=True))
    from_advice = advice["case_id"]
    await desk.act(from_advice, "answers", answers_of())
    await desk.act(from_advice, "triage", {"code": "consultation"}, "urgent_head")
    await desk.act(from_advice, "consultation", ADVICE)
    second = await desk.register(new_referral(citizen=citizen))
    assert second["case_id"] != from_advice
    assert second["citizen_id"] == advice["citizen_id"]
    answered = await desk.act(second["case_id"], "answers", answers_of())
    assert answered.json()["proposal"]["code"] == "initial_assessment"  # advice is no service
    await desk.stack.story(careplan.CASE, second["case_id"]).tell(
        Enrolled(by=SYSTEM, order_number="15-з", form=ServiceForm.HOME, provider="p-1")
    )

    async def enrolled() -> bool:
        found = await desk.intake.cases.get(second["case_id"])
        return found is not None and found.state.enrolled

    await until(enrolled)
    third = await desk.register(new_referral(citizen=citizen))
    assert not third["linked"]
    answered = await desk.act(third["case_id"], "answers", answers_of())
    assert answered.json()["proposal"]["code"] == "reassessment"


@pytest.mark.parametrize("known_by", ["snils", "name"])
async def test_completion_may_show_that_it_is_somebody_known_l_5_1(
    desk: Desk, known_by: str
) -> None:
    """Two records of one person turn up: the second keeps its case and says whose it may be."""
    person = new_citizen()
    if known_by == "snils":
        person["snils"] = "10689744900"
    known = await desk.register(new_referral(citizen=person))
    bare = new_referral(citizen={"phone": "+73845600077"}, contact=None, in_danger=True)
    body = await desk.register(bare)
    assert body["citizen_id"] != known["citizen_id"]
    completion = {"citizen": person, "source": "сестра"}
    done = await desk.post(f"/referrals/{body['id']}/completion", completion, version=1)
    assert done.status_code == 200, done.text
    entry = (await desk.get(f"/referrals/{body['id']}")).json()
    assert entry["same_as"] == known["citizen_id"]
    assert entry["case_id"] == body["case_id"]
    stored = await desk.intake.journal.get(body["id"])
    assert stored is not None
    assert stored.state.place_at is None
    third = await desk.register(new_referral(citizen=person))
    assert third["case_id"] == known["case_id"]


async def test_lists_are_paged_without_a_gap_or_a_repetition(desk: Desk) -> None:
    for _ in range(12):
        await desk.register(new_referral())
    for path in ("/referrals", "/cases"):
        seen: list[str] = []
        cursor = ""
        while True:
            answered = await desk.get(f"{path}?limit=5{cursor}")
            assert answered.status_code == 200
            page = answered.json()
            assert len(page["items"]) <= 5
            seen += [item["id"] for item in page["items"]]
            if page.get("next") is None:
                break
            cursor = f"&cursor={page['next']}"
        kept = desk.intake.journal if path == "/referrals" else desk.intake.cases
        own = [
            document.id
            async for document in kept.each()
            if _institution(document.state) == INSTITUTION
        ]
        assert len(seen) == len(set(seen))
        assert set(seen) == set(own)
        assert len(seen) >= 12


def _institution(state: Any) -> str:
    return str(state.institution if hasattr(state, "institution") else state.ref.institution)


async def test_referral_linked_before_a_crash_stays_there_though_the_case_has_ended_l_5_1(
    desk: Desk,
) -> None:
    referral = new_referral(consultation_only=True)
    case_id = (await desk.register(referral))["case_id"]
    form = ReferralRequest.model_validate(referral).form()
    at = desk.intake.service.at(actor("registrar"))
    serving = Serving(INSTITUTION, AUTHORISED_BODY)
    entries = []
    for number in range(2):
        source = Source(f"key:linked-{number}", "f", actor("registrar"), None)
        entered, _ = await _enter(desk.intake, form, serving, source, [], at)
        entries.append(entered)
    linked, late = entries
    await _link(desk.intake, case_id, linked.state, at)
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "consultation"}, "urgent_head")
    await desk.act(case_id, "consultation", ADVICE)
    with pytest.raises(CaseNotThereYet):  # it ended meanwhile: decide again
        await _link(desk.intake, case_id, late.state, at)
    placed = await place(desk.intake, linked.id)
    assert (placed.case_id, placed.linked) == (case_id, True)
    opened = await place(desk.intake, late.id)
    assert (opened.case_id, opened.linked) == (late.state.case_candidate, False)
    assert (await desk.case(case_id))["linked_referrals"] == [linked.id]
