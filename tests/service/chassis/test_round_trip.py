"""The whole way: a command is stored, its event published, read by another service, answered."""

from chassis.settings import ServiceSettings
from tests.service.chassis.conftest import Broker, Keys, running, until
from tests.service.chassis.sample import EchoService, Sample, fresh


async def test_command_travels_to_the_other_service_and_back(
    settings: ServiceSettings, keys: Keys, broker: Broker
) -> None:
    maker, echo = Sample(settings, fresh("maker")), EchoService(settings, fresh("echo"))
    async with running(echo.app), running(maker.app) as http:
        await broker.remove(maker.service.name, echo.service.name)
        made = await http.post(
            "/things",
            json={"name": "Стол", "size": 3},
            headers={"Authorization": f"Bearer {keys.token()}", "Idempotency-Key": "one"},
        )
        assert made.status_code == 201, made.text
        thing_id = made.json()["id"]

        async def came_back() -> bool:
            stored = await maker.things.get(thing_id)
            return stored is not None and stored.state.echoed == 1

        await until(came_back)
        echoed = await echo.echoes.get(thing_id)
        assert echoed is not None
        assert echoed.state.names == ["Стол"]
        assert echoed.streams == {f"sample.thing.{thing_id}": 1}
