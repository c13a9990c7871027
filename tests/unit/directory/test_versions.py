"""Versions and announced changes: an old case shows the contact as it was (R 1.3, 3.1.2)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.directory import OrganizationChanged
from contracts.errors import InvalidInput, NotFound
from services.directory.domain.announcing import (
    ANNOUNCED_AT_MOST,
    announce,
    take_effect,
    withdraw_announcement,
)
from services.directory.domain.loading import enter_row, take_row
from services.directory.domain.organization import Organization, change, enter, publish, retire
from services.directory.domain.versions import Version, in_force
from services.directory.stores import ORGANIZATIONS
from tests.unit.directory.builders import EDITOR, NOW, at, card, row

DAY = timedelta(days=1)


def entered() -> Organization:
    found, _ = publish(card(), "Приказ № 15", at(NOW, EDITOR))
    return found


def moved(found: Organization, days: int, **changes: Any) -> None:
    change(found, card(**changes), f"Письмо № {days}", at(NOW + days * DAY, EDITOR))


def test_r_1_3_change_keeps_what_was_before_with_author_and_reason() -> None:
    found = entered()
    moved(found, 1, phones=["+73845630002"])
    moved(found, 2, phones=["+73845630002"], emails=["dom@example.org"])
    first, second = found.unarchived
    assert (first.edition, first.valid_from, first.valid_until) == (1, NOW, NOW + DAY)
    assert (first.card.phones, first.author) == (("+73845630001",), EDITOR)
    assert first.reason == "Приказ № 15"
    assert (second.edition, second.fields, second.reason) == (2, ("phones",), "Письмо № 1")
    present = found.present
    assert (present.edition, present.fields, present.valid_until) == (3, ("emails",), None)
    assert [version.id for version in (first, second, present)] == [
        f"x-institution-01.v{number}" for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("moment", "edition"),
    [
        (NOW - timedelta(microseconds=1), None),
        (NOW, 1),
        (NOW + DAY - timedelta(microseconds=1), 1),
        (NOW + DAY, 2),
        (NOW + 9 * DAY, 3),
    ],
)
def test_version_in_force_begins_at_its_own_moment(moment: datetime, edition: int | None) -> None:
    found = entered()
    moved(found, 1, name="МБУ «Второе»")
    moved(found, 2, name="МБУ «Третье»")
    version = in_force([*found.unarchived, found.present], moment)
    assert (version.edition if version else None) == edition


def test_of_two_versions_that_begin_together_the_later_one_held() -> None:
    found = entered()
    moved(found, 1, name="МБУ «Второе»")
    moved(found, 1, name="МБУ «Третье»")
    version = in_force([*found.unarchived, found.present], NOW + DAY)
    assert version is not None
    assert version.card.name == "МБУ «Третье»"


def test_retirement_and_data_files_make_versions_too() -> None:
    found, _ = enter_row(row(), card(), at())
    take_row(found, row(note="б"), card(phones=["+73845630009"]), at(NOW + DAY))
    retire(found, "Ликвидировано", at(NOW + 2 * DAY, EDITOR))
    assert [version.status for version in found.unarchived] == ["published", "published"]
    assert (found.present.status, found.present.author) == ("retired", EDITOR)


def test_change_by_a_replica_without_versions_has_no_known_author() -> None:
    found = entered()
    older = found.model_copy(deep=True)
    older.card, older.reason, older.changed_at = card(name="МБУ «Иное»"), "Письмо", NOW + DAY
    present = older.present
    assert (present.author, present.valid_from, present.fields) == (None, NOW + DAY, ())


def later(found: Organization, days: int, announcement_id: str = "A-1", **changes: Any) -> None:
    announce(found, card(**changes), "Переезд", NOW + days * DAY, announcement_id, at(NOW, EDITOR))


def test_r_1_3_announced_change_takes_effect_on_its_day_and_once() -> None:
    found = entered()
    later(found, 5, phones=["+73845639999"])
    assert ORGANIZATIONS.wake_at(found) == int((NOW + 5 * DAY).timestamp() * 1000)
    assert take_effect(found, at(NOW + 4 * DAY)) == []
    assert found.card == card()
    (event,) = take_effect(found, at(NOW + 6 * DAY))
    assert event == OrganizationChanged(
        by=EDITOR, card=card(phones=["+73845639999"]), reason="Переезд"
    )
    assert (found.present.valid_from, found.present.author) == (NOW + 5 * DAY, EDITOR)
    assert take_effect(found, at(NOW + 7 * DAY)) == []


def test_announced_change_does_not_undo_what_changed_until_then() -> None:
    found = entered()
    later(found, 5, phones=["+73845639999"])
    moved(found, 1, name="МБУ «Забота»")
    take_effect(found, at(NOW + 5 * DAY))
    assert (found.card.name, found.card.phones) == ("МБУ «Забота»", ("+73845639999",))


def test_announced_change_that_was_made_before_tells_nothing() -> None:
    found = entered()
    later(found, 5, phones=["+73845639999"])
    moved(found, 1, phones=["+73845639999"])
    assert take_effect(found, at(NOW + 5 * DAY)) == []
    assert found.announced == []


def test_r_1_3_no_version_begins_before_the_one_that_it_replaces() -> None:
    """A replica of the version before, or one whose clock is ahead, decided in between."""
    found = entered()
    later(found, 5, phones=["+73845639999"])
    moved(found, 6, name="МБУ «Иное»")
    take_effect(found, at(NOW + 6 * DAY))
    versions = [*found.unarchived, found.present]
    assert [version.valid_from for version in versions] == [NOW, NOW + 6 * DAY, NOW + 6 * DAY]
    assert in_force(versions, NOW + 7 * DAY) == found.present


def test_several_announced_changes_take_effect_in_their_order() -> None:
    found = entered()
    later(found, 6, "A-2", phones=["+73845630006"])
    later(found, 5, "A-1", phones=["+73845630005"])
    assert len(take_effect(found, at(NOW + 9 * DAY))) == 2
    assert found.card.phones == ("+73845630006",)
    assert [version.valid_from for version in found.unarchived] == [NOW, NOW + 5 * DAY]


TEMPORARY, OWN = {"text": "ул. Садовая, д. 3"}, card().address


def test_r_1_3_announced_change_is_taken_back_by_a_later_one() -> None:
    """The office moves while it is repaired, and back: the address stayed the temporary one."""
    found = entered()
    later(found, 10, address=TEMPORARY)
    later(found, 90, "A-2", phones=["+73845699999"])
    take_effect(found, at(NOW + 10 * DAY))
    assert found.card.address is not None
    assert found.card.address.text == TEMPORARY["text"]
    take_effect(found, at(NOW + 90 * DAY))
    assert (found.card.address, found.card.phones) == (OWN, ("+73845699999",))


def test_announced_change_is_seen_by_other_replicas_and_the_card_keeps_its_author() -> None:
    """They ask for what changed; whom somebody is announced to answer to is not retired there."""
    found = entered()
    present = found.present
    announced = card(parent="r-authorised-body-08")
    announce(found, announced, "Приказ", NOW + 9 * DAY, "A-1", at(NOW + DAY, EDITOR))
    assert (found.changed_at, found.present) == (NOW + DAY, present)
    withdraw_announcement(found, "A-1", "Отменён", at(NOW + 2 * DAY, EDITOR))
    assert (found.changed_at, found.present) == (NOW + 2 * DAY, present)


def test_r_1_3_return_to_the_present_card_is_a_change_of_the_announced_one() -> None:
    found = entered()
    later(found, 10, address=TEMPORARY)
    later(found, 90, "A-2")
    assert found.announced[1].fields == ("address",)
    with pytest.raises(InvalidInput, match="nothing-changed"):
        later(found, 5, "A-3")
    with pytest.raises(InvalidInput, match="nothing-changed"):
        later(found, 90, "A-4")


def test_r_1_3_what_only_ended_a_withdrawn_change_is_withdrawn_with_it() -> None:
    """Else it would undo, on its day, whatever the office moved to meanwhile."""
    found = entered()
    later(found, 10, address=TEMPORARY)
    later(found, 90, "A-2")
    later(found, 95, "A-3", phones=["+73845699999"])
    withdraw_announcement(found, "A-1", "Ремонта не будет", at(NOW, EDITOR))
    assert [item.announcement for item in found.withdrawals] == ["A-1", "A-2"]
    assert [(item.id, item.fields) for item in found.announced] == [("A-3", ("phones",))]


def test_r_1_3_withdrawal_leaves_what_others_change_besides() -> None:
    found = entered()
    later(found, 10, address=TEMPORARY)
    later(found, 90, "A-2", phones=["+73845699999"])
    change(found, card(name="МБУ «Иное»"), "Приказ", at(NOW + DAY, EDITOR))
    withdraw_announcement(found, "A-1", "Ремонта не будет", at(NOW + DAY, EDITOR))
    assert [(item.id, item.fields) for item in found.announced] == [("A-2", ("phones",))]
    take_effect(found, at(NOW + 90 * DAY))
    assert (found.card.name, found.card.phones) == ("МБУ «Иное»", ("+73845699999",))


def test_withdrawn_and_retired_announcements_never_take_effect() -> None:
    found = entered()
    later(found, 5, phones=["+73845639999"])
    withdraw_announcement(found, "A-1", "Переезд отменён", at(NOW, EDITOR))
    assert (found.withdrawals[0].reason, found.withdrawals[0].by) == ("Переезд отменён", EDITOR)
    with pytest.raises(NotFound):
        withdraw_announcement(found, "A-1", "Ещё раз", at(NOW, EDITOR))
    later(found, 5, phones=["+73845639999"])
    retire(found, "Ликвидировано", at(NOW + DAY, EDITOR))
    assert take_effect(found, at(NOW + 9 * DAY)) == []


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (timedelta(), "valid-from-past"),
        (-DAY, "valid-from-past"),
        (timedelta(days=4 * 366), "valid-from-too-far"),
    ],
)
def test_r_1_3_day_that_cannot_be_announced_is_refused(after: timedelta, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        announce(entered(), card(name="МБУ «Иное»"), "—", NOW + after, "A-1", at(NOW, EDITOR))
    assert (refused.value.code, refused.value.field) == (code, "valid_from")


def test_endless_announcing_and_announcing_nothing_are_refused() -> None:
    found = entered()
    with pytest.raises(InvalidInput, match="nothing-changed"):
        later(found, 1)
    for number in range(ANNOUNCED_AT_MOST):
        later(found, 1, f"A-{number}", name=f"МБУ «Дом {number}»")
    with pytest.raises(InvalidInput, match="too-many-announced"):
        later(found, 1, "A-x", name="МБУ «Лишнее»")


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        ("provider", "mfc", ["OrganizationChanged"]),
        ("culture", "sport", ["OrganizationChangedV2"]),
        ("culture", "education", ["OrganizationChangedV2"]),
        ("culture", "mfc", ["OrganizationChanged"]),
        ("provider", "culture", ["OrganizationRetired", "OrganizationPublishedV2"]),
    ],
)
def test_l_3_12_change_is_told_in_the_version_that_knows_the_kind(
    before: str, after: str, events: list[str]
) -> None:
    found = enter(card(kind=before, parent=None), at(NOW, EDITOR))
    told = change(found, card(kind=after, parent=None), "Иной вид", at(NOW + DAY, EDITOR))
    assert [type(event).__name__ for event in told] == events


def test_version_survives_its_own_storing() -> None:
    found = entered()
    moved(found, 1, name="МБУ «Второе»")
    stored = Organization.model_validate(found.model_dump(mode="json"))
    assert stored == found
    assert isinstance(stored.unarchived[0], Version)
