"""A refusal is annulled while its citizen has another case: one of them goes on (R 5.8, L 5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import careplan
from contracts.citizen import CITIZEN
from contracts.event import Event
from contracts.values import SYSTEM
from services.intake.domain.case import Case
from services.intake.domain.joined_cases import close_joined, link_joined
from services.intake.domain.joining import take_case
from services.intake.recording import record
from services.intake.uniting import reunite
from tests.service.intake.bodies import answers_of, new_citizen, new_referral
from tests.service.intake.desk import Clock, Desk
from tests.service.intake.journal import amend
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.stack import until

REFUSED = (
    careplan.Decided(by=SYSTEM, outcome=careplan.Outcome.REFUSE),
    careplan.Refused(by=SYSTEM, notice_number="9-у", grounds=("no_need",)),
)
ANNULLED = careplan.CaseReopened(by=SYSTEM, complaint_id="K1")


async def stored(desk: Desk, case_id: str) -> Case:
    found = await desk.intake.cases.get(case_id)
    assert found is not None
    return found.state


async def refused_and_referred_again(desk: Desk, clock: Clock) -> tuple[Any, Any, Any]:
    """The story of a refused case, and what was answered to its referral and to a second one."""
    citizen = new_citizen()
    first = await desk.register(new_referral(citizen=citizen))
    await desk.act(first["case_id"], "answers", answers_of())
    await desk.act(first["case_id"], "triage", {"code": "initial_assessment"}, "urgent_head")
    story = desk.stack.story(careplan.CASE, first["case_id"])
    for event in REFUSED:
        await story.tell(event)

    async def closed() -> bool:
        return (await stored(desk, first["case_id"])).over

    await until(closed)
    clock.forward(seconds=5)
    second = await desk.register(new_referral(citizen=citizen))
    assert second["case_id"] != first["case_id"]
    return story, first, second


async def reunited(desk: Desk, first: Any, second: Any) -> None:
    async def done() -> bool:
        elder = await stored(desk, first["case_id"])
        return not elder.over and elder.reunite_at is None and bool(elder.linked)

    await until(done)
    younger = await stored(desk, second["case_id"])
    assert (younger.status, younger.joined_to) == ("closed", first["case_id"])
    case = await desk.case(first["case_id"])
    assert (case["status"], case["linked_referrals"]) == ("triaged", [second["id"]])
    assert case["worklist"]["worklist"] == "further_referral"  # what is new in it is looked at
    shown = (await desk.get(f"/citizens/{first['citizen_id']}")).json()
    assert shown["open_case"] == first["case_id"]
    assert shown["cases"] == [second["case_id"], first["case_id"]]  # the open one last, each once


async def test_of_two_open_cases_the_one_whose_refusal_was_annulled_goes_on_r_5_8_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    story, first, second = await refused_and_referred_again(desk, clock)
    await story.tell(ANNULLED)
    await reunited(desk, first, second)


@pytest.mark.parametrize("died_after", ["citizen", "younger", "elder"])
async def test_a_process_that_dies_while_it_joins_them_is_followed_by_another_l_5_1(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    story, first, second = await refused_and_referred_again(desk, clock)
    intake, at = desk.intake, desk.intake.service.at(SYSTEM)
    holder = await intake.citizens.get(first["citizen_id"])
    assert holder is not None
    take_case(holder.state, first["case_id"])
    await intake.service.commands.store(intake.citizens, holder, CITIZEN, None, at, ())
    frozen = await stored(desk, second["case_id"])

    def close(case: Case) -> list[Event]:
        nonlocal frozen
        events, frozen = close_joined(case, first["case_id"], at), case
        return events

    if died_after != "citizen":
        await record(intake.service.commands, intake.cases, second["case_id"], at, close)
    await story.tell(ANNULLED)
    if died_after == "elder":

        async def open_again() -> bool:
            return not (await stored(desk, first["case_id"])).over

        await until(open_again)
        await record(
            intake.service.commands,
            intake.cases,
            first["case_id"],
            at,
            lambda case: link_joined(case, frozen, at),
        )
    await reunited(desk, first, second)
    await reunite(intake, first["case_id"])  # there is nothing left to do


async def test_case_whose_citizen_is_served_by_another_by_now_is_the_open_one_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    story, first, second = await refused_and_referred_again(desk, clock)
    order = careplan.Enrolled(
        by=SYSTEM, order_number="15-з", form=careplan.ServiceForm.HOME, provider="p-1"
    )
    await desk.stack.story(careplan.CASE, second["case_id"]).tell(order)

    async def enrolled() -> bool:
        return (await stored(desk, second["case_id"])).enrolled

    await until(enrolled)
    await story.tell(ANNULLED)

    async def done() -> bool:
        shown = (await desk.get(f"/citizens/{first['citizen_id']}")).json()
        return bool(shown["open_case"] == first["case_id"])

    await until(done)
    assert (await stored(desk, second["case_id"])).joined_to is None


async def test_referral_corrected_to_somebody_else_stays_there_when_they_are_reunited_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    one, stranger = new_citizen(), new_citizen()
    first, second = await two_alike(desk, clock, one, moved(one))
    verdict, by = {"decision": "same", "reason": "сверено"}, desk.post
    path = f"/citizen-pairs/{pair_id(first, second)}"
    seen = (await desk.get(path)).json()["version"]
    assert (await by(f"{path}/decision", verdict, version=seen)).status_code == 200
    theirs = await desk.register(new_referral(citizen=stranger))
    done = await amend(desk, second["id"], citizen=stranger)
    assert done.status_code == 200, done.text
    await desk.act(first["case_id"], "answers", answers_of())
    await desk.act(first["case_id"], "triage", {"code": "initial_assessment"}, "urgent_head")
    story = desk.stack.story(careplan.CASE, first["case_id"])
    for event in REFUSED:
        await story.tell(event)

    async def refused() -> bool:
        return (await stored(desk, first["case_id"])).over

    async def going_on() -> bool:
        elder = await stored(desk, first["case_id"])
        return not elder.over and elder.reunite_at is None

    await until(refused)
    await story.tell(ANNULLED)
    await until(going_on)
    assert (await stored(desk, first["case_id"])).referrals == [first["id"]]
    assert (await stored(desk, theirs["case_id"])).referrals == [theirs["id"], second["id"]]
