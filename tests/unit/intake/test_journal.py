"""The journal: what it must hold, the exception in danger, completion (R 3.1.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.regulation import load_pack
from contracts.values import CitizenCard, Contact, ContactKind, FullName, Gender
from services.intake.domain.completing import Completion, complete
from services.intake.domain.journal import JournalEntry, entry_id
from services.intake.domain.referral_form import ReferralForm, check_form, missing_fields
from tests.unit.intake.sample import CARD, NEIGHBOUR, NOON, entry, form, local

TODAY = date(2026, 2, 2)
PATHS = {
    "address": "citizen.address",
    "name": "citizen.name",
    "birth_date": "citizen.birth_date",
    "problems": "problems",
    "contact": "contact",
}


def without(field: str, **changed: object) -> ReferralForm:
    if field in {"problems", "contact"}:
        return form(**{field: None, **changed})
    return form(citizen=CARD.model_copy(update={field: None}), **changed)


def test_complete_referral_lacks_nothing_r_3_1_2() -> None:
    assert check_form(form(), NOON, TODAY) == []


def test_every_journal_field_of_the_pack_is_looked_for_r_3_1_2() -> None:
    fields = {field.field for field in load_pack("kuzbass-2013").journal_fields}
    assert fields == {*PATHS, "received_at"}  # the time of receipt is always known


@pytest.mark.parametrize("field", PATHS)
def test_missing_field_is_an_error_that_names_it_r_3_1_2(field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_form(without(field), NOON, TODAY)
    assert (refused.value.code, refused.value.field) == ("journal-field-missing", PATHS[field])
    assert refused.value.clause == "R 3.1.2"


def test_all_missing_fields_are_named_at_once_r_3_1_2() -> None:
    bare = form(citizen=CitizenCard(), problems=None, contact=None)
    with pytest.raises(InvalidInput) as refused:
        check_form(bare, NOON, TODAY)
    for path in PATHS.values():
        assert path in refused.value.detail


@pytest.mark.parametrize("field", PATHS)
def test_oral_referral_in_danger_is_taken_with_what_is_known_r_3_1_2(field: str) -> None:
    taken = without(field, in_danger=True)
    assert check_form(taken, NOON, TODAY) == [PATHS[field]]


def test_nothing_known_but_the_danger_is_taken_r_3_1_2() -> None:
    bare = form(citizen=CitizenCard(), problems=None, contact=None, in_danger=True)
    assert check_form(bare, NOON, TODAY) == missing_fields(bare)
    assert set(missing_fields(bare)) == set(PATHS.values())


def test_written_referral_has_no_exception_r_3_1_2() -> None:
    with pytest.raises(ValidationError, match="oral"):
        form(oral=False, in_danger=True, channel=Channel.WRITTEN)


@pytest.mark.parametrize(
    ("birth_date", "code"),
    [
        (TODAY - timedelta(days=1), None),
        (TODAY, None),
        (TODAY + timedelta(days=1), "birth-date-in-future"),
    ],
)
@pytest.mark.parametrize("in_danger", [False, True])
def test_birth_date_in_the_future_is_refused_r_3_1_2(
    birth_date: date, code: str | None, in_danger: bool
) -> None:
    told = form(citizen=CARD.model_copy(update={"birth_date": birth_date}), in_danger=in_danger)
    if code is None:
        assert check_form(told, NOON, TODAY) == []
        return
    with pytest.raises(InvalidInput) as refused:
        check_form(told, NOON, TODAY)
    assert (refused.value.code, refused.value.field) == (code, "citizen.birth_date")


@pytest.mark.parametrize(("seconds", "taken"), [(-1, True), (0, True), (1, False)])
def test_receipt_in_the_future_is_refused_r_3_1_2(seconds: int, taken: bool) -> None:
    told = form(received_at=NOON + timedelta(seconds=seconds))
    if taken:
        assert check_form(told, NOON, TODAY) == []
        return
    with pytest.raises(InvalidInput) as refused:
        check_form(told, NOON, TODAY)
    assert (refused.value.code, refused.value.field) == ("received-in-future", "received_at")


@pytest.mark.parametrize("missing", ["name", "address", "phone"])
def test_contact_person_needs_name_address_and_phone_r_3_1_2(missing: str) -> None:
    values = NEIGHBOUR.model_dump(exclude_none=True)
    del values[missing]
    with pytest.raises(ValidationError, match=missing):
        Contact.model_validate(values)


def test_contact_organization_of_the_directory_is_named_by_id_r_3_1_2() -> None:
    known = Contact(
        kind=ContactKind.ORGANIZATION, organization_name="Больница", organization_id="hospital-03"
    )
    assert known.phone is None
    with pytest.raises(ValidationError, match="address, phone"):
        Contact(kind=ContactKind.ORGANIZATION, organization_name="Больница")


def in_danger(**known: Any) -> JournalEntry:
    told = form(citizen=CitizenCard(**known), problems=None, contact=None, in_danger=True)
    return entry(form=told, missing=missing_fields(told))


def completion(**learned: Any) -> Completion:
    return Completion(
        citizen=CitizenCard(**learned),
        problems="Упала, не встаёт",
        contact=NEIGHBOUR,
        source="соседка Галина Сомова",
    )


def test_completion_adds_what_was_missing_and_makes_the_entry_due_r_3_1_2() -> None:
    made = in_danger(name=CARD.name)
    now = local(2026, 2, 3)
    complete(
        made,
        completion(birth_date=CARD.birth_date, address=CARD.address),
        "local:registrar",
        now,
        TODAY,
    )
    assert made.missing == []
    assert made.form.citizen.birth_date == CARD.birth_date
    assert made.place_at == now


def test_completion_is_append_only_r_3_1_2() -> None:
    first = FullName(family="Петрова", given="Анна")
    made = in_danger(name=first, gender=Gender.FEMALE)
    complete(
        made,
        completion(name=FullName(family="Иванова", given="Мария"), gender=Gender.MALE),
        "local:registrar",
        NOON,
        TODAY,
    )
    assert made.form.citizen.name == first
    assert made.form.citizen.gender is Gender.FEMALE
    assert made.missing == ["citizen.address", "citizen.birth_date"]


def test_completion_may_tell_the_gender_that_was_unknown_r_3_1_2() -> None:
    made = in_danger(name=CARD.name)
    complete(made, completion(gender=Gender.FEMALE), "local:registrar", NOON, TODAY)
    assert made.form.citizen.gender is Gender.FEMALE


def test_completion_keeps_who_said_what_when_r_3_1_2() -> None:
    made = in_danger(name=CARD.name, address=CARD.address)
    complete(made, completion(), "local:anna", NOON, TODAY)
    complete(made, completion(birth_date=CARD.birth_date), "local:boris", NOON, TODAY)
    assert [(a.recorded_by, a.fields) for a in made.additions] == [
        ("local:anna", ("problems", "contact")),
        ("local:boris", ("citizen.birth_date",)),
    ]
    assert made.additions[0].source == "соседка Галина Сомова"


def test_completion_with_a_birth_date_in_the_future_changes_nothing_r_3_1_2() -> None:
    made = in_danger(name=CARD.name)
    before = made.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        complete(
            made, completion(birth_date=TODAY + timedelta(days=1)), "local:registrar", NOON, TODAY
        )
    assert refused.value.code == "birth-date-in-future"
    assert made == before


def test_complete_entry_takes_no_completion_r_3_1_2() -> None:
    with pytest.raises(InvalidInput) as refused:
        complete(entry(), completion(), "local:registrar", NOON, TODAY)
    assert refused.value.code == "referral-is-complete"


def test_number_is_the_id_so_that_the_store_forbids_it_twice() -> None:
    made = entry(7)
    assert made.id == entry_id(made.institution, made.year, 7)
    assert made.journal_number == "r-institution-15/2026/000007"
    assert entry_id("a", 2026, 9) < entry_id("a", 2026, 10)
