"""Steps of versions, registers and imports, as the page of figures counts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.directory.applying import carry_out
from services.directory.history import archive
from tests.service.access import Walk
from tests.service.directory.access import AMENDED, CARD, CHECKS, ENTRY, ROW
from tests.service.directory.conftest import directory_of, settled
from tests.service.ledger import Ledger

EDITOR = "directory_editor"
PLACE = "r-institution-16"


async def send(walk: Walk, path: str, body: Any, version: int | None = None) -> Any:
    """A step by an editor; what it answers."""
    headers = walk.stack.headers(EDITOR, version=version)
    answered = await walk.client.post(path, headers=headers, json=body)
    assert answered.is_success, (path, answered.text)
    return answered.json()


async def further_steps(walk: Walk, ledger: Ledger) -> None:
    """Everything that the registers, versions and imports can be asked to do."""
    tomorrow = walk.app.state.service.now() + timedelta(days=1)
    body = {"card": CARD, "reason": "Письмо № 13", "valid_from": tomorrow.isoformat()}
    with ledger.called("announced"):
        announced = await send(walk, f"/organizations/{PLACE}", body, 1)
    path = f"/organizations/{PLACE}/announcements/{announced['announcement']}/withdrawal"
    await send(walk, path, {"reason": "Отменено"}, 2)
    with ledger.called("at a moment"):
        found = await walk.client.get(f"/organizations/{PLACE}", params={"at": "2099-01-01"})
        assert found.status_code == 200

    entry = f"/register-entries/{walk.ids['entry_id']}"
    await send(walk, entry, {"entry": AMENDED, "reason": "Уточнено"}, 1)
    await send(walk, f"{entry}/checks", CHECKS, 2)
    await send(walk, f"{entry}/publication", {"reason": "Внесён"}, 3)
    other = (await send(walk, "/providers", ENTRY))["id"]
    await send(walk, f"/register-entries/{other}/refusal", {"reason": "Не подтверждено"}, 1)
    await send(walk, "/volunteers", ENTRY)

    made = (await send(walk, "/imports", [ROW | {"key": "x-mfc-2"}]))["id"]
    await send(walk, f"/imports/{made}/application", {"reason": "Письмо № 14"}, 1)
    directory = await settled(walk.app)
    await carry_out(directory, made)
    await archive(directory, PLACE)
    assert directory is directory_of(walk.app)
