"""The consumer acknowledges what is stored, waits for a store that is away, and never spins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from chassis.document import MAX_BYTES, PARKED_BYTES
from chassis.settings import ServiceSettings
from chassis.stored import Spec
from contracts.context import Context
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.roles import Role
from contracts.values import SYSTEM
from tests.conftest import ServerUrls
from tests.fault.proxy import proxied
from tests.service.chassis.conftest import Broker, Keys, make_settings, running, until
from tests.service.chassis.sample import (
    NOTES,
    THINGS,
    EchoService,
    Sample,
    Thing,
    ThingMade,
    ThingRenamed,
    fresh,
)
from tests.service.chassis.test_http import Caller
from tests.unit.chassis.test_document import made as envelope_of


def made(number: int, subject: str, **fields: Any) -> Envelope:
    return envelope_of(number, ThingMade(by=SYSTEM, name=f"n{number}", **fields), subject)


def renamed(number: int, subject: str, name: str) -> Envelope:
    return envelope_of(number, ThingRenamed(by=SYSTEM, name=name), subject)


async def send(broker: Broker, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        await broker.send(envelope.model_dump_json().encode(), envelope.routing_key)


@pytest.fixture
async def echo(settings: ServiceSettings, broker: Broker) -> EchoService:
    made_one = EchoService(settings, fresh("echo"))
    await broker.remove(made_one.service.name)
    await broker.listen("echo.#")  # its events need somebody to hear them
    return made_one


async def names(echo: EchoService, subject: str) -> list[str]:
    document = await echo.echoes.get(subject)
    return document.state.names if document else []


async def test_events_in_any_order_and_number_take_effect_once_in_order(
    echo: EchoService, broker: Broker
) -> None:
    subject = fresh("t")
    async with running(echo.app):
        for number in (3, 1, 3, 5, 2, 2, 4, 1, 5):
            await send(broker, made(number, subject))
        await until(lambda: echo.service.consumer.tally.received == 9)

        async def complete() -> bool:
            return len(await names(echo, subject)) == 5

        await until(complete)
        assert await names(echo, subject) == ["n1", "n2", "n3", "n4", "n5"]
        document = await echo.echoes.get(subject)
        assert document is not None
        assert (document.parked, document.seq) == ([], 5)
        tally = echo.service.consumer.tally
        assert (tally.applied, tally.duplicates) == (5, 4)


async def test_two_replicas_share_the_work_and_each_event_takes_effect_once(
    settings: ServiceSettings, broker: Broker
) -> None:
    name, subject = fresh("echo"), fresh("t")
    first, second = EchoService(settings, name), EchoService(settings, name)
    await broker.remove(name)
    await broker.listen("echo.#")
    async with running(first.app), running(second.app):
        for number in (4, 2, 8, 1, 6, 3, 7, 5, 10, 9):
            await send(broker, *[made(number, subject)] * 2)

        async def complete() -> bool:
            return len(await names(first, subject)) == 10

        await until(complete)
        both = [replica.service.consumer.tally for replica in (first, second)]
        await until(lambda: sum(tally.received for tally in both) == 20)
        assert all(tally.received for tally in both)
        assert await names(first, subject) == [f"n{number}" for number in range(1, 11)]


async def test_poison_blocks_its_own_document_only_and_is_not_tried_again(
    echo: EchoService, broker: Broker
) -> None:
    sick, healthy = fresh("t"), fresh("t")
    async with running(echo.app):
        await send(broker, made(1, sick), renamed(2, sick, "poison"), made(3, sick))
        await send(broker, *(made(number, healthy) for number in (1, 2, 3)))

        async def settled() -> bool:
            return echo.service.consumer.tally.received == 6

        await until(settled)

        async def complete() -> bool:
            return len(await names(echo, healthy)) == 3

        await until(complete)
        await until(lambda: echo.service.consumer.tally.failed == 1)
        document = await echo.echoes.get(sick)
        assert document is not None
        assert document.blocked
        assert [entry.envelope.number for entry in document.parked] == [2, 3]
        assert [d.id for d in await echo.echoes.find({"parked_since": {"$gt": 0}})] == [sick]
        assert await echo.service.letters.look({}) == []


async def test_unknown_type_is_counted_and_its_successors_are_applied(
    echo: EchoService, broker: Broker
) -> None:
    subject = fresh("t")
    stranger = envelope_of(1, type="ru.opora.sample.thing-sold.v7", subject=subject)
    async with running(echo.app):
        await send(broker, stranger, made(2, subject))

        async def complete() -> bool:
            return await names(echo, subject) == ["n2"]

        await until(complete)
        assert echo.service.consumer.tally.unknown == 1


async def test_stream_that_nobody_reads_is_acknowledged_and_counted(
    echo: EchoService, broker: Broker
) -> None:
    stray = made(1, "t1").model_copy(
        update={"stream": "sample.other.t1", "id": "sample.other.t1:1"}
    )
    async with running(echo.app):
        await send(broker, stray)
        await until(lambda: echo.service.consumer.tally.unread == 1)
        assert await echo.echoes.get("t1") is None


async def test_message_waits_while_the_store_is_away_and_then_takes_effect_once(
    servers: ServerUrls, keys: Keys, broker: Broker
) -> None:
    subject = fresh("t")
    await broker.listen("echo.#")
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="100") as (proxy, url):
        echo = EchoService(make_settings(servers, keys, mongo_url=url), fresh("echo"))
        await broker.remove(echo.service.name)
        async with running(echo.app):
            proxy.shut()
            await send(broker, made(1, subject))
            began = asyncio.get_running_loop().time()
            await until(lambda: echo.echoes.counts.reads >= 6)
            least = (0.05 + 0.1 + 0.2 + 0.4 + 0.8) / 2  # growing pauses, not a spin
            assert asyncio.get_running_loop().time() - began > least
            assert echo.service.consumer.tally.received == 1
            await proxy.start()

            async def complete() -> bool:
                return await names(echo, subject) == ["n1"]

            await until(complete)
            await until(lambda: echo.service.consumer.tally.applied == 1)  # it is counted last


async def test_message_is_not_acknowledged_before_its_outcome_is_stored(
    servers: ServerUrls, keys: Keys, broker: Broker
) -> None:
    """The process ends while the store is away: the next one is given the message again."""
    subject, name = fresh("t"), fresh("echo")
    await broker.listen("echo.#")
    await broker.remove(name)
    async with proxied(servers.mongo_url, serverSelectionTimeoutMS="100") as (proxy, url):
        dying = EchoService(make_settings(servers, keys, mongo_url=url), name, grace_seconds=0.1)
        async with running(dying.app):
            proxy.shut()
            await send(broker, made(1, subject))
            await until(lambda: dying.service.consumer.tally.received == 1)
        assert dying.service.consumer.tally.applied == 0
    successor = EchoService(make_settings(servers, keys), name)
    async with running(successor.app):

        async def complete() -> bool:
            return await names(successor, subject) == ["n1"]

        await until(complete)


async def test_garbage_becomes_a_dead_letter_and_nothing_else_does(
    echo: EchoService, broker: Broker
) -> None:
    subject = fresh("t")
    letters = echo.service.letters
    async with running(echo.app):
        await broker.send(b"garbage", "sample.thing-made.v1")
        await send(broker, renamed(1, subject, "poison"), made(3, subject), made(2, subject))
        await send(broker, envelope_of(1, type="ru.opora.sample.x.v1", subject=fresh("t")))
        await until(lambda: echo.service.consumer.tally.received == 4)

        async def kept() -> bool:
            return bool(await letters.look({}))

        await until(kept)
        assert [letter.state.bytes async for letter in letters.each()] == [b"garbage"]
        dead = await broker.queue(f"{echo.service.name}.inbox.dead")
        assert await broker.taken(dead) == []
        inbox = await broker.queue(f"{echo.service.name}.inbox")
        assert await broker.taken(inbox) == []


class Clashing(EchoService):
    """Its things take a unique code from the event, and a name as large as the event says."""

    def __init__(self, settings: ServiceSettings, name: str) -> None:
        super().__init__(settings, name)
        spec: Spec[Thing] = THINGS
        self.things = self.service.collection(spec, None)
        self.service.read(self.things, ["sample.thing"], {ThingMade: self.on_made})
        self.broken = True
        self.app = self.service.app([], {}, description="Clashes.")

    def on_made(self, thing: Thing, event: ThingMade, at: Context) -> Sequence[Event]:
        thing.code = event.name
        thing.name = "x" * event.size
        thing.size = min(event.size, 0)
        return []


async def test_outcome_that_the_store_refuses_is_set_aside_in_its_own_document(
    settings: ServiceSettings, broker: Broker
) -> None:
    """A unique value that is taken, a document over its bound, a value that no list can hold:
    trying again would spin for ever."""
    clashing = Clashing(settings, fresh("echo"))
    await broker.remove(clashing.service.name)
    await broker.listen("echo.#")
    holder, clash, large, unlisted = (fresh("t") for _ in range(4))

    async def parked(subject: str) -> list[str | None]:
        document = await clashing.things.get(subject)
        return [entry.reason for entry in document.parked] if document else []

    async with running(clashing.app):
        await send(broker, made(1, holder))
        await until(lambda: clashing.service.consumer.tally.applied == 2)
        await send(broker, made(1, clash), made(1, large, size=MAX_BYTES))
        await send(broker, made(1, unlisted, size=-1))
        await until(lambda: clashing.service.consumer.tally.failed == 3)
        assert await parked(unlisted) == ["not-storable"]
        assert await parked(clash) == ["already-exists"]
        assert await parked(large) == ["document-too-large"]
        attempts = clashing.things.counts.writes
        await asyncio.sleep(0.3)
        assert clashing.things.counts.writes == attempts


class Blamed:
    """A document whose events 2 and 3 wait for the first, and whose third the store refuses."""

    def __init__(self, clashing: Clashing, broker: Broker, third: Envelope) -> None:
        self.clashing, self.broker, self.third = clashing, broker, third
        self.subject = third.subject

    async def meet(self) -> None:
        tally = self.clashing.service.consumer.tally
        before = tally.parked
        await send(self.broker, made(2, self.subject), self.third)
        await until(lambda: tally.parked == before + 4)  # in both collections
        await send(self.broker, made(1, self.subject))

        async def one_failed() -> bool:
            document = await self.clashing.things.get(self.subject)
            return document is not None and document.blocked

        await until(one_failed)

    async def standing(self) -> tuple[str | None, list[tuple[int, str | None]]]:
        document = await self.clashing.things.get(self.subject)
        assert document is not None
        aside = [(entry.envelope.number, entry.reason) for entry in document.parked]
        return document.state.code, aside


@pytest.mark.parametrize("reason", ["document-too-large", "already-exists"])
async def test_event_is_not_blamed_for_its_successor_that_the_store_refuses(
    settings: ServiceSettings, broker: Broker, keys: Keys, reason: str
) -> None:
    """P5: the first and second take effect; the third waits and can be retried and passed over."""
    clashing = Clashing(settings, fresh("echo"))
    await broker.remove(clashing.service.name)
    await broker.listen("echo.#")
    subject, taken = fresh("t"), fresh("n")
    large = MAX_BYTES if reason == "document-too-large" else 0
    third = envelope_of(3, ThingMade(by=SYSTEM, name=taken, size=large), subject)
    blamed = Blamed(clashing, broker, third)
    async with running(clashing.app) as http:
        if reason == "already-exists":
            other = envelope_of(1, ThingMade(by=SYSTEM, name=taken), fresh("t"))
            await send(broker, other)
            await until(lambda: clashing.service.consumer.tally.applied == 2)
        await blamed.meet()
        assert await blamed.standing() == ("n2", [(3, reason)])
        caller = Caller(http, keys.token(Role.OPERATOR))
        path = f"/operations/parked/things/{subject}"
        event = f"sample.thing.{subject}:3"
        why = {"reason": "Разбираемся"}
        retried = await caller.post(f"{path}/retry?event={event}", why)
        assert retried.json() == {"applied": False, "reason": reason, "released": 0}
        assert await blamed.standing() == ("n2", [(3, reason)])
        skipped = await caller.post(f"{path}/skip?event={event}", why)
        assert skipped.json() == {"applied": True, "reason": None, "released": 0}
        assert await blamed.standing() == ("n2", [])


@pytest.mark.parametrize("action", ["retry", "skip"])
async def test_mending_an_event_sets_aside_its_successor_that_the_store_refuses(
    settings: ServiceSettings, broker: Broker, keys: Keys, action: str
) -> None:
    """The first has failed, and the third would be too large: the first can be mended (P5)."""
    clashing = Clashing(settings, fresh("echo"))
    await broker.remove(clashing.service.name)
    await broker.listen("echo.#")
    subject = fresh("t")
    holder = envelope_of(1, ThingMade(by=SYSTEM, name="n1"), fresh("t"))
    async with running(clashing.app) as http:
        await send(broker, holder)
        await until(lambda: clashing.service.consumer.tally.applied == 2)
        await send(broker, made(1, subject), made(2, subject), made(3, subject, size=MAX_BYTES))

        async def waits(number: int) -> bool:
            document = await clashing.things.get(subject)
            return document is not None and len(document.parked) == number

        await until(lambda: waits(3))
        freed = await clashing.things.get(holder.subject)
        assert freed is not None
        freed.state.code = None
        await clashing.things.save(freed)
        caller = Caller(http, keys.token(Role.OPERATOR))
        path = f"/operations/parked/things/{subject}/{action}?event=sample.thing.{subject}:1"
        mended = await caller.post(path, {"reason": "Номер освобождён"})
        released = {"retry": 2, "skip": 1}[action]
        assert mended.json() == {"applied": True, "reason": None, "released": released}
        document = await clashing.things.get(subject)
        assert document is not None
        assert document.state.code == "n2"
        assert [(e.envelope.number, e.reason) for e in document.parked] == [
            (3, "document-too-large")
        ]


UNHOLDABLE = {
    "a number over 64 bits": b'{"big": 123456789012345678901}',
    "a null character in a key": b'{"a\\u0000b": 1}',
    "too deep": b'{"deep": ' + b"[" * 150 + b"]" * 150 + b"}",
    "too large": b'{"large": "' + b"x" * MAX_BYTES + b'"}',
}


async def test_event_that_no_store_can_hold_is_a_dead_letter_and_stops_nothing(
    echo: EchoService, broker: Broker
) -> None:
    """JSON allows it, BSON does not: taken, it could be neither parked nor written down (P5)."""
    subject = fresh("t")
    async with running(echo.app):
        for number, data in enumerate(UNHOLDABLE.values(), start=2):  # each would be parked
            body = made(number, fresh("t")).model_copy(update={"data": {"@": 0}})
            wire = body.model_dump_json().encode().replace(b'{"@":0}', data)
            assert data in wire
            await broker.send(wire, "sample.thing-made.v1")
        await send(broker, made(1, subject))

        async def settled() -> bool:
            kept = [letter.state.fields async for letter in echo.service.letters.each()]
            ours = [fields for fields in kept if fields == ["data"]]
            return len(ours) == len(UNHOLDABLE) and await names(echo, subject) == ["n1"]

        await until(settled)
        assert echo.service.consumer.tally.received == 1


async def test_event_of_a_subject_that_is_no_id_of_ours_is_a_dead_letter(
    echo: EchoService, broker: Broker
) -> None:
    """No operator's route would accept its document: it could never be mended."""
    good = made(2, "t1").model_dump_json()
    async with running(echo.app):
        for stranger in ("C 1/Ж", "1t", "t" * 101):
            wire = good.replace("thing.t1", f"thing.{stranger}").replace('"t1"', f'"{stranger}"')
            await broker.send(wire.encode(), "sample.thing-made.v1")

        async def kept() -> bool:
            return len([letter async for letter in echo.service.letters.each()]) == 3

        await until(kept)
        assert echo.service.consumer.tally.received == 0


async def test_target_that_is_no_id_of_ours_reads_nothing(
    settings: ServiceSettings, broker: Broker
) -> None:
    echo = EchoService(settings, fresh("echo"), streams={"sample.thing": lambda _: "C 1/Ж"})
    await broker.remove(echo.service.name)
    async with running(echo.app):
        await send(broker, made(2, fresh("t")))
        await until(lambda: echo.service.consumer.tally.unread == 1)
        assert await echo.echoes.look({}) == []


class Heeding(EchoService):
    """Two collections read things; the first of them can set nothing more aside."""

    def __init__(self, settings: ServiceSettings, name: str) -> None:
        super().__init__(settings, name)
        self.notes = self.service.collection(NOTES)
        self.service.read(self.notes, ["sample.thing"], {})
        self.app = self.service.app([], {}, description="Heeds.")


async def test_event_there_is_no_room_to_set_aside_for_is_a_letter_until_there_is(
    settings: ServiceSettings, broker: Broker, keys: Keys
) -> None:
    """Nothing is lost, nobody else is harmed, and once the case is mended it is replayed (P5)."""
    echo, subject, size = Heeding(settings, fresh("echo")), fresh("t"), PARKED_BYTES // 5
    await broker.remove(echo.service.name)
    await broker.listen("echo.#")
    other = {"by": SYSTEM.model_dump(), "name": "x" * size}
    heavy = [made(n, subject).model_copy(update={"data": other}) for n in range(2, 7)]
    async with running(echo.app) as http:
        await send(broker, renamed(1, subject, "poison"))
        await until(lambda: echo.service.consumer.tally.failed == 1)
        for number, envelope in enumerate(heavy, start=2):
            await send(broker, envelope)
            await until(lambda to=number: echo.service.consumer.tally.received == to)

        async def letters() -> list[str]:
            return [
                letter.id
                async for letter in echo.service.letters.each()
                if letter.state.waits and letter.state.attributes().get("subject") == subject
            ]

        await until(lambda: _has(letters, 1))
        (letter,) = await letters()
        caller = Caller(http, keys.token(Role.OPERATOR))
        why = {"reason": "Дело разобрано"}
        full = await caller.post(f"/operations/dead/{letter}/replay", why)
        assert (full.status_code, full.json()["code"]) == (409, "too-much-set-aside")
        assert await letters() == [letter]
        notes = await echo.notes.get(subject)
        assert notes is not None
        assert notes.streams[f"sample.thing.{subject}"] == 6  # who could read it has read it
        event = f"sample.thing.{subject}:1"
        path = f"/operations/parked/echoes/{subject}/skip?event={event}"
        for number in range(1, 6):  # a name that long does not fit the event
            passed = await caller.post(path.replace(":1", f":{number}"), why)
            assert passed.json()["applied"] is True
        replayed = await caller.post(f"/operations/dead/{letter}/replay", why)
        assert replayed.json()["applied"] is False  # it is set aside now, as too long for its echo
        document = await echo.echoes.get(subject)
        assert document is not None
        assert [entry.envelope.number for entry in document.parked] == [6]
        assert await letters() == []


async def _has(letters: Callable[[], Awaitable[list[str]]], count: int) -> bool:
    return len(await letters()) == count


async def test_defect_outside_a_handler_keeps_the_message_waiting(
    settings: ServiceSettings, broker: Broker
) -> None:
    """It neither loses the message nor fills the dead queue; once mended, it takes effect."""
    subject = fresh("t")
    defects = 2

    def target(envelope: Envelope) -> str:
        nonlocal defects
        if defects:
            defects -= 1
            raise ZeroDivisionError
        return envelope.subject

    echo = EchoService(settings, fresh("echo"), streams={"sample.thing": target})
    await broker.remove(echo.service.name)
    await broker.listen("echo.#")
    async with running(echo.app):
        await send(broker, made(1, subject))

        async def complete() -> bool:
            return await names(echo, subject) == ["n1"]

        await until(complete)
        assert await echo.service.letters.look({}) == []


async def test_service_without_readers_needs_no_inbox(
    settings: ServiceSettings, broker: Broker
) -> None:
    sample = Sample(settings, fresh("maker"), reads=())
    async with running(sample.app) as http:
        assert (await http.get("/health/ready")).status_code == 200
