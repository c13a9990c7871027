"""What the Pension Fund is asked (210-FZ 7.2), and the certificates it invents."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, Field, model_validator

from contracts.values import Email, FullName, Identifier, Line, Phone, Snils
from deploy.simulators.chance import Chance

PENSION_KINDS = (
    "Страховая пенсия по старости",
    "Страховая пенсия по инвалидности",
    "Страховая пенсия по случаю потери кормильца",
    "Социальная пенсия по старости",
)
LEAST_KOPECKS, SPREAD_KOPECKS = 1_150_000, 2_600_000


class Person(BaseModel):
    """Whose data are needed: by SNILS, or by name and date of birth."""

    snils: Snils | None = None
    name: FullName | None = None
    birth_date: date | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.snils is None and (self.name is None or self.birth_date is None):
            raise ValueError("a person is found by SNILS, or by name and birth_date")
        return self


class DataNeeded(BaseModel):
    """The data needed to answer (7.2 part 1, item 5)."""

    what: Line
    person: Person


class Signatory(BaseModel):
    """Who prepared and sent the request (7.2 part 1, item 8)."""

    name: Line
    post: Line
    phone: Phone | None = None
    email: Email | None = None


class InteragencyRequest(BaseModel):
    """A request with all that article 7.2, part 1 of law 210-FZ asks for (items 1 to 8)."""

    id: Identifier
    requesting_body: Line
    addressed_body: Line
    service: Line
    legal_ground: Line
    data_needed: DataNeeded
    return_contact: Line
    sent_on: date
    signatory: Signatory


class Certificate(BaseModel):
    """The pension certificate, as intake's API takes it. Money in kopecks."""

    pension_kind: str
    monthly_amount: int = Field(ge=0)
    as_of: date
    document_number: str


def invent(request: InteragencyRequest, chance: Chance) -> Certificate:
    """A certificate; the same one whenever this request is answered."""
    kind = PENSION_KINDS[int(chance.of("kind", request.id) * len(PENSION_KINDS))]
    amount = LEAST_KOPECKS + int(chance.of("amount", request.id) * SPREAD_KOPECKS)
    number = int(chance.of("number", request.id) * 1_000_000)
    return Certificate(
        pension_kind=kind,
        monthly_amount=amount,
        as_of=request.sent_on,
        document_number=f"ПФР-{request.sent_on.year}-{number:06d}",
    )
