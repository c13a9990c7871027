"""Tasks: found, followed through every state, withdrawn by their sender (L 2.2, L 5.1; K 3)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contracts import assessment, careplan
from contracts.assessment import CommissionConvened
from contracts.careplan import Decided, Outcome, ServiceForm
from contracts.event import Event
from contracts.intake import CaseClosed
from contracts.referral import ReferralWithdrawn
from contracts.values import SYSTEM
from services.intake.api.fhir_metadata import INTERACTIONS
from services.intake.api.fhir_search import SEARCHED
from tests.service.intake.bodies import (
    ADVICE,
    DECLINE,
    answers_of,
    new_bundle,
    new_citizen,
    new_referral,
)
from tests.service.intake.desk import HOSPITAL, OTHER_HOSPITAL, Clock, Desk
from tests.service.intake.twins import compared, moved
from tests.service.stack import until

HOSPITALS = "medical_organization"
SNILS = "https://fhir.ru/ig/core/systems/snils"


class Referral:
    """A hospital's referral that is followed."""

    def __init__(self, desk: Desk, task_id: str, case_id: str, org: str) -> None:
        self.desk, self.id, self.case_id, self.org = desk, task_id, case_id, org

    async def get(self, rest: str = "", **headers: str) -> httpx.Response:
        known = self.desk.stack.headers(HOSPITALS, self.org) | headers
        return await self.desk.http.get(f"/fhir/Task/{self.id}{rest}", headers=known)

    async def task(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get()).json()
        return found

    async def put(
        self, status: str, reason: str | None = "Направлено ошибочно", **changed: Any
    ) -> httpx.Response:
        """Change the present Task to this."""
        headers = self.desk.stack.headers(HOSPITALS, changed.pop("org", self.org))
        present = await self.get()
        headers["If-Match"] = changed.pop("if_match", present.headers["etag"])
        task = present.json() | {"status": status} | changed
        if reason is not None:
            task["statusReason"] = {"text": reason}
        return await self.desk.http.put(f"/fhir/Task/{self.id}", json=task, headers=headers)


async def pushed(desk: Desk, bundle: dict[str, Any] | None = None, org: str = HOSPITAL) -> Referral:
    answered = await desk.push(bundle or new_bundle(), org=org)
    task_id = answered.json()["entry"][3]["response"]["location"].split("/")[1]
    entry = await desk.intake.journal.get(task_id)
    assert entry is not None
    assert entry.state.placed is not None
    return Referral(desk, task_id, entry.state.placed.case_id, org)


async def triage(desk: Desk, referral: Referral, code: str = "initial_assessment") -> None:
    await desk.act(referral.case_id, "answers", answers_of())
    await desk.act(referral.case_id, "triage", {"code": code, "reason": "так"}, "urgent_head")


async def hear(desk: Desk, referral: Referral, kind: str, event: Event, status: str) -> None:
    await desk.stack.story(kind, referral.case_id).tell(event)

    async def there() -> bool:
        return bool(
            (await referral.task()).get("businessStatus", {}) != {}
            and ((await referral.task())["businessStatus"]["coding"][0]["code"] == status)
        )

    await until(there)


async def test_referral_goes_through_its_states_and_each_is_a_version_l_2_2(desk: Desk) -> None:
    referral = await pushed(desk)
    await desk.settle()
    first = await referral.get()
    assert first.headers["etag"] == 'W/"1"'
    assert first.headers["last-modified"].endswith("GMT")
    await triage(desk, referral)
    await desk.settle()
    await desk.surveyed(referral.case_id)
    await desk.settle()
    until = {"think_until": (desk.intake.now().date() + timedelta(days=3)).isoformat()}
    await desk.act(referral.case_id, "decline", {**DECLINE, **until}, "specialist")
    await desk.settle()
    held = await referral.task()
    assert held["status"] == "on-hold"
    assert held["statusReason"]["text"] == "Гражданин обдумывает предложенное"
    await desk.act(referral.case_id, "reopening", role="specialist")
    await desk.settle()
    decided = (
        Decided(by=SYSTEM, outcome=Outcome.ENROL, form=ServiceForm.HOME, reasons="решено")
        if "reasons" in Decided.model_fields
        else Decided(by=SYSTEM, outcome=Outcome.ENROL, form=ServiceForm.HOME)
    )
    await hear(desk, referral, careplan.CASE, decided, "decision")
    await desk.settle()
    history = (await referral.get("/_history")).json()
    assert (history["type"], history["total"]) == ("history", 6)
    states = [
        (e["resource"]["status"], e["resource"].get("businessStatus", {}).get("coding", [{}])[0])
        for e in reversed(history["entry"])
    ]
    assert [(status, stage.get("code")) for status, stage in states] == [
        ("received", None),
        ("accepted", None),
        ("in-progress", "survey"),
        ("on-hold", "thinking-over"),
        ("in-progress", "survey"),
        ("in-progress", "decision"),
    ]
    times = [entry["resource"]["lastModified"] for entry in reversed(history["entry"])]
    assert times == sorted(times)
    for entry in history["entry"]:
        version = entry["resource"]["meta"]["versionId"]
        one = await referral.get(f"/_history/{version}")
        assert one.headers["etag"] == entry["response"]["etag"] == f'W/"{version}"'
        assert one.json() == entry["resource"]
    assert (await referral.get("/_history/99")).status_code == 404


async def test_commission_is_a_stage(desk: Desk) -> None:
    referral = await pushed(desk)
    await triage(desk, referral)
    event = CommissionConvened(
        by=SYSTEM, seats=("chair",), meeting_at="2026-02-09T03:00:00Z", independent_members=0
    )  # type: ignore[arg-type]
    await hear(desk, referral, assessment.CASE, event, "commission")


async def test_what_the_caller_has_is_not_sent_again_304(desk: Desk) -> None:
    referral = await pushed(desk)
    await desk.settle()
    first = await referral.get()
    again = await referral.get(**{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    since = await referral.get(**{"If-Modified-Since": first.headers["last-modified"]})
    assert since.status_code == 304
    await triage(desk, referral)
    changed = await referral.get(**{"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')


async def search(desk: Desk, query: str, org: str = HOSPITAL) -> dict[str, Any]:
    answered = await desk.get(f"/fhir/Task?{query}", HOSPITALS, org=org)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


def ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


async def test_own_referral_is_found_by_its_number_the_moment_it_was_pushed(desk: Desk) -> None:
    bundle = new_bundle()
    number = bundle["entry"][2]["resource"]["identifier"][0]["value"]
    referral = await pushed(desk, bundle)
    query = f"identifier=urn:oid:2.25.1|{number}"
    found = await search(desk, query)
    assert (found["type"], ids(found)) == ("searchset", [referral.id])
    assert found["entry"][0]["search"] == {"mode": "match"}
    assert ids(await search(desk, query, org=OTHER_HOSPITAL)) == []
    assert ids(await search(desk, f"{query}&status=completed")) == []
    assert ids(await search(desk, f"focus=ServiceRequest/{referral.id}")) == [referral.id]
    assert ids(await search(desk, f"_id={referral.id}", org=OTHER_HOSPITAL)) == []


async def test_changes_are_polled_page_by_page(desk: Desk) -> None:
    await desk.settle()
    first = await pushed(desk, org=OTHER_HOSPITAL)
    await desk.settle()
    since = (await first.task())["meta"]["lastUpdated"].replace("+", "%2B")
    others = [await pushed(desk, org=OTHER_HOSPITAL) for _ in range(3)]
    await desk.settle()
    expected = [first.id, *(other.id for other in others)]
    seen: list[str] = []
    query = f"_lastUpdated=ge{since}&_count=2"
    while query:
        found = await search(desk, query, org=OTHER_HOSPITAL)
        assert len(ids(found)) <= 2
        seen += ids(found)
        links = {link["relation"]: link["url"] for link in found["link"]}
        assert links["self"]
        query = urlsplit(links["next"]).query if "next" in links else ""
    assert sorted(seen) == sorted(expected)
    assert ids(await search(desk, f"_lastUpdated=gt{since}", org=OTHER_HOSPITAL))
    assert ids(await search(desk, "_lastUpdated=lt2020-01-01", org=OTHER_HOSPITAL)) == []
    await triage(desk, first)
    await desk.settle()
    accepted = await search(desk, "status=accepted,completed", org=OTHER_HOSPITAL)
    assert ids(accepted) == [first.id]
    assert first.id not in ids(await search(desk, "status=received", org=OTHER_HOSPITAL))


async def test_last_change_comes_first_where_it_is_asked_for(desk: Desk) -> None:
    await desk.settle()
    made = [await pushed(desk, org=OTHER_HOSPITAL) for _ in range(3)]
    await desk.settle()
    oldest = ids(await search(desk, "_count=100", org=OTHER_HOSPITAL))
    assert {one.id for one in made} <= set(oldest)
    seen: list[str] = []
    query = "_sort=-_lastUpdated&_count=1&status=received,accepted"
    while query and len(seen) < 3:
        found = await search(desk, query, org=OTHER_HOSPITAL)
        seen += ids(found)
        links = {link["relation"]: link["url"] for link in found["link"]}
        assert "_sort=-_lastUpdated" in links["self"]
        query = urlsplit(links["next"]).query if "next" in links else ""
    assert seen == [one for one in reversed(oldest) if one in seen]
    assert seen[0] == oldest[-1]
    by_name = await search(
        desk, f"_sort=-_lastUpdated&_id={','.join(oldest)}&_count=100", org=OTHER_HOSPITAL
    )
    assert ids(by_name) == oldest[::-1]


async def test_order_there_is_none_of_is_not_said_to_be_kept(desk: Desk) -> None:
    found = await search(desk, "_sort=status&_count=1")
    assert "_sort" not in found["link"][0]["url"]
    headers = desk.stack.headers(HOSPITALS, HOSPITAL) | {"Prefer": "handling=strict"}
    strict = await desk.http.get("/fhir/Task?_sort=status", headers=headers)
    assert strict.json()["issue"][0]["expression"] == ["_sort"]
    assert strict.status_code == 400
    plain = await desk.http.get("/fhir/Task?_sort=_lastUpdated", headers=headers)
    assert plain.status_code == 200


async def test_commas_are_or_and_what_is_repeated_is_and(desk: Desk) -> None:
    bundles = [new_bundle(), new_bundle("МО,1")]
    one, other = [await pushed(desk, bundle) for bundle in bundles]
    number = bundles[0]["entry"][2]["resource"]["identifier"][0]["value"]
    first, second = f"urn:oid:2.25.1|{number}", "urn:oid:2.25.1|МО\\,1"
    both = await search(desk, f"identifier={first},{second}")
    assert sorted(ids(both)) == sorted([one.id, other.id])
    assert ids(await search(desk, f"identifier={second}")) == [other.id]
    assert ids(await search(desk, f"identifier={first}&identifier={second}")) == []
    assert ids(await search(desk, f"identifier={first},{second}&identifier={first}")) == [one.id]
    assert ids(await search(desk, f"_id={one.id}&status=received&status=completed")) == []
    await desk.settle()
    people = [(await known.task())["for"]["reference"] for known in (one, other)]
    assert sorted(ids(await search(desk, f"patient={','.join(people)}"))) == sorted(ids(both))
    assert ids(await search(desk, f"patient={people[0]}&patient={people[1]}")) == []


async def test_person_narrows_what_is_asked_for_by_number(desk: Desk) -> None:
    referral = await pushed(desk)
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    form = {"patient.identifier": f"{SNILS}|10689744900", "_id": referral.id}
    found = await desk.http.post("/fhir/Task/_search", data=form, headers=headers)
    assert ids(found.json()) == []


async def test_snils_stands_in_no_address_and_is_searched_by_a_form(desk: Desk) -> None:
    bundle = new_bundle()
    bundle["entry"][0]["resource"]["identifier"] = [{"system": SNILS, "value": "10689744900"}]
    referral = await pushed(desk, bundle)
    await desk.settle()
    for query in (f"patient.identifier={SNILS}|10689744900", f"identifier={SNILS}|10689744900"):
        refused = await desk.get(f"/fhir/Task?{query}", HOSPITALS, org=HOSPITAL)
        assert refused.status_code == 400
        assert "POST /fhir/Task/_search" in refused.text
        assert "10689744900" not in refused.text
    for org, expected in ((HOSPITAL, [referral.id]), (OTHER_HOSPITAL, [])):
        headers = desk.stack.headers(HOSPITALS, org)
        form = {"patient.identifier": f"{SNILS}|106-897-449 00"}
        found = await desk.http.post("/fhir/Task/_search", data=form, headers=headers)
        assert ids(found.json()) == expected
        assert "10689744900" not in found.text
        assert "106-897" not in found.text
    patient = (await referral.task())["for"]["reference"]
    assert ids(await search(desk, f"patient={patient}")) == [referral.id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("identifier=12", "identifier"),
        ("status=ready-ish", "status"),
        ("_lastUpdated=вчера", "_lastUpdated"),
        ("_lastUpdated=ge2026-02-30", "_lastUpdated"),
        ("_count=0", "_count"),
        ("_count=many", "_count"),
        ("status:not=received", "status:not"),
        (f"_id={','.join(str(n) for n in range(51))}", "_id"),
        ("_count=1&_id=a,b", "_id"),
        ("_count=1&identifier=a|1,a|2", "identifier"),
    ],
)
async def test_wrong_search_is_refused_by_its_parameter(desk: Desk, query: str, field: str) -> None:
    answered = await desk.get(f"/fhir/Task?{query}", HOSPITALS, org=HOSPITAL)
    assert answered.status_code == 400
    assert answered.json()["issue"][0]["expression"] == [field]


async def test_unknown_parameter_is_passed_over_unless_strictness_is_asked_for(
    desk: Desk,
) -> None:
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    url = "/fhir/Task?colour=red"
    assert (await desk.http.get(url, headers=headers)).status_code == 200
    strict = await desk.http.get(url, headers=headers | {"Prefer": "handling=strict"})
    assert strict.status_code == 400


async def test_withdrawn_referral_closes_the_case_that_rests_on_it_alone_l_5_1(
    desk: Desk,
) -> None:
    referral = await pushed(desk)
    answered = await referral.put("cancelled")
    assert answered.status_code == 200, answered.text
    assert answered.json()["status"] == "cancelled"
    assert answered.json()["statusReason"]["text"] == "Направлено ошибочно"
    assert answered.headers["etag"] == 'W/"2"'
    withdrawn = await desk.stack.spy.wait_for(ReferralWithdrawn, referral.case_id)
    assert (withdrawn.requester, withdrawn.case_goes_on) == (HOSPITAL, False)
    assert "Направлено" not in withdrawn.model_dump_json()
    closed = await desk.stack.spy.wait_for(CaseClosed, referral.case_id)
    assert closed.reason == "referral_withdrawn"
    case = await desk.case(referral.case_id)
    assert (case["status"], case["closed_for"]) == ("closed", "referral_withdrawn")
    assert case["withdrawals"][referral.id]["reason"] == "Направлено ошибочно"
    request = await desk.get(f"/fhir/ServiceRequest/{referral.id}", HOSPITALS, org=HOSPITAL)
    assert request.json()["status"] == "revoked"
    again = await referral.put("cancelled")
    assert (again.status_code, again.headers["etag"]) == (200, 'W/"2"')


async def test_triaged_case_goes_on_and_the_institution_sees_the_withdrawal(desk: Desk) -> None:
    referral = await pushed(desk)
    await triage(desk, referral)
    answered = await referral.put("entered-in-error", "Другой человек")
    assert answered.json()["status"] == "entered-in-error"
    case = await desk.case(referral.case_id)
    assert case["status"] == "triaged"
    assert case["withdrawals"][referral.id]["in_error"] is True
    await desk.act(referral.case_id, "decline", DECLINE)
    assert (await referral.task())["status"] == "entered-in-error"


def about(citizen: dict[str, Any]) -> dict[str, Any]:
    """A hospital's referral of a citizen."""
    bundle = new_bundle()
    patient = bundle["entry"][0]["resource"]
    patient["name"] = [{"family": citizen["name"]["family"], "given": [citizen["name"]["given"]]}]
    patient["birthDate"] = citizen["birth_date"]
    patient["address"] = [{"text": citizen["address"]["text"]}]
    return bundle


async def test_case_whose_further_referral_is_withdrawn_is_due_from_then_on_r_3_1_6_b(
    desk: Desk,
) -> None:
    citizen = new_citizen()
    case_id = (await desk.register(new_referral(citizen=citizen)))["case_id"]
    await desk.act(case_id, "answers", answers_of())
    advice = {"code": "consultation", "reason": "нужен совет"}
    await desk.act(case_id, "triage", advice, "urgent_head")
    referral = await pushed(desk, about(citizen))
    assert (await desk.case(case_id))["worklist"]["worklist"] == "further_referral"
    assert (await referral.put("cancelled")).status_code == 200
    place = (await desk.case(case_id))["worklist"]
    assert (place["worklist"], place["next_term"]["clause"]) == ("consultation", "ours")
    assert datetime.fromisoformat(place["next_term"]["due_at"]) > desk.intake.now()


async def test_joined_referral_is_followed_in_the_case_that_goes_on_l_5_1_l_2_2(
    desk: Desk, clock: Clock
) -> None:
    citizen = new_citizen()
    own = await desk.register(new_referral(citizen=citizen))
    await desk.act(own["case_id"], "answers", answers_of())
    clock.forward(seconds=5)
    referral = await pushed(desk, about(moved(citizen)))
    assert referral.case_id != own["case_id"]
    await triage(desk, referral)
    await desk.settle()
    assert (await referral.task())["status"] == "accepted"
    await compared(desk, clock)
    younger = await desk.intake.cases.get(referral.case_id)
    assert younger is not None
    pair = "-".join(sorted((own["citizen_id"], younger.state.reference.citizen_id)))
    found = f"/citizen-pairs/{pair}"
    version = (await desk.get(found)).json()["version"]
    same = {"decision": "same", "reason": "сверено с паспортом"}
    assert (await desk.post(f"{found}/decision", same, version=version)).status_code == 200
    shown = [(await referral.task())["status"]]
    await desk.settle()
    shown.append((await referral.task())["status"])
    history = (await referral.get("/_history")).json()["entry"]
    assert shown == ["accepted", "accepted"]  # though the elder case is not triaged yet
    assert "joined" not in str(history)
    assert (await referral.put("cancelled")).json()["status"] == "cancelled"
    assert referral.id in (await desk.case(own["case_id"]))["withdrawals"]


async def test_citizens_own_referral_stands_when_the_hospital_withdraws_l_5_1(desk: Desk) -> None:
    citizen = new_citizen()
    own = await desk.register(new_referral(citizen=citizen))
    referral = await pushed(desk, about(citizen))
    assert referral.case_id == own["case_id"]
    assert (await referral.put("cancelled")).status_code == 200
    withdrawn = await desk.stack.spy.wait_for(ReferralWithdrawn, referral.case_id)
    assert withdrawn.case_goes_on
    assert (await desk.case(referral.case_id))["status"] == "registered"


@pytest.mark.parametrize(
    ("status", "changed", "code", "field", "answer"),
    [
        ("completed", {}, "transition-not-the-requesters", "Task.status", 409),
        ("accepted", {}, "transition-not-the-requesters", "Task.status", 409),
        ("draft", {}, "transition-forbidden", "Task.status", 409),
        ("unknown", {}, "invalid-resource", "Task.status", 422),
        ("cancelled", {"priority": "stat"}, "not-the-requesters-to-change", "Task.priority", 422),
        ("cancelled", {"owner": {"reference": "Organization/x"}},
         "not-the-requesters-to-change", "Task.owner", 422),
        ("received", {"focus": {"reference": "ServiceRequest/x"}},
         "not-the-requesters-to-change", "Task.focus", 422),
        ("cancelled", {"id": "J-other"}, "invalid-resource", "Task.id", 422),
        ("cancelled", {"resourceType": "Patient"}, "invalid-resource", "resourceType", 422),
        ("cancelled", {"if_match": 'W/"7"'}, "stale-version", "If-Match", 412),
    ],
)  # fmt: skip
async def test_any_other_change_is_refused_and_changes_nothing(
    desk: Desk, status: str, changed: dict[str, Any], code: str, field: str, answer: int
) -> None:
    referral = await pushed(desk)
    await desk.settle()
    before = await desk.stored()
    refused = await referral.put(status, **changed)
    assert refused.status_code == answer
    (issue,) = refused.json()["issue"]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue["expression"] == [field]
    if answer == 409:
        assert f"from received to {status}" in issue["diagnostics"]
    assert await desk.stored() == before


async def test_withdrawal_says_why_and_names_the_version(desk: Desk) -> None:
    referral = await pushed(desk)
    silent = await referral.put("cancelled", None)
    assert silent.json()["issue"][0]["expression"] == ["Task.statusReason.text"]
    headers = desk.stack.headers(HOSPITALS, HOSPITAL)
    bare = await desk.http.put(f"/fhir/Task/{referral.id}", json={}, headers=headers)
    assert bare.status_code == 428
    assert bare.json()["issue"][0]["code"] == "required"


async def test_completed_referral_is_not_cancelled_and_both_states_are_named(desk: Desk) -> None:
    referral = await pushed(desk)
    await triage(desk, referral, "consultation")
    await desk.act(referral.case_id, "consultation", ADVICE)
    refused = await referral.put("cancelled")
    assert refused.status_code == 409
    assert "from completed to cancelled" in refused.text


async def test_two_withdrawals_at_once_are_one(desk: Desk) -> None:
    referral = await pushed(desk)
    await desk.settle()
    answered = await asyncio.gather(*(referral.put("cancelled") for _ in range(4)))
    assert {one.status_code for one in answered} <= {200, 412}
    assert any(one.status_code == 200 for one in answered)
    await desk.settle()
    await desk.stack.spy.wait_for(ReferralWithdrawn, referral.case_id)
    told = desk.stack.spy.of(ReferralWithdrawn, subject=referral.case_id)
    assert len(told) == 1


async def test_rejected_referral_says_why(desk: Desk) -> None:
    referral = await pushed(desk)
    await desk.act(referral.case_id, "closing", {"reason": "wrong_person"}, "urgent_head")
    task = await referral.task()
    assert task["status"] == "rejected"
    assert task["statusReason"]["coding"][0]["code"] == "wrong-person"


async def test_everything_that_is_declared_is_served_and_the_other_way_round(desk: Desk) -> None:
    """The CapabilityStatement against the routes, and each of its parameters against a search."""
    declared = (await desk.get("/fhir/metadata", HOSPITALS)).json()
    assert declared["fhirVersion"] == "4.0.1"
    (rest,) = declared["rest"]
    said = {
        (one["type"], interaction["code"])
        for one in rest["resource"]
        for interaction in one["interaction"]
    }
    assert said == {(kind, code) for kind, codes in INTERACTIONS.items() for code in codes}
    paths = desk.app.openapi()["paths"]
    served = {
        ("" if path == "/fhir" else path.removeprefix("/fhir/"), method)
        for path, methods in paths.items()
        if path.startswith("/fhir")
        for method in methods
    }
    expected = {("", "post"), ("metadata", "get"), ("{kind}/{kept_id}", "get")}
    ways = {
        "create": ("{}", "post"),
        "update": ("{}/{{id}}", "put"),
        "read": ("{}/{{id}}", "get"),
        "vread": ("{}/{{id}}/_history/{{version_id}}", "get"),
        "history-instance": ("{}/{{id}}/_history", "get"),
        "search-type": ("{}", "get"),
    }
    kept = {kind for kind in INTERACTIONS if kind not in
            {"Task", "ServiceRequest", "Bundle", "Binary"}}  # fmt: skip
    for kind, code in said:
        if kind not in kept:
            path, method = ways[code]
            expected.add((path.format(kind), method))
    expected.add(("Task/_search", "post"))
    names = ("task_id", "service_request_id", "bundle_id", "binary_id")
    plain = {(path if "kind" in path else _plain(path, names), method) for path, method in served}
    assert plain == expected
    task = next(one for one in rest["resource"] if one["type"] == "Task")
    assert {one["name"] for one in task["searchParam"]} == set(SEARCHED)
    headers = desk.stack.headers(HOSPITALS, HOSPITAL) | {"Prefer": "handling=strict"}
    for one in task["searchParam"]:
        value = {"identifier": "urn:x|1", "status": "received", "_lastUpdated": "ge2026-01-01"}
        url = f"/fhir/Task?{one['name']}={value.get(one['name'], 'x')}"
        assert (await desk.http.get(url, headers=headers)).status_code == 200, url


def _plain(path: str, names: tuple[str, ...]) -> str:
    for name in names:
        path = path.replace(f"{{{name}}}", "{id}")
    return path
