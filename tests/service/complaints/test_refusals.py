"""What the API refuses: bad input, wrong callers, stale versions, other people's records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service.complaints.conftest import (
    CANARY,
    COMPLAINANT,
    DEPARTMENT,
    MFC,
    OTHER_BODY,
    OTHER_INSTITUTION,
    PARTS,
    PROVIDER,
    Office,
    form,
)
from tests.service.stack import AUTHORISED_BODY, INSTITUTION

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"ground": "bad_weather"}, "unknown-ground", "ground"),
        ({"received_at": TOMORROW}, "received-in-future", "received_at"),
        (
            {"received_at": "0001-01-01T00:00:00+14:00"},
            "received-before-the-regulation",
            "received_at",
        ),
        ({"received_at": "2026-03-02T12:00"}, "invalid-input", "body.received_at"),
        ({"channel": "phone"}, "invalid-input", "body.channel"),
        ({"body": None}, "complaint-field-missing", "body"),
        ({"body": "r-nowhere"}, "unknown-body", "body"),
        ({"body": PROVIDER}, "not-a-body-of-the-service", "body"),
        ({"decision_or_action": None}, "complaint-field-missing", "decision_or_action"),
        ({"arguments": None}, "complaint-field-missing", "arguments"),
        ({"arguments": " "}, "invalid-input", "body.arguments"),
        ({"arguments": "я" * 4001}, "invalid-input", "body.arguments"),
        (
            {"complainant": COMPLAINANT | {"address": None}},
            "complaint-field-missing",
            "complainant.address",
        ),
        (
            {"complainant": COMPLAINANT | {"phone": CANARY}},
            "invalid-input",
            "body.complainant.phone",
        ),
        (
            {"representative": {"name": {"family": CANARY, "given": "Пётр"}}},
            "authority-unproven",
            "representative.proof",
        ),
        ({"suspended": True}, "invalid-input", "body.suspended"),
        ({"official": {"salary": 1}}, "invalid-input", "body.official.salary"),
    ],
)
async def test_bad_complaint_is_refused_by_the_field(
    office: Office, changes: dict[str, Any], code: str, field: str
) -> None:
    before = await office.settled()
    answer = await office.post("/complaints", form(await office.case(), **changes))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert [wrong["field"] for wrong in problem["errors"]] == [field]
    assert CANARY not in answer.text
    assert await office.grown(before) == (0, 0)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"outcome": "postponed"}, "invalid-input", "body.outcome"),
        ({"remedy": None}, "remedy-missing", "remedy"),
        ({"remedy": "decision_annulled"}, "no-refusal-to-annul", "remedy"),
        ({"outcome": "refused"}, "remedy-not-due", "remedy"),
        ({"refusal_ground": "court_decision"}, "refusal-ground-not-due", "refusal_ground"),
        ({"reasons": ""}, "invalid-input", "body.reasons"),
        ({"term": "paused"}, "invalid-input", "body.term"),
    ],
)
async def test_bad_decision_is_refused_by_the_field(
    office: Office, body: dict[str, Any], code: str, field: str
) -> None:
    made = await office.register()
    before = await office.settled()
    answer = await office.decide(made, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]
    assert await office.grown(before) == (0, 0)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (
            {"parts": {code: text for code, text in PARTS.items() if code != "appeal"}},
            "answer-part-missing",
            "parts.appeal",
        ),
        ({"parts": PARTS | {"greeting": "Уважаемая"}}, "unknown-answer-part", "parts"),
        ({"way": "email"}, "invalid-input", "body.way"),
        ({"electronic_copy": "fax"}, "invalid-input", "body.electronic_copy"),
    ],
)
async def test_bad_answer_is_refused_by_the_field(
    office: Office, body: dict[str, Any], code: str, field: str
) -> None:
    made = await office.register()
    decided = (await office.decide(made)).json()
    answer = await office.post(
        f"/complaints/{made['id']}/answer",
        {"parts": PARTS, "way": "post"} | body,
        version=decided["version"],
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_action_out_of_its_state_is_refused(office: Office) -> None:
    made = await office.register()
    early = await office.post(
        f"/complaints/{made['id']}/answer", {"parts": PARTS, "way": "post"}, version=1
    )
    assert (early.status_code, early.json()["code"]) == (409, "not-allowed-in-state")
    await office.decide(made)
    twice = await office.decide(made | {"version": 2})
    assert (twice.status_code, twice.json()["code"]) == (409, "not-allowed-in-state")


async def test_change_names_its_version_and_its_key(office: Office) -> None:
    made = await office.register()
    path = f"/complaints/{made['id']}/decision"
    body = {"outcome": "satisfied", "remedy": "other", "reasons": "Срок нарушен"}
    unversioned = await office.post(path, body)
    assert (unversioned.status_code, unversioned.json()["code"]) == (428, "if-match-required")
    stale = await office.post(path, body, version=7)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    headers = office.stack.headers("complaint_officer", AUTHORISED_BODY)
    del headers["Idempotency-Key"]
    keyless = await office.http.post("/complaints", json=form(made["id"]), headers=headers)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-required")


async def test_repeated_decision_gets_the_first_answer(office: Office) -> None:
    made = await office.register()
    path = f"/complaints/{made['id']}/decision"
    body = {"outcome": "satisfied", "remedy": "money_returned", "reasons": "Плата не положена"}
    first = await office.post(path, body, version=1, key=f"d-{made['id']}")
    before = await office.settled()
    again = await office.post(path, body, version=1, key=f"d-{made['id']}")
    assert (again.status_code, again.text) == (200, first.text)
    assert await office.grown(before) == (0, 0)


@pytest.mark.parametrize(
    ("role", "org", "status"),
    [
        ("complaint_officer", AUTHORISED_BODY, 201),
        ("registrar", INSTITUTION, 201),
        ("complaint_officer", DEPARTMENT, 201),
        ("complaint_officer", OTHER_BODY, 404),
        ("registrar", OTHER_INSTITUTION, 404),
        ("registrar", None, 404),
    ],
)
async def test_who_may_register_a_complaint(
    office: Office, role: str, org: str | None, status: int
) -> None:
    answer = await office.post("/complaints", form(await office.case()), role=role, org=org)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("role", "org", "status"),
    [
        ("complaint_officer", AUTHORISED_BODY, 200),
        ("authorised_body_head", AUTHORISED_BODY, 200),
        ("registrar", INSTITUTION, 200),
        ("institution_director", INSTITUTION, 200),
        ("complaint_officer", DEPARTMENT, 200),
        ("complaint_officer", MFC, 200),
        ("complaint_officer", OTHER_BODY, 404),
        ("registrar", OTHER_INSTITUTION, 404),
        ("complaint_officer", None, 404),
    ],
)
async def test_who_may_read_a_complaint(
    office: Office, role: str, org: str | None, status: int
) -> None:
    made = await office.register(body=MFC)
    answer = await office.get(f"/complaints/{made['id']}", role=role, org=org)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("role", "org", "status", "code"),
    [
        ("complaint_officer", AUTHORISED_BODY, 200, None),
        ("complaint_officer", DEPARTMENT, 200, None),
        ("complaint_officer", INSTITUTION, 403, "not-the-examining-body"),
        ("complaint_officer", MFC, 403, "not-the-examining-body"),
        ("complaint_officer", OTHER_BODY, 404, "not-found"),
    ],
)
async def test_r_5_5_who_may_decide(
    office: Office, role: str, org: str, status: int, code: str | None
) -> None:
    made = await office.register(body=MFC)
    body = {"outcome": "satisfied", "remedy": "other", "reasons": "Обоснованна"}
    path = f"/complaints/{made['id']}/decision"
    answer = await office.post(path, body, role=role, org=org, version=1)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_r_5_4_1_official_complained_of_does_not_decide(office: Office) -> None:
    made = await office.register(official={"account": "kc:petrova"})
    body = {"outcome": "refused", "reasons": "Не согласна"}
    path = f"/complaints/{made['id']}/decision"
    own = await office.post(path, body, version=1, subject="kc:petrova")
    assert (own.status_code, own.json()["code"]) == (403, "official-complained-of")
    other = await office.post(path, body, version=1, subject="kc:ivanova")
    assert other.status_code == 200


async def test_r_5_4_1_head_who_refused_does_not_decide_on_the_complaint_of_it(
    office: Office,
) -> None:
    case_id = await office.case()
    await office.refused(case_id)
    made = await office.register(case_id, ground="unlawful_refusal")
    body = {"outcome": "refused", "reasons": "Отказ верен"}
    path = f"/complaints/{made['id']}/decision"
    own = await office.post(path, body, version=1, subject="test:authorised_body_head")
    assert (own.status_code, own.json()["code"]) == (403, "official-complained-of")
