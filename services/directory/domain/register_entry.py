"""What the registers hold of a provider or a volunteers' organization beside its card (L).

Volunteers who are persons are personal data and have no place here: the register holds their
organizations, and of the persons a number only (L 3.9). INN and OGRN are shown to those who keep
the register and to who proposed the entry; of a sole trader they would name a person.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StrictInt, StringConstraints

from contracts.directory import OrganizationCard, Ownership
from contracts.values import Actor, Line, Value


class Status(StrEnum):
    """States of an organization; the first three are of one that was never published, the last two
    of one that is, and whose entry waits to be amended."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    REFUSED = "refused"
    PUBLISHED = "published"
    RETIRED = "retired"
    AMENDED = "amended"
    AMENDMENT_CHECKED = "amendment_checked"


class CheckItem(StrEnum):
    """What is looked at before an entry is published (L: the register of providers)."""

    LEGAL_ENTITY = "legal_entity"
    """It stands in the state register of legal entities or of sole traders."""
    SERVICES = "services"
    """It gives the services that it claims to."""
    TERRITORY = "territory"
    CAPACITY = "capacity"
    CONTACTS = "contacts"
    """Somebody answered under its phone or e-mail."""


Claimed = Annotated[StrictInt, Field(ge=0, le=100_000)]

Inn = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{10}|[0-9]{12})$"),
    Field(description="ten digits, twelve of a sole trader"),
]
Ogrn = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{13}|[0-9]{15})$"),
    Field(description="thirteen digits, fifteen of a sole trader (ОГРНИП)"),
]


class Particulars(Value):
    """What an entry claims; the check digits were verified where it came in."""

    form: Ownership
    legal_form: Line = Field(description="e.g. ООО, ИП, АНО, ГБУ")
    inn: Inn | None = None
    ogrn: Ogrn | None = None
    services: tuple[Line, ...] = Field(default=(), max_length=100)
    capacity: Claimed | None = Field(default=None, description="places claimed")
    volunteers: Claimed | None = Field(default=None, description="how many; no names")

    def numbers(self) -> dict[str, str]:
        """INN and OGRN by name, as far as it has them."""
        found = {"inn": self.inn, "ogrn": self.ogrn}
        return {name: number for name, number in found.items() if number is not None}


def owner_of(proposer: Actor) -> str:
    """Whose an entry is: the organization's that proposed it, else the person's."""
    if proposer.organization is not None:
        return f"organization/{proposer.organization}"
    return f"person/{proposer.id}"


class Check(BaseModel):
    """One item looked at, with what came of it."""

    item: CheckItem
    passed: bool
    note: str | None = None
    by: Actor
    at: AwareDatetime


class Claim(BaseModel):
    """What is claimed, and what came of looking at it."""

    particulars: Particulars
    checks: list[Check] = []

    def result_of(self, item: CheckItem) -> Check | None:
        """The last check of an item."""
        return next((check for check in reversed(self.checks) if check.item is item), None)


class RegisterEntry(Claim):
    """An entry of a register; `stage` is empty once the organization was published."""

    stage: Status | None = Status.PROPOSED
    proposed_by: Actor
    proposed_at: AwareDatetime
    decided_by: Actor | None = None
    decided_at: AwareDatetime | None = None
    despite: str | None = None
    """Why it was published beside another with its INN or OGRN."""
    claims_numbers: bool = False
    """Whether no other of its register may be published with its INN or OGRN."""


class Amendment(Claim):
    """A correction of an entry that is published: nothing of it holds before it is checked and
    published itself. It changes the named fields of the card, so that it does not undo what
    changes until then."""

    stage: Status = Status.AMENDED
    """`amended` or `amendment_checked` while it waits; `refused` in the end, or it is gone."""
    card: OrganizationCard
    fields: tuple[str, ...]
    reason: str
    proposed_by: Actor
    proposed_at: AwareDatetime
    refusal: str | None = None

    @property
    def waits(self) -> bool:
        """Whether nobody has decided on it yet."""
        return self.stage is not Status.REFUSED
