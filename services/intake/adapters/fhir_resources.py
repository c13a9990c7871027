"""The FHIR R4 resources a referral is read from: what we read of each, the rest tolerated.

Attributes have our names and read FHIR's own camelCase ones by alias.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StringConstraints
from pydantic.alias_generators import to_camel

from contracts.values import Gender
from services.intake.domain.priority import Priority

_DAY = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-][01][0-9]:[0-5][0-9]))?"


def _exists(text: str) -> str:
    """A 30 February has the form of a day, and is none."""
    if len(text) >= len("2026-02-02"):
        date.fromisoformat(text[:10])
    if "T" in text:
        datetime.fromisoformat(text)
    return text


FhirDateTime = Annotated[
    str, StringConstraints(pattern=rf"^{_DAY}{_TIME})?)?$"), AfterValidator(_exists)
]
"""A FHIR dateTime: a year, a month, a day, or a moment with its zone."""


def moment_of(text: str | None) -> datetime | None:
    """The moment a FHIR dateTime names; None where it names less than that."""
    if text is None or "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a 30 February
        return None


NOT_IN_USE = {"old", "maiden", "billing"}
"""Uses of what was given up, and of an address that bills go to."""

CLOCKS = timedelta(days=1)
"""So far a sender's calendar or clock may be ahead of ours."""


def lies_ahead(text: str | None, now: datetime) -> bool:
    """Whether a FHIR dateTime, however much of a day it names, lies in the future."""
    day = (text or "")[:10]
    return day > (now + CLOCKS).date().isoformat()[: len(day)]


class Period(BaseModel):
    """From when until when something holds; open where it is not said."""

    start: FhirDateTime | None = None
    end: FhirDateTime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has begun, as far as is said, and has not ended by now."""
        today = now.date().isoformat()
        ended = self.end is not None and self.end[:10] < today[: len(self.end[:10])]
        return not ended and not lies_ahead(self.start, now)


class Element(BaseModel):
    """A FHIR element: what we read of it, the rest tolerated."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)


class Coding(Element):
    """A code with the system that defines it."""

    system: str | None = None
    code: str | None = None


class Concept(Element):
    """A CodeableConcept: codes, text, or both."""

    coding: list[Coding] = []
    text: str | None = None


class Used(Element):
    """What somebody has for some use and for some time: a number, a name, an address, a phone."""

    use: str | None = None
    period: Period | None = None

    def in_use(self, now: datetime) -> bool:
        """Whether it counts: neither given up nor for bills alone, and within its time."""
        return self.use not in NOT_IN_USE and (self.period is None or self.period.holds(now))


class FhirIdentifier(Used):
    """A number somebody gave: SNILS, OGRN, the sender's own."""

    system: str | None = None
    value: str | None = None
    type: Concept | None = None


class Reference(Element):
    """A pointer to another resource: to an entry, to one contained, or by an identifier."""

    reference: str | None = None
    identifier: FhirIdentifier | None = None
    display: str | None = None


class HumanName(Used):
    """A name; `given` holds the first name, then the patronymic."""

    family: str | None = None
    given: list[str] = []


class ContactPoint(Used):
    """A phone number or another way to reach somebody."""

    system: str | None = None
    value: str | None = None


class FhirAddress(Used):
    """A postal address, as text or in parts."""

    text: str | None = None
    line: list[str] = []
    city: str | None = None
    district: str | None = None
    postal_code: str | None = None


class PatientLink(Element):
    """Another record of the same person."""

    type: str | None = None


class Patient(Element):
    """The citizen."""

    active: StrictBool | None = None
    deceased_boolean: StrictBool | None = None
    deceased_date_time: str | None = None
    link: list[PatientLink] = []
    identifier: list[FhirIdentifier] = []
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    gender: Gender = Gender.UNKNOWN
    birth_date: str | None = None
    address: list[FhirAddress] = []


class RelatedPerson(Element):
    """A relative or another person near the citizen."""

    active: StrictBool | None = None
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    address: list[FhirAddress] = []
    period: Period | None = None


class Organization(Element):
    """Who sends the referral."""

    identifier: list[FhirIdentifier] = []
    name: str | None = None


class ServiceRequest(Element):
    """The referral itself."""

    identifier: list[FhirIdentifier] = []
    status: str
    intent: str
    do_not_perform: StrictBool | None = None
    priority: Priority | None = None
    subject: Reference
    authored_on: FhirDateTime | None = None
    requester: Reference | None = None
    code: Concept | None = None
    order_detail: list[Concept] = []
    reason_code: list[Concept] = []
    encounter: Reference | None = None
    note: list[dict[str, Any]] = []
    contained: list[dict[str, Any]] = []


class Task(Element):
    """What the sender wants to follow."""

    status: str
    intent: str
    priority: Priority | None = None
    focus: Reference | None = None
    code: Concept | None = None
    authored_on: FhirDateTime | None = None
    last_modified: FhirDateTime | None = None


class EntryRequest(Element):
    """What a transaction does with an entry."""

    method: str
    url: str
    if_none_exist: str | None = None


class Entry(Element):
    """One resource of a bundle."""

    full_url: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    resource: dict[str, Any]
    request: EntryRequest


class Bundle(Element):
    """The resources that make up a push; its entries are read one by one."""

    type: str
    entry: list[Any]
