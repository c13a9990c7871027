"""The operator's command against a whole running system: incidents, and wrong requests."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import aio_pika
import pytest
from pamqp.commands import Queue

from contracts.envelope import CONTENT_TYPE
from contracts.roles import Role
from contracts.topology import READS
from deploy.demo import journey
from deploy.demo.figures import Travelled, disagreements
from deploy.demo.staff import AUTHORISED_BODY
from deploy.runner.servers import ROOT
from tests.conftest import ServerUrls
from tests.service.stack import until
from tests.system.conftest import Region
from tests.unit.registry.builders import intake_of, ref_of

READERS = ("assessment", "registry")
"""Who has a use for a triage code."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str
    complained: str

    @property
    def answer(self) -> Any:
        return json.loads(self.said)


async def opora(region: Region, *words: str, role: str = Role.OPERATOR, **more: str) -> Ended:
    """Run the command as a person would."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPORA_TOKEN": region.system.token(role, org=AUTHORISED_BODY, subject="oksana"),
        "COLUMNS": "200",
        **{
            f"OPORA_{name.upper()}_URL": url
            for name, url in region.system.urls.items()
            if name in READS or name == "directory"
        },
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.operations", *words),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, said.decode(), complained.decode())


async def without_gaps(region: Region) -> None:
    """Everything issued was read by everybody."""

    async def reconciled() -> bool:
        return (await opora(region, "reconcile", "--settle", "0.5")).code == 0

    await until(reconciled, seconds=120, every=0.5)


async def publish(servers: ServerUrls, *bodies: tuple[str, bytes]) -> None:
    async with await aio_pika.connect(servers.amqp_url) as connection:
        exchange = await (await connection.channel()).get_exchange("opora.events")
        for key, body in bodies:
            message = aio_pika.Message(body, content_type=CONTENT_TYPE)
            await exchange.publish(message, routing_key=key)


async def test_status_of_a_healthy_system_is_code_0(region: Region) -> None:

    async def healthy() -> bool:
        """A test before may have harmed it."""
        return (await opora(region, "status")).code == 0

    await until(healthy, seconds=120)
    shown = await opora(region, "status")
    assert (shown.code, shown.complained) == (0, "")
    assert "All is well." in shown.said
    answer = (await opora(region, "status", "--json")).answer
    assert answer["troubles"] == []
    assert set(answer["services"]) == {*READS, "directory"}
    assert all(all(found["ready"].values()) for found in answer["services"].values())


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("trace", "C-unknown"), 1, "No service knows a case C-unknown."),
        (("parked", "show", "intake.case.C-unknown:1"), 1, "is not set aside anywhere"),
        (
            ("parked", "retry", "intake.case.C-unknown:1", "--reason", "Проверка"),
            1,
            "is not set aside anywhere",
        ),
        (
            ("parked", "skip", "intake.case.C-unknown:1", "--reason", "Проверка"),
            1,
            "is not set aside anywhere",
        ),
        (("dead", "show", "Lunknown"), 1, "There is no dead letter Lunknown."),
        (("parked", "list", "--service", "postoffice"), 1, "There is no service postoffice"),
        (("reemit", "--to", "postoffice", "--reason", "Проверка"), 1, "There is no service"),
        (("reemit", "--to", "directory", "--reason", "Проверка"), 1, "unknown-reader"),
        (
            ("reemit", "--stream", "intake.case.C-unknown", "--reason", "Проверка"),
            1,
            "log has nothing of",
        ),
        (("reconcile", "--mend"), 2, "--reason"),
        (("sing",), 2, "No such command"),
    ],
)
async def test_wrong_request_ends_with_a_sentence_and_changes_nothing(
    region: Region, words: tuple[str, ...], code: int, sentence: str
) -> None:
    before = (await opora(region, "interventions", "--json")).answer
    ended = await opora(region, *words)
    assert ended.code == code
    assert sentence in ended.said + ended.complained
    assert "Traceback" not in ended.complained
    assert (await opora(region, "interventions", "--json")).answer == before


async def test_service_that_is_down_is_named_and_the_code_is_2(region: Region) -> None:
    nowhere = {"OPORA_CAREPLAN_URL": "http://127.0.0.1:1"}
    for words in (("parked", "list"), ("reconcile",), ("trace", "C1")):
        ended = await opora(region, *words, **nowhere)
        assert ended.code == 2, ended
        assert "careplan does not answer at http://127.0.0.1:1" in ended.complained
    status = await opora(region, "status", **nowhere)
    assert status.code == 1
    assert "careplan does not answer" in status.said


async def test_service_under_anothers_address_is_named_and_not_believed(region: Region) -> None:
    astray = {"OPORA_CAREPLAN_URL": region.system.urls["intake"]}
    listed = await opora(region, "parked", "list", **astray)
    assert listed.code == 2, listed
    assert "What answers for careplan is no service of Opora of that name" in listed.complained
    status = await opora(region, "status", **astray)
    assert status.code == 1
    assert "What answers for careplan is no service" in status.said


async def test_without_the_role_it_is_refused_and_without_a_token_not_asked(
    region: Region,
) -> None:
    ended = await opora(region, "dead", "list", role=Role.REGISTRAR)
    assert ended.code == 1
    assert "role-required" in ended.complained
    ended = await opora(region, "dead", "list", OPORA_TOKEN="", OPORA_SYSTEM="nothing")
    assert ended.code == 2
    assert "OPORA_TOKEN" in ended.complained


async def test_poison_event_is_seen_retried_and_passed_over(
    region: Region, servers: ServerUrls
) -> None:
    """P5, P7: its case waits, others go on; a retry fails again; a skip lets the rest follow."""
    case = f"C{region.run}poison"
    story = intake_of(ref_of(case)).envelopes()
    broken = story[1].model_copy(update={"data": {"by": story[1].data["by"]}})
    for envelope in (story[0], broken, story[2]):
        await publish(servers, (envelope.routing_key, envelope.model_dump_json().encode()))
    event = broken.id

    async def blocked() -> bool:
        found = (await opora(region, "parked", "list", "--json")).answer
        return {entry["service"] for entry in found if entry["event"] == event} == set(READERS)

    await until(blocked, seconds=120, every=0.5)
    status = await opora(region, "status")
    assert status.code == 1
    assert "blocked by an event that failed" in status.said
    healthy = await journey.refer(region.staff, region.person(), region.run)
    await journey.triage(region.staff, healthy)
    await region.staff.specialist.wait(
        "assessment", healthy.record, lambda found: found["status"] == "open"
    )
    several = await opora(region, "parked", "retry", event, "--reason", "Проба")
    assert several.code == 1
    assert "--service" in several.complained
    shown = (
        await opora(region, "parked", "show", event, "--service", "assessment", "--json")
    ).answer
    assert shown["reason"].startswith("data-does-not-fit")
    words = ("--service", "assessment", "--reason", "Отправитель исправлен")
    again = await opora(region, "parked", "retry", event, *words)
    assert again.code == 1
    assert "failed again in assessment (data-does-not-fit" in again.said
    for service in READERS:
        why = ("--service", service, "--reason", "Событие испорчено отправителем")
        passed = await opora(region, "parked", "skip", event, *why)
        assert passed.code == 0, passed
        assert "1 events were released with it" in passed.said
    left = (await opora(region, "parked", "list", "--json")).answer
    assert [entry for entry in left if entry["document"] == case] == []
    kept = (await opora(region, "interventions", "--json")).answer
    ours = [entry for entry in kept if event in entry["about"]]
    assert [entry["action"] for entry in ours] == ["retry", "skip", "skip"]
    assert {entry["by"]["id"] for entry in ours} == {"oksana"}
    assert ours[0]["outcome"]["applied"] is False


async def test_message_that_is_no_event_is_a_dead_letter_in_every_inbox_it_reached(
    region: Region, servers: ServerUrls
) -> None:
    await publish(servers, ("complaints.sung.v1", f"канарейка {region.run}".encode()))

    async def kept() -> bool:
        found = (await opora(region, "dead", "list", "--json")).answer
        reached = {entry["service"] for entry in found if entry["routing_key"].endswith("sung.v1")}
        return reached == {"careplan", "registry"}

    await until(kept, seconds=120, every=0.5)
    letters = (await opora(region, "dead", "list", "--json")).answer
    letter = next(letter for letter in letters if letter["service"] == "careplan")
    shown = await opora(region, "dead", "show", letter["id"])
    assert shown.code == 0
    assert "канарейка" not in shown.said
    replayed = await opora(region, "dead", "replay", letter["id"], "--reason", "Проба")
    assert replayed.code == 1
    assert "still-undecodable" in replayed.complained
    assert (await opora(region, "status")).code == 1
    for kept_letter in letters:
        discarded = await opora(region, "dead", "discard", kept_letter["id"], "--service",
                                kept_letter["service"], "--reason", "Не наше событие")  # fmt: skip
        assert discarded.code == 0, discarded
    assert (await opora(region, "dead", "list", "--json")).answer == []


async def test_seeded_gap_is_named_and_mended(region: Region, servers: ServerUrls) -> None:
    """P15: events that never reached one reader are named, and sent again to it alone."""
    await without_gaps(region)
    async with await aio_pika.connect(servers.amqp_url) as connection:
        channel = await connection.channel()
        inbox = await channel.get_queue("careplan.inbox")
        await inbox.unbind("opora.events", "intake.#")
        case = await journey.refer(region.staff, region.person(), region.run)
        await journey.triage(region.staff, case)
        await region.staff.specialist.wait(
            "assessment", case.record, lambda found: found["status"] == "open"
        )
        await inbox.bind("opora.events", "intake.#")
    found = await opora(region, "reconcile", "--settle", "5", "--json")
    assert found.code == 1
    stream = f"intake.case.{case.id}"
    named = {(gap["reader"], gap["stream"]): gap for gap in found.answer}
    assert ("careplan", stream) in named
    assert {reader for reader, _ in named} == {"careplan"}
    assert named["careplan", stream]["read"] == 0
    assert named["careplan", stream]["issued"] >= 2
    words = ("--settle", "1", "--mend", "--reason", "Привязка очереди была снята")
    assert (await opora(region, "reconcile", *words)).code == 1  # there was a gap
    await without_gaps(region)
    await _finish(region, case)


async def test_trace_shows_one_case_through_all_services_in_order(region: Region) -> None:
    case = await journey.travel(region.staff, region.person(), region.run)
    answer = (await opora(region, "trace", case.id, "--json")).answer
    times = [line["time"] for line in answer["events"]]
    assert times == sorted(times)
    assert {line["stream"].split(".")[0] for line in answer["events"]} == {
        *("intake", "assessment", "careplan")
    }
    assert {"intake", "assessment", "careplan", "registry"} <= set(answer["services"])
    shown = await opora(region, "trace", case.id)
    assert shown.code == 0
    assert f"intake.case.{case.id}:1" in shown.said
    assert case.person.family not in shown.said
    away = await opora(region, "trace", case.id, OPORA_REGISTRY_URL="http://127.0.0.1:1")
    assert away.code == 2
    assert "registry does not answer" in away.complained
    assert "careplan" in away.said
    assert "the register shows 0" in away.said


async def test_all_queues_lost_in_mid_journey_are_refilled_and_all_cases_end(
    region: Region, servers: ServerUrls
) -> None:
    """P14, P11: queues deleted under live consumers; the watchdog, then `opora reemit`."""
    cases = [await journey.refer(region.staff, region.person(), region.run) for _ in range(3)]
    for case in cases:
        await journey.triage(region.staff, case)
    async with await aio_pika.connect(servers.amqp_url) as connection:
        channel = await connection.channel()
        for service in READS:
            await channel.get_queue(f"{service}.inbox", ensure=True)
            deleted = await channel.queue_delete(f"{service}.inbox")
            assert isinstance(deleted, Queue.DeleteOk)
    late = await journey.refer(region.staff, region.person(), region.run)

    async def consuming() -> bool:
        status = (await opora(region, "status", "--json")).answer
        found = [status["services"][service] for service in READS]
        return all(
            all(answer["ready"].values())
            and answer["queues"][f"{service}.inbox"] is not None
            and answer["standing"]["oldest_unhandled"] < 5
            for service, answer in zip(READS, found, strict=True)
        )

    await until(consuming, seconds=120, every=1)
    sent = await opora(region, "reemit", "--reason", "Очереди удалены по ошибке", "--json")
    assert sent.code == 0, sent
    assert sent.answer["from_the_log"] > 0
    await without_gaps(region)
    await journey.triage(region.staff, late)
    await asyncio.gather(*(_finish(region, case) for case in [*cases, late]))
    assert await disagreements(region.staff, [Travelled(case, 0) for case in cases]) == []


async def _finish(region: Region, case: journey.Case) -> None:
    staff = region.staff
    for stage in (
        journey.apply,
        journey.survey,
        journey.convene,
        journey.assess,
        journey.propose,
        journey.plan,
        journey.submit,
        journey.enrol,
        journey.follow,
    ):
        await stage(staff, case)
