"""Places and who serves them: the region's municipal areas, and the answer to "whose address?".

Shared, so that every service can answer from its own copy of the directory (R 1.3, 3.1.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from contracts.directory import OrganizationCard
from contracts.territory.gazetteer import AddressQuery, Gazetteer, Location
from contracts.territory.municipality import Municipality, Region
from contracts.territory.serving import (
    KindAnswer,
    ServingOrganization,
    TerritoryAnswer,
    TerritoryIndex,
)
from contracts.values import Address

__all__ = [
    "AddressQuery",
    "Gazetteer",
    "KindAnswer",
    "Location",
    "Municipality",
    "Region",
    "ServingOrganization",
    "TerritoryAnswer",
    "TerritoryIndex",
    "gazetteer",
    "index_of",
    "municipalities",
    "place_names",
    "query_of",
    "regions",
    "serving_of",
]


@cache
def municipalities() -> tuple[Municipality, ...]:
    """The municipal areas that are known, in the order of the source."""
    return tuple(Municipality(**item) for item in _load("municipalities.json"))


@cache
def regions() -> tuple[Region, ...]:
    """The regions whose organizations are known."""
    return tuple(Region(**item) for item in _load("regions.json"))


@cache
def place_names() -> Mapping[str, str]:
    """What the municipal areas and the regions are called, by code."""
    names = {item.code: item.name for item in municipalities()}
    return MappingProxyType(names | {item.code: item.name for item in regions()})


@cache
def gazetteer() -> Gazetteer:
    """The one reader of places, over what is known."""
    return Gazetteer(municipalities(), regions())


def index_of(cards: Iterable[OrganizationCard]) -> TerritoryIndex:
    """An index over these organizations; building it costs milliseconds, a question far less."""
    return TerritoryIndex(municipalities(), (serving_of(card) for card in cards), regions())


def serving_of(card: OrganizationCard) -> ServingOrganization:
    """As much of a card as the question needs."""
    return ServingOrganization(
        key=card.id, kind=str(card.kind), region=card.region, serves=card.serves
    )


def query_of(address: Address) -> AddressQuery:
    """The question an address asks."""
    return AddressQuery(
        municipality=address.municipality,
        settlement=address.settlement,
        city_district=address.city_district,
        street=address.street,
        house=address.house,
        text=address.text,
    )


def _load(name: str) -> list[dict[str, object]]:
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    loaded: list[dict[str, object]] = json.loads(text)
    return loaded
