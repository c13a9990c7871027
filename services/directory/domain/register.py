"""The registers of providers and of volunteers' organizations: proposed, checked, published (L).

A proposal is nobody's but the register's: it serves no address, and no other service hears of it.
Published, it is an organization like any other, told by the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from contracts.context import Context
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput, NotAllowedInState, Refusal
from contracts.event import Event
from contracts.values import Line, Value
from services.directory.domain import telling
from services.directory.domain.organization import Action, Organization, enter, require, succeed
from services.directory.domain.register_entry import (
    Check,
    CheckItem,
    Particulars,
    RegisterEntry,
    Status,
)

CLAUSE = "L 1.2.2.2, 3.9"
PROVIDING = frozenset(
    {
        OrganizationKind.PROVIDER,
        OrganizationKind.INSTITUTION,
        OrganizationKind.RESIDENTIAL_INSTITUTION,
    }
)
"""The kinds that give social services: the register of providers holds them all (L 1.2.2.2)."""
LEGAL_ENTITY, SOLE_TRADER = (10, 13), (12, 15)
"""Digits of INN and OGRN: of a legal entity, of a sole trader."""


class Register(StrEnum):
    """Which register."""

    PROVIDERS = "providers"
    VOLUNTEERS = "volunteers"


def register_of(kind: OrganizationKind) -> str:
    """The register that holds organizations of a kind; empty if none does."""
    if kind in PROVIDING:
        return Register.PROVIDERS
    return Register.VOLUNTEERS if kind is OrganizationKind.VOLUNTEER else ""


class NumberTaken(Refusal):
    """Another with this INN or OGRN is published: a person says why there are two, if so."""

    status = 409


class CheckResult(Value):
    """What came of looking at one item."""

    item: CheckItem
    passed: bool
    note: Line | None = None


def needed_checks(entry: RegisterEntry, kind: OrganizationKind) -> frozenset[CheckItem]:
    """What has to pass before an entry may be published; capacity only where it is claimed."""
    items = {CheckItem.LEGAL_ENTITY, CheckItem.TERRITORY, CheckItem.CONTACTS}
    if kind is OrganizationKind.PROVIDER:
        items.add(CheckItem.SERVICES)
    if entry.particulars.capacity is not None:
        items.add(CheckItem.CAPACITY)
    return frozenset(items)


def propose(card: OrganizationCard, particulars: Particulars, at: Context) -> Organization:
    """A new entry, proposed by the provider itself or by an editor; no event tells of it."""
    _check_particulars(card, particulars)
    organization = enter(_with_ownership(card, particulars), at)
    organization.status = Status.RETIRED
    organization.entry = RegisterEntry(
        particulars=particulars, proposed_by=at.by, proposed_at=at.now
    )
    return organization


def amend(
    organization: Organization,
    card: OrganizationCard,
    particulars: Particulars,
    reason: str,
    at: Context,
) -> list[Event]:
    """Correct a proposal, a refused one too: it is looked at anew."""
    require(organization, Action.AMEND)
    _check_particulars(card, particulars)
    entry, card = _entry(organization), _with_ownership(card, particulars)
    if card == organization.card and particulars == entry.particulars:
        raise InvalidInput("nothing-changed", "the entry is the present one", field="card")
    succeed(organization, card, reason, at)
    entry.particulars, entry.checks, entry.stage = particulars, [], Status.PROPOSED
    return []


def check(organization: Organization, results: Sequence[CheckResult], at: Context) -> list[Event]:
    """Record what was looked at and what came of it; with all that is needed, it is checked."""
    require(organization, Action.CHECK)
    if any(not result.passed and result.note is None for result in results):
        raise InvalidInput(
            "note-missing", "what does not pass says why", field="results.note", clause=CLAUSE
        )
    entry = _entry(organization)
    entry.checks += [
        Check(item=item.item, passed=item.passed, note=item.note, by=at.by, at=at.now)
        for item in results
    ]
    entry.stage = Status.PROPOSED if missing_checks(organization) else Status.CHECKED
    organization.changed_at, held = at.now, organization.held
    if held is not None:
        organization.held = held.model_copy(update={"recorded_at": at.now})
    return []


def missing_checks(organization: Organization) -> list[CheckItem]:
    """What has still to pass."""
    entry = _entry(organization)
    results = {item: entry.result_of(item) for item in CheckItem}
    needed = needed_checks(entry, organization.card.kind)
    return [
        item
        for item in CheckItem
        if item in needed and not ((found := results[item]) and found.passed)
    ]


def numbers_shared(one: Organization, other: Organization) -> list[str]:
    """Which of INN and OGRN two entries have in common."""
    if one.entry is None or other.entry is None or one.id == other.id:
        return []
    others = other.entry.particulars.numbers()
    return [
        name
        for name, number in one.entry.particulars.numbers().items()
        if others.get(name) == number
    ]


def publish_entry(
    organization: Organization,
    reason: str,
    at: Context,
    others: Iterable[Organization] = (),
    despite: str | None = None,
) -> list[Event]:
    """Make it an organization of the directory; from here on its events tell of it.

    `others` are those with its INN or OGRN: beside one that is published in the same register it is
    published only with the reason why there are two, e.g. a branch (L 1.2.2.2).
    """
    require(organization, Action.PUBLISH)
    entry = _entry(organization)
    if despite is None:
        _require_single(organization, others)
    entry.despite, entry.claims_numbers = despite, despite is None
    succeed(organization, organization.card, reason, at)
    organization.status = Status.PUBLISHED
    entry.stage, entry.decided_by, entry.decided_at = None, at.by, at.now
    return telling.published(organization.card, at.by, reason)


def number_taken(others: Sequence[str] = ()) -> NumberTaken:
    """The refusal of a second entry with one INN or OGRN."""
    named = ", ".join(others) or "another entry"
    return NumberTaken(
        "number-already-published",
        f"{named} is published with this INN or OGRN; say in despite_same_number why there are two",
        field="particulars.inn",
        clause=CLAUSE,
    )


def _require_single(organization: Organization, others: Iterable[Organization]) -> None:
    register = register_of(organization.card.kind)
    same = [
        other.id
        for other in others
        if other.standing is Status.PUBLISHED
        and register_of(other.card.kind) == register
        and numbers_shared(organization, other)
    ]
    if same:
        raise number_taken(same)


def refuse(organization: Organization, reason: str, at: Context) -> list[Event]:
    """Do not take it into the register, with the reason; it may be amended and looked at anew."""
    require(organization, Action.REFUSE)
    entry = _entry(organization)
    succeed(organization, organization.card, reason, at)
    entry.stage, entry.decided_by, entry.decided_at = Status.REFUSED, at.by, at.now
    return []


def _entry(organization: Organization) -> RegisterEntry:
    if organization.entry is None:
        raise NotAllowedInState(
            "not-in-a-register",
            "the organization was not proposed to a register",
            clause=CLAUSE,
        )
    return organization.entry


def _with_ownership(card: OrganizationCard, particulars: Particulars) -> OrganizationCard:
    return card.model_copy(update={"ownership": particulars.form})


def _check_particulars(card: OrganizationCard, particulars: Particulars) -> None:
    if not (card.phones or card.emails):
        raise _wrong("contact-missing", "a phone or an e-mail that answers", "card.phones")
    if not card.serves:
        raise _wrong("territory-missing", "where it works", "card.serves")
    if card.kind is OrganizationKind.VOLUNTEER:
        return
    if particulars.volunteers is not None:
        raise _wrong("not-a-volunteers-organization", "counts none", "particulars.volunteers")
    if not particulars.services:
        raise _wrong("services-missing", "what it offers", "particulars.services")
    if particulars.inn is None or particulars.ogrn is None:
        missing = "inn" if particulars.inn is None else "ogrn"
        raise _wrong(f"{missing}-missing", "a provider has both", f"particulars.{missing}")
    if (len(particulars.inn), len(particulars.ogrn)) not in {LEGAL_ENTITY, SOLE_TRADER}:
        raise _wrong(
            "inn-and-ogrn-differ",
            "one is a legal entity's, the other a sole trader's",
            "particulars.ogrn",
        )


def _wrong(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause=CLAUSE)
