"""One card per person: recognised, paired, joined and parted again (L 5.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from contracts.citizen import CitizenCardChanged, CitizensJoined, CitizensParted
from contracts.intake import CaseClosed, CaseReopened
from contracts.referral import ReferralLinked, ReferralsParted
from services.intake.domain import joining, pair
from services.intake.domain.joined_cases import close_joined
from services.intake.domain.pair import PairStatus, Verdict
from services.intake.joining import settle
from tests.service.intake.bodies import DECLINE, PAPERS, answers_of, new_citizen, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk, open_desk
from tests.service.intake.outside import Outside
from tests.service.intake.twins import compared, moved, pair_id, two_alike
from tests.service.stack import INSTITUTION, Stack, actor, until

SNILS, OTHER_SNILS = "11223344595", "10689744900"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def second(stack: Stack, desk: Desk, clock: Clock, outside: Outside) -> AsyncIterator[Desk]:
    """Another replica on the same store and queue."""
    yield await open_desk(stack, clock, outside)


def spelt(citizen: dict[str, Any], **name: str) -> dict[str, Any]:
    return {**citizen, "name": {**citizen["name"], **name}}


def heard(number: int) -> dict[str, Any]:
    """Somebody whose name is heard in one way and written in many."""
    return {
        "name": {"family": "Афанасьева", "given": "Наталья", "patronymic": "Геннадьевна"},
        "birth_date": f"19{10 + number % 20}-10-2{number % 10}",
        "address": {"text": f"г. Ленинск-Кузнецкий, ул. Мира, д. {number}, кв. 1"},
    }


SPELLINGS = (
    {},
    {"family": "Афонасьева"},
    {"given": "Наталия", "patronymic": "Генадьевна"},
    {"family": "АФАНАСЬЕВА", "given": "наталья"},
)


async def look(desk: Desk, known: str) -> dict[str, Any]:
    answered = await desk.get(f"/citizen-pairs/{known}")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def decide(desk: Desk, known: str, decision: str, **headers: Any) -> dict[str, Any]:
    body = {"decision": decision, "reason": "сверено с паспортом"}
    version = (await look(desk, known))["version"]
    path = f"/citizen-pairs/{known}/decision"
    answered = await desk.post(path, body, version=version, **headers)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def undo(desk: Desk, known: str) -> dict[str, Any]:
    version = (await look(desk, known))["version"]
    body = {"reason": "это мать и дочь"}
    answered = await desk.post(f"/citizen-pairs/{known}/undoing", body, version=version)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def open_pairs(desk: Desk, **headers: Any) -> set[str]:
    answered = await desk.get("/citizen-pairs?limit=100", **headers)
    assert answered.status_code == 200, answered.text
    return {item["id"] for item in answered.json()["items"]}


async def test_phones_beside_one_that_is_no_number_name_the_field_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    said = {"said": "домашний", "number": "+73845653421"}
    body = {"card": {**new_citizen(), "phone": "домашний", "phones": [said]}, "reason": "уточнено"}
    answered = await desk.post(
        f"/citizens/{made['citizen_id']}/card", body, "specialist", version=1
    )
    assert answered.status_code == 422, answered.text
    assert "phone" in answered.text


async def test_a_name_spelt_otherwise_is_the_same_citizen_l_5_1(desk: Desk) -> None:
    citizen = heard(101)
    first = await desk.register(new_referral(citizen=citizen))
    for name in SPELLINGS[1:]:
        linked = await desk.register(new_referral(citizen=spelt(citizen, **name)))
        assert linked["citizen_id"] == first["citizen_id"]
        assert (linked["case_id"], linked["linked"]) == (first["case_id"], True)


async def test_a_hundred_referrals_at_once_are_one_case_however_they_are_spelt_l_5_1(
    desk: Desk, second: Desk
) -> None:
    citizen = heard(102)
    answers = await asyncio.gather(
        *[
            at.register(
                new_referral(citizen=spelt(citizen, **SPELLINGS[number % 4]), problems=f"{number}")
            )
            for number, at in enumerate([desk, second] * 50)
        ]
    )
    assert len({answer["citizen_id"] for answer in answers}) == 1
    assert len({answer["case_id"] for answer in answers}) == 1
    assert sum(not answer["linked"] for answer in answers) == 1


async def test_people_who_are_only_alike_are_taken_in_at_once_and_become_pairs_l_5_1(
    desk: Desk, second: Desk, clock: Clock
) -> None:
    """Neither replica had seen the other's citizen when it looked for one."""
    citizen = heard(103)
    one, other = await asyncio.gather(
        desk.register(new_referral(citizen={**citizen, "snils": SNILS})),
        second.register(new_referral(citizen={**citizen, "snils": OTHER_SNILS})),
    )
    assert one["citizen_id"] != other["citizen_id"]
    await compared(desk, clock)
    assert pair_id(one, other) in await open_pairs(desk)


async def test_a_possible_pair_waits_with_both_cards_and_the_reasons_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    found = await look(desk, known)
    assert found["status"] == "open"
    assert [card["id"] for card in found["cards"]] == [first["citizen_id"], second_["citizen_id"]]
    assert found["cards"][1]["card"]["address"]["text"].endswith("ул. Пушкина, д. 900, кв. 1")
    likeness = found["likeness"]
    assert (likeness["grade"], likeness["rule_version"]) == ("possible", "likeness-1")
    reasons = {reason["part"]: reason["agreement"] for reason in likeness["reasons"]}
    assert (reasons["birth_date"], reasons["address"]) == ("same", "different")
    assert known in await open_pairs(desk)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"snils": "15634798100"}, {"snils": "08765430300"}),
        ({}, {"birth_date": "1935-11-03"}),
        ({}, {"name": {"family": "Замужняя", "given": "Наталья", "patronymic": "Геннадьевна"}}),
    ],
    ids=["two SNILS", "day and month exchanged", "married"],
)
async def test_what_a_person_must_decide_is_never_one_by_itself_l_5_1(
    desk: Desk, clock: Clock, one: dict[str, Any], other: dict[str, Any]
) -> None:
    citizen = {**heard(105 + len(one) + 2 * len(other)), "birth_date": "1935-03-11"}
    home = {"text": f"г. Ленинск-Кузнецкий, ул. Лесная, д. {len(str(other))}, кв. 7"}
    first, second_ = await two_alike(
        desk, clock, {**citizen, **one, "address": home}, {**citizen, **other, "address": home}
    )
    assert first["citizen_id"] != second_["citizen_id"]
    assert pair_id(first, second_) in await open_pairs(desk)


async def test_one_snils_with_another_name_and_birth_date_is_a_pair_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    shared = {"snils": "24681357085"}
    first, second_ = await two_alike(
        desk, clock, {**new_citizen(), **shared}, {**heard(121), **shared}
    )
    assert first["citizen_id"] != second_["citizen_id"]
    assert pair_id(first, second_) in await open_pairs(desk)
    third = await desk.register(new_referral(citizen=heard(121)))
    assert third["citizen_id"] == second_["citizen_id"]


async def test_a_pair_decided_different_is_not_proposed_again_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    assert (await decide(desk, known, "different"))["status"] == "different"
    await desk.register(new_referral(citizen={**moved(citizen), "phone": "8 (384-56) 7-11-22"}))
    await compared(desk, clock)
    assert known not in await open_pairs(desk)
    assert (await look(desk, known))["decisions"][0]["reason"] == "сверено с паспортом"
    assert (await undo(desk, known))["status"] == "open"
    assert known in await open_pairs(desk)


async def test_two_joined_citizens_have_one_card_and_one_open_case_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    told = {**moved(citizen), "phone": "+73845600044"}
    first, second_ = await two_alike(desk, clock, citizen, told)
    known = pair_id(first, second_)
    await decide(desk, known, "same")
    shown = (await desk.get(f"/citizens/{second_['citizen_id']}")).json()
    assert shown["id"] == first["citizen_id"]  # whoever names the joined one means the survivor
    assert shown["card"]["phone"] == "+73845600044"
    assert shown["card"]["address"]["text"] == citizen["address"]["text"]
    assert shown["open_case"] == first["case_id"]
    assert set(shown["cases"]) == {first["case_id"], second_["case_id"]}
    assert (await desk.case(first["case_id"]))["linked_referrals"] == [second_["id"]]
    assert (await desk.case(second_["case_id"]))["status"] == "closed"
    spy = desk.stack.spy
    for citizen_id in (first["citizen_id"], second_["citizen_id"]):
        assert (await spy.wait_for(CitizensJoined, citizen_id)).survivor == first["citizen_id"]
    closed = await spy.wait_for(CaseClosed, second_["case_id"])
    assert (closed.reason, closed.into) == ("joined", first["case_id"])
    await spy.wait_for(ReferralLinked, first["case_id"])
    await spy.wait_for(CitizenCardChanged, first["citizen_id"])
    for about in (citizen, told):
        linked = await desk.register(new_referral(citizen=about))
        assert (linked["citizen_id"], linked["case_id"]) == (first["citizen_id"], first["case_id"])


async def test_an_undone_joining_restores_both_citizens_and_both_cases_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    told = {**moved(citizen), "phone": "+73845600045"}
    first, second_ = await two_alike(desk, clock, citizen, told)
    known = pair_id(first, second_)
    cards = [card["card"] for card in (await look(desk, known))["cards"]]
    await decide(desk, known, "same")
    await undo(desk, known)
    found = await look(desk, known)
    assert (found["status"], [card["card"] for card in found["cards"]]) == ("open", cards)
    assert found["decisions"][0]["undone_reason"] == "это мать и дочь"
    for registered in (first, second_):
        shown = (await desk.get(f"/citizens/{registered['citizen_id']}")).json()
        assert (shown["id"], shown["open_case"]) == (
            registered["citizen_id"],
            registered["case_id"],
        )
        case = await desk.case(registered["case_id"])
        assert (case["status"], case["linked_referrals"]) == ("registered", [])
        assert [term["code"] for term in case["terms"]] == ["referral-analysis"]
        await desk.stack.spy.wait_for(CitizensParted, registered["citizen_id"])
    await desk.stack.spy.wait_for(CaseReopened, second_["case_id"])
    await desk.stack.spy.wait_for(ReferralsParted, first["case_id"])
    for about, registered in ((citizen, first), (told, second_)):
        linked = await desk.register(new_referral(citizen=about))
        assert linked["case_id"] == registered["case_id"]


async def test_case_with_its_application_is_not_joined_to_a_declined_one_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    """What was brought to it is not asked for again (R 5.2), and it is in its list still."""
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    await desk.act(first["case_id"], "decline", DECLINE)
    await desk.act(second_["case_id"], "answers", answers_of())
    await desk.act(second_["case_id"], "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.consent(second_["case_id"])
    await desk.act(second_["case_id"], "application", {"documents": PAPERS})
    before = await desk.case(second_["case_id"])
    known = pair_id(first, second_)
    await decide(desk, known, "same")
    after = await desk.case(second_["case_id"])
    for kept in ("status", "worklist", "terms", "documents"):
        assert after[kept] == before[kept], kept
    assert after["linked_referrals"] == [first["id"]]
    shown = (await desk.get(f"/citizens/{first['citizen_id']}")).json()
    assert (shown["open_case"], shown["cases"][0]) == (second_["case_id"], first["case_id"])
    assert (await desk.case(first["case_id"]))["joined_to"] == second_["case_id"]
    await undo(desk, known)
    for registered, status in ((first, "declined"), (second_, "application_registered")):
        assert (await desk.case(registered["case_id"]))["status"] == status
        shown = (await desk.get(f"/citizens/{registered['citizen_id']}")).json()
        assert shown["open_case"] == registered["case_id"]


async def test_joined_citizens_can_be_joined_again_and_parted_again(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    for _ in range(2):
        await decide(desk, known, "same")
        await undo(desk, known)
    await decide(desk, known, "same")
    shown = (await desk.get(f"/citizens/{first['citizen_id']}")).json()
    assert (shown["joined"], shown["open_case"]) == ([second_["citizen_id"]], first["case_id"])
    assert len((await look(desk, known))["decisions"]) == 3


@pytest.mark.parametrize("died_after", ["decision", "survivor", "joined", "younger"])
async def test_a_joining_that_was_begun_is_carried_through_after_a_crash_l_5_1(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    await decided_by_a_process_that_dies(desk, known, died_after)
    desk.intake.service.sweeper.nudge()

    async def done() -> bool:
        found = await desk.intake.pairs.get(known)
        return found is not None and found.state.status is PairStatus.SAME

    await until(done)
    assert (await desk.case(first["case_id"]))["linked_referrals"] == [second_["id"]]
    assert (await desk.case(second_["case_id"]))["status"] == "closed"
    shown = (await desk.get(f"/citizens/{second_['citizen_id']}")).json()
    assert (shown["id"], shown["open_case"]) == (first["citizen_id"], first["case_id"])
    await desk.stack.spy.wait_for(CitizensJoined, first["citizen_id"])
    joined = desk.stack.spy.of(CitizensJoined, subject=first["citizen_id"])
    assert len({envelope.id for envelope in joined}) == 1


@pytest.mark.parametrize("died_after", ["survivor", "joined", "younger"])
async def test_of_two_cases_the_younger_goes_on_where_the_elder_ended_before_it_took_it_l_5_1(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    await desk.act(first["case_id"], "closing", {"reason": "moved"}, "urgent_head")
    await decided_by_a_process_that_dies(desk, known, died_after)
    await settle(desk.intake, known)
    assert (await look(desk, known))["status"] == "same"
    case = await desk.case(second_["case_id"])
    assert (case["status"], [term["code"] for term in case["terms"]]) == (
        "registered",
        ["referral-analysis"],
    )
    shown = (await desk.get(f"/citizens/{second_['citizen_id']}")).json()
    assert (shown["id"], shown["open_case"]) == (first["citizen_id"], second_["case_id"])
    assert set(shown["cases"]) == {first["case_id"], second_["case_id"]}
    linked = await desk.register(new_referral(citizen=citizen))
    assert linked["case_id"] == second_["case_id"]


async def decided_by_a_process_that_dies(desk: Desk, known: str, died_after: str) -> None:
    """The writes of a joining, up to one of them."""
    intake, at = desk.intake, desk.intake.service.at(actor("registrar"))
    document = await intake.pairs.get(known)
    assert document is not None
    halves = [await intake.citizens.get(citizen) for citizen in document.state.citizens]
    elder, younger = (half for half in halves if half is not None)
    pair.decide(document.state, Verdict.SAME, "сверено", at, (elder.state, younger.state))
    await intake.pairs.save(document)
    if died_after == "decision":
        return
    cases = [await intake.cases.get(half.state.open_case or "") for half in (elder, younger)]
    theirs, ours = (case for case in cases if case is not None)
    open_cases = joining.OpenCases(theirs.state, ours.state)
    events = joining.take_over(elder.state, younger.state, known, open_cases, at)
    store = intake.service.commands.store
    await store(intake.citizens, elder, "intake.citizen", None, at, events)
    if died_after == "survivor":
        return
    events = joining.join(younger.state, elder.id, known, at)
    await store(intake.citizens, younger, "intake.citizen", None, at, events)
    if died_after == "joined":
        return
    events = close_joined(ours.state, theirs.id, at)
    await store(intake.cases, ours, "intake.case", None, at, events)


async def test_two_replicas_carry_a_decision_out_once(
    desk: Desk, second: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    await decided_by_a_process_that_dies(desk, known, "decision")
    await asyncio.gather(*[settle(at.intake, known) for at in (desk, second) * 5])
    assert (await look(desk, known))["status"] == "same"
    assert (await desk.case(first["case_id"]))["linked_referrals"] == [second_["id"]]
    await desk.stack.spy.wait_for(ReferralLinked, first["case_id"])
    linked = desk.stack.spy.of(ReferralLinked, subject=first["case_id"])
    assert len({envelope.id for envelope in linked}) == 1


async def test_referrals_that_come_while_two_are_joined_end_in_the_one_case_l_5_1(
    desk: Desk, second: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen))
    known = pair_id(first, second_)
    version = (await look(desk, known))["version"]
    body = {"decision": "same", "reason": "сверено"}
    decision, *answers = await asyncio.gather(
        desk.post(f"/citizen-pairs/{known}/decision", body, version=version),
        *[
            at.register(new_referral(citizen=about, problems=f"{number}"))
            for number, (at, about) in enumerate([(desk, citizen), (second, moved(citizen))] * 10)
        ],
    )
    assert decision.status_code == 200, decision.text
    assert all(answer["linked"] for answer in answers)
    case = await desk.case(first["case_id"])
    theirs = {answer["id"] for answer in answers} | {second_["id"]}
    assert set(case["linked_referrals"]) == theirs
    assert (await desk.case(second_["case_id"]))["status"] == "closed"


async def test_a_decision_names_the_version_it_was_made_on(desk: Desk, clock: Clock) -> None:
    citizen = new_citizen()
    known = pair_id(*await two_alike(desk, clock, citizen, moved(citizen)))
    path, body = f"/citizen-pairs/{known}/decision", {"decision": "same", "reason": "сверено"}
    for headers, status in (({}, 428), ({"version": 7}, 412)):
        answered = await desk.post(path, body, **headers)
        assert answered.status_code == status
    await decide(desk, known, "different")
    version = (await look(desk, known))["version"]
    again = await desk.post(path, body, version=version)
    assert (again.status_code, again.json()["code"]) == (409, "not-allowed-in-state")
    assert again.json()["clause"] == "L 5.1"


async def test_pairs_are_the_turn_of_whoever_serves_the_later_citizen(
    desk: Desk, clock: Clock
) -> None:
    """Both may look and decide; others do not learn that there is such a pair."""
    citizen = new_citizen()
    first, second_ = await two_alike(desk, clock, citizen, moved(citizen), org=OTHER_INSTITUTION)
    known = pair_id(first, second_)
    assert known not in await open_pairs(desk)
    assert known in await open_pairs(desk, org=OTHER_INSTITUTION)
    assert (await desk.get(f"/citizen-pairs/{known}")).status_code == 200
    assert (await desk.get(f"/citizen-pairs/{known}", org="r-institution-17")).status_code == 404


async def test_a_card_is_corrected_with_a_reason_and_keeps_its_history_r_3_1_2(
    desk: Desk,
) -> None:
    citizen = heard(130)
    registered = await desk.register(new_referral(citizen=citizen))
    path = f"/citizens/{registered['citizen_id']}"
    shown = await desk.get(path, "specialist")
    right = {**citizen, "birth_date": "1939-05-09", "phone": "8 (384-56) 5-34-21 доб. 3"}
    body = {"card": right, "reason": "опечатка в дате рождения, сверено с паспортом"}
    version = int(shown.json()["version"])
    done = await desk.post(f"{path}/card", body, "specialist", version=version)
    assert done.status_code == 200, done.text
    after = (await desk.get(path)).json()
    assert (after["card"]["birth_date"], after["card"]["phone"]) == ("1939-05-09", "+73845653421")
    assert after["telephones"] == [
        {"said": "8 (384-56) 5-34-21 доб. 3", "number": "+73845653421", "extension": "3"}
    ]
    assert after["home"] == {
        "settlement": "ленинсккузнецкий", "street": "мира", "house": "130", "flat": "1"
    }  # fmt: skip
    before, now = after["history"]
    assert (before["card"]["birth_date"], before["entry"]) == (
        citizen["birth_date"],
        registered["id"],
    )
    assert now["reason"] == body["reason"]
    await desk.stack.spy.wait_for(CitizenCardChanged, registered["citizen_id"])
    linked = await desk.register(new_referral(citizen=right))
    assert linked["citizen_id"] == registered["citizen_id"]  # found by what it says now


@pytest.mark.parametrize(
    ("changed", "reason", "code", "field"),
    [
        ({"birth_date": "2041-01-01"}, "опечатка", "birth-date-in-future", "card.birth_date"),
        ({"name": None}, "опечатка", "card-field-missing", "card.name"),
        ({}, "опечатка", "nothing-corrected", "card"),
        ({"phone": "5-34-21"}, "опечатка", "invalid-input", "card"),
        ({"snils": "11223344596"}, "опечатка", "invalid-input", "card.snils"),
        ({"birth_date": "1930-01-01"}, "", "invalid-input", "reason"),
    ],
)
async def test_a_card_that_breaks_a_rule_is_refused(
    desk: Desk, changed: dict[str, Any], reason: str, code: str, field: str
) -> None:
    citizen = new_citizen()
    registered = await desk.register(new_referral(citizen=citizen))
    path = f"/citizens/{registered['citizen_id']}"
    version = int((await desk.get(path)).json()["version"])
    before = await desk.stored()
    body = {"card": {**citizen, **changed}, "reason": reason}
    refused = await desk.post(f"{path}/card", body, version=version)
    assert refused.status_code == 422
    assert (refused.json()["code"], field in refused.text) == (code, True), refused.text
    assert await desk.stored() == before


async def test_a_referral_takes_phones_as_they_are_said_r_3_1_2(desk: Desk) -> None:
    citizen = {**new_citizen(), "phone": "8 (384-56) 5-34-21, сосед 8-913-123-45-67"}
    registered = await desk.register(new_referral(citizen=citizen))
    shown = (await desk.get(f"/citizens/{registered['citizen_id']}")).json()
    assert shown["card"]["phone"] == "+73845653421"
    assert [phone["number"] for phone in shown["telephones"]] == ["+73845653421", "+79131234567"]


async def test_a_citizen_is_shown_to_those_who_serve_them_only_l_5_1(desk: Desk) -> None:
    registered = await desk.register()
    path = f"/citizens/{registered['citizen_id']}"
    assert (await desk.get(path, "care_organizer", org=INSTITUTION)).status_code == 200
    assert (await desk.get(path, org=OTHER_INSTITUTION)).status_code == 404


async def test_citizens_stored_before_there_were_keys_by_sound_are_found_l_5_1(
    desk: Desk,
) -> None:
    citizen = heard(140)
    registered = await desk.register(new_referral(citizen=citizen))
    document = await desk.intake.citizens.get(registered["citizen_id"])
    assert document is not None
    for key in ("name_birth", "name_home", "birth_home"):
        setattr(document.state, key, None)
    await desk.intake.citizens.save(document)
    linked = await desk.register(new_referral(citizen=citizen))
    assert linked["citizen_id"] == registered["citizen_id"]
