"""Accepting proposed corrections: a person decides, and only then the printed text is departed
from (R 1.3, R appendix 1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event
from contracts.territory import Gazetteer
from contracts.values import Line, Value
from services.directory.domain.contacts import parse_email, parse_phone
from services.directory.domain.organization import Action, Organization, replace, require
from services.directory.domain.quality import Fault
from services.directory.domain.reading import CARD_FIELDS, read_address


class Correction(Value):
    """The proposal of one fault, accepted."""

    rule: Line
    field: Line


def is_corrected(organization: Organization, fault: Fault) -> bool:
    """Whether a person has already changed what this fault is about."""
    return organization.is_edited(*CARD_FIELDS[fault.field])


def correct(
    organization: Organization,
    corrections: Sequence[Correction],
    faults: Collection[Fault],
    gazetteer: Gazetteer,
    reason: str,
    at: Context,
) -> list[Event]:
    """Apply the proposals that a person accepted, one for a field."""
    require(organization, Action.CORRECT)
    if len({item.field for item in corrections}) != len(corrections):
        raise InvalidInput(
            "one-correction-per-field",
            "two proposals for one field contradict each other; send a new card instead",
            field="corrections",
            clause="R 1.3",
        )
    changes: dict[str, Any] = {}
    for item in corrections:
        changes |= _changes(organization, item, faults, gazetteer)
    return replace(organization, organization.card.model_copy(update=changes), reason, at)


def _changes(
    organization: Organization, item: Correction, faults: Collection[Fault], gazetteer: Gazetteer
) -> dict[str, Any]:
    fault = next((f for f in faults if (f.code, f.field) == (item.rule, item.field)), None)
    if fault is None or fault.proposal is None:
        raise InvalidInput(
            "no-such-proposal",
            "the quality report proposes no such correction for this organization",
            field="corrections",
            clause="R 1.3",
        )
    if is_corrected(organization, fault):
        raise NotAllowedInState(
            "already-corrected",
            f"{item.field} was changed since it was loaded; send a new card instead",
            field="corrections",
            clause="R 1.3",
        )
    return read_proposal(item.field, fault.proposal, gazetteer)


def read_proposal(field: str, proposal: str, gazetteer: Gazetteer) -> dict[str, Any]:
    """What a proposal makes of the card; refuses one that is not certain either."""
    if field == "name":
        return {"name": proposal}
    if field == "address":
        return {"address": read_address(proposal, gazetteer)}
    certain = parse_phone(proposal) if field == "phone" else parse_email(proposal)
    if certain is None:
        raise InvalidInput(
            "proposal-not-certain",
            "the proposal cannot be read with certainty either; send a new card",
            field="corrections",
            clause="R 1.3",
        )
    return dict(zip(CARD_FIELDS[field], ((certain,), None), strict=True))
