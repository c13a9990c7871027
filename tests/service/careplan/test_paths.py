"""A case from the commission's conclusion to its end, over HTTP, at exact cost."""

from datetime import date, timedelta

import pytest

from contracts.assessment import Proposal
from contracts.careplan import (
    CaseReopened,
    Decided,
    Enrolled,
    Outcome,
    PackageSubmitted,
    PlanAgreed,
    PlanDrafted,
    PlanningOpened,
    Refused,
    ServiceForm,
)
from contracts.citizen import CitizenErased
from contracts.complaints import Remedy
from contracts.intake import CaseClosed, CaseDeclined
from contracts.intake import CaseReopened as CaseResumed
from contracts.roles import Role
from contracts.values import SYSTEM
from tests.service.careplan.bureau import (
    CITIZEN,
    DAUGHTER,
    HANDOVER,
    MONDAY,
    NOTICE,
    ORGANIZER,
    PROVIDER,
    REFUSE,
    STRAIGHT,
    Bureau,
    Desk,
)
from tests.service.stack import AUTHORISED_BODY, until


async def test_straight_path_costs_one_write_a_step_and_one_publish_an_event(
    bureau: Bureau,
) -> None:
    """R 3.5–3.6.3: from the assessment to the order, whichever of the others speaks first."""
    desk = bureau.desk()
    async with bureau.costs(writes=1, published=0):
        await desk.documents()
    async with bureau.costs(writes=1, published=1):
        await desk.assessed()
    costs = [1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    for (role, action, body), published in zip(STRAIGHT, costs, strict=True):
        async with bureau.costs(writes=1, published=published):
            await desk.walk((role, action, body))
    await bureau.stack.spy.wait_for(Enrolled, desk.case_id)
    assert desk.published() == [
        "planning-opened",
        "plan-drafted",
        "plan-agreed",
        "programme-issued",
        "package-submitted",
        "decided",
        "contract-concluded",
        "enrolled",
    ]
    view = await desk.view()
    assert (view["status"], view["terms"], view["organizer"]) == ("enrolled", [], ORGANIZER)
    assert view["order"]["number"] == "П-21"
    assert view["contract"]["handed_over"] == HANDOVER


async def test_events_say_what_was_opened_and_closed_and_name_nobody(bureau: Bureau) -> None:
    """R 3.5.5, 3.6.5: terms travel in events; the daughter's name does not."""
    desk = await bureau.planning()
    await desk.walk(*STRAIGHT)
    spy = bureau.stack.spy
    enrolled = await spy.wait_for(Enrolled, desk.case_id)
    assert (enrolled.form, enrolled.level, enrolled.provider) == (ServiceForm.HOME, 2, PROVIDER)
    opened = await spy.wait_for(PlanningOpened, desk.case_id)
    agreed = await spy.wait_for(PlanAgreed, desk.case_id)
    submitted = await spy.wait_for(PackageSubmitted, desk.case_id)
    decided = await spy.wait_for(Decided, desk.case_id)
    terms = [opened.opened, agreed.closed, submitted.opened, decided.closed]
    codes = [[term.code for term in found] for found in terms]
    assert codes == [["care-plan"], ["care-plan"], ["decision"], ["decision"]]
    drafted = await spy.wait_for(PlanDrafted, desk.case_id)
    assert drafted.executors == (PROVIDER, "relative.1")
    of_case = [e for e in spy.envelopes if e.subject == desk.case_id]
    assert not any(DAUGHTER in envelope.model_dump_json() for envelope in of_case)


async def test_the_programme_is_shown_as_the_form_has_it(bureau: Bureau) -> None:
    """Order 874n: with the citizen's card, which is gone once the citizen was erased."""
    desk = await bureau.planning()
    await desk.registered()
    assert (await desk.get(Role.REGISTRAR, "/programme")).status_code == 404
    await desk.walk(*STRAIGHT[:6])
    response = await desk.get(Role.REGISTRAR, "/programme")
    assert response.headers["ETag"] == f'"{await desk.version()}"'
    form = response.json()
    assert form["citizen"] == CITIZEN.model_dump(mode="json")
    assert (form["number"], form["kind"], form["form"], form["level"]) == (
        "ИП-14/2026",
        "first",
        "home",
        2,
    )
    assert form["body"]["name"] == f"Организация {AUTHORISED_BODY}"
    assert form["recommended_providers"][0]["phones"] == ["+73845630001"]
    assert form["accompaniment"] == ["содействие в получении медицинской помощи"]
    (table,) = form["services"]
    assert (table["kind"], [row["minutes_per_week"] for row in table["rows"]]) == (
        "social_domestic",
        [135, 40],
    )
    await desk.citizen.tell(CitizenErased(by=SYSTEM))

    async def erased() -> bool:
        return await bureau.careplan.card_of(desk.citizen_id) is None

    await until(erased)
    form = (await desk.get(Role.REGISTRAR, "/programme")).json()
    assert (form["citizen"], form["number"]) == (None, "ИП-14/2026")


async def refused(bureau: Bureau) -> Desk:
    desk = await bureau.planning(Proposal.REFUSAL)
    await desk.walk(
        (Role.CARE_ORGANIZER, "package", None),
        (Role.AUTHORISED_BODY_HEAD, "decision", REFUSE),
        (Role.REGISTRAR, "refusal-notice", NOTICE),
    )
    return desk


async def test_refusal_path_ends_with_its_notice(bureau: Bureau) -> None:
    """R 3.4.8, 3.6.4: no plan; the notice is due in the term of the decision."""
    desk = await bureau.planning(Proposal.REFUSAL)
    view = await desk.view()
    assert (view["status"], view["missing_documents"], view["terms"]) == (
        "refusal_proposed",
        [],
        [],
    )
    await desk.walk((Role.CARE_ORGANIZER, "package", None))
    await desk.walk((Role.AUTHORISED_BODY_HEAD, "decision", REFUSE))
    (term,) = (await desk.view())["terms"]
    assert (term["code"], term["clause"], term["due_on"]) == (
        "refusal-notice",
        "R 3.6.4",
        "2026-03-05",
    )
    async with bureau.costs(writes=1, published=1):
        await desk.walk((Role.CARE_ORGANIZER, "refusal-notice", NOTICE))
    event = await bureau.stack.spy.wait_for(Refused, desk.case_id)
    assert (event.notice_number, event.grounds) == ("У-3", ("not_in_need",))
    view = await desk.view()
    assert (view["status"], view["terms"]) == ("refused", [])
    assert view["decisions"][0]["notice"]["sent_by"] == "post"
    # Intake closes the case because of this; that is nothing new here.
    await desk.tell(desk.intake, CaseClosed(by=SYSTEM, reason="refused"))
    assert (await desk.view())["status"] == "refused"


async def test_annulled_refusal_is_decided_anew(bureau: Bureau) -> None:
    """R 5.8: re-opened by the complaint, at the cost of one write and one event."""
    desk = await refused(bureau)
    async with bureau.costs(writes=1, published=0):
        await desk.remedied(f"K-other-{desk.case_id}", Remedy.ERROR_CORRECTED)
    assert (await desk.view())["status"] == "refused"
    complaint = f"K-{desk.case_id}"
    async with bureau.costs(writes=1, published=1):
        await desk.remedied(complaint)
    event = await bureau.stack.spy.wait_for(CaseReopened, desk.case_id)
    assert event.complaint_id == complaint
    assert [(term.code, term.started_at) for term in event.opened] == [
        ("decision", bureau.clock.now)
    ]
    view = await desk.view()
    assert (view["status"], view["decisions"][0]["annulled_by"]) == ("submitted", [complaint])
    enrol = {"outcome": "enrol", "form": "home"}
    response = await desk.post(Role.AUTHORISED_BODY_HEAD, "decision", enrol)
    assert (response.status_code, response.json()["code"]) == (422, "deviation-unexplained")
    await desk.walk(
        (Role.AUTHORISED_BODY_HEAD, "decision", {**enrol, "reasons": "Жалоба удовлетворена"}),
        *STRAIGHT[:6],
        *STRAIGHT[8:],
    )
    assert (await desk.view())["status"] == "enrolled"
    decided = await bureau.stack.spy.wait_for(Decided, desk.case_id, count=2)
    assert decided.outcome is Outcome.ENROL


async def test_the_citizen_declines_and_returns(bureau: Bureau) -> None:
    """R 3.3.7.2: nothing is due in between; the term begins anew."""
    desk = await bureau.planning()
    await desk.walk(STRAIGHT[0])
    async with bureau.costs(writes=1, published=0):
        await desk.tell(desk.intake, CaseDeclined(by=SYSTEM))
    view = await desk.view()
    assert (view["status"], view["terms"]) == ("declined", [])
    response = await desk.post(*STRAIGHT[1])
    assert (response.status_code, response.json()["code"]) == (409, "not-allowed-in-state")
    async with bureau.costs(writes=1, published=1):
        await desk.tell(desk.intake, CaseResumed(by=SYSTEM))
    view = await desk.view()
    assert (view["status"], [term["code"] for term in view["terms"]]) == (
        "drafted",
        ["care-plan"],
    )


async def test_an_executor_who_refuses_has_the_plan_drawn_up_anew(bureau: Bureau) -> None:
    """R 3.5.3, 3.5.4: the refused version is kept with the reason."""
    desk = await bureau.planning()
    await desk.walk(STRAIGHT[0])
    answer = {"executor": PROVIDER, "agreed": False, "reason": "Нет сиделок по пятницам"}
    async with bureau.costs(writes=1, published=0):
        await desk.walk((Role.PROVIDER, "plan/agreements", answer))
    response = await desk.post(*STRAIGHT[1])
    assert (response.status_code, response.json()["code"]) == (409, "plan-must-be-redrafted")
    await desk.walk(*STRAIGHT[:5])
    view = await desk.view()
    assert (view["status"], view["plan_version"]) == ("agreed", 2)
    assert view["plans"][0]["executors"][0]["reason"] == "Нет сиделок по пятницам"


@pytest.mark.parametrize("first", ["documents", "assessed"])
async def test_the_package_waits_for_whichever_comes_last(bureau: Bureau, first: str) -> None:
    """R 3.6.1: two services each bring their part, in either order."""
    desk = bureau.desk()
    if first == "documents":
        await desk.documents()
    await desk.assessed(Proposal.REFUSAL)
    if first == "assessed":
        response = await desk.post(Role.CARE_ORGANIZER, "package")
        problem = response.json()
        assert (response.status_code, problem["code"]) == (409, "package-incomplete")
        assert problem["detail"].endswith("medical_certificate, application")
        await desk.documents()
    await desk.walk((Role.CARE_ORGANIZER, "package", None))
    submitted = await bureau.stack.spy.wait_for(PackageSubmitted, desk.case_id)
    assert submitted.opened[0].started_at == bureau.clock.now


async def test_a_term_begins_with_its_event_however_late_it_is_heard(bureau: Bureau) -> None:
    """R 3.5.5: the commission concluded on Friday, though the message came on Monday."""
    desk = bureau.desk()
    concluded = MONDAY - timedelta(days=3)
    await desk.assessed(at=concluded)
    opened = await bureau.stack.spy.wait_for(PlanningOpened, desk.case_id)
    assert (opened.opened[0].started_at, opened.opened[0].due_on) == (concluded, date(2026, 3, 4))
