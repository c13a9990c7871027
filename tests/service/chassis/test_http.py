"""HTTP: who may call, what is refused and how, and which ids travel on into the events."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis.frame import MAX_BODY_BYTES
from chassis.settings import ServiceSettings
from chassis.tracing import TRACEPARENT
from contracts.envelope import Envelope
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import (
    Broker,
    Keys,
    make_settings,
    running,
    until,
)
from tests.service.chassis.sample import GUEST, EchoService, Sample, fresh

CANARY = "Канарейкина"
PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class Caller:
    """A client that sends what every call needs, and what a test changes."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: Any = None, **headers: str | None) -> httpx.Response:
        sent: dict[str, str | None] = {
            **self.headers,
            "Idempotency-Key": fresh("k"),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        if isinstance(body, bytes) or hasattr(body, "__aiter__"):
            kept.setdefault("Content-Type", "application/json")
            return await self.http.post(path, content=body, headers=kept)
        return await self.http.post(path, json=body, headers=kept)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={**self.headers, **headers})

    async def made(self, **fields: Any) -> str:
        answer = await self.post("/things", {"name": "Стол", **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture(scope="module")
def module_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    made = Keys(tmp_path_factory.mktemp("keys") / "jwks.json")
    made.add("k1")
    return made


@pytest.fixture(scope="module")
async def http(servers: ServerUrls, module_keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all tests that leave it as they found it."""
    sample = Sample(make_settings(servers, module_keys), fresh("maker"), reads=())
    async with running(sample.app) as client:
        yield client


@pytest.fixture
def keys(module_keys: Keys) -> Keys:
    return module_keys


@pytest.fixture
def anna(http: httpx.AsyncClient, keys: Keys) -> Caller:
    return Caller(http, keys.token(subject=fresh("anna")))


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:opora:problem:{code}"
    assert problem["correlation_id"] == answer.headers["X-Correlation-ID"]
    return problem


async def test_made_thing_is_shown_with_its_etag(anna: Caller) -> None:
    made = await anna.post("/things", {"name": "Стол"})
    assert made.json()["events"] == ["ru.opora.sample.thing-made.v1"]
    assert made.headers["ETag"] == '"1"'
    shown = await anna.get(f"/things/{made.json()['id']}")
    assert (shown.status_code, shown.headers["ETag"]) == (200, '"1"')


async def test_call_without_a_token_is_not_authenticated(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = await http.get("/things", headers=headers)
        is_problem(answer, 401, "token-missing")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": int(time.time()) - 100}, "token-expired"),
        ({"aud": "other"}, "invalid-token"),
        ({"iss": "urn:other"}, "invalid-token"),
        ({"nbf": int(time.time()) + 10**6}, "invalid-token"),
        ({"header": {"typ": "id+jwt"}}, "invalid-token"),
        ({"header": {"kid": "k9"}}, "invalid-token"),
    ],
)
async def test_token_that_does_not_hold_is_not_authenticated(
    http: httpx.AsyncClient, keys: Keys, claims: dict[str, Any], code: str
) -> None:
    is_problem(await Caller(http, keys.token(**claims)).get("/things"), 401, code)


async def test_wrong_role_and_foreign_district_are_forbidden(
    http: httpx.AsyncClient, keys: Keys
) -> None:
    guest = Caller(http, keys.token(GUEST))
    assert (await guest.get("/things")).status_code == 200
    is_problem(await guest.post("/things", {"name": "x"}), 403, "role-required")
    foreign = Caller(http, keys.token(district="kemerovo"))
    is_problem(await foreign.get("/things"), 403, "foreign-district")


async def test_somebody_elses_thing_answers_exactly_like_a_missing_one(
    anna: Caller, http: httpx.AsyncClient, keys: Keys
) -> None:
    thing_id = await anna.made()
    vera = Caller(http, keys.token(subject="vera"))
    answers = []
    for path in (f"/things/{thing_id}", "/things/t404"):
        for answer in (
            await vera.get(path, **{"X-Correlation-ID": "r1"}),
            await vera.post(f"{path}/rename", {"name": "x"}, If_Match='"1"', X_Correlation_ID="r1"),
        ):
            is_problem(answer, 404, "not-found")
            answers.append((answer.text, sorted(answer.headers.items() - {})))
    bodies = {text for text, _ in answers}
    assert len(bodies) == 1


async def test_two_keys_live_during_rotation(
    servers: ServerUrls, keys: Keys, http: httpx.AsyncClient
) -> None:
    keys.add("k2")
    for key_id in ("k1", "k2", "k1"):
        assert (await Caller(http, keys.token(key_id=key_id)).get("/things")).status_code == 200
    withdrawn = keys.token(key_id="k2")
    keys.remove("k2")
    is_problem(await Caller(http, withdrawn).get("/things"), 401, "invalid-token")


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_post_without_idempotency_key_is_malformed(anna: Caller, key: str | None) -> None:
    answer = await anna.post("/things", {"name": "x"}, Idempotency_Key=key)
    problem = is_problem(answer, 400, "idempotency-key-required")
    assert problem["errors"][0]["field"] == "Idempotency-Key"


async def test_repeated_post_gets_the_same_answer_and_another_body_is_refused(
    anna: Caller,
) -> None:
    first = await anna.post("/things", {"name": "Стол"}, Idempotency_Key="one")
    again = await anna.post("/things", {"name": "Стол"}, Idempotency_Key="one")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await anna.post("/things", {"name": "Стул"}, Idempotency_Key="one")
    is_problem(other, 422, "idempotency-key-reused")


async def test_same_idempotency_key_of_another_caller_is_another_request(
    anna: Caller, http: httpx.AsyncClient, keys: Keys
) -> None:
    vera = Caller(http, keys.token(subject=fresh("vera")))
    first = await anna.post("/things", {"name": "x"}, Idempotency_Key="one")
    other = await vera.post("/things", {"name": "x"}, Idempotency_Key="one")
    assert first.json()["id"] != other.json()["id"]


async def test_change_without_if_match_is_refused(anna: Caller) -> None:
    answer = await anna.post(f"/things/{await anna.made()}/rename", {"name": "x"})
    is_problem(answer, 428, "if-match-required")


@pytest.mark.parametrize("header", ["*", "x", '""', 'W/"1"', "²".encode(), "9" * 5000, "-1"])
async def test_if_match_that_is_no_etag_is_malformed(anna: Caller, header: Any) -> None:
    answer = await anna.post(f"/things/{await anna.made()}/rename", {"name": "x"}, If_Match=header)
    is_problem(answer, 400, "invalid-if-match")


async def test_change_on_a_stale_version_is_refused(anna: Caller) -> None:
    path = f"/things/{await anna.made()}/rename"
    changed = await anna.post(path, {"name": "Стул"}, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    is_problem(await anna.post(path, {"name": "x"}, If_Match='"1"'), 412, "stale-version")


async def test_refusal_by_the_domain_carries_code_clause_and_field(anna: Caller) -> None:
    path = f"/things/{await anna.made()}/rename"
    conflict = is_problem(
        await anna.post(path, {"name": "Стол"}, If_Match='"1"'), 409, "name-unchanged"
    )
    assert conflict["clause"] == "S 1"
    wrong = is_problem(await anna.post(path, {"name": "wrong"}, If_Match='"1"'), 422, "name-wrong")
    assert wrong["errors"] == [
        {"field": "body.name", "code": "name-wrong", "detail": "not this one"}
    ]


async def test_taken_unique_value_is_a_conflict(anna: Caller) -> None:
    code = fresh("c")
    await anna.made(code=code)
    answer = await anna.post("/things", {"name": "x", "code": code})
    assert code not in json.dumps(is_problem(answer, 409, "already-exists"))


async def test_invalid_input_names_every_field_and_repeats_no_value(anna: Caller) -> None:
    answer = await anna.post("/things", {"name": [CANARY], "size": CANARY, "secret": CANARY})
    problem = is_problem(answer, 422, "invalid-input")
    assert {error["field"] for error in problem["errors"]} == {
        "body.name",
        "body.size",
        "body.secret",
    }
    assert CANARY not in json.dumps(problem, ensure_ascii=False)
    assert CANARY not in answer.text


async def test_tag_of_a_choice_is_not_repeated_either(anna: Caller) -> None:
    answer = await anna.post("/things/shaped", {"shape": {"kind": CANARY}})
    assert CANARY not in is_problem(answer, 422, "invalid-input")["errors"][0]["detail"]
    answer = await anna.post("/things/shaped", {"shape": {"kind": "tagged", "tag": CANARY}})
    assert CANARY[0] not in is_problem(answer, 422, "invalid-input")["errors"][0]["detail"]


async def test_unknown_field_is_refused(anna: Caller) -> None:
    problem = is_problem(
        await anna.post("/things", {"name": "x", "colour": CANARY}), 422, "invalid-input"
    )
    assert [error["field"] for error in problem["errors"]] == ["body.colour"]
    assert CANARY not in json.dumps(problem, ensure_ascii=False)


async def test_body_that_is_no_json_is_malformed(anna: Caller) -> None:
    answer = await anna.post("/things", f'{{"name": {CANARY}'.encode())
    assert CANARY not in json.dumps(is_problem(answer, 400, "malformed-json"))


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b'{"name": "x", "size": 1, "size": 2}', "body.size", "name_twice"),
        (b'{"name": "x", "size": NaN}', "body.size", "no_number"),
        (b'{"name": "x", "size": 1e999}', "body.size", "no_number"),
        (b'{"name": "x\\u0000"}', "body.name", "no_text"),
        (b'{"name": [[], ["x\\u001b"]]}', "body.name.1.0", "no_text"),
        (b'{"name": "x", "\\ud800": 1}', "body", "no_text"),
        (b'{"name": "\\ud800"}', "body.name", "no_text"),
        (b'{"name": {"name": 1, "name": 2}}', "body.name.name", "name_twice"),
        (b'[{"name": "x", "name": "x"}]', "body.0.name", "name_twice"),
        (b"[null, -Infinity, null]", "body.1", "no_number"),
    ],
)
async def test_body_that_can_be_read_in_two_ways_is_refused_where_it_can(
    anna: Caller, body: bytes, field: str, code: str
) -> None:
    problem = is_problem(await anna.post("/things", body), 422, "invalid-input")
    assert [(wrong["field"], wrong["code"]) for wrong in problem["errors"]] == [(field, code)]


async def test_text_of_any_letters_with_tabs_and_breaks_is_taken(anna: Caller) -> None:
    body = b'{"name": "\\ud83d\\ude00 \\u0421\\t\\r\\n \xe2\x80\x8f", "size": 1}'
    assert (await anna.post("/things", body)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "x"}'.encode("utf-16"),
        b'{"name": "\xff"}',
        b'{"name": "x", "size": ' + b"9" * 5000 + b"}",
        b'{"name": ' + b"[" * 20000 + b"]" * 20000 + b"}",
    ],
)
async def test_body_that_cannot_be_read_is_malformed(anna: Caller, body: bytes) -> None:
    is_problem(await anna.post("/things", body), 400, "malformed-json")


@pytest.mark.parametrize("size", ['"1"', "1.0", "true", "1.5", "null", '""', "[]"])
async def test_number_is_a_number(anna: Caller, size: str) -> None:
    body = f'{{"name": "x", "size": {size}}}'.encode()
    problem = is_problem(await anna.post("/things", body), 422, "invalid-input")
    assert [(wrong["field"], wrong["code"]) for wrong in problem["errors"]] == [
        ("body.size", "int_type")
    ]


async def test_deep_body_and_long_number_are_refused_by_their_field(anna: Caller) -> None:
    deep = b'{"name": ' + b"[" * 300 + b"]" * 300 + b"}"
    problem = is_problem(await anna.post("/things", deep), 422, "invalid-input")
    assert [wrong["field"] for wrong in problem["errors"]] == ["body.name"]
    long = b'{"name": "x", "size": ' + b"9" * 4000 + b"}"
    problem = is_problem(await anna.post("/things", long), 422, "invalid-input")
    assert [wrong["field"] for wrong in problem["errors"]] == ["body.size"]


async def test_body_over_one_megabyte_is_refused_by_its_announced_length(anna: Caller) -> None:
    is_problem(await anna.post("/things", b"x" * (MAX_BODY_BYTES + 1)), 413, "body-too-large")


async def test_body_over_one_megabyte_is_refused_when_it_comes_in_pieces(anna: Caller) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 65536
            yield b" " * 65536

    is_problem(await anna.post("/things", pieces()), 413, "body-too-large")


async def test_body_of_just_one_megabyte_is_read(anna: Caller) -> None:
    body = b'{"name": "x"}'
    padded = body + b" " * (MAX_BODY_BYTES - len(body))
    assert (await anna.post("/things", padded)).status_code == 201


@pytest.mark.parametrize("length", ["-1", "x", "²".encode("latin-1"), "9" * 40])
async def test_nonsensical_length_is_refused(anna: Caller, length: Any) -> None:
    is_problem(await anna.post("/things", b"{}", Content_Length=length), 413, "body-too-large")


async def test_unknown_path_and_wrong_method_are_problems_too(anna: Caller) -> None:
    is_problem(await anna.get("/nothing"), 404, "not-found")
    answer = await anna.http.delete("/things", headers=anna.headers)
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"]


async def test_defect_is_a_problem_with_the_callers_correlation_id(anna: Caller) -> None:
    answer = await anna.post(
        f"/things/{await anna.made()}/rename",
        {"name": "defect"},
        If_Match='"1"',
        X_Correlation_ID="r-77",
    )
    is_problem(answer, 500, "internal-error")
    assert answer.headers["X-Correlation-ID"] == "r-77"


async def test_list_gives_every_item_once_page_by_page(anna: Caller) -> None:
    made = [await anna.made(size=size) for size in (5, 1, 3, 3, 3, 9)]
    seen, cursor = [], ""
    while cursor is not None:
        page = (await anna.get(f"/things?limit=2{cursor and '&cursor='}{cursor}")).json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(made)
    assert seen[0] == made[1]
    assert seen[-1] == made[-1]
    for limit in (0, 101, -1):
        is_problem(await anna.get(f"/things?limit={limit}"), 422, "invalid-input")


@pytest.mark.parametrize(
    "position",
    [
        "5",
        "[]",
        '["things.size", 1, 2]',
        '["things.size", null, "t1"]',
        '["things.size", 99999999999999999999, "t1"]',
        '["things.size", {"$gt": 0}, "t1"]',
        '["things.size", true, "t1"]',
        '["things.size", 1.5, "t1"]',
        '["things.size", 1, "2026-03-01"]',
        '["things.size", "\\ud800", "t1"]',
        '["things.size", 1, "t1", 2]',
        '["things.name", 1, "t1"]',
        '[1, "t1"]',
        "no json",
    ],
)
async def test_cursor_that_was_tampered_with_is_refused(anna: Caller, position: str) -> None:
    cursor = base64.urlsafe_b64encode(position.encode()).decode()
    is_problem(await anna.get(f"/things?cursor={cursor}"), 422, "invalid-cursor")


@pytest.mark.parametrize("cursor", ["x", "!!", "%C3%A9", "%ED%A0%80", "%00"])
async def test_cursor_that_is_none_is_refused(anna: Caller, cursor: str) -> None:
    is_problem(await anna.get(f"/things?cursor={cursor}"), 422, "invalid-cursor")


async def test_ids_of_the_caller_travel_into_the_event(anna: Caller, broker: Broker) -> None:
    queue = await broker.listen("sample.#")
    answer = await anna.post(
        "/things",
        {"name": "x"},
        X_Correlation_ID="r-1",
        X_Request_ID="q-1",
        traceparent=PARENT,
    )
    assert answer.headers["X-Correlation-ID"] == "r-1"
    assert answer.headers["X-Request-ID"] == "q-1"
    event = await heard(broker, queue, answer.json()["id"])
    assert (event.correlationid, event.causationid) == ("r-1", "q-1")
    assert event.traceparent == PARENT


@pytest.mark.parametrize("unfit", ["a b", "x" * 300, "<script>", "é".encode("latin-1"), ""])
async def test_malformed_ids_are_replaced_before_they_reach_the_event(
    anna: Caller, broker: Broker, unfit: Any
) -> None:
    queue = await broker.listen("sample.#")
    answer = await anna.post(
        "/things", {"name": "x"}, X_Correlation_ID=unfit, X_Request_ID=unfit, traceparent=unfit
    )
    assert answer.status_code == 201
    event = await heard(broker, queue, answer.json()["id"])
    assert event.correlationid == answer.headers["X-Correlation-ID"] != unfit
    assert event.causationid == event.correlationid
    assert TRACEPARENT.fullmatch(event.traceparent or "")


async def heard(broker: Broker, queue: Any, subject: str) -> Envelope:
    """The event of this thing; other tests' things may be published late, too."""
    found: list[Envelope] = []

    async def came() -> bool:
        bodies = await broker.taken(queue, 0)
        events = [Envelope.model_validate_json(body) for body in bodies]
        found.extend(event for event in events if event.subject == subject)
        return bool(found)

    await until(came)
    return found[0]


async def test_health_and_metrics_need_no_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/live")).status_code == 200

    async def all_is_there() -> bool:
        ready = await http.get("/health/ready")
        found = ready.json()
        return (ready.status_code, found["store"], found["broker"]) == (200, True, True)

    # deleting the queue of the test before may have cost this service its connection for a moment
    await until(all_is_there)
    page = await http.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(page.text)}
    operations = {
        (s.labels["collection"], s.labels["operation"])
        for s in families["opora_store_operations"].samples
    }
    assert ("things", "writes") in operations
    assert {"opora_events", "opora_events_published", "opora_http_responses"} <= families.keys()


async def test_description_is_complete_and_problems_have_their_shape(
    http: httpx.AsyncClient,
) -> None:
    described = (await http.get("/openapi.json")).json()
    assert {"Problem", "WrongField", "CommandReceipt", "NewThing"} <= described["components"][
        "schemas"
    ].keys()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
    make = described["paths"]["/things"]["post"]
    assert make["security"]
    assert "Idempotency-Key" in {p["name"].title() for p in make["parameters"]}
    assert "security" not in described["paths"]["/health/live"]["get"]


async def test_store_that_is_away_is_a_503_and_the_caller_may_repeat(
    servers: ServerUrls, keys: Keys
) -> None:
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="200") as (proxy, url):
        sample = Sample(make_settings(servers, keys, mongo_url=url), fresh("maker"), reads=())
        async with running(sample.app) as http:
            anna = Caller(http, keys.token())
            proxy.shut()
            answer = await anna.post("/things", {"name": "x"}, Idempotency_Key="one")
            is_problem(answer, 503, "store-unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            ready = await http.get("/health/ready")
            assert (ready.status_code, ready.json()["store"]) == (503, False)
            assert (await http.get("/health/live")).status_code == 200
            await proxy.start()

            async def made_at_last() -> bool:
                again = await anna.post("/things", {"name": "x"}, Idempotency_Key="one")
                return again.status_code == 201

            await until(made_at_last)
            assert len(await sample.things.find({})) == 1


async def test_broker_that_is_away_keeps_no_command_and_shows_in_readiness(
    servers: ServerUrls, keys: Keys, broker: Broker
) -> None:
    """Writes go on, the outbox holds; once the broker is there the events leave."""
    queue = await broker.listen("sample.#")
    async with proxied(servers.amqp_url) as (proxy, url):
        proxy.shut()
        sample = Sample(make_settings(servers, keys, amqp_url=url), fresh("maker"), reads=())
        async with running(sample.app, ready=False) as http:
            ready = await http.get("/health/ready")
            assert (ready.status_code, ready.json()["broker"]) == (503, False)
            thing_id = await Caller(http, keys.token()).made()
            await asyncio.sleep(0.2)
            await proxy.start()
            event = await heard(broker, queue, thing_id)
            assert event.number == 1


async def test_service_starts_before_its_store_and_waits_for_it(
    servers: ServerUrls, keys: Keys
) -> None:
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="100") as (proxy, url):
        proxy.shut()
        sample = Sample(make_settings(servers, keys, mongo_url=url), fresh("maker"), reads=())
        starting = asyncio.create_task(_start(sample, keys))
        await asyncio.sleep(0.3)
        assert not starting.done()
        await proxy.start()
        assert (await starting).startswith("t")


async def _start(sample: Sample, keys: Keys) -> str:
    async with running(sample.app) as http:
        return await Caller(http, keys.token()).made()


async def test_shutdown_lets_the_last_event_leave(
    settings: ServiceSettings, keys: Keys, broker: Broker
) -> None:
    """When the shutdown begins nobody can hear the event yet; a moment later somebody can."""
    sample = Sample(settings, fresh("maker"), reads=())

    queue = await broker.listen("sample.nothing")
    async with running(sample.app) as http:
        thing_id = await Caller(http, keys.token()).made()
        listening = asyncio.create_task(queue.bind("opora.events", "sample.#"))
    await listening
    event = await heard(broker, queue, thing_id)
    assert event.number == 1


async def test_two_applications_in_one_process_do_not_mix(
    settings: ServiceSettings, keys: Keys, broker: Broker
) -> None:
    first, second = Sample(settings, fresh("maker"), reads=()), EchoService(settings, fresh("echo"))
    await broker.remove(second.service.name)
    async with running(first.app) as http, running(second.app) as other:
        assert (await http.get("/health/live")).json()["service"] == first.service.name
        assert (await other.get("/health/live")).json()["service"] == second.service.name
        assert (await other.get("/things")).status_code == 404
