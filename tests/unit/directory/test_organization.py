"""What an editor may do with an organization, accepted corrections included (R 1.3)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from contracts.directory import (
    OrganizationChanged,
    OrganizationPublished,
    OrganizationRetired,
)
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.territory import Gazetteer, municipalities, regions
from services.directory.domain.actions import AMENDED
from services.directory.domain.announcing import announce, withdraw_announcement
from services.directory.domain.correction import Correction, correct, is_corrected
from services.directory.domain.organization import (
    ALLOWED,
    Action,
    Organization,
    Status,
    change,
    publish,
    reinstate,
    retire,
)
from services.directory.domain.quality import Fault, Severity
from services.directory.domain.register import (
    CheckResult,
    amend,
    check,
    propose,
    publish_entry,
    refuse,
)
from services.directory.domain.register_entry import Amendment, CheckItem
from services.directory.domain.versions import Announcement
from tests.unit.directory.builders import EDITOR, NOW, at, card, organization, provider

GAZETTEER = Gazetteer(municipalities(), regions())
LATER = at(NOW + timedelta(days=1), EDITOR)
DAYS = timedelta(days=5)


def fault(field: str, proposal: str | None, code: str = "phone.digit_count") -> Fault:
    return Fault(
        code=code,
        severity=Severity.ERROR,
        source="R appendix 1",
        row_key="x-institution-01",
        field=field,
        printed="…",
        reason_en="…",
        reason_ru="…",
        proposal=proposal,
    )


def accept(found: Organization, *corrections: tuple[str, str], faults: Sequence[Fault]) -> Any:
    items = [Correction(rule=rule, field=field) for rule, field in corrections]
    return correct(found, items, faults, GAZETTEER, "Проверено по телефону", LATER)


PHONE_FAULT = fault("phone", "(38456) 3-00-02")

DO: dict[Action, Callable[[Organization], list[Event]]] = {
    Action.CHANGE: lambda found: change(found, card(name="МБУ «Забота»"), "Переименовано", LATER),
    Action.CORRECT: lambda found: accept(
        found, ("phone.digit_count", "phone"), faults=[PHONE_FAULT]
    ),
    Action.RETIRE: lambda found: retire(found, "Ликвидировано", LATER),
    Action.ANNOUNCE: lambda found: announce(
        found, card(name="МБУ «Забота»"), "Переезд", NOW + timedelta(days=9), "A-2", LATER
    ),
    Action.WITHDRAW_ANNOUNCEMENT: lambda found: withdraw_announcement(
        found, "A-1", "Переезд отменён", LATER
    ),
    Action.AMEND: lambda found: amend(
        found, card(), provider(services=["Уход"]), "Уточнено", LATER
    ),
    Action.CHECK: lambda found: check(
        found, [CheckResult(item=CheckItem.CONTACTS, passed=True)], LATER
    ),
    Action.PUBLISH: lambda found: publish_entry(found, "Проверено", LATER),
    Action.REFUSE: lambda found: refuse(found, "Не подтверждено", LATER),
    Action.REINSTATE: lambda found: reinstate(found, found.card, "Исключено по ошибке", LATER),
}
SAYS_NOTHING = {
    Action.ANNOUNCE, Action.WITHDRAW_ANNOUNCEMENT, Action.AMEND, Action.CHECK, Action.REFUSE,
}  # fmt: skip
"""What nobody else hears of."""


def standing(status: Status) -> Organization:
    """An organization in that state, with a change announced and an entry in the register."""
    found = propose(card(kind="provider", parent=None), provider(), at(by=EDITOR))
    announced = card(name="МБУ «Завтра»")
    found.announced = [
        Announcement(
            id="A-1", card=announced, fields=("name",), reason="Переезд", by=EDITOR,
            made_at=NOW, valid_from=NOW + timedelta(days=5),
        )
    ]  # fmt: skip
    assert found.entry is not None
    if status in {Status.PUBLISHED, Status.RETIRED}:
        found.status, found.entry.stage = status, None
    elif status in AMENDED:
        found.status, found.entry.stage = Status.PUBLISHED, None
        found.amendment = Amendment(
            stage=status, particulars=provider(), card=announced, fields=("name",),
            reason="Переименовано", proposed_by=EDITOR, proposed_at=NOW,
        )  # fmt: skip
    else:
        found.entry.stage = status
    assert found.standing is status
    return found


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Action)
def test_r_1_3_every_action_in_every_state(action: Action, status: Status) -> None:
    found = standing(status)
    if status in ALLOWED[action]:
        assert len(DO[action](found)) == (action not in SAYS_NOTHING)
        return
    with pytest.raises(NotAllowedInState) as refused:
        DO[action](found)
    assert refused.value.code == "not-allowed-in-state"


def test_r_1_3_published_card_travels_whole() -> None:
    found, events = publish(card(), "Приказ № 15", LATER)
    assert events == [OrganizationPublished(by=EDITOR, card=card(), reason="Приказ № 15")]
    assert found.reason == "Приказ № 15"
    assert (found.id, found.card, found.loaded) == ("x-institution-01", card(), None)


@pytest.mark.parametrize("kind", ["provider", "volunteer"])
def test_l_1_2_2_2_provider_is_entered_by_its_register_alone(kind: str) -> None:
    """L 1.2.2.2, 3.9: proposed, checked, published; neither entered nor made of another."""
    asked = card(kind=kind, parent=None)
    for attempt in (
        lambda: publish(asked, "Письмо № 5", LATER),
        lambda: change(organization(kind="mfc", parent=None), asked, "Письмо № 5", LATER),
        lambda: announce(
            organization(kind="mfc", parent=None), asked, "Письмо № 5", NOW + DAYS, "A-1", LATER
        ),
    ):
        with pytest.raises(InvalidInput) as wrong:
            attempt()
        assert (wrong.value.code, wrong.value.field) == ("kind-of-a-register", "card.kind")
        assert wrong.value.clause == "L 1.2.2.2, 3.9"
    known = organization(kind=kind, parent=None)
    renamed = card(kind=kind, parent=None, name="ООО «Дом»")
    assert change(known, renamed, "Письмо № 6", LATER)


def test_r_1_3_change_tells_the_new_card_and_the_reason() -> None:
    found, new = organization(), card(name="МБУ «Забота»")
    events = change(found, new, "Переименовано", LATER)
    assert events == [OrganizationChanged(by=EDITOR, card=new, reason="Переименовано")]
    assert (found.card, found.reason, found.changed_at) == (new, "Переименовано", LATER.now)


def test_r_1_3_change_that_changes_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        change(organization(), card(), "Просто так", LATER)
    assert refused.value.code == "nothing-changed"


def test_r_1_3_retirement_tells_the_reason_and_keeps_the_record() -> None:
    found = organization()
    events = retire(found, "Присоединено к другому", LATER)
    assert events == [OrganizationRetired(by=EDITOR, reason="Присоединено к другому")]
    assert (found.status, found.card) == (Status.RETIRED, card())


def test_r_1_3_retirement_by_mistake_is_taken_back_with_a_reason() -> None:
    """R 1.3: its key stands in settings and cases; another entry would not be the same."""
    found = organization()
    retire(found, "Ликвидировано", LATER)
    (event,) = reinstate(found, found.card, "Исключено по ошибке", at(NOW + DAYS, EDITOR))
    assert event == OrganizationPublished(by=EDITOR, card=card(), reason="Исключено по ошибке")
    assert (found.status, found.reason) == (Status.PUBLISHED, "Исключено по ошибке")
    assert [(change.action, change.fields[0].after) for change in found.changes[1:]] == [
        ("retire", "retired"), ("reinstate", "published"),
    ]  # fmt: skip
    assert [version.status for version in found.unarchived] == ["published", "retired"]


def test_r_1_3_organization_others_answer_to_is_not_retired() -> None:
    """R 1.3, 3.1.2: they would answer to nobody, and be told with a body that is gone."""
    found = organization()
    with pytest.raises(NotAllowedInState) as refused:
        retire(found, "Ликвидировано", LATER, ["r-institution-15", "r-institution-16"])
    assert refused.value.code == "others-answer-to-it"
    assert "r-institution-15, r-institution-16" in refused.value.detail
    assert found.status is Status.PUBLISHED


@pytest.mark.parametrize(
    ("changes", "municipality"),
    [
        ({}, "leninsk-kuznetsky"),
        ({"serves": []}, ""),
        ({"serves": [{}], "address": {"text": "ул. Мира", "municipality": "yurga"}}, "yurga"),
        ({"serves": [{}, {"municipality": "belovo"}]}, "belovo"),
    ],
)
def test_municipality_it_is_listed_under(changes: dict[str, Any], municipality: str) -> None:
    assert organization(**changes).municipality == municipality


def test_r_1_3_accepted_phone_replaces_the_printed_text() -> None:
    found = organization(phones=[], printed_phone="(38456) 3-00-0")
    found.loaded = found.card
    assert not is_corrected(found, PHONE_FAULT)
    (event,) = accept(found, ("phone.digit_count", "phone"), faults=[PHONE_FAULT])
    assert event.reason == "Проверено по телефону"
    assert (event.card.phones, event.card.printed_phone) == (("+73845630002",), None)
    assert is_corrected(found, PHONE_FAULT)


def test_r_1_3_accepted_name_address_and_email() -> None:
    faults = [
        fault("name", "МБУ «Надежда»", "name.word_break"),
        fault("address", "652800, г. Осинники, ул. Кирова, 76", "address.postcode_outside_region"),
        fault("email", "kcson@example.org", "email.space"),
    ]
    found = organization(emails=[], printed_email="kcson @example.org")
    (event,) = accept(found, *((item.code, item.field) for item in faults), faults=faults)
    assert event.card.name == "МБУ «Надежда»"
    assert event.card.address.postal_code == "652800"
    assert event.card.address.municipality == "osinniki"
    assert (event.card.emails, event.card.printed_email) == (("kcson@example.org",), None)


@pytest.mark.parametrize(
    ("corrections", "faults", "code"),
    [
        ([("phone.missing", "phone")], [PHONE_FAULT], "no-such-proposal"),
        ([("phone.digit_count", "email")], [PHONE_FAULT], "no-such-proposal"),
        ([("phone.digit_count", "phone")], [fault("phone", None)], "no-such-proposal"),
        ([("phone.digit_count", "phone")], [fault("phone", "38456 1")], "proposal-not-certain"),
        (
            [("phone.digit_count", "phone"), ("phone.odd_grouping", "phone")],
            [PHONE_FAULT, fault("phone", "(38456) 3-00-03", "phone.odd_grouping")],
            "one-correction-per-field",
        ),
    ],
)
def test_r_1_3_correction_that_cannot_be_accepted(
    corrections: list[tuple[str, str]], faults: list[Fault], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        accept(organization(), *corrections, faults=faults)
    assert (refused.value.code, refused.value.field) == (code, "corrections")


def test_r_1_3_correction_of_a_field_already_changed_is_refused() -> None:
    found = organization()
    found.loaded = card(phones=["+73845630009"])
    with pytest.raises(NotAllowedInState) as refused:
        accept(found, ("phone.digit_count", "phone"), faults=[PHONE_FAULT])
    assert refused.value.code == "already-corrected"
