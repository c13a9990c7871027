"""A referral came to the wrong person: its line is corrected, or its sender takes it back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chassis.commands import Request
from chassis.document import Document
from chassis.store import Collection
from contracts.intake import CaseClosed
from contracts.referral import ReferralRegistered, ReferralsParted, ReferralWithdrawn
from contracts.status_code import hashed
from services.intake.correcting import correct_line, enter_corrected, finish
from services.intake.domain.correcting import Corrected
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import HOSPITAL, Desk, publish_body
from tests.service.intake.journal import amend, entry
from tests.service.intake.test_fhir_tasks import Referral
from tests.service.intake.test_own_appointments import ask
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor

SNILS = "11223344595"


async def card_of(desk: Desk, referral: dict[str, Any]) -> dict[str, Any]:
    document = await desk.intake.citizens.get(referral["citizen_id"])
    assert document is not None
    return document.state.card.model_dump(mode="json", exclude_none=True)


async def opens(desk: Desk, number: str, code: str) -> bool:
    """Whether a case's number and a code open it to whoever has them."""
    answered = await ask(desk, "/search", "10.9.0.1", {"number": number, "code": code})
    return answered.status_code == 200


async def mistaken(desk: Desk, **headers: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The neighbour's referral, one of another person typed as the neighbour's, that person."""
    neighbour, meant = new_citizen(), new_citizen() | {"phone": "+73845600077"}
    first = await desk.register(new_referral(citizen=neighbour))
    wrong = neighbour | {"phone": "+73845600077"}
    second = await desk.register(new_referral(citizen=wrong), **headers)
    assert (second["linked"], second["case_id"]) == (True, first["case_id"])
    return first, second, meant


async def test_line_corrected_to_another_person_leaves_the_neighbours_case_l_5_1(
    desk: Desk,
) -> None:
    first, second, meant = await mistaken(desk)
    before = await card_of(desk, first)
    assert before.pop("phone") == meant["phone"]
    done = await amend(desk, second["id"], citizen=meant)
    assert done.status_code == 200, done.text
    assert await card_of(desk, first) == before
    new = await entry(desk, done.json()["corrected_by"])
    assert new["citizen_id"] != first["citizen_id"]
    assert new["case_id"] != first["case_id"]
    old = await entry(desk, second["id"])
    assert (old["case_id"], old["citizen_id"]) == (new["case_id"], new["citizen_id"])
    assert (await desk.case(first["case_id"]))["linked_referrals"] == []
    assert (await desk.case(new["case_id"]))["number"] == new["journal_number"]
    assert (await card_of(desk, new))["birth_date"] == meant["birth_date"]
    parted = await desk.stack.spy.wait_for(ReferralsParted, first["case_id"])
    assert (parted.journal_numbers, parted.into) == ((second["journal_number"],), new["case_id"])
    registered = await desk.stack.spy.wait_for(ReferralRegistered, new["case_id"])
    assert registered.case.citizen_id == new["citizen_id"]


async def test_code_of_a_referral_that_left_the_case_opens_its_own_alone_r_3_7_3(
    desk: Desk,
) -> None:
    first, second, meant = await mistaken(desk)
    assert await opens(desk, first["journal_number"], second["status_code"])
    done = await amend(desk, second["id"], citizen=meant)
    assert not await opens(desk, first["journal_number"], second["status_code"])
    assert await opens(desk, first["journal_number"], first["status_code"])
    assert await opens(desk, done.json()["journal_number"], second["status_code"])
    parted = await desk.stack.spy.wait_for(ReferralsParted, first["case_id"])
    assert parted.dead_code_hash == hashed(second["status_code"], first["journal_number"])


async def test_line_corrected_to_somebody_known_joins_their_open_case_l_5_1(desk: Desk) -> None:
    _, second, meant = await mistaken(desk)
    theirs = await desk.register(new_referral(citizen=meant))
    done = await amend(desk, second["id"], citizen=meant)
    new = await entry(desk, done.json()["corrected_by"])
    assert (new["case_id"], new["citizen_id"]) == (theirs["case_id"], theirs["citizen_id"])
    again = await amend(desk, new["id"], problems="Не встаёт")
    assert again.status_code == 200, again.text
    assert (await entry(desk, again.json()["corrected_by"]))["case_id"] == theirs["case_id"]


async def test_what_the_wrong_line_filled_in_recognises_nobody_l_5_1(desk: Desk) -> None:
    namesake = new_citizen()
    first = await desk.register(new_referral(citizen=namesake))
    second = await desk.register(new_referral(citizen=namesake | {"snils": SNILS}))
    assert (await card_of(desk, first))["snils"] == SNILS
    meant = namesake | {"snils": SNILS, "birth_date": "1931-05-05"}
    done = await amend(desk, second["id"], citizen=meant)
    new = await entry(desk, done.json()["corrected_by"])
    assert new["citizen_id"] != first["citizen_id"]
    assert "snils" not in await card_of(desk, first)
    assert (await card_of(desk, new))["snils"] == SNILS


async def test_untriaged_case_of_the_wrong_person_ends_with_its_only_line_r_3_1_2(
    desk: Desk,
) -> None:
    neighbour = new_citizen()
    earlier = await desk.register(new_referral(citizen=neighbour))
    await desk.act(earlier["case_id"], "closing", {"reason": "moved"}, "urgent_head")
    second = await desk.register(new_referral(citizen=neighbour))
    assert second["case_id"] != earlier["case_id"]
    done = await amend(desk, second["id"], citizen=new_citizen())
    assert done.status_code == 200, done.text
    new = await entry(desk, done.json()["corrected_by"])
    assert new["case_id"] not in {second["case_id"], earlier["case_id"]}
    assert (await desk.case(second["case_id"]))["status"] == "closed"
    closed = await desk.stack.spy.wait_for(CaseClosed, second["case_id"])
    assert closed.reason == "wrong_person"
    assert not await opens(desk, second["journal_number"], second["status_code"])


async def test_case_that_has_gone_on_is_not_emptied_by_a_correction_r_3_1_2(desk: Desk) -> None:
    neighbour = new_citizen()
    first = await desk.register(new_referral(citizen=neighbour))
    await desk.register(new_referral(citizen=neighbour))
    before = await desk.stored()
    refused = await amend(desk, first["id"], citizen=new_citizen())
    assert (refused.status_code, refused.json()["code"]) == (409, "case-rests-on-this-line")
    wrong = refused.json()["errors"][0]
    assert wrong["field"] == "citizen"
    assert await desk.stored() == before
    typo = neighbour | {"phone": "+73845600078"}
    assert (await amend(desk, first["id"], citizen=typo)).status_code == 200


async def test_hospital_follows_its_referral_into_the_other_case_l_2_2(desk: Desk) -> None:
    neighbour = new_citizen()
    first = await desk.register(new_referral(citizen=neighbour))
    referral = new_referral(citizen=neighbour, channel="medical_organization")
    second = await desk.register(referral, role="medical_organization", org=HOSPITAL)
    assert second["linked"]
    done = await amend(desk, second["id"], citizen=new_citizen())
    new = await entry(desk, done.json()["corrected_by"])
    await desk.act(first["case_id"], "closing", {"reason": "died"}, "urgent_head")
    await desk.settle()
    kept = await desk.intake.tasks.get(second["id"])
    assert kept is not None
    assert (kept.state.case_id, kept.state.citizen_id) == (new["case_id"], new["citizen_id"])
    assert kept.state.present is not None
    assert kept.state.present.state.status == "received"


async def test_body_sees_where_its_referral_is_after_the_institution_corrected_it_r_3_1_2(
    desk: Desk,
) -> None:
    await publish_body(desk)
    neighbour = new_citizen()
    first = await desk.register(new_referral(citizen=neighbour))
    taken = await desk.register(new_referral(citizen=neighbour), org=AUTHORISED_BODY)
    assert (taken["case_id"], taken["forwarded_to"]) == (first["case_id"], INSTITUTION)
    at_body = (await desk.get(f"/referrals/{taken['id']}", org=AUTHORISED_BODY)).json()
    done = await amend(desk, at_body["passed_on"], citizen=new_citizen())
    assert done.status_code == 200, done.text
    new = await entry(desk, done.json()["corrected_by"])
    assert new["case_id"] != first["case_id"]
    assert (await desk.case(new["case_id"]))["institution"] == INSTITUTION
    at_body = (await desk.get(f"/referrals/{taken['id']}", org=AUTHORISED_BODY)).json()
    assert (at_body["case_id"], at_body["state"]) == (new["case_id"], "forwarded")
    assert at_body["stands"]["case_number"] == new["journal_number"]


async def test_line_that_waits_at_a_body_waits_there_for_the_right_person_r_3_1_2(
    desk: Desk,
) -> None:
    await publish_body(desk)
    neighbour = new_citizen() | {"address": {"text": "ул. Мира, д. 11"}}
    await desk.register(new_referral(citizen=neighbour), org=AUTHORISED_BODY)
    wrong = await desk.register(new_referral(citizen=neighbour), org=AUTHORISED_BODY)
    assert (wrong["linked"], wrong["state"]) == (True, "to_forward")
    body = {"reason": "соседка", "citizen": new_citizen()}
    path = f"/referrals/{wrong['id']}/corrections"
    done = await desk.post(path, body, org=AUTHORISED_BODY, version=1)
    assert done.status_code == 200, done.text
    line = f"/referrals/{done.json()['corrected_by']}"
    new = (await desk.get(line, org=AUTHORISED_BODY)).json()
    assert (new["state"], new["forwarded_to"]) == ("forwarded", INSTITUTION)
    assert new["case_id"] != wrong["case_id"]


async def test_line_corrected_there_and_back_counts_where_it_is_l_5_1(desk: Desk) -> None:
    """The hospital that opened the case takes its own back: the other one stands (R 3.1.2)."""
    person, other = new_citizen(), new_citizen()
    referral = new_referral(citizen=person, channel="medical_organization")
    first = await desk.register(referral, role="medical_organization", org=HOSPITAL)
    line = (await desk.register(new_referral(citizen=person)))["id"]
    elsewhere = await desk.register(new_referral(citizen=other))
    for about in (other, person, other, person):
        done = await amend(desk, line, citizen=about)
        assert done.status_code == 200, done.text
        line = done.json()["corrected_by"]
        in_it = {
            one["case_id"]: (await desk.case(one["case_id"]))["linked_referrals"]
            for one in (first, elsewhere)
        }
        assert sorted(map(len, in_it.values())) == [0, 1]
        assert in_it[(await entry(desk, line))["case_id"]] != []
    await desk.settle()
    gone = await Referral(desk, first["id"], first["case_id"], HOSPITAL).put("cancelled")
    assert gone.status_code == 200, gone.text
    assert (await desk.case(first["case_id"]))["status"] == "registered"


async def test_code_issued_later_dies_with_a_referral_of_somebody_else_r_3_7_3(
    desk: Desk,
) -> None:
    first, second, meant = await mistaken(desk)
    issued = (await desk.act(first["case_id"], "status-code")).json()
    number, told = first["journal_number"], issued["status_code"]
    assert await opens(desk, number, told)
    done = await amend(desk, second["id"], citizen=meant)
    assert done.status_code == 200, done.text
    assert not await opens(desk, number, told)
    parted = await desk.stack.spy.wait_for(ReferralsParted, first["case_id"])
    assert parted.dead_code_hash == hashed(told, number)
    again = (await desk.act(first["case_id"], "status-code")).json()
    assert await opens(desk, number, again["status_code"])


class Died(Exception):
    """The process is no more."""


class Mortal:
    """A collection of a process that dies right after some write of its."""

    def __init__(self, collection: Collection[Any], left: list[None]) -> None:
        self._collection, self._left = collection, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def save(self, document: Document[Any]) -> None:
        await self._collection.save(document)
        if not self._left:
            raise Died
        self._left.pop()


@pytest.mark.parametrize("writes", range(8))
@pytest.mark.parametrize("first_to_come", ["old", "new"])
async def test_placing_anew_of_a_process_that_died_is_made_good_l_5_1(
    desk: Desk, writes: int, first_to_come: str
) -> None:
    """Whichever of the two lines is swept first, and after whichever write it died."""
    first, second, meant = await mistaken(desk)
    change = Corrected.model_validate({"reason": "описка", "citizen": meant})
    by = actor("registrar", INSTITUTION)
    await correct_line(desk.intake, second["id"], Request("died", "f", 1), by, change)
    left: list[None] = [None] * writes
    kept = {"journal": desk.intake.journal, "cases": desk.intake.cases}
    kept["citizens"] = desk.intake.citizens
    mortal: dict[str, Any] = {name: Mortal(one, left) for name, one in kept.items()}
    with suppress(Died):
        await enter_corrected(replace(desk.intake, **mortal), second["id"])
    made = [
        document.id
        async for document in desk.intake.journal.each()
        if document.state.corrects == second["id"]
    ]
    swept = [second["id"], *made] if first_to_come == "old" else [*made, second["id"]]
    for line in swept:
        await finish(desk.intake, line)
    old = await entry(desk, second["id"])
    new = await entry(desk, old["corrected_by"])
    assert (old["case_id"], old["citizen_id"]) == (new["case_id"], new["citizen_id"])
    assert (await desk.case(first["case_id"]))["linked_referrals"] == []
    assert "phone" not in await card_of(desk, first)
    case = await desk.intake.cases.get(new["case_id"])
    assert case is not None
    assert case.state.referrals == [second["id"]]
    assert len(desk.stack.spy.of(ReferralsParted, subject=first["case_id"])) <= 1
    for line in (old["id"], new["id"]):
        document = await desk.intake.journal.get(line)
        assert document is not None
        assert document.state.place_at is None


async def test_withdrawn_referrals_code_opens_the_strangers_case_no_more_r_3_7_3(
    desk: Desk,
) -> None:
    person = new_citizen()
    first = await desk.register(new_referral(citizen=person))
    referral = new_referral(citizen=person, channel="medical_organization")
    second = await desk.register(referral, role="medical_organization", org=HOSPITAL)
    assert await opens(desk, first["journal_number"], second["status_code"])
    await desk.settle()
    gone = await Referral(desk, second["id"], first["case_id"], HOSPITAL).put("entered-in-error")
    assert gone.status_code == 200, gone.text
    assert not await opens(desk, first["journal_number"], second["status_code"])
    assert await opens(desk, first["journal_number"], first["status_code"])
    said = await desk.stack.spy.wait_for(ReferralWithdrawn, first["case_id"])
    assert said.dead_code_hash == hashed(second["status_code"], first["journal_number"])
