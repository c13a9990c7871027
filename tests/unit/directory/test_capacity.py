"""What is free at an organization: who says it, and what replaces what (M, L)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.errors import InvalidInput, NotPermitted
from contracts.offer import CapacityChanged, CapacityKey, ServiceCapacity
from contracts.values import Actor
from services.directory.domain.capacity import (
    CHANGES_KEPT,
    Counted,
    OrganizationCapacity,
    change_capacity,
    require_own,
)
from tests.unit.directory.builders import NOW, at
from tests.unit.directory.offered import VOCABULARY, listing

PROVIDER = Actor(id="postavshchik-1", role="provider", organization="x-institution-01")
LATER = at(NOW + timedelta(hours=1), PROVIDER)
GIVEN = {
    "x.stay": listing(id="x.stay"),
    "x.rent": listing(id="x.rent"),
    "x.gone": listing(id="x.gone", status="defunct"),
}


def kept() -> OrganizationCapacity:
    return OrganizationCapacity(id="x-institution-01", changed_at=NOW)


def counted(service: str = "x.stay", unit: str = "place", available: int = 3, **more: Any) -> Any:
    return Counted(service=service, unit=unit, available=available, **more)


def change(found: OrganizationCapacity, *entries: Counted, gone: Any = ()) -> Any:
    return change_capacity(found, entries, gone, GIVEN, VOCABULARY, "Выписаны трое", LATER)


def test_first_count_is_told_with_its_moment_and_nothing_else() -> None:
    found = kept()
    (told,) = change(found, counted(maximum=25))
    entry = ServiceCapacity(
        service="x.stay", unit="place", available=3, maximum=25, updated_at=LATER.now
    )
    assert told == CapacityChanged(by=PROVIDER, capacities=(entry,), reason="Выписаны трое")
    assert found.capacities == [entry]
    assert found.of("x.stay") == (entry,)
    assert found.of("x.rent") == ()


def test_new_number_replaces_its_own_unit_only() -> None:
    found = kept()
    change(found, counted(), counted(unit="hour_a_week", available=40), counted("x.rent", "item"))
    (told,) = change(found, counted(available=0))
    assert [(one.service, one.unit, one.available) for one in told.capacities] == [
        ("x.stay", "place", 0)
    ]
    assert {(one.service, one.unit): one.available for one in found.capacities} == {
        ("x.rent", "item"): 3,
        ("x.stay", "hour_a_week"): 40,
        ("x.stay", "place"): 0,
    }
    last = found.changes[-1]
    assert ([one.available for one in last.before], [one.available for one in last.after]) == (
        [3],
        [0],
    )
    assert (last.role, last.organization, last.reason) == (
        "provider",
        "x-institution-01",
        "Выписаны трое",
    )


def test_what_is_counted_no_longer_is_gone() -> None:
    found = kept()
    change(found, counted(), counted("x.rent", "item"))
    key = CapacityKey(service="x.rent", unit="item")
    (told,) = change(found, gone=[key])
    assert told.uncounted == (key,)
    assert [one.service for one in found.capacities] == ["x.stay"]


@pytest.mark.parametrize(
    ("entries", "gone", "code"),
    [
        ([], [], "nothing-counted"),
        ([counted(), counted(available=4)], [], "counted-twice"),
        ([counted()], [CapacityKey(service="x.stay", unit="place")], "counted-twice"),
        ([counted(unit="souls")], [], "unknown-code"),
        ([counted("y.other")], [], "unknown-service"),
        ([counted("x.gone")], [], "unknown-service"),
        ([counted(available=26, maximum=25)], [], "more-than-there-is"),
        ([], [CapacityKey(service="x.stay", unit="place")], "not-counted"),
    ],
)
def test_count_that_makes_no_sense_is_refused_and_changes_nothing(
    entries: list[Counted], gone: list[CapacityKey], code: str
) -> None:
    found = kept()
    with pytest.raises(InvalidInput) as refused:
        change(found, *entries, gone=gone)
    assert refused.value.code == code
    assert refused.value.field is not None
    assert found == kept()


def test_all_that_there_is_may_be_free() -> None:
    change(kept(), counted(available=25, maximum=25))


@pytest.mark.parametrize("number", [-1, 100_001])
def test_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ValidationError):
        counted(available=number)


def test_organization_counts_its_own_and_the_editor_anybodys() -> None:
    require_own("x-institution-01", PROVIDER)
    require_own("x-institution-02", Actor(id="e", role="directory_editor"))
    with pytest.raises(NotPermitted) as refused:
        require_own("x-institution-02", PROVIDER)
    assert (refused.value.code, refused.value.clause) == ("own-capacity-only", "S")


def test_only_the_newest_changes_are_remembered() -> None:
    found = kept()
    for number in range(CHANGES_KEPT + 3):
        change(found, counted(available=number))
    assert len(found.changes) == CHANGES_KEPT


def test_moment_of_what_is_counted_no_longer_stays_however_much_is_counted_after() -> None:
    """Whoever keeps a copy looks for what changed since: no moment goes back (S)."""
    found = kept()
    change(found, counted("x.stay"), counted("x.rent", "item"))
    assert found.moments() == {"x.stay": LATER.now, "x.rent": LATER.now}
    for hour in range(2, CHANGES_KEPT + 5):
        moment = at(NOW + timedelta(hours=hour), PROVIDER)
        gone = [CapacityKey(service="x.rent", unit="item")] if hour == 2 else []
        change_capacity(found, [counted()], gone, GIVEN, VOCABULARY, "Пересчитали", moment)
        assert found.moments() == {"x.stay": moment.now, "x.rent": NOW + timedelta(hours=2)}


def test_moments_of_a_document_that_did_not_keep_them_are_those_of_its_changes() -> None:
    found = kept()
    change(found, counted("x.stay"), counted("x.rent", "item"))
    moment = at(NOW + timedelta(hours=2), PROVIDER)
    gone = [CapacityKey(service="x.rent", unit="item")]
    change_capacity(found, [], gone, GIVEN, VOCABULARY, "Сдали", moment)
    found.moved = {}
    assert found.moments() == {"x.stay": LATER.now, "x.rent": moment.now}
