"""A full path arrives out of order and more than once; the register shows it whole."""

from __future__ import annotations

import asyncio
import random

import pytest

from contracts import citizen
from contracts.citizen import CITIZEN
from services.registry.domain.terms import TermState
from tests.service.registry.conftest import Register, path_of
from tests.service.stack import AUTHORISED_BODY, INSTITUTION
from tests.unit.registry.builders import (
    CARD,
    DAY,
    HOUR,
    MONDAY,
    careplan_of,
    envelopes,
    intake_of,
    read,
    ref_of,
    somebody,
)

OTHER = "r-institution-16"


async def test_shuffled_and_doubled_path_is_one_record_at_two_writes_an_event(
    register: Register,
) -> None:
    path = path_of("C0000000000000000000000000001001")
    again = random.Random(7).sample(path, 9)
    arriving = random.Random(11).sample(path + again, len(path) + len(again))
    before = register.writes()
    await register.hear(arriving)
    after = register.writes()
    assert after["cases"] - before["cases"] == len(path)
    assert after["log"] - before["log"] == len(arriving)  # a duplicate's insert is refused
    assert {name: after[name] - before[name] for name in ("citizens", "organizations")} == {
        "citizens": 0,
        "organizations": 0,
    }
    assert register.registry.service.bus.published == 0
    document = await register.registry.cases.get(path[0].subject)
    assert document is not None
    expected = read(document.id, path)
    assert document.state.model_dump_json() == expected.state.model_dump_json()
    assert document.parked == []
    shown = await register.get(f"/cases/{document.id}/positions")
    assert shown == {
        "id": document.id,
        "positions": dict(sorted(expected.streams.items())),
        "waiting": [],
    }
    assert sum(shown["positions"].values()) == len(path)


async def test_timeline_is_in_order_of_time_and_names_organizations(register: Register) -> None:
    path = path_of("C0000000000000000000000000001003")
    await register.hear(random.Random(3).sample(path, len(path)))
    case_id = path[0].subject
    whole = await register.get(f"/cases/{case_id}/timeline", "registrar", INSTITUTION)
    assert len(whole["items"]) == len(path)
    assert whole["next"] is None
    paged = await register.all(f"/cases/{case_id}/timeline?limit=5")
    assert paged == whole["items"]
    expected = sorted(path, key=lambda e: (e.time, e.stream, e.number))
    assert [(line["stream"], line["sequence"]) for line in paged] == [
        (e.stream, e.number) for e in expected
    ]
    assert paged[0]["who"] == {"role": "registrar", "organization": INSTITUTION}
    assert paged[0]["organization_name"].startswith("Комплексный центр")
    assert paged[-1]["title_ru"] == "По жалобе принято решение"
    assert "test:" not in str(paged)


async def test_event_of_a_newer_writer_is_a_line_and_holds_nothing_up(register: Register) -> None:
    told = intake_of(ref_of("C0000000000000000000000000001004")).envelopes()
    strange = told[2].model_copy(update={"type": "ru.opora.intake.case-weighed.v1"})
    await register.hear([told[0], told[1], strange, told[3]])
    lines = (await register.get(f"/cases/{strange.subject}/timeline"))["items"]
    assert [line["type"] for line in lines][2] == "ru.opora.intake.case-weighed.v1"
    assert lines[2]["title_ru"] == "intake.case-weighed.v1"
    positions = await register.get(f"/cases/{strange.subject}/positions")
    assert positions["positions"] == {strange.stream: 4}


async def test_gap_is_shown_until_it_is_filled(register: Register) -> None:
    told = intake_of(ref_of("C0000000000000000000000000001005")).envelopes()
    stream, case_id = told[0].stream, told[0].subject
    await register.hear([told[0], told[3], told[5]])
    shown = await register.get(f"/streams/{stream}")
    assert shown == {
        "stream": stream,
        "last": 6,
        "seen": 3,
        "gaps": [{"first": 2, "last": 3}, {"first": 5, "last": 5}],
    }
    positions = await register.get(f"/cases/{case_id}/positions")
    assert positions["positions"] == {stream: 1}
    assert [entry["event"] for entry in positions["waiting"]] == [told[3].id, told[5].id]
    assert (await register.get(f"/cases/{case_id}"))["waiting_events"] == 2
    await register.hear([told[1], told[2], told[4]])
    assert (await register.get(f"/streams/{stream}"))["gaps"] == []
    assert (await register.get(f"/cases/{case_id}/positions"))["waiting"] == []


async def test_case_shows_stage_turn_and_next_term(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000001006")
    await register.hear(intake_of(ref).envelopes() + careplan_of(ref).envelopes()[:1])
    register.clock.now = MONDAY + 6 * DAY
    answer = await register.http.get(
        f"/cases/{ref.case_id}", headers=register.stack.headers("care_organizer", INSTITUTION)
    )
    shown = answer.json()
    assert answer.headers["ETag"] == f'"{shown["version"]}"'
    assert (shown["stage"], shown["owner"], shown["turn"]) == (
        "planning",
        "careplan",
        "care_organizer",
    )
    assert shown["next_due"]["code"] == "care-plan"
    assert shown["next_due"]["state"] == "running"
    assert shown["next_due"]["due_on"] == "2026-03-25"
    assert shown["next_due"]["skipped"] == ["2026-03-21", "2026-03-22"]
    assert [term["state"] for term in shown["terms"]] == ["met", "met", "met", "running"]
    assert shown["organizer"] == "test.organizer-3"
    register.clock.now = MONDAY + 30 * DAY
    late = (await register.get(f"/cases/{ref.case_id}"))["next_due"]
    assert late["state"] == "late"
    assert late["late_by_seconds"] > 0


@pytest.mark.parametrize(
    ("role", "org", "expected"),
    [
        ("registry_reader", None, 200),
        ("operator", None, 200),
        ("specialist", INSTITUTION, 200),
        ("authorised_body_head", AUTHORISED_BODY, 200),
        ("complaint_officer", AUTHORISED_BODY, 200),
        ("registrar", OTHER, 404),
        ("registrar", None, 404),
    ],
)
@pytest.mark.parametrize("what", ["", "/timeline", "/timeline.html", "/positions"])
async def test_case_is_for_its_own_and_the_district_L_5_1(
    register: Register, what: str, role: str, org: str | None, expected: int
) -> None:
    case_id = "C0000000000000000000000000001007"
    if await register.registry.cases.get(case_id) is None:
        await register.hear(intake_of(ref_of(case_id)).envelopes()[:1])
    assert await register.status_of(f"/cases/{case_id}{what}", role, org) == expected


async def test_lists_show_own_cases_filtered_and_paged(register: Register) -> None:
    mine = [ref_of(f"C000000000000000000000000000200{n}", "r-institution-21") for n in range(5)]
    theirs = ref_of("C0000000000000000000000000002009", "r-institution-22", mine[0].citizen_id)
    for ref in [*mine, theirs]:
        await register.hear(intake_of(ref).envelopes()[:1])
    await register.hear(intake_of(mine[4]).envelopes())
    own = await register.get("/cases?limit=100", "registrar", "r-institution-21")
    assert sorted(case["id"] for case in own["items"]) == [ref.case_id for ref in mine]
    first = await register.get("/cases?limit=2&stage=registered", "registrar", "r-institution-21")
    then = await register.get(
        f"/cases?limit=2&stage=registered&cursor={first['next']}", "registrar", "r-institution-21"
    )
    listed = [case["id"] for case in first["items"] + then["items"]]
    assert listed == [ref.case_id for ref in mine[:4]]
    assert then["next"] is None
    of_citizen = await register.get(f"/cases?citizen_id={mine[0].citizen_id}")
    assert {case["id"] for case in of_citizen["items"]} == {mine[0].case_id, theirs.case_id}
    foreign = await register.get("/cases?institution=r-institution-22", "registrar", OTHER)
    assert foreign["items"] == []
    body = await register.get(
        "/cases?institution=r-institution-22", "authorised_body_head", AUTHORISED_BODY
    )
    assert [case["id"] for case in body["items"]] == [theirs.case_id]
    for role in ("authorised_body_head", "complaint_officer"):
        path = "/cases?limit=100&stage=registered"
        whole = await register.get(path, role, AUTHORISED_BODY)
        assert {mine[0].case_id, theirs.case_id} <= {case["id"] for case in whole["items"]}
        assert (await register.get(path, role, OTHER))["items"] == []


async def test_terms_are_listed_by_how_the_earliest_stands(register: Register) -> None:
    institution = "r-institution-31"
    early, late = (
        ref_of("C0000000000000000000000000003001", institution),
        ref_of("C0000000000000000000000000003002", institution),
    )
    await register.hear(intake_of(early).envelopes()[:1])
    await register.hear(intake_of(late, MONDAY + 2 * DAY).envelopes()[:1])
    over = careplan_of(ref_of("C0000000000000000000000000003003", institution)).envelopes()
    await register.hear(over)
    term = (await register.get(f"/cases/{early.case_id}"))["next_due"]
    assert term["due_on"] == "2026-03-17"

    async def listed(state: str, **more: str) -> list[str]:
        path = f"/terms?state={state}&institution={institution}"
        return [case["id"] for case in (await register.get(path, **more))["items"]]

    both = [early.case_id, late.case_id]
    register.clock.now = MONDAY + HOUR
    assert [await listed(s) for s in ("running", "due_soon", "late")] == [both, [], []]
    register.clock.now = MONDAY + DAY
    assert [await listed(s) for s in ("running", "due_soon", "late")] == [both, [early.case_id], []]
    register.clock.now = MONDAY + 3 * DAY
    assert [await listed(s) for s in ("running", "due_soon", "late")] == [
        both,
        [late.case_id],
        [early.case_id],
    ]
    register.clock.now = MONDAY + 30 * DAY
    page = await register.get(f"/terms?state=late&institution={institution}&limit=1")
    assert [term["state"] for term in page["items"][0]["terms"]] == ["late"]
    assert page["items"][0]["owner"] == "intake"
    rest = await register.get(
        f"/terms?state=late&institution={institution}&limit=1&cursor={page['next']}"
    )
    assert [case["id"] for case in rest["items"]] == [late.case_id]
    foreign = await register.get(
        f"/terms?state=late&institution={institution}", "registrar", INSTITUTION
    )
    assert foreign["items"] == []
    wrong = await register.http.get(
        "/terms?state=met", headers=register.stack.headers("registry_reader", None)
    )
    assert wrong.status_code == 422


async def test_citizen_is_one_record_with_card_and_cases_L_5_1(register: Register) -> None:
    ref = ref_of("C0000000000000000000000000004001")
    told = envelopes(
        CITIZEN,
        ref.citizen_id,
        [(citizen.CitizenRegistered(by=somebody("registrar"), card=CARD), MONDAY)],
    )
    before = register.writes()
    await register.hear(told + intake_of(ref).envelopes())
    after = register.writes()
    assert (after["citizens"] - before["citizens"], after["log"] - before["log"]) == (1, 7)
    path = f"/citizens/{ref.citizen_id}"
    shown = await register.get(path, "specialist", INSTITUTION)
    assert shown["card"]["name"]["family"] == "Кузнецова"
    assert [case["id"] for case in shown["cases"]] == [ref.case_id]
    assert await register.status_of(path, "specialist", OTHER) == 404
    assert await register.status_of("/citizens/P9", "registry_reader", None) == 404


async def test_joined_citizens_are_one_record_whichever_is_asked_for_L_5_1(
    register: Register,
) -> None:
    first = ref_of("C0000000000000000000000000004101")
    other = ref_of("C0000000000000000000000000004102", OTHER)
    who = {"survivor": first.citizen_id, "joined": other.citizen_id, "pair": "P-P"}
    by = somebody("registrar")
    for ref in (first, other):
        told = [
            (citizen.CitizenRegistered(by=by, card=CARD), MONDAY),
            (citizen.CitizensJoined(by=by, **who), MONDAY + HOUR),
        ]
        await register.hear(envelopes(CITIZEN, ref.citizen_id, told))
        await register.hear(intake_of(ref).envelopes())
    for asked in (first, other):
        shown = await register.get(f"/citizens/{asked.citizen_id}")
        assert (shown["id"], shown["joined"]) == (first.citizen_id, [other.citizen_id])
        assert [case["id"] for case in shown["cases"]] == [first.case_id, other.case_id]
        theirs = await register.get(f"/citizens/{asked.citizen_id}", "specialist", OTHER)
        assert [case["id"] for case in theirs["cases"]] == [other.case_id]
    parted = {"survivor": first.citizen_id, "parted": other.citizen_id, "pair": "P-P"}
    for ref in (first, other):
        event = (citizen.CitizensParted(by=by, **parted), MONDAY + 2 * HOUR)
        three = envelopes(CITIZEN, ref.citizen_id, [event] * 3)
        await register.hear(three[2:])
    shown = await register.get(f"/citizens/{other.citizen_id}")
    assert (shown["id"], shown["joined"]) == (other.citizen_id, [])


async def test_summary_counts_what_the_records_hold(register: Register) -> None:
    cases = [document async for document in register.registry.cases.each()]
    summary = await register.registry.figures._count()
    assert summary.cases == len(cases)
    assert sum(summary.by_stage.values()) == len(cases)
    log = await register.all("/events?limit=100")
    assert summary.events + summary.events_waiting == len(log)
    (line,) = [i for i in summary.institutions if i.institution == "r-institution-31"]
    assert (line.cases, line.open, line.with_late_terms) == (3, 2, 2)
    (named,) = [i for i in summary.institutions if i.institution == INSTITUTION]
    assert named.name is not None
    shown = await register.get("/summary", "operator")
    assert shown["cases"] == len(cases)
    assert shown["terms"]["late"] == summary.terms[TermState.LATE] > 0


async def test_figures_asked_for_often_are_counted_rarely(register: Register) -> None:
    figures = register.registry.figures
    figures._until = 0.0
    first, *others = await asyncio.gather(*(figures.summary() for _ in range(5)))
    assert all(other is first for other in others)
    figures._until = 0.0
    assert await figures.summary() is not first


async def test_timeline_page_is_served_to_print(register: Register) -> None:
    path = path_of("C0000000000000000000000000005001")
    await register.hear(path)
    answer = await register.http.get(
        f"/cases/{path[0].subject}/timeline.html",
        headers=register.stack.headers("registrar", INSTITUTION),
    )
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.count("<tr>") == len(path) + 1
    assert "Комплексный центр" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
