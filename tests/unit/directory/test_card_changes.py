"""What is told of changes of an organization: fields as people read them, offices, no persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.values import SYSTEM
from services.directory.domain.announcing import announce, take_effect
from services.directory.domain.changed import CHANGES_KEPT
from services.directory.domain.organization import Organization, change, publish, retire
from services.directory.domain.register import CheckResult, amend, check, propose, publish_entry
from services.directory.domain.register_entry import CheckItem
from tests.unit.directory.builders import EDITOR, NOW, at, card, organization, provider

OFFICE = (EDITOR.role, EDITOR.organization)


def later(days: int) -> Any:
    return at(NOW + timedelta(days=days), EDITOR)


def told(found: Organization) -> list[tuple[str, str, str, str]]:
    return [
        (one.action, field.field, field.before, field.after)
        for one in found.public_changes
        for field in one.fields
    ]


def test_organization_that_never_changed_was_entered() -> None:
    found, _ = publish(card(), "Новая", later(0))
    assert told(found) == [("create", "name", "", "МБУ «Тёплый дом»")]
    (entered,) = found.public_changes
    assert (entered.role, entered.organization, entered.at) == (*OFFICE, NOW)
    assert organization().public_changes[0].role == "unknown"


def test_every_change_is_told_as_text_however_long_ago_its_version_was_put_away() -> None:
    found, _ = publish(card(), "Новая", later(0))
    hours = [{"days": ["MO", "TU"], "opens": "09:00", "closes": "18:00"}]
    change(found, card(hours=hours, phones=["+73845630001", "+73845630002"]), "Звонок", later(1))
    found.unarchived = []
    change(found, card(name="МБУ «Забота»", hours=hours), "Переименовано", later(2))
    found.unarchived = []
    monday = '{"days":["MO","TU"],"opens":"09:00:00","closes":"18:00:00","breaks":[]}'
    assert told(found) == [
        ("create", "name", "", "МБУ «Тёплый дом»"),
        ("update", "phones", "+73845630001", "+73845630001, +73845630002"),
        ("update", "hours", "", monday),
        ("update", "name", "МБУ «Тёплый дом»", "МБУ «Забота»"),
        ("update", "phones", "+73845630001, +73845630002", "+73845630001"),
    ]
    assert [one.edition for one in found.public_changes] == [1, 2, 3]


def test_retirement_is_told_as_the_state_it_changed() -> None:
    found = organization()
    retire(found, "Ликвидирована", later(1))
    assert told(found)[-1] == ("retire", "status", "published", "retired")


def test_announced_change_is_told_with_its_own_day_and_author() -> None:
    found = organization()
    announce(found, card(phones=["+73845630009"]), "Переезд", later(5).now, "a", later(1))
    assert told(found) == [("create", "name", "", "МБУ «Тёплый дом»")]
    take_effect(found, at(NOW + timedelta(days=5, minutes=3), SYSTEM))
    last = found.public_changes[-1]
    assert (last.at, last.role, last.organization) == (later(5).now, *OFFICE)
    assert told(found)[-1] == ("update", "phones", "+73845630001", "+73845630009")


def test_l_what_was_proposed_before_the_publication_is_the_registers() -> None:
    proposed = card(kind="provider", parent=None, name="ООО «Черновик»")
    found = propose(proposed, provider(), later(0))
    named = card(kind="provider", parent=None, name="ООО «Забота»")
    amend(found, named, provider(), "Название по уставу", later(1))
    passed = [CheckResult(item=item, passed=True) for item in CheckItem]
    check(found, passed, later(2))
    publish_entry(found, "Проверено", later(3))
    renamed = named.model_copy(update={"name": "ООО «Забота плюс»", "ownership": "private"})
    assert told(found) == [("create", "name", "", "ООО «Забота»")]
    change(found, renamed, "Переименовано", later(4))
    assert told(found) == [
        ("create", "name", "", "ООО «Забота»"),
        ("update", "name", "ООО «Забота»", "ООО «Забота плюс»"),
    ]


def test_only_the_latest_changes_are_kept() -> None:
    found, _ = publish(card(), "Новая", later(0))
    for number in range(CHANGES_KEPT + 5):
        change(found, card(name=f"Дом № {number}"), "Переименовано", later(1 + number))
    assert len(found.changes) == CHANGES_KEPT
    assert told(found)[-1][-1] == f"Дом № {CHANGES_KEPT + 4}"
