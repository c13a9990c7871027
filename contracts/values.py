"""Value types used in events and in every service's API.

Values forbid unknown fields, so a request with a misspelt nested field is refused. Events are
read by `contracts.envelope` with unknown fields ignored at every depth, so that an older reader
survives a newer writer.
"""

from __future__ import annotations

import re
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

EARLIEST_BIRTH_DATE = date(1890, 1, 1)

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""One line of text a person typed; never empty."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
"""A paragraph a person typed; never empty."""

IDENTIFIER = r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$"
Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER)]
"""An id of ours: begins with a letter, so that no store mistakes it for a date or a number."""

_E164 = r"^\+[1-9][0-9]{6,14}$"
Phone = Annotated[
    str,
    StringConstraints(pattern=_E164),
    Field(description="E.164", examples=["+73845600001"]),
]


def is_phone(number: str) -> bool:
    """Whether it is a number in E.164; what can be dialled at home may be longer than that."""
    return re.fullmatch(_E164, number) is not None


Email = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
]

PostalCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


def _written_out(value: object) -> object:
    """Pydantic takes a number for seconds since 1970: 20260101 would be a day in that August."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("a date or time is written as in ISO 8601, not as a number")
    return value


_NUMBER = re.compile(r"\s*[+-]?[0-9.]+\s*")

IsoDate = Annotated[date, BeforeValidator(_written_out)]
"""A date that somebody sends."""

IsoDateTime = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""Date, time and offset that somebody sends."""

IsoTime = Annotated[time, BeforeValidator(_written_out)]
"""A time of day that somebody sends."""


class Value(BaseModel):
    """Base of every value: compared by content, never changed after it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def snils_control_number(first_nine_digits: str) -> int:
    """Control number of a SNILS (Pension Fund resolution 192p: weights 9…1, modulo 101)."""
    weighted = sum(
        int(digit) * weight
        for digit, weight in zip(first_nine_digits, range(9, 0, -1), strict=True)
    )
    return weighted % 101 % 100


def _plain_snils(value: object) -> object:
    return re.sub(r"[\s-]", "", value) if isinstance(value, str) else value


def _checked_snils(value: str) -> str:
    number, control = value[:9], int(value[9:])
    if int(number) > 1_001_998 and snils_control_number(number) != control:
        raise ValueError("the SNILS check digits do not fit its number")
    return value


Snils = Annotated[
    str,
    BeforeValidator(_plain_snils),
    StringConstraints(pattern=r"^[0-9]{11}$"),
    AfterValidator(_checked_snils),
    Field(description="SNILS, eleven digits, check digits verified", examples=["11223344595"]),
]


class FullName(Value):
    """Family name, given name and patronymic (фамилия, имя, отчество); not everybody has all."""

    family: Line
    given: Line
    patronymic: Line | None = None

    def __str__(self) -> str:
        """As it is written here: family name, given name, patronymic."""
        return " ".join(part for part in (self.family, self.given, self.patronymic) if part)


class Gender(StrEnum):
    """Administrative gender as FHIR codes it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Address(Value):
    """A postal address: the text as it was given, and its parts as far as they are certain."""

    text: Line
    postal_code: PostalCode | None = None
    municipality: Identifier | None = Field(
        default=None, description="code of the municipal area, e.g. leninsk-kuznetsky"
    )
    settlement: Line | None = Field(default=None, description="city or village, without its kind")
    city_district: Line | None = None
    street: Line | None = None
    house: Line | None = None
    flat: Line | None = None


class ContactKind(StrEnum):
    """Whether the contact is a person or an organization (R 3.1.2)."""

    PERSON = "person"
    ORGANIZATION = "organization"


class Contact(Value):
    """Contact person or organization of a referral (R 3.1.2).

    An organization of the directory is named by its id; the directory has its address and phone.
    """

    kind: ContactKind
    name: FullName | None = None
    organization_name: Line | None = None
    organization_id: Identifier | None = None
    address: Address | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        required: dict[str, object] = {"organization_name": self.organization_name}
        if self.kind is ContactKind.PERSON:
            required = {"name": self.name}
        if self.organization_id is None:
            required |= {"address": self.address, "phone": self.phone}
        missing = [name for name, value in required.items() if value is None]
        if missing:
            raise ValueError(f"{', '.join(missing)}: the journal must hold it (R 3.1.2)")
        return self


Subject = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A person as their token names them (`sub`): what the identity provider gives out, a UUID or an
e-mail address too; never an `Identifier`, which is an id of ours."""


class Actor(Value):
    """Who did it: the token's subject and organization and the role they acted in. No name."""

    id: Subject
    role: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    organization: Identifier | None = None


SYSTEM = Actor(id="opora", role="system")
"""The actor of what the machine does by itself: a term that ran out, a reaction to an event."""


class Telephone(Value):
    """A telephone number as it was said, and as it is dialled, as far as that is certain."""

    said: Line
    number: Phone
    extension: Line | None = None


class CitizenCard(Value):
    """What identifies and reaches one citizen. Travels in citizen-card events and nowhere else.

    Name, birth date and address are always there, but for an oral referral about a person in
    danger, which is taken with what is known (R 3.1.2) and completed later.
    """

    snils: Snils | None = None
    name: FullName | None = None
    birth_date: IsoDate | None = None
    gender: Gender = Gender.UNKNOWN
    address: Address | None = None
    phone: Phone | None = None
    phones: tuple[Telephone, ...] = Field(
        default=(), description="as they were said, where that was otherwise than `phone`"
    )

    @model_validator(mode="after")
    def _plausible_birth(self) -> Self:
        if self.birth_date is not None and self.birth_date < EARLIEST_BIRTH_DATE:
            raise ValueError("birth_date: lies before 1890")
        return self
