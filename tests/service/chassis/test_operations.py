"""What an operator does to a service: everything recorded, repeatable, and nothing done twice."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from chassis.document import Document, Parked
from chassis.health import MOST
from chassis.letters import Letters
from chassis.queues import DeadMessage
from chassis.settings import ServiceSettings
from chassis.watchdog import SWEEP_SECONDS
from contracts.roles import Role
from tests.service.chassis.conftest import Broker, Keys, running, until
from tests.service.chassis.sample import ECHO_HANDLERS, Echo, EchoService, ThingRenamed, fresh
from tests.service.chassis.test_consumer import made, renamed, send
from tests.service.chassis.test_http import Caller
from tests.service.stack import settled

WHY = {"reason": "Разобрались, обработчик исправлен"}


def mended(echo: Any, event: ThingRenamed, at: Any) -> list[Any]:
    echo.names.append(event.name)
    return []


class Desk(Caller):
    """An operator at one running echo service."""

    def __init__(self, http: httpx.AsyncClient, token: str, echo: EchoService) -> None:
        super().__init__(http, token)
        self.echo = echo

    async def names(self, subject: str) -> list[str]:
        document = await self.echo.echoes.get(subject)
        return document.state.names if document else []

    async def applied(self, number: int) -> None:
        """So many events took effect, and what was said of them has left."""
        await until(lambda: self.echo.service.consumer.tally.applied >= number)
        await self.echo.service.relay.drain()

    async def blocked(self, subject: str) -> None:
        async def is_blocked() -> bool:
            document = await self.echo.echoes.get(subject)
            return document is not None and document.blocked and len(document.parked) == 2

        await until(is_blocked)

    async def mend(self, action: str, subject: str, event: str, **more: Any) -> httpx.Response:
        path = f"/operations/parked/echoes/{subject}/{action}"
        return await self.post(f"{path}?event={event}", more.pop("body", WHY), **more)

    async def parked(self, limit: int = 50) -> list[dict[str, Any]]:
        """What is set aside, page by page."""
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = (await self.get(f"/operations/parked?limit={limit}&after={after}")).json()
            assert len({entry["document"] for entry in page["items"]}) <= limit
            found += page["items"]
            after = page["next"]
        return found

    async def interventions(self) -> list[dict[str, Any]]:
        answered = await self.get("/operations/interventions")
        found: list[dict[str, Any]] = answered.json()["items"]
        return found


@asynccontextmanager
async def desk_of(echo: EchoService, keys: Keys) -> AsyncIterator[Desk]:
    async with running(echo.app) as http:
        yield Desk(http, keys.token(Role.OPERATOR, subject="oksana"), echo)


@pytest.fixture
async def name(broker: Broker) -> str:
    chosen = fresh("echo")
    await broker.remove(chosen)
    await broker.listen("echo.#")
    return chosen


@pytest.fixture
async def poisoned(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> AsyncIterator[tuple[Desk, str]]:
    """A service with a document that an event failed in; two more wait behind it."""
    subject = fresh("t")
    async with desk_of(EchoService(settings, name), keys) as desk:
        await send(broker, made(1, subject), renamed(2, subject, "poison"), made(3, subject))
        await desk.blocked(subject)
        yield desk, subject


async def test_parked_events_are_listed_with_reason_and_what_they_wait_for(
    poisoned: tuple[Desk, str],
) -> None:
    desk, subject = poisoned
    ours = [entry for entry in await desk.parked() if entry["document"] == subject]
    assert [(entry["event"], entry["reason"]) for entry in ours] == [
        (f"sample.thing.{subject}:2", "thing-is-poison"),
        (f"sample.thing.{subject}:3", None),
    ]
    assert {entry["waits_for"] for entry in ours} == {f"sample.thing.{subject}:2"}
    assert ours[0]["attempts"] == 1
    assert ours[0]["traceparent"]
    assert "poison" not in str([{**entry, "reason": ""} for entry in ours])
    standing = (await desk.get("/operations/standing")).json()
    assert standing["standing"]["blocked"] >= 1
    assert standing["queues"][f"{desk.echo.service.name}.inbox"] is not None


async def test_everything_set_aside_is_listed_however_much_it_is(
    poisoned: tuple[Desk, str], broker: Broker
) -> None:
    desk, subject = poisoned
    others = [fresh("t") for _ in range(3)]
    for other in others:
        await send(broker, made(1, other), renamed(2, other, "poison"), made(3, other))
        await desk.blocked(other)
    whole = [entry["event"] for entry in await desk.parked()]
    assert [entry["event"] for entry in await desk.parked(limit=1)] == whole
    ours = {f"sample.thing.{one}:{number}" for one in (subject, *others) for number in (2, 3)}
    assert ours <= set(whole)
    assert len(set(whole)) == len(whole)
    wrong = await desk.get("/operations/parked?after=nothing/T1")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query.after")


@pytest.mark.parametrize("action", ["retry", "skip"])
async def test_deed_whose_outcome_was_not_kept_is_known_as_done_when_it_is_asked_again(
    poisoned: tuple[Desk, str], action: str
) -> None:
    """P7: the process died after the deed and before its outcome was stored."""
    desk, subject = poisoned
    event, key = f"sample.thing.{subject}:2", fresh("k")
    await desk.mend("skip", subject, event, Idempotency_Key=key)
    (kept,) = [deed async for deed in desk.echo.service.interventions.each()]
    kept.state.outcome = None
    await desk.echo.service.interventions.save(kept)
    again = await desk.mend("skip", subject, event, Idempotency_Key=key)
    assert (again.status_code, again.json()["applied"]) == (200, True)
    (recorded,) = await desk.interventions()
    assert (recorded["refused"], recorded["outcome"]["applied"]) == (None, True)
    late = await desk.mend(action, subject, event)
    assert (late.status_code, late.json()["code"]) == (409, "not-parked")


@pytest.mark.parametrize(("first", "second"), [("skip", "retry"), ("retry", "skip")])
async def test_slower_of_two_operators_is_not_told_that_it_took_effect(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str, first: str, second: str
) -> None:
    subject, event = fresh("t"), ""
    handlers = {**ECHO_HANDLERS, ThingRenamed: mended}
    async with desk_of(EchoService(settings, name), keys) as desk:
        await send(broker, made(1, subject), renamed(2, subject, "poison"), made(3, subject))
        await desk.blocked(subject)
        event = f"sample.thing.{subject}:2"
        async with desk_of(EchoService(settings, name, handlers=handlers), keys) as beside:
            async with desk.echo.echoes.lock(subject):  # it was looked at, and is not begun yet
                slower = asyncio.create_task(desk.mend(second, subject, event))

                async def asked() -> bool:
                    return [deed["action"] for deed in await desk.interventions()] == [second]

                await until(asked)
                faster = await beside.mend(first, subject, event)
            assert (faster.status_code, faster.json()["applied"]) == (200, True)
            answered = await slower
            assert (answered.status_code, answered.json()["code"]) == (409, "not-parked")
        names = ["n1", "n3"] if first == "skip" else ["n1", "poison", "n3"]
        assert await desk.names(subject) == names


async def test_key_of_one_event_is_not_taken_for_another(poisoned: tuple[Desk, str]) -> None:
    desk, subject = poisoned
    key = fresh("k")
    skipped = await desk.mend("skip", subject, f"sample.thing.{subject}:2", Idempotency_Key=key)
    assert skipped.json()["applied"] is True
    other = await desk.mend("skip", subject, f"sample.thing.{subject}:4", Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_blocked_record_is_counted_behind_however_many_that_only_wait(
    poisoned: tuple[Desk, str],
) -> None:
    desk, subject = poisoned
    echoes = desk.echo.echoes
    before = (await desk.get("/operations/standing")).json()["standing"]
    early = Parked(envelope=made(3, subject), since=1)  # longer than anything else
    for _ in range(MOST):  # before it by their ids, too
        await echoes.save(Document(id=fresh("a"), state=Echo(), version=1, parked=[early]))
    standing = (await desk.get("/operations/standing")).json()["standing"]
    assert standing["parked"] >= MOST + 1
    assert standing["blocked"] == before["blocked"] >= 1


async def test_retry_that_fails_again_says_why_and_stays_parked(
    poisoned: tuple[Desk, str],
) -> None:
    desk, subject = poisoned
    answered = await desk.mend("retry", subject, f"sample.thing.{subject}:2")
    assert answered.status_code == 200
    assert answered.json() == {"applied": False, "reason": "thing-is-poison", "released": 0}
    assert await desk.names(subject) == ["n1"]
    (recorded,) = await desk.interventions()
    assert recorded["by"]["id"] == "oksana"
    assert (recorded["action"], recorded["reason"]) == ("retry", WHY["reason"])
    assert recorded["outcome"]["applied"] is False


async def test_retry_by_a_mended_service_applies_the_event_and_those_behind_it_once(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    subject = fresh("t")
    async with desk_of(EchoService(settings, name), keys) as desk:
        await send(broker, made(1, subject), renamed(2, subject, "poison"), made(3, subject))
        await desk.blocked(subject)
        await settled(desk.echo.app)  # the successor finds nothing left to send
    handlers = {**ECHO_HANDLERS, ThingRenamed: mended}
    async with desk_of(EchoService(settings, name, handlers=handlers), keys) as desk:
        event, key = f"sample.thing.{subject}:2", fresh("k")
        writes, published = desk.echo.echoes.counts.writes, desk.echo.service.bus.published
        first = await desk.mend("retry", subject, event, Idempotency_Key=key)
        assert first.json() == {"applied": True, "reason": None, "released": 2}
        await desk.echo.service.relay.drain()
        assert desk.echo.echoes.counts.writes == writes + 1
        assert desk.echo.service.bus.published == published + 1  # what the third one says
        again = await desk.mend("retry", subject, event, Idempotency_Key=key)
        assert again.json() == first.json()
        assert await desk.names(subject) == ["n1", "poison", "n3"]
        late = await desk.mend("retry", subject, event)
        assert (late.status_code, late.json()["code"]) == (409, "not-parked")


async def test_skip_passes_over_the_event_for_good(
    poisoned: tuple[Desk, str], broker: Broker
) -> None:
    desk, subject = poisoned
    answered = await desk.mend("skip", subject, f"sample.thing.{subject}:2")
    assert answered.json() == {"applied": True, "reason": None, "released": 1}
    await send(broker, renamed(2, subject, "poison"), made(4, subject))

    async def complete() -> bool:
        return await desk.names(subject) == ["n1", "n3", "n4"]

    await until(complete)


@pytest.mark.parametrize("action", ["retry", "skip"])
async def test_wrong_requests_are_refused_by_name_and_change_nothing(
    poisoned: tuple[Desk, str], keys: Keys, action: str
) -> None:
    desk, subject = poisoned
    event = f"sample.thing.{subject}:2"
    await settled(desk.echo.app)  # no sweep is to write meanwhile
    before = await desk.echo.echoes.get(subject)
    cases: list[tuple[httpx.Response, int, str]] = [
        (await desk.mend(action, "t-unknown", event), 404, "not-found"),
        (await desk.mend(action, subject, "sample.thing.other:1"), 409, "not-parked"),
        (await desk.mend(action, subject, event, body={"reason": "  "}), 422, "invalid-input"),
        (await desk.mend(action, subject, event, body={}), 422, "invalid-input"),
        (await desk.mend(action, subject, "нет"), 422, "invalid-input"),
        (
            await desk.post(f"/operations/parked/nothing/{subject}/{action}?event={event}", WHY),
            404,
            "not-found",
        ),
    ]
    stranger = Caller(desk.http, keys.token(Role.REGISTRAR))
    path = f"/operations/parked/echoes/{subject}/{action}?event={event}"
    cases.append((await stranger.post(path, WHY), 403, "role-required"))
    for answered, status, code in cases:
        assert (answered.status_code, answered.json()["code"]) == (status, code)
    assert await desk.echo.echoes.get(subject) == before
    assert await desk.interventions() == []


async def test_dead_letter_is_shown_without_its_content_and_replayed_once_it_can_be_read(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    subject, secret = fresh("t"), "Канарейкина"
    event = made(1, subject).model_dump(mode="json")
    async with desk_of(EchoService(settings, name), keys) as desk:
        await broker.send(secret.encode(), "sample.thing-made.v1")
        good = made(1, subject)
        await broker.send(str({**event, "data": secret}).encode(), "sample.thing-renamed.v1")

        async def kept() -> bool:
            return len((await desk.get("/operations/dead")).json()["items"]) == 2

        await until(kept)
        listed = await desk.get("/operations/dead")
        assert secret not in listed.text
        letter = listed.json()["items"][0]
        assert letter["routing_key"].startswith("sample.thing-")
        assert letter["fields"]
        refused = await desk.post(f"/operations/dead/{letter['id']}/replay", WHY)
        assert (refused.status_code, refused.json()["code"]) == (409, "still-undecodable")
        missing = await desk.post("/operations/dead/Lnothing/replay", WHY)
        assert missing.status_code == 404
        # What an older version could not read, this one can.
        document = await desk.echo.service.letters.get(letter["id"])
        assert document is not None

        document.state.body = base64.b64encode(good.model_dump_json().encode()).decode()
        await desk.echo.service.letters.save(document)
        for _ in range(2):
            answered = await desk.post(f"/operations/dead/{letter['id']}/replay", WHY)
            assert answered.json()["applied"] is True
        assert await desk.names(subject) == ["n1"]
        left = (await desk.get("/operations/dead")).json()["items"]
        assert letter["id"] not in [entry["id"] for entry in left]
        shown = (await desk.get(f"/operations/dead/{letter['id']}")).json()
        assert shown["replayed_at"]
        assert shown["says"]["stream"] == f"sample.thing.{subject}"


async def test_replay_of_what_still_does_not_take_effect_says_why(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    subject = fresh("t")
    async with desk_of(EchoService(settings, name), keys) as desk:
        letters = Letters(desk.echo.service.letters, desk.echo.service.now)
        for event in (renamed(1, subject, "poison"), made(3, subject)):
            body = event.model_dump_json().encode()
            await letters.bury(DeadMessage(body, "sample.x.v1", event.id, None, None, {}))
        waiting = (await desk.get("/operations/dead")).json()["items"]
        said = {letter["message_id"]: letter["id"] for letter in waiting}
        reasons = {1: "thing-is-poison", 3: "waits-for-another"}
        for number, reason in reasons.items():
            letter = said[f"sample.thing.{subject}:{number}"]
            for _ in range(2):  # again it is a duplicate, and stands where it stood
                answered = await desk.post(f"/operations/dead/{letter}/replay", WHY)
                assert answered.json() == {"applied": False, "reason": reason, "released": 0}


async def test_letter_that_nests_without_end_hides_no_other(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    async with desk_of(EchoService(settings, name), keys) as desk:
        await broker.send(b"[" * 100_000, "sample.thing-made.v1")

        async def waiting() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = (await desk.get("/operations/dead")).json()["items"]
            return items

        await until(lambda: _any(waiting))
        [letter] = await waiting()
        assert (await desk.get(f"/operations/dead/{letter['id']}")).json()["says"] == {}
        discarded = await desk.post(f"/operations/dead/{letter['id']}/discard", WHY)
        assert discarded.json()["applied"] is True


async def _any(found: Callable[[], Awaitable[list[Any]]]) -> bool:
    return bool(await found())


async def test_discarded_letter_waits_no_longer_and_is_kept(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    async with desk_of(EchoService(settings, name), keys) as desk:
        await broker.send(b"no event", "sample.thing-made.v1")

        async def waiting(path: str = "/operations/dead") -> list[str]:
            return [letter["id"] for letter in (await desk.get(path)).json()["items"]]

        await until(waiting)
        [letter] = await waiting()
        for _ in range(2):
            answered = await desk.post(f"/operations/dead/{letter}/discard", WHY)
            assert answered.json()["applied"] is True
        assert await waiting() == []
        assert await waiting("/operations/dead?settled=true") == [letter]
        assert (await desk.get(f"/operations/dead/{letter}")).json()["discarded_at"]
        assert {deed["action"] for deed in await desk.interventions()} == {"discard"}
        missing = await desk.post("/operations/dead/Lnothing/discard", WHY)
        assert missing.status_code == 404


async def test_documents_send_again_what_they_said_and_nothing_takes_effect_twice(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    subject = fresh("t")
    heard = await broker.listen("echo.#")
    async with desk_of(EchoService(settings, name), keys) as desk:
        for number in (1, 2, 3):
            await send(broker, made(number, subject))
            await desk.applied(number)
        said = await broker.taken(heard)
        assert len([body for body in said if subject.encode() in body]) == 3
        answered = await desk.post(
            f"/operations/reemissions?collection=echoes&after={subject[:-1]}&limit=500", WHY
        )
        assert answered.status_code == 200, answered.text
        assert answered.json()["events"] >= 3
        again = [body for body in await broker.taken(heard) if subject.encode() in body]
        assert again == said[-3:]


async def test_positions_tell_what_was_issued_and_read(
    settings: ServiceSettings, keys: Keys, broker: Broker, name: str
) -> None:
    subject = fresh("t")
    async with desk_of(EchoService(settings, name), keys) as desk:
        await send(broker, made(1, subject), made(2, subject))
        await desk.applied(2)
        found = await desk.get(f"/operations/positions/echoes?after={subject[:-1]}")
        position = next(entry for entry in found.json() if entry["id"] == subject)
        assert position == {
            "id": subject,
            "issued": 2,
            "read": {f"sample.thing.{subject}": 2},
            "parked_since": 0,
        }
        streams = (await desk.get("/operations/streams")).json()
        assert streams["speaks"] == {"echoes": "echo.thing"}
        assert streams["reads"] == [
            {"collection": "echoes", "stream": "sample.thing", "by_subject": True}
        ]


async def test_metrics_name_what_waits(poisoned: tuple[Desk, str]) -> None:
    desk, _ = poisoned
    page = (await desk.http.get("/metrics")).text
    values = dict(
        line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")
    )
    assert float(values["opora_documents_blocked"]) >= 1
    assert float(values["opora_parked_seconds"]) >= 0
    assert float(values["opora_stalled"]) == 0
    assert float(values["opora_sweep_lag_seconds"]) < SWEEP_SECONDS
    assert "opora_oldest_unhandled_seconds" in values
    assert "opora_outbox_overdue_seconds" in values
