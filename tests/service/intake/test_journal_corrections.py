"""A line of the journal is corrected by a new one, and stays (R 3.1.2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.commands import Request
from contracts.citizen import CitizenCardChanged
from contracts.intake import TermMissed
from contracts.referral import CircumstancesCorrected
from services.intake.correcting import correct_line, enter_corrected, finish
from services.intake.domain.correcting import Corrected, correct
from services.intake.domain.journal import JournalEntry
from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import OTHER_INSTITUTION, Clock, Desk
from tests.service.intake.journal import amend, entry, named
from tests.service.intake.test_wrong_person import Died, Mortal
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.stack import AUTHORISED_BODY, INSTITUTION, actor, until


async def test_correction_is_a_new_line_and_the_old_one_stays_r_3_1_2(desk: Desk) -> None:
    citizen = named("Барабанщикова")
    made = await desk.register(new_referral(citizen=citizen))
    right = named("Барабанова") | {key: citizen[key] for key in ("birth_date", "address")}
    done = await amend(desk, made["id"], citizen=right)
    assert done.status_code == 200, done.text
    receipt = done.json()
    assert done.headers["location"] == f"/referrals/{receipt['corrected_by']}"
    old, new = await entry(desk, made["id"]), await entry(desk, receipt["corrected_by"])
    assert old["citizen"]["name"]["family"] == "Барабанщикова"
    assert (old["state"], old["corrected_by"]) == ("corrected", new["id"])
    assert old["correction"]["reason"] == "описка в фамилии"
    assert new["citizen"]["name"]["family"] == "Барабанова"
    assert (new["state"], new["corrects"]) == ("entered", old["id"])
    assert new["journal_number"] == receipt["journal_number"] > old["journal_number"]
    assert (new["case_id"], new["citizen_id"]) == (old["case_id"], old["citizen_id"])
    changed = await desk.stack.spy.wait_for(CitizenCardChanged, made["citizen_id"])
    assert changed.card.name.family == "Барабанова"
    again = await desk.register(new_referral(citizen=right))
    assert (again["linked"], again["citizen_id"]) == (True, made["citizen_id"])


async def test_correction_that_shows_somebody_known_says_so_l_5_1(desk: Desk) -> None:
    known = await desk.register(new_referral(citizen=(person := named("Дроздова"))))
    other = await desk.register(new_referral(citizen=named("Дроздовская")))
    done = await amend(desk, other["id"], citizen=person)
    assert (await entry(desk, done.json()["corrected_by"]))["same_as"] == known["citizen_id"]


async def test_same_correction_twice_is_one_and_another_is_refused_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    first = await amend(desk, made["id"], key="amend-1", problems="Не встаёт")
    again = await amend(desk, made["id"], key="amend-1", problems="Не встаёт")
    assert (first.status_code, first.json()) == (200, again.json())
    stale = await amend(desk, made["id"], problems="Не видит")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    late = await amend(desk, made["id"], version=2, problems="Не видит")
    assert (late.status_code, late.json()["code"]) == (409, "entry-corrected")
    other = await amend(desk, first.json()["corrected_by"], problems="Не видит")
    assert other.status_code == 200


async def test_corrections_at_once_are_one_new_line_without_a_gap_r_3_1_2(desk: Desk) -> None:
    made = await desk.register()
    answers = await asyncio.gather(
        *[amend(desk, made["id"], problems=f"Обстоятельство {number}") for number in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    await no_gap(desk)


async def no_gap(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    async for document in desk.intake.journal.each():
        numbers.setdefault(document.state.register_key, []).append(document.state.number)
    for known in numbers.values():
        assert sorted(known) == list(range(1, len(known) + 1))


@pytest.mark.parametrize("died_after", ["claim", "line"])
async def test_correction_of_a_process_that_died_is_made_good_r_3_1_2(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    made = await desk.register(new_referral(citizen=(citizen := named("Жаворонкова"))))
    by = actor("registrar", INSTITUTION)
    at = desk.intake.service.at(by)
    right = citizen | {"name": {"family": "Жаворонок", "given": "Нонна"}}
    change = Corrected.model_validate({"reason": "описка", "citizen": right})

    def decide(line: JournalEntry) -> list[Any]:
        correct(line, change, at)
        return []

    await desk.intake.service.commands.execute(
        desk.intake.journal, made["id"], None, None, at, decide, visible=lambda line: True
    )
    if died_after == "line":
        document = await desk.intake.journal.get(made["id"])
        assert document is not None
        await enter_corrected(desk.intake, made["id"])
        again = await desk.intake.journal.get(made["id"])
        assert again is not None
        again.state.corrected_by, again.state.place_at = None, at.now
        await desk.intake.journal.save(again)
    clock.forward(seconds=10)
    desk.intake.service.sweeper.nudge()

    async def entered() -> Any:
        document = await desk.intake.journal.get(made["id"])
        return document and document.state.place_at is None and document.state.corrected_by

    line = await until(entered)
    assert (await entry(desk, line))["citizen"]["name"]["family"] == "Жаворонок"
    card = await desk.intake.citizens.get(made["citizen_id"])
    assert card is not None
    assert card.state.card.name is not None
    assert card.state.card.name.family == "Жаворонок"
    successors = [
        document.id
        async for document in desk.intake.journal.each()
        if document.state.corrects == made["id"]
    ]
    assert successors == [line]
    await no_gap(desk)


@pytest.mark.parametrize("org", [OTHER_INSTITUTION, AUTHORISED_BODY])
async def test_line_of_anothers_journal_is_not_corrected_r_3_1_2(desk: Desk, org: str) -> None:
    made = await desk.register()
    body = {"reason": "описка", "problems": "Не встаёт"}
    refused = await desk.post(f"/referrals/{made['id']}/corrections", body, org=org, version=1)
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"problems": "Не встаёт"}, "invalid-input", "body.reason"),
        ({"reason": "описка"}, "nothing-corrected", "body"),
        ({"reason": "описка", "in_hospital": True}, "invalid-input", "body.in_hospital"),
        ({"reason": "описка", "citizen": {}}, "journal-field-missing", "citizen.address"),
    ],
)
async def test_wrong_correction_is_refused_by_its_field_r_3_1_2(
    desk: Desk, body: dict[str, Any], code: str, field: str
) -> None:
    made = await desk.register()
    before = await desk.stored()
    refused = await desk.post(f"/referrals/{made['id']}/corrections", body, version=1)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert field in [wrong["field"] for wrong in refused.json()["errors"]]
    assert await desk.stored() == before


async def test_correction_costs_four_writes_and_one_event(desk: Desk) -> None:
    made = await desk.register(new_referral(citizen=(citizen := named("Снегирёва"))))
    right = citizen | {"phone": "+73845600066"}
    cost = await desk.cost(lambda: amend(desk, made["id"], citizen=right))
    assert cost == {"journal": 3, "citizens": 1, "published": 1}


async def test_corrected_receipt_moves_the_terms_of_its_case_r_3_1_8(desk: Desk) -> None:
    made = await desk.register()
    before = desk.intake.now() - timedelta(days=40)
    done = await amend(desk, made["id"], received_at=before.isoformat())
    assert done.status_code == 200, done.text
    case, new = await desk.case(made["case_id"]), await entry(desk, done.json()["corrected_by"])
    (term,) = case["terms"]
    assert term["code"] == "referral-analysis"
    assert case["received_at"] == new["received_at"] == term["started_at"]
    said = await desk.stack.spy.wait_for(CircumstancesCorrected, made["case_id"])
    assert said.receipt is not None
    assert (said.receipt.received_at, said.receipt.opened_case) == (before, True)
    missed = await desk.stack.spy.wait_for(TermMissed, made["case_id"])
    assert missed.term.started_at == before
    again = await amend(desk, new["id"], received_at=(before - timedelta(days=1)).isoformat())
    assert again.status_code == 200, again.text
    twice = await amend(desk, again.json()["corrected_by"], problems="Не встаёт")
    assert twice.status_code == 200, twice.text
    (term,) = (await desk.case(made["case_id"]))["terms"]
    assert datetime.fromisoformat(term["started_at"]) == before - timedelta(days=1)


async def test_receipt_after_the_entry_is_refused_and_nothing_stored_r_3_1_2(
    desk: Desk, clock: Clock
) -> None:
    made = await desk.register()
    clock.forward(days=1)
    before = await desk.stored()
    refused = await amend(desk, made["id"], received_at=desk.intake.now().isoformat())
    assert (refused.status_code, refused.json()["code"]) == (422, "received-after-entered")
    assert refused.json()["errors"][0]["field"] == "received_at"
    assert await desk.stored() == before


@pytest.mark.parametrize("writes", range(4))
async def test_corrected_receipt_reaches_the_case_wherever_the_process_dies_r_3_1_8(
    desk: Desk, writes: int
) -> None:
    """After whichever write it died, and though the line in its place was corrected meanwhile."""
    citizen = new_citizen()
    made = await desk.register(new_referral(citizen=citizen))
    by, now = actor("registrar", INSTITUTION), desk.intake.now()
    days = [now - timedelta(days=30), now - timedelta(days=60)]
    first = Corrected.model_validate({"reason": "описка", "received_at": days[0].isoformat()})
    await correct_line(desk.intake, made["id"], Request("died", "f", 1), by, first)
    left: list[None] = [None] * writes
    kept = {"journal": desk.intake.journal, "cases": desk.intake.cases}
    mortal: dict[str, Any] = {name: Mortal(one, left) for name, one in kept.items()}
    with suppress(Died):
        await enter_corrected(replace(desk.intake, **mortal), made["id"])
    found = await desk.intake.journal.find_one(source_key=f"correction:{made['id']}")
    if found is not None:
        again = await amend(desk, found.id, received_at=days[1].isoformat())
        assert again.status_code == 200, again.text
    await finish(desk.intake, made["id"])
    case = await desk.intake.cases.get(made["case_id"])
    assert case is not None
    right = days[0] if found is None else days[1]
    assert [term.started_at for term in case.state.terms.deadlines] == [right]
    assert case.state.received_at == right
    await desk.settle()
    said = desk.stack.spy.of(CircumstancesCorrected, subject=made["case_id"])
    assert len({envelope.id for envelope in said}) <= 2


async def test_receipt_corrected_in_a_joined_case_reaches_the_one_that_goes_on_r_3_1_8_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    person = new_citizen()
    first, second = await two_alike(desk, clock, person, moved(person))
    path = f"/citizen-pairs/{pair_id(first, second)}"
    version = (await desk.get(path)).json()["version"]
    body = {"decision": "same", "reason": "сверено"}
    done = await desk.post(f"{path}/decision", body, version=version)
    assert done.status_code == 200, done.text
    when = desk.intake.now() - timedelta(days=3)
    version = (await desk.get(f"/referrals/{second['id']}")).headers["etag"].strip('"')
    done = await amend(desk, second["id"], version=int(version), received_at=when.isoformat())
    assert done.status_code == 200, done.text
    case = await desk.case(first["case_id"])
    (further,) = case["further_referrals"]
    assert datetime.fromisoformat(further["received_at"]) == when
    assert case["received_at"] != further["received_at"]


async def test_corrected_receipt_costs_four_writes_and_one_event(desk: Desk) -> None:
    made = await desk.register()
    earlier = (desk.intake.now() - timedelta(minutes=5)).isoformat()
    cost = await desk.cost(lambda: amend(desk, made["id"], received_at=earlier))
    assert cost == {"journal": 3, "cases": 1, "published": 1}
