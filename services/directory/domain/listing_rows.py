"""Rows of the data files on services: one service, and who of the organizations gives it.

A row stands for as many services as organizations that give it: R prints one state service and
fifty institutions that give it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from contracts.offer import ServiceListing
from contracts.values import Identifier, Line, Text, Value
from services.directory.domain.quality import Place
from services.directory.domain.vocabulary import Facet, Vocabulary


class WrongServiceRow(ValueError):
    """A row that names nobody or nothing known: the service does not start with such a file."""


class ServiceRow(Value):
    """One service of a data file. `given_by` are ids of organizations; `*` stands for any end."""

    code: Identifier
    given_by: tuple[Line, ...]
    name: Line
    description: Text
    kinds: tuple[Identifier, ...]
    needs: tuple[Identifier, ...]
    groups: tuple[Identifier, ...]
    forms: tuple[Identifier, ...]
    how_to_apply: Text | None = None
    bring: tuple[Line, ...] = ()
    bring_by_regulation: bool = False
    fees: Text | None = None
    eligibility: Text | None = None
    minimum_age: int | None = None
    website: Line | None = None
    source: Place


SAME = tuple(set(ServiceRow.model_fields) - {"code", "given_by", "source"})


def listings_of(
    rows: Iterable[ServiceRow], organizations: Sequence[str], vocabulary: Vocabulary
) -> dict[str, ServiceListing]:
    """What the rows say, by id of the service: `<organization>.<code>`."""
    found: dict[str, ServiceListing] = {}
    for row in rows:
        for facet in Facet:
            vocabulary.require(facet, getattr(row, facet), facet)
        for organization in _named(row, organizations):
            listing = _listing(row, organization)
            if listing.id in found:
                raise WrongServiceRow(f"{listing.id} stands in two rows")
            found[listing.id] = listing
    return found


def _named(row: ServiceRow, organizations: Sequence[str]) -> Iterable[str]:
    for pattern in row.given_by:
        named = [key for key in organizations if fnmatchcase(key, pattern)]
        if not named:
            raise WrongServiceRow(f"{row.code}: no organization {pattern}")
        yield from named


def _listing(row: ServiceRow, organization: str) -> ServiceListing:
    return ServiceListing(
        id=f"{organization}.{row.code}",
        organization=organization,
        source=f"{row.source.document}, {row.source.place}",
        **{name: getattr(row, name) for name in SAME},
    )
