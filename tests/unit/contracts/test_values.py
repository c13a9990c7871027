"""Value types: SNILS, names, contacts, cards (standards: SNILS; R 3.1.2)."""

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.values import Address, CitizenCard, Contact, ContactKind, FullName, Phone, Snils

SNILS = TypeAdapter(Snils)
PHONE = TypeAdapter(Phone)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("112-233-445 95", "11223344595"),
        ("001-019-989 00", "00101998900"),
        ("001-019-998 00", "00101999800"),
        ("106-897-449 00", "10689744900"),
        ("11223344595", "11223344595"),
    ],
)
def test_snils_with_fitting_check_digits_is_read(written: str, digits: str) -> None:
    assert SNILS.validate_python(written) == digits


def test_snils_up_to_001_001_998_is_not_checked() -> None:
    assert SNILS.validate_python("001-001-998 12") == "00100199812"
    with pytest.raises(ValidationError):
        SNILS.validate_python("001-001-999 12")


@pytest.mark.parametrize("written", ["123-456-789 01", "112-233-445 96", "1122334459", "", "снилс"])
def test_snils_that_does_not_hold_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        SNILS.validate_python(written)


@pytest.mark.parametrize("written", ["+73845600001", "+375291234567"])
def test_phone_in_e164_is_read(written: str) -> None:
    assert PHONE.validate_python(written) == written


@pytest.mark.parametrize("written", ["83845600001", "+7 (384) 560", "+0123456789", "телефон"])
def test_phone_in_another_form_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        PHONE.validate_python(written)


def test_unknown_field_of_a_value_is_refused() -> None:
    with pytest.raises(ValidationError, match="nickname"):
        FullName.model_validate({"family": "Ким", "given": "Ольга", "nickname": "Оля"})


HOME = Address(text="г. Белово, ул. Советская, д. 4")


@pytest.mark.parametrize(
    ("contact", "missing"),
    [
        ({"kind": "person", "address": HOME, "phone": "+79050000001"}, "name"),
        ({"kind": "organization", "address": HOME, "phone": "+79050000001"}, "organization_name"),
        ({"kind": "person", "name": {"family": "Ли", "given": "Вера"}, "address": HOME}, "phone"),
        (
            {"kind": "organization", "organization_name": "Завод", "phone": "+79050000001"},
            "address",
        ),
    ],
)
def test_contact_without_what_the_journal_holds_is_refused_r_3_1_2(
    contact: dict[str, object], missing: str
) -> None:
    with pytest.raises(ValidationError, match=rf"{missing}.*R 3\.1\.2"):
        Contact.model_validate(contact)


def test_organization_of_the_directory_is_a_contact_by_its_id() -> None:
    contact = Contact(
        kind=ContactKind.ORGANIZATION, organization_name="Больница", organization_id="l-hospital-1"
    )
    assert contact.phone is None


def test_birth_date_before_1890_is_refused() -> None:
    with pytest.raises(ValidationError, match="1890"):
        CitizenCard(birth_date=date(1889, 12, 31))
    assert CitizenCard(birth_date=date(1890, 1, 1)).birth_date == date(1890, 1, 1)
