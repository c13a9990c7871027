"""The directory while it is edited: organizations, their services and their places."""

from __future__ import annotations

from typing import Any

from deploy.demo.office import Office
from deploy.demo.staff import AUTHORISED_BODY
from tests.fault.travellers import Travellers


async def directory_edited(t: Travellers) -> None:
    """Organizations of an old and of a further kind are entered, changed and retired; a service of
    one is listed, changed and withdrawn, its places are counted (R 1.3, S, M)."""
    editor = t.desk("directory_editor", AUTHORISED_BODY)
    card = {
        "kind": "institution",
        "name": "МБУ «Дом ветерана» города Полысаево",
        "phones": ["+73845643210"],
        "region": "RU-KEM",
        "parent": "r-department",
        "serves": [{"municipality": "polysaevo"}],
        "source": "Приказ департамента № 15",
    }
    for kind in ("institution", "culture"):
        entered = {"card": card | {"kind": kind}, "reason": "Приказ департамента № 15"}
        made = await editor.create("directory", "/organizations", entered)
        again = card | {"kind": kind, "phones": ["+73845643299"]}
        record = f"/organizations/{made['id']}"
        await _change(editor, record, {"card": again, "reason": "Новый номер"})
        await _offer(editor, made["id"])
        await editor.change("directory", record, "retirement", {"reason": "Реорганизация"})


async def _offer(editor: Office, organization: str) -> None:
    service = {
        "organization": organization,
        "name": "Прокат слуховых аппаратов",
        "description": "Аппараты во временное пользование.",
        "kinds": ["communication"],
        "needs": ["equipment"],
        "groups": ["sensory_disability"],
        "forms": ["semi_residential"],
        "source": "Письмо № 12",
    }
    listed = {"reason": "Письмо № 12", "service": service}
    made = await editor.create("directory", "/services", listed)
    record = f"/services/{made['id']}"
    renamed = service | {"name": "Прокат аппаратов"}
    await _change(editor, record, {"reason": "Короче", "service": renamed})
    counted = {"service": made["id"], "unit": "place", "available": 2, "maximum": 30}
    path = f"/organizations/{organization}"
    body = {"reason": "Посчитали", "capacities": [counted]}
    await editor.change("directory", path, "capacity", body, read="/capacity")
    await editor.change("directory", record, "withdrawal", {"reason": "Больше не выдаём"})


async def _change(editor: Office, record: str, body: dict[str, Any]) -> None:
    head, _, name = record.rpartition("/")
    await editor.get("directory", record)
    await editor.change("directory", head, name, body, read=f"/{name}")
