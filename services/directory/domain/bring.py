"""What to bring: where it is the regulated service itself, the documents of the regulation (R 2.6).

So the directory and the office that takes the application never say different things.
"""

from __future__ import annotations

from contracts.offer import ServiceListing
from contracts.regulation import RegulationPack
from contracts.regulation.entries import DocumentSource, Requirement
from contracts.values import Value

WHEN_RU = {
    Requirement.ALWAYS: None,
    Requirement.WHEN_BENEFITS: "если есть льготы",
    Requirement.WHEN_REPRESENTED: "если обращается представитель",
    Requirement.WHEN_RELATIVES_CANNOT_CARE: "если родственники не могут осуществлять уход",
}
BROUGHT = {DocumentSource.CITIZEN, DocumentSource.RELATIVES}


class Brought(Value):
    """One thing to bring; `clause` is the regulation's, where it says so."""

    what: str
    when: str | None = None
    clause: str | None = None


class ToBring(Value):
    """What to bring, and what is fetched without the person: to demand it is against R 5.2."""

    bring: tuple[Brought, ...] = ()
    fetched: tuple[Brought, ...] = ()


def to_bring(listing: ServiceListing, pack: RegulationPack) -> ToBring:
    """What a person brings to get a service."""
    own = tuple(Brought(what=item) for item in listing.bring)
    if not listing.bring_by_regulation:
        return ToBring(bring=own)
    documents = [
        (
            document.source,
            Brought(
                what=document.title_ru, when=WHEN_RU[document.required], clause=document.clause
            ),
        )
        for document in pack.documents
    ]
    return ToBring(
        bring=(*(brought for source, brought in documents if source in BROUGHT), *own),
        fetched=tuple(
            brought for source, brought in documents if source is DocumentSource.INTERAGENCY
        ),
    )
