"""No value that somebody typed, or that an event carries, is ever written to the output."""

import asyncio
import gc
import logging

import pytest
import structlog

from chassis import logs
from chassis.settings import ServiceSettings
from tests.service.chassis.conftest import Broker, Keys, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh
from tests.service.chassis.test_consumer import made, renamed, send
from tests.service.chassis.test_http import CANARY, Caller
from tests.unit.chassis.test_document import made as envelope_of


async def test_no_value_of_a_bad_request_or_a_failing_event_is_written(
    settings: ServiceSettings, keys: Keys, broker: Broker, capfd: pytest.CaptureFixture[str]
) -> None:
    maker, echo = Sample(settings, fresh("maker"), reads=()), EchoService(settings, fresh("echo"))
    await broker.remove(echo.service.name)
    async with running(maker.app) as http, running(echo.app):
        anna = Caller(http, keys.token(subject=CANARY))
        thing_id = await anna.made(name=CANARY)
        path = f"/things/{thing_id}/rename"
        for body in ({"name": [CANARY]}, {CANARY: CANARY}, CANARY, f'{{"{CANARY}'.encode()):
            assert (await anna.post("/things", body)).status_code in (400, 422)
        for name, status in (("defect", 500), (CANARY, 409), ("wrong", 422)):
            answer = await anna.post(path, {"name": name}, If_Match='"1"')
            assert answer.status_code == status
        await anna.get(f"/things/{CANARY}")
        await anna.get("/things", **{"Authorization": f"Bearer {CANARY.encode().hex()}"})

        bad = {"by": {"id": CANARY, "role": "x"}, "name": [CANARY], "size": CANARY}
        await broker.send(f"garbage {CANARY}".encode(), "sample.thing-made.v1")
        await broker.send(f'{{"id": "{CANARY}"}}'.encode(), "sample.thing-made.v1")
        await send(broker, envelope_of(1, subject=fresh("t"), data=bad))
        subject = fresh("t")
        await send(broker, made(1, subject), renamed(2, subject, "poison"))
        await send(broker, renamed(1, fresh("t"), f"defect {CANARY}"))
        await until(lambda: echo.service.consumer.tally.failed == 3)
    written = "".join(capfd.readouterr())
    for expected in ("unexpected-failure", "event-set-aside", "undecodable-message"):
        assert expected in written  # the failures did take place, and were logged
    assert CANARY not in written
    assert CANARY.encode("unicode_escape").decode() not in written


async def test_failure_is_logged_by_its_type_never_by_its_text(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure("sample", "INFO")
    log = structlog.get_logger()
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("it-failed")
        logging.getLogger("some.library").exception("library failed")
        logging.getLogger("some.library").error(f"ValueError: {CANARY}", exc_info=True)
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ValueError(CANARY))
    del failed  # asyncio complains of an exception that nobody has looked at
    gc.collect()
    written = "".join(capfd.readouterr())
    assert "never retrieved" in written
    assert written.count("ValueError") == 5
    assert "it-failed" in written
    assert CANARY not in written


async def test_line_names_its_service_and_its_correlation(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure("sample", "INFO")
    structlog.get_logger().info("something-happened", id="t1")
    structlog.get_logger().debug("not-at-this-level")
    written = capfd.readouterr().err
    for part in ('"service": "sample"', '"correlation_id": "r', '"id": "t1"', '"level": "info"'):
        assert part in written
    assert "not-at-this-level" not in written
