"""Events of the directory: organizations as every service keeps its own copy of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StringConstraints, WithJsonSchema

from contracts.event import Event
from contracts.values import Address, Email, Identifier, IsoDate, IsoTime, Line, Phone, Value

ORGANIZATION = "directory.organization"


class OrganizationKind(StrEnum):
    """Kinds of organizations that take part in long-term care (L, M, S).

    The first eight are told by version 1 of the events, which older replicas read; the others by
    version 2 alone, which an older replica passes over: it does not know such an organization.
    """

    DEPARTMENT = "department"
    AUTHORISED_BODY = "authorised_body"
    INSTITUTION = "institution"
    COORDINATION_CENTRE = "coordination_centre"
    MFC = "mfc"
    MEDICAL_ORGANIZATION = "medical_organization"
    PENSION_FUND_OFFICE = "pension_fund_office"
    PROVIDER = "provider"
    RESIDENTIAL_INSTITUTION = "residential_institution"
    """дом-интернат, пансионат (M)"""
    VOLUNTEER = "volunteer"
    """волонтёрская организация (L 3.9); never a single volunteer, who is a person"""
    CULTURE = "culture"
    SPORT = "sport"
    EDUCATION = "education"
    EMPLOYMENT = "employment"
    """центр занятости населения (L 3.10)"""
    PUBLIC_ASSOCIATION = "public_association"
    """общественная организация, e.g. of disabled people (L 3.10)"""
    PUBLIC_BODY = "public_body"
    """an administration, ministry or state institution that is none of the kinds above (K, L)"""


FIRST_KINDS = frozenset(list(OrganizationKind)[:8])
"""The kinds that version 1 of the events knows."""


class Ownership(StrEnum):
    """Whose a provider is (L: the register of providers, non-state ones included)."""

    STATE = "state"
    PRIVATE = "private"
    NGO = "ngo"


class HouseParity(StrEnum):
    """Which side of a street."""

    ALL = "all"
    ODD = "odd"
    EVEN = "even"


_DIGITS, _LETTER = "[0-9]{1,4}", "[А-Яа-яЁё]?"

HouseNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=rf"^{_DIGITS} ?{_LETTER}(/{_DIGITS}{_LETTER})?( ?(к|корп\.?) ?{_DIGITS})?$",
    ),
    Field(description="a house as printed", examples=["12", "12а", "12/1", "12 корп. 2"]),
]


class HouseRange(Value):
    """Houses of a street from one to another, both counted; an end left out is open."""

    parity: HouseParity = HouseParity.ALL
    first: HouseNumber | None = None
    last: HouseNumber | None = None


class Territory(Value):
    """A piece of ground an organization serves; without a municipality, its whole region.

    With a street only that street is served, with `houses` only those houses of it (R 3.1.2). A
    replica that knows no streets reads the settlement or municipality that the street lies in.
    """

    municipality: Identifier | None = None
    city_district: Line | None = None
    settlement: Line | None = None
    street: Line | None = Field(default=None, description="with its kind, e.g. пр. Ленина")
    houses: tuple[HouseRange, ...] = Field(default=(), max_length=100)


Weekday = Annotated[str, StringConstraints(pattern=r"^(MO|TU|WE|TH|FR|SA|SU)$")]


LocalTime = Annotated[
    IsoTime, WithJsonSchema({"type": "string", "pattern": r"^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"})
]
"""A time of day where the organization is. JSON Schema's own `time` asks for an offset.

An offset or seconds are refused where hours are entered, not here: what was stored or told with
them before stays readable, as the hours and minutes it names.
"""


class Break(Value):
    """A break within the hours of a day."""

    begins: LocalTime
    ends: LocalTime


class OpeningHours(Value):
    """Hours on the named weekdays, with the lunch break (HSDS knows none).

    One that closes at or before it opens is open past midnight, into the next day; 00:00 to 00:00
    is the whole day. With dates the entry holds in that season only, from the first day to the
    last, and in it alone instead of those without dates.
    """

    days: tuple[Weekday, ...]
    opens: LocalTime
    closes: LocalTime
    lunch_from: LocalTime | None = None
    lunch_to: LocalTime | None = None
    breaks: tuple[Break, ...] = Field(default=(), max_length=10, description="besides the lunch")
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None

    @property
    def all_breaks(self) -> tuple[Break, ...]:
        """The lunch, where both its ends are known, and the further breaks."""
        if self.lunch_from is None or self.lunch_to is None:
            return self.breaks
        return (*self.breaks, Break(begins=self.lunch_from, ends=self.lunch_to))


class Closure(Value):
    """Days on which it is closed whatever the hours say, and why."""

    first: IsoDate
    last: IsoDate
    reason: Line


class OrganizationCard(Value):
    """An organization as published. `printed_*` keep the source's text where it could not be read
    with certainty: a broken phone is shown as it was printed, never guessed."""

    id: Identifier
    kind: OrganizationKind
    name: Line
    address: Address | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    website: Line | None = None
    printed_phone: Line | None = None
    printed_email: Line | None = None
    parent: Identifier | None = None
    region: Line | None = None
    serves: tuple[Territory, ...] = ()
    hours: tuple[OpeningHours, ...] = ()
    reception_days: tuple[Weekday, ...] = ()
    source: Line
    closures: tuple[Closure, ...] = ()
    preholiday_minutes: Annotated[int, Field(ge=0, le=480)] = Field(
        default=0, description="by how many minutes the day before a public holiday is shorter"
    )
    ownership: Ownership | None = Field(default=None, description="whose a provider is (L)")


def _first_kind(card: OrganizationCard) -> OrganizationCard:
    if card.kind not in FIRST_KINDS:
        raise ValueError(f"kind: {card.kind} is told by version 2")
    return card


class _FirstKindsInSchema:
    """Writes the kinds of version 1 into its schema: what it promises older readers stays so."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        card = handler.resolve_ref_schema(schema)
        kinds = [kind.value for kind in OrganizationKind if kind in FIRST_KINDS]
        card["properties"]["kind"] = {"enum": kinds, "title": "OrganizationKind", "type": "string"}
        return schema


CardOfFirstKind = Annotated[OrganizationCard, AfterValidator(_first_kind), _FirstKindsInSchema]


class OrganizationPublished(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Организация внесена в справочник",
    en="Organization published",
):
    """An organization is in the directory; carries the whole card, and why it was entered."""

    card: CardOfFirstKind
    reason: Line | None = None


class OrganizationChanged(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Сведения об организации изменены",
    en="Organization changed",
):
    """The card was changed, with the reason; carries the whole new card."""

    card: CardOfFirstKind
    reason: Line


class OrganizationPublishedV2(
    Event,
    stream=ORGANIZATION,
    version=2,
    clause="R 1.3, L 3.8-3.12",
    ru="Организация внесена в справочник",
    en="Organization published",
):
    """The same of an organization of any kind; said of those that version 1 does not know."""

    card: OrganizationCard
    reason: Line | None = None


class OrganizationChangedV2(
    Event,
    stream=ORGANIZATION,
    version=2,
    clause="R 1.3, L 3.8-3.12",
    ru="Сведения об организации изменены",
    en="Organization changed",
):
    """The same of an organization of any kind; said of those that version 1 does not know."""

    card: OrganizationCard
    reason: Line


class OrganizationRetired(
    Event,
    stream=ORGANIZATION,
    clause="R 1.3",
    ru="Организация исключена из справочника",
    en="Organization retired",
):
    """The organization no longer takes part."""

    reason: Line
