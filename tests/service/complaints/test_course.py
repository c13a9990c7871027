"""A complaint's course over HTTP: registered, decided, answered; with exact writes and events."""

from datetime import UTC, datetime, timedelta

from contracts.complaints import (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintRegistered,
    Remedy,
    RemedyOrdered,
    TermDueSoon,
    TermMissed,
)
from contracts.regulation import FIRST_PACK
from tests.service.complaints.conftest import CANARY, PARTS, Office, form
from tests.service.stack import AUTHORISED_BODY


async def test_satisfied_complaint_runs_to_its_answer_with_one_write_a_step(
    office: Office,
) -> None:
    case_id = await office.case()
    await office.refused(case_id)

    before = await office.settled()
    answer = await office.post("/complaints", form(case_id, ground="unlawful_refusal"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["Location"] == f"/complaints/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (made["status"], made["nameless"], list(made["due"])) == (
        "registered",
        False,
        ["complaint"],
    )
    registered = await office.stack.spy.wait_for(ComplaintRegistered, made["id"])
    assert (registered.case_id, registered.number) == (case_id, made["number"])
    assert registered.closed[0].met
    assert await office.grown(before) == (1, 1)

    shown = await office.get(f"/complaints/{made['id']}")
    assert shown.headers["ETag"] == '"1"'
    seen = shown.json()
    assert seen["case"]["decision"]["outcome"] == "refuse"
    assert seen["case"]["notice_number"] == "17-о"
    assert seen["citizen"]["family"] == "Зуева"
    assert seen["complainant"]["name"]["family"] == CANARY
    assert seen["regulation"] == FIRST_PACK

    before = await office.settled()
    decided = await office.decide(made, remedy="decision_annulled")
    assert decided.status_code == 200, decided.text
    assert decided.json()["events"] == [ComplaintDecided.type, RemedyOrdered.type]
    ordered = await office.stack.spy.wait_for(RemedyOrdered, made["id"])
    assert (ordered.remedy, ordered.case_id) == (Remedy.DECISION_ANNULLED, case_id)
    fact = await office.stack.spy.wait_for(ComplaintDecided, made["id"])
    assert [term.code for term in fact.closed] == ["complaint"]
    assert [term.code for term in fact.opened] == ["complaint-answer"]
    assert await office.grown(before) == (1, 2)

    before = await office.settled()
    body = {"parts": PARTS, "way": "post", "electronic_copy": "email"}
    answered = await office.post(f"/complaints/{made['id']}/answer", body, version=2)
    assert answered.status_code == 200, answered.text
    sent = await office.stack.spy.wait_for(ComplaintAnswered, made["id"])
    assert [(term.code, term.met) for term in sent.closed] == [("complaint-answer", True)]
    assert await office.grown(before) == (1, 1)

    final = (await office.get(f"/complaints/{made['id']}")).json()
    assert (final["status"], final["terms"]) == ("answered", [])
    assert final["answer"]["parts"] == PARTS
    assert final["decision"]["remedy"] == "decision_annulled"


async def test_refused_complaint_says_one_event(office: Office) -> None:
    made = await office.register()
    before = await office.settled()
    decided = await office.decide(
        made, outcome="refused", remedy=None, refusal_ground="court_decision"
    )
    assert decided.json()["events"] == [ComplaintDecided.type]
    await office.stack.spy.wait_for(ComplaintDecided, made["id"])
    assert await office.grown(before) == (1, 1)
    assert office.stack.spy.of(RemedyOrdered, subject=made["id"]) == []


async def test_events_of_others_cost_one_write_of_the_copy_and_no_event(office: Office) -> None:
    collections = office.complaints
    cases, citizens = collections.cases.counts.writes, collections.citizens.counts.writes
    before = await office.settled()
    case_id = await office.case()
    assert collections.cases.counts.writes - cases == 1
    assert collections.citizens.counts.writes - citizens == 1
    await office.refused(case_id)
    assert collections.cases.counts.writes - cases == 3
    assert await office.grown(before) == (0, 0)


async def test_r_5_3_complaint_registered_later_than_it_came_shows_it(office: Office) -> None:
    days_ago = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    made = await office.register(received_at=days_ago)
    registered = await office.stack.spy.wait_for(ComplaintRegistered, made["id"])
    assert [(term.code, term.met) for term in registered.closed] == [
        ("complaint-registration", False)
    ]


async def test_r_5_4_6_nameless_complaint_is_decided_but_not_answered(office: Office) -> None:
    made = await office.register(complainant=None)
    assert made["nameless"] is True
    decided = (await office.decide(made)).json()
    assert decided["due"] == {}
    answer = await office.post(
        f"/complaints/{made['id']}/answer", {"parts": PARTS, "way": "post"}, version=2
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "complaint-is-nameless")
    assert answer.json()["clause"] == "R 5.4.6"


async def test_r_5_6_no_route_suspends_the_term(office: Office) -> None:
    paths = (await office.http.get("/openapi.json")).json()["paths"]
    assert {path: sorted(kinds) for path, kinds in paths.items() if "complaints" in path} == {
        "/complaints": ["get", "post"],
        "/complaints/{complaint_id}": ["get"],
        "/complaints/{complaint_id}/decision": ["post"],
        "/complaints/{complaint_id}/answer": ["post"],
    }


async def test_r_5_5_term_is_said_due_soon_and_then_missed(office: Office) -> None:
    made = await office.register(ground="documents_not_accepted")
    [term] = (await office.get(f"/complaints/{made['id']}")).json()["terms"]
    assert (term["code"], term["length"]) == ("complaint-short", 5)
    try:
        office.times["now"] = datetime.fromisoformat(term["warn_at"])
        soon = await office.stack.spy.wait_for(TermDueSoon, made["id"])
        assert soon.institution == AUTHORISED_BODY
        assert office.stack.spy.of(TermMissed, subject=made["id"]) == []
        office.times["now"] = datetime.fromisoformat(term["due_at"])
        missed = await office.stack.spy.wait_for(TermMissed, made["id"])
        assert missed.term.code == "complaint-short"
        late = await office.decide(made | {"version": 3})  # each alarm was one write
        assert late.status_code == 200, late.text
        decided = await office.stack.spy.wait_for(ComplaintDecided, made["id"])
        assert [closed.met for closed in decided.closed] == [True]  # the very last moment
    finally:
        office.times.clear()
    assert len(office.stack.spy.of(TermDueSoon, TermMissed, subject=made["id"])) == 2


async def test_no_event_holds_personal_data(office: Office) -> None:
    made = await office.register()
    decided = (await office.decide(made)).json()
    body = {"parts": PARTS, "way": "in_person"}
    await office.post(f"/complaints/{made['id']}/answer", body, version=decided["version"])
    await office.stack.spy.wait_for(ComplaintAnswered, made["id"])
    said = [e.model_dump_json() for e in office.stack.spy.envelopes if "complaints" in e.stream]
    assert len(said) >= 4
    for event in said:
        assert CANARY not in event
        assert "+7384" not in event
        assert "canary@" not in event
