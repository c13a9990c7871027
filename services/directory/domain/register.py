"""The registers of providers and of volunteers' organizations: proposed, checked, published (L).

A proposal is nobody's but the register's: it serves no address, and no other service hears of it.
Published, it is an organization like any other, told by the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import StrictBool

from contracts.context import Context
from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput, NotAllowedInState, Refusal
from contracts.event import Event
from contracts.values import Line, Value
from services.directory.domain import telling
from services.directory.domain.entry_rules import CLAUSE, check_particulars
from services.directory.domain.organization import (
    Action,
    Organization,
    enter,
    note_change,
    reinstate,
    require,
    succeed,
)
from services.directory.domain.register_entry import (
    Amendment,
    Check,
    CheckItem,
    Claim,
    Particulars,
    RegisterEntry,
    Status,
)
from services.directory.domain.versions import differing, taking

PROVIDING = frozenset(
    {
        OrganizationKind.PROVIDER,
        OrganizationKind.INSTITUTION,
        OrganizationKind.RESIDENTIAL_INSTITUTION,
    }
)
"""The kinds that give social services: the register of providers holds them all (L 1.2.2.2)."""
ENTERED = frozenset(
    {"name", "address", "phones", "emails", "website", "region", "serves", "ownership"}
)
"""What an entry says of the card; hours and closures of one that is published are an editor's."""


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
    passed: StrictBool
    note: Line | None = None


def needed_checks(claim: Claim, kind: OrganizationKind) -> frozenset[CheckItem]:
    """What has to pass before an entry may be published; capacity only where it is claimed."""
    items = {CheckItem.LEGAL_ENTITY, CheckItem.TERRITORY, CheckItem.CONTACTS}
    if kind is OrganizationKind.PROVIDER:
        items.add(CheckItem.SERVICES)
    if claim.particulars.capacity is not None:
        items.add(CheckItem.CAPACITY)
    return frozenset(items)


def propose(card: OrganizationCard, particulars: Particulars, at: Context) -> Organization:
    """A new entry, proposed by the provider itself or by an editor; no event tells of it."""
    check_particulars(card, particulars)
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
    """Correct an entry, a refused one too: it is looked at anew.

    One that is published stays as it is until its amendment was checked and published (L 1.2.2.2).
    """
    require(organization, Action.AMEND)
    check_particulars(card, particulars)
    entry = _entry(organization)
    sent = _with_ownership(card, particulars)
    fields = tuple(name for name in differing(organization.card, sent) if name in ENTERED)
    if not fields and particulars == entry.particulars:
        raise InvalidInput("nothing-changed", "the entry is the present one", field="card")
    if organization.status is Status.PUBLISHED:
        organization.amendment = Amendment(
            particulars=particulars,
            card=taking(organization.card, sent, fields),
            fields=fields,
            reason=reason,
            proposed_by=at.by,
            proposed_at=at.now,
        )
        note_change(organization, at)
        return []
    succeed(organization, taking(organization.card, sent, fields), reason, at)
    entry.particulars, entry.checks, entry.stage = particulars, [], Status.PROPOSED
    return []


def check(organization: Organization, results: Sequence[CheckResult], at: Context) -> list[Event]:
    """Record what was looked at and what came of it; with all that is needed, it is checked."""
    require(organization, Action.CHECK)
    if any(not result.passed and result.note is None for result in results):
        raise InvalidInput(
            "note-missing", "what does not pass says why", field="results.note", clause=CLAUSE
        )
    claim = claim_of(organization)
    claim.checks += [
        Check(item=item.item, passed=item.passed, note=item.note, by=at.by, at=at.now)
        for item in results
    ]
    is_checked = not missing_checks(organization)
    if isinstance(claim, Amendment):
        claim.stage = Status.AMENDMENT_CHECKED if is_checked else Status.AMENDED
    else:
        _entry(organization).stage = Status.CHECKED if is_checked else Status.PROPOSED
    note_change(organization, at)
    return []


def claim_of(organization: Organization) -> Claim:
    """What is looked at: the amendment that waits, else the entry."""
    waiting = organization.amendment
    return waiting if waiting is not None and waiting.waits else _entry(organization)


def missing_checks(organization: Organization) -> list[CheckItem]:
    """What has still to pass."""
    claim = claim_of(organization)
    results = {item: claim.result_of(item) for item in CheckItem}
    needed = needed_checks(claim, organization.card.kind)
    return [
        item
        for item in CheckItem
        if item in needed and not ((found := results[item]) and found.passed)
    ]


def numbers_shared(one: Organization, other: Organization) -> list[str]:
    """Which of INN and OGRN one entry has, or is to have, in common with another."""
    if one.entry is None or other.entry is None or one.id == other.id:
        return []
    others = other.entry.particulars.numbers()
    own = claim_of(one).particulars.numbers()
    return [name for name, number in own.items() if others.get(name) == number]


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
    entry, claim = _entry(organization), claim_of(organization)
    if claim is entry or despite or claim.particulars.numbers() != entry.particulars.numbers():
        if despite is None:
            _require_single(organization, others)
        entry.despite, entry.claims_numbers = despite, despite is None
    if isinstance(claim, Amendment):
        return _publish_amendment(organization, claim, reason, at)
    succeed(organization, organization.card, reason, at)
    organization.status = Status.PUBLISHED
    entry.stage, entry.decided_by, entry.decided_at = None, at.by, at.now
    return telling.published(organization.card, at.by, reason)


def _publish_amendment(
    organization: Organization, amendment: Amendment, reason: str, at: Context
) -> list[Event]:
    """The entry as amended; others hear of it where their card has changed."""
    entry, before = _entry(organization), organization.card
    succeed(organization, taking(before, amendment.card, amendment.fields), reason, at)
    entry.particulars = amendment.particulars
    entry.checks = [*entry.checks, *amendment.checks]
    organization.amendment = None
    if organization.card == before:
        return []
    return telling.changed(before, organization.card, reason, at.by)


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


def reinstate_beside(
    organization: Organization, card: OrganizationCard, reason: str, despite: str, at: Context
) -> list[Event]:
    """Take back a retirement beside another that was published with its INN or OGRN meanwhile, with
    the reason why there are two (R 1.3, L 1.2.2.2)."""
    events, entry = reinstate(organization, card, reason, at), _entry(organization)
    entry.despite, entry.claims_numbers = despite, False
    return events


def refuse(organization: Organization, reason: str, at: Context) -> list[Event]:
    """Do not take it into the register, with the reason; it may be amended and looked at anew."""
    require(organization, Action.REFUSE)
    entry, claim = _entry(organization), claim_of(organization)
    if isinstance(claim, Amendment):  # the entry stays as it was published
        claim.stage, claim.refusal = Status.REFUSED, reason
        note_change(organization, at)
        return []
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
