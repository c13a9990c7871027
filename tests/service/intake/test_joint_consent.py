"""Consent where one person has two cards, joined and parted, over the doors (152-FZ 9, 21)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.citizen import CitizensJoined, ErasureMissed
from contracts.documents import CertificateRequested
from services.intake.domain.consenting import withdraw_consent
from services.intake.domain.term_codes import SENDING_TERM
from services.intake.joining import settle
from tests.service.intake.bodies import (
    CONSENT,
    PAPERS,
    SIGNED,
    answers_of,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import Clock, Desk
from tests.service.intake.test_citizens import decided_by_a_process_that_dies
from tests.service.intake.twins import moved, pair_id, two_alike
from tests.service.stack import actor, until

Answer = dict[str, Any]
ON_PAPER = {**SIGNED, "kind": "pension_certificate", "way": "paper"}


async def apply(desk: Desk, case_id: str) -> None:
    """From the questions to the application, with the citizen's consent."""
    await desk.act(case_id, "answers", answers_of())
    await desk.act(case_id, "triage", {"code": "initial_assessment"}, "urgent_head")
    await desk.consent(case_id)
    await desk.act(case_id, "application", {"documents": PAPERS})


async def withdraw(desk: Desk, case_id: str) -> None:
    answered = await desk.post(f"/cases/{case_id}/consent/withdrawal", {}, "specialist")
    assert answered.status_code == 200, answered.text


async def renew(desk: Desk, case_id: str) -> None:
    body = {**CONSENT, "given_on": desk.today}
    answered = await desk.post(f"/cases/{case_id}/consent", body, "specialist")
    assert answered.status_code == 200, answered.text


async def decide(desk: Desk, first: Answer, second: Answer, action: str, **more: str) -> None:
    path = f"/citizen-pairs/{pair_id(first, second)}"
    version = (await desk.get(path)).json()["version"]
    answered = await desk.post(f"{path}/{action}", {"reason": "так", **more}, version=version)
    assert answered.status_code == 200, answered.text


async def join(desk: Desk, first: Answer, second: Answer) -> None:
    await decide(desk, first, second, "decision", decision="same")


async def status(desk: Desk, case_id: str) -> str:
    return str((await desk.case(case_id))["status"])


async def shown(desk: Desk, answer: Answer) -> Answer:
    found: Answer = (await desk.get(f"/citizens/{answer['citizen_id']}")).json()
    return found


async def younger_and_elder(desk: Desk, clock: Clock) -> tuple[Answer, Answer]:
    """Two who may be one; the case of who was registered first is the younger of the two."""
    person = new_citizen()
    first, second = await two_alike(desk, clock, person, moved(person))
    for action, body, role in (
        ("answers", answers_of(), "registrar"),
        ("triage", {"code": "initial_assessment"}, "urgent_head"),
        ("closing", {"reason": "moved"}, "urgent_head"),
    ):
        await desk.act(first["case_id"], action, body, role)
    clock.forward(seconds=5)
    again = await desk.register(new_referral(citizen=person))
    assert (again["citizen_id"], again["linked"]) == (first["citizen_id"], False)
    return again, second


async def test_a_consent_taken_back_on_one_card_stops_the_case_of_the_other_152_fz_9(
    desk: Desk, clock: Clock
) -> None:
    """The survivor took it back; the other one's case is the elder and goes on."""
    younger, elder = await younger_and_elder(desk, clock)
    case_id = elder["case_id"]
    await apply(desk, case_id)
    await desk.act(case_id, "interagency-requests", ON_PAPER, "institution_director")
    request_id = (await desk.case(case_id))["request"]["id"]
    clock.forward(seconds=5)
    await desk.consent(younger["case_id"])
    await withdraw(desk, younger["case_id"])
    await join(desk, elder, younger)
    case = await desk.case(case_id)
    assert (case["status"], case["consent"]) == ("declined", None)
    assert SENDING_TERM not in {term["code"] for term in case["terms"]}
    citizen = await shown(desk, elder)
    assert (citizen["id"], citizen["consent"]) == (younger["citizen_id"], None)
    assert [term["code"] for term in citizen["erasure"]] == ["consent-erasure"]
    sent = {"sent_by": [{"way": "fax"}], "sent_on": desk.today}
    for path, body, role in (
        (f"/interagency-requests/{request_id}/dispatch", sent, "registrar"),
        (f"/cases/{case_id}/certificate-request", SIGNED, "institution_director"),
    ):
        version = await desk.version(case_id)
        answered = await desk.post(path, body, role, version=version)
        assert (answered.status_code, answered.json()["code"]) == (409, "not-allowed-in-state")
    assert not desk.stack.spy.of(CertificateRequested, subject=case_id)
    await decide(desk, elder, younger, "undoing")
    assert (await status(desk, case_id)) == "application_registered"
    assert (await status(desk, younger["case_id"])) == "declined"
    assert (await desk.get(f"/citizens/{elder['citizen_id']}")).json()["consent"] is not None


@pytest.mark.parametrize("renewed", ["before", "after"])
async def test_a_consent_given_since_ends_what_the_other_card_took_back_152_fz_9_152_fz_21(
    desk: Desk, clock: Clock, renewed: str
) -> None:
    """The joined one took it back in the elder case; the survivor consents since."""
    younger, elder = await younger_and_elder(desk, clock)
    await apply(desk, elder["case_id"])
    await withdraw(desk, elder["case_id"])
    clock.forward(seconds=5)
    if renewed == "before":
        await renew(desk, younger["case_id"])
    await join(desk, elder, younger)
    if renewed == "after":
        citizen = await shown(desk, elder)
        assert [term["code"] for term in citizen["erasure"]] == ["consent-erasure"]
        await renew(desk, citizen["open_case"])
    citizen = await shown(desk, elder)
    assert (citizen["consent"] is not None, citizen["erasure"]) == (True, [])
    case = await desk.case(elder["case_id"])
    assert (case["consent_withdrawn"], case["consent"] is not None) == (False, True)
    if case["status"] == "declined":
        await desk.act(elder["case_id"], "reopening")
    clock.forward(days=40)
    desk.intake.service.sweeper.nudge()
    await desk.settle()
    for half in (elder, younger):
        assert not desk.stack.spy.of(ErasureMissed, subject=half["citizen_id"])
    theirs = renewed == "after" and citizen["open_case"] == elder["case_id"]
    await decide(desk, elder, younger, "undoing")
    halves = [await shown(desk, half) for half in (elder, younger)]
    assert [half["consent"] is not None for half in halves] == [theirs, not theirs]
    if not theirs:
        missed = await desk.stack.spy.wait_for(ErasureMissed, elder["citizen_id"])
        assert missed.term.code == "consent-erasure"
    assert (await desk.case(elder["case_id"]))["consent_withdrawn"] is not theirs


@pytest.mark.parametrize("died_after", ["decision", "survivor", "joined", "younger"])
async def test_a_withdrawal_reaches_the_cases_of_both_whoever_dies_152_fz_9(
    desk: Desk, clock: Clock, died_after: str
) -> None:
    person = new_citizen()
    first, second = await two_alike(desk, clock, person, moved(person))
    await desk.consent(second["case_id"])
    await withdraw(desk, second["case_id"])
    await decided_by_a_process_that_dies(desk, pair_id(first, second), died_after)
    desk.intake.service.sweeper.nudge()

    async def told() -> bool:
        return await status(desk, first["case_id"]) == "declined"

    await until(told)
    await settle(desk.intake, pair_id(first, second))
    case = await desk.case(first["case_id"])
    assert (case["consent_withdrawn"], case["status"]) == (True, "declined")
    parted = await desk.intake.citizens.get(second["citizen_id"])
    assert parted is not None
    assert (parted.state.terms.deadlines, parted.state.cases_to_tell) == ([], [])
    joined = desk.stack.spy.of(CitizensJoined, subject=first["citizen_id"])
    assert len({envelope.id for envelope in joined}) == 1


async def test_a_withdrawal_nobody_was_told_of_when_two_were_joined_is_carried_through_152_fz_9(
    desk: Desk, clock: Clock
) -> None:
    """The process died after the joined one's document, and their case was not told."""
    person = new_citizen()
    first, second = await two_alike(desk, clock, person, moved(person))
    await desk.consent(second["case_id"])
    document = await desk.intake.citizens.get(second["citizen_id"])
    case = await desk.intake.cases.get(second["case_id"])
    assert document is not None
    assert case is not None
    at = desk.intake.service.at(actor("specialist"))
    events = withdraw_consent(document.state, case.state.pack, at, case_id=case.id)
    store = desk.intake.service.commands.store
    await store(desk.intake.citizens, document, "intake.citizen", None, at, events)
    await join(desk, first, second)
    for half in (first, second):
        known = await desk.intake.cases.get(half["case_id"])
        assert known is not None
        assert known.state.consent_withdrawn
