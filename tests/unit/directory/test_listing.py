"""A service in the directory: what may happen in which state, and what a newer file undoes (S)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.offer import ServiceChanged, ServiceListed, ServiceStatus, ServiceWithdrawn
from services.directory.domain.listing import (
    ALLOWED,
    CHANGES_KEPT,
    Action,
    ListedService,
    begin_from_file,
    change_service,
    list_service,
    refile,
    relist_service,
    withdraw_service,
)
from services.directory.domain.listing_rules import check_listing
from tests.unit.directory.builders import EDITOR, NOW, at, card
from tests.unit.directory.offered import VOCABULARY, listing

LATER = at(NOW + timedelta(days=1), EDITOR)
WHY = "Письмо № 12"
DO: dict[Action, Callable[[ListedService], list[Event]]] = {
    Action.CHANGE: lambda service: change_service(service, listing(name="Прокат"), WHY, LATER),
    Action.WITHDRAW: lambda service: withdraw_service(service, WHY, LATER),
    Action.RELIST: lambda service: relist_service(service, WHY, LATER),
}


def listed(status: ServiceStatus = ServiceStatus.ACTIVE) -> ListedService:
    return ListedService(id=listing().id, listing=listing(status=status), changed_at=NOW)


@pytest.mark.parametrize("status", ServiceStatus)
@pytest.mark.parametrize("action", Action)
def test_every_action_in_every_state_is_as_the_table_says(
    action: Action, status: ServiceStatus
) -> None:
    service = listed(status)
    if status in ALLOWED[action]:
        assert len(DO[action](service)) == 1
        assert service.changed_at == LATER.now
        return
    with pytest.raises(NotAllowedInState) as refused:
        DO[action](service)
    assert (refused.value.code, refused.value.clause) == ("not-allowed-in-state", "S")
    assert service == listed(status)


def test_entered_service_is_told_whole_with_the_reason() -> None:
    service, events = list_service(listing(), WHY, LATER)
    assert events == [ServiceListed(by=EDITOR, listing=listing(), reason=WHY)]
    assert [(one.action, one.reason) for one in service.changes] == [("create", WHY)]


def test_change_tells_the_new_listing_and_remembers_each_field_before_and_after() -> None:
    service = listed()
    new = listing(name="Прокат", groups=["carers"], alert="С 1 марта")
    assert change_service(service, new, WHY, LATER) == [
        ServiceChanged(by=EDITOR, listing=new, reason=WHY)
    ]
    (change,) = service.changes
    assert {one.field: (one.before, one.after) for one in change.fields} == {
        "name": ("Пункт проката", "Прокат"),
        "groups": ("older_people", "carers"),
        "alert": ("", "С 1 марта"),
    }
    assert (change.role, change.organization) == ("directory_editor", "r-department")
    assert EDITOR.id not in change.model_dump_json()


def test_withdrawn_service_is_defunct_and_can_be_listed_again() -> None:
    service = listed()
    assert withdraw_service(service, WHY, LATER) == [
        ServiceWithdrawn(by=EDITOR, organization="x-institution-01", reason=WHY)
    ]
    assert service.listing.status is ServiceStatus.DEFUNCT
    (told,) = relist_service(service, WHY, LATER)
    assert isinstance(told, ServiceListed)
    assert told.listing.status is ServiceStatus.ACTIVE


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (listing(), "nothing-changed"),
        (listing(status="defunct"), "withdraw-instead"),
        (listing(organization="x-institution-02"), "organization-fixed"),
    ],
)
def test_change_that_is_none_is_refused(new: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        change_service(listed(), new, WHY, LATER)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_defunct_service_is_not_entered() -> None:
    with pytest.raises(InvalidInput, match="withdraw-instead"):
        list_service(listing(status="defunct"), WHY, LATER)


def test_only_the_newest_changes_are_remembered() -> None:
    service = listed()
    for number in range(CHANGES_KEPT + 5):
        change_service(service, listing(name=f"Прокат {number}"), WHY, LATER)
    assert len(service.changes) == CHANGES_KEPT
    assert service.changes[-1].fields[0].after == f"Прокат {CHANGES_KEPT + 4}"


def test_newer_file_is_taken_over_but_in_what_a_person_changed() -> None:
    filed = listing(fees="Бесплатно", alert=None)
    service = begin_from_file(filed, at().now)
    change_service(service, filed.model_copy(update={"name": "Прокат колясок"}), WHY, LATER)
    newer = filed.model_copy(update={"name": "Пункт выдачи", "fees": "100 рублей"})
    refile(service, newer)
    assert (service.listing.name, service.listing.fees) == ("Прокат колясок", "100 рублей")
    refile(service, newer.model_copy(update={"fees": "200 рублей"}))
    assert (service.listing.name, service.listing.fees) == ("Прокат колясок", "200 рублей")


def test_newer_file_does_not_bring_back_what_was_withdrawn() -> None:
    filed = listing()
    service = begin_from_file(filed, at().now)
    withdraw_service(service, WHY, LATER)
    refile(service, filed.model_copy(update={"name": "Прокат"}))
    assert (service.listing.status, service.listing.name) == (ServiceStatus.DEFUNCT, "Прокат")


def test_file_that_lost_the_service_changes_nothing() -> None:
    service = begin_from_file(listing(), at().now)
    refile(service, None)
    assert service.listing == listing()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"kinds": ["cosmetic"]}, "unknown-code", "service.kinds"),
        ({"needs": ["luck"]}, "unknown-code", "service.needs"),
        ({"groups": ["cats"]}, "unknown-code", "service.groups"),
        ({"forms": ["space"]}, "unknown-code", "service.forms"),
        ({"minimum_age": 60, "maximum_age": 59}, "ages-not-in-order", "service.maximum_age"),
        ({"serves": [{"municipality": "atlantis"}]}, "unknown-municipality", "service.serves"),
        (
            {"serves": [{"settlement": "Юрга"}]},
            "municipality-missing",
            "service.serves",
        ),
        (
            {
                "hours": [
                    {
                        "days": ["MO"],
                        "opens": "09:00",
                        "closes": "18:00",
                        "lunch_from": "19:00",
                        "lunch_to": "20:00",
                    }
                ]
            },
            "lunch-not-in-hours",
            "service.hours",
        ),
    ],
)
def test_listing_that_contradicts_itself_is_refused_with_the_field(
    changes: dict[str, object], code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_listing(listing(**changes), card(), VOCABULARY)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.clause is not None


def test_listing_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_listing(listing(), None, VOCABULARY)
    assert (refused.value.code, refused.value.clause) == ("unknown-organization", "S")


def test_sensible_listing_passes() -> None:
    check_listing(listing(minimum_age=18, maximum_age=18), card(), VOCABULARY)
