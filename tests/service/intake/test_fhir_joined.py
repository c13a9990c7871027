"""What a hospital is answered of a citizen who was joined to another one (L 2.2, 5.1)."""

from __future__ import annotations

from typing import Any

from tests.service.intake.bodies import new_citizen, new_referral
from tests.service.intake.desk import HOSPITAL, Clock, Desk
from tests.service.intake.test_fhir_tasks import (
    HOSPITALS,
    SNILS,
    Referral,
    about,
    ids,
    pushed,
    search,
)
from tests.service.intake.twins import compared, moved

NUMBER = "08765430300"


async def joined(desk: Desk, clock: Clock, snils: str | None = None) -> tuple[Any, Referral, str]:
    """A citizen's own referral, a hospital's of somebody who turns out to be the same person, and
    the reference to its patient that it was told before."""
    citizen = new_citizen()
    own = await desk.register(new_referral(citizen=citizen))
    clock.forward(seconds=5)
    bundle = about(moved(citizen))
    if snils is not None:
        bundle["entry"][0]["resource"]["identifier"] = [{"system": SNILS, "value": snils}]
    referral = await pushed(desk, bundle)
    await desk.settle()
    patient = (await referral.task())["for"]["reference"]
    await compared(desk, clock)
    await join(desk, own["citizen_id"], patient.removeprefix("Patient/"))
    return own, referral, patient


async def join(desk: Desk, one: str, other: str) -> None:
    """A person says that two citizens are one."""
    pair = "-".join(sorted((one, other)))
    version = (await desk.get(f"/citizen-pairs/{pair}")).json()["version"]
    same = {"decision": "same", "reason": "сверено с паспортом"}
    done = await desk.post(f"/citizen-pairs/{pair}/decision", same, version=version)
    assert done.status_code == 200, done.text
    await desk.settle()


async def kept(desk: Desk, referral: Referral) -> str:
    """The state of the ServiceRequest as it is kept."""
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    answered = await desk.http.get(f"/fhir/ServiceRequest/{referral.id}", headers=headers)
    assert answered.status_code == 200, answered.text
    return str(answered.json()["status"])


async def test_joined_citizen_is_found_by_snils_and_by_the_id_that_was_told_l_2_2_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    own, referral, patient = await joined(desk, clock, NUMBER)
    form = {"patient.identifier": f"{SNILS}|{NUMBER}", "_count": "1"}
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    found = await desk.http.post("/fhir/Task/_search", data=form, headers=headers)
    assert ids(found.json()) == [referral.id]
    assert own["citizen_id"] not in patient
    assert ids(await search(desk, f"patient={patient}")) == [referral.id]
    assert ids(await search(desk, f"patient={patient}&_id={referral.id}")) == [referral.id]
    assert (await referral.task())["for"]["reference"] == patient
    (link,) = [one["url"] for one in found.json()["link"] if one["relation"] == "self"]
    assert ids(await search(desk, link.partition("?")[2])) == [referral.id]


async def test_task_is_found_by_the_patient_whom_the_answer_to_its_push_named_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    """Another referral of a citizen whose case is that of the card joined to theirs."""
    citizen = new_citizen()
    own = await desk.register(new_referral(citizen=citizen))
    await desk.act(own["case_id"], "closing", {"reason": "moved"}, "urgent_head")
    clock.forward(seconds=5)
    first = await pushed(desk, about(moved(citizen)))
    await desk.settle()
    await compared(desk, clock)
    told = (await first.task())["for"]["reference"]
    await join(desk, own["citizen_id"], told.removeprefix("Patient/"))
    answered = await desk.push(about(citizen))
    patient = answered.json()["entry"][0]["response"]["location"].split("/_history")[0]
    second = answered.json()["entry"][3]["response"]["location"].split("/")[1]
    await desk.settle()
    assert (told in patient, own["citizen_id"] in patient) == (False, True)
    assert ids(await search(desk, f"patient=Patient/{own['citizen_id']}")) == [second]
    assert ids(await search(desk, f"patient={told}")) == [first.id]


async def test_request_stands_as_its_task_in_the_case_that_goes_on_l_2_2_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    own, referral, _ = await joined(desk, clock)
    assert await kept(desk, referral) == "active"
    await desk.act(own["case_id"], "closing", {"reason": "died"}, "urgent_head")
    assert (await referral.task())["status"] == "cancelled"
    assert await kept(desk, referral) == "revoked"


async def test_request_sent_in_error_is_so_though_its_case_was_joined_l_5_1(
    desk: Desk, clock: Clock
) -> None:
    _, referral, _ = await joined(desk, clock)
    assert (await referral.put("entered-in-error")).status_code == 200
    assert await kept(desk, referral) == "entered-in-error"
