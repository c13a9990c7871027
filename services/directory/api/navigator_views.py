"""Answers of the navigator: who gives what, for whom, how to get it, and why it was found (S)."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, BaseModel, Field

from contracts.regulation import RegulationPack, pack_in_force
from services.directory.directory import Directory
from services.directory.domain.bring import ToBring, to_bring
from services.directory.domain.finding import Found, Hit
from services.directory.domain.hours_pattern import pattern_of
from services.directory.domain.search import Field as Where
from services.directory.domain.today import Today, today
from services.directory.domain.vocabulary import Facet, Vocabulary

WHERE_RU = {
    Where.NAME: "в названии услуги",
    Where.NEED: "в том, с чем помогает",
    Where.DESCRIBED: "в виде услуг, форме или кому они",
    Where.WHO: "в названии или адресе организации",
    Where.TEXT: "в описании",
}


class Coded(BaseModel):
    """A code of a vocabulary with its words."""

    code: str
    ru: str


class Counted(Coded):
    """A code with how many of the found services have it."""

    count: int


class WhyView(BaseModel):
    """That a word of the question was found."""

    word: str
    field: str
    through: str | None = Field(description="the word it was found as, if not as itself")
    ru: str


class GiverView(BaseModel):
    """Who gives the service, and how to reach them."""

    id: str
    name: str
    kind: Coded
    address: str | None
    phones: list[str]
    printed_phone: str | None = Field(description="as a source prints it, if it cannot be read")
    emails: list[str]
    website: str | None


class FreeView(BaseModel):
    """What is free, and since when we know."""

    unit: Coded
    available: int
    maximum: int | None
    description: str | None
    updated_at: AwareDatetime


class HitView(BaseModel):
    """A service: what, who, for whom, how to apply, what to bring."""

    id: str
    name: str
    description: str
    status: str
    alert: str | None
    kinds: list[Coded]
    needs: list[Coded]
    groups: list[Coded]
    forms: list[Coded]
    organization: GiverView
    how_to_apply: str | None
    bring: ToBring
    fees: str | None
    eligibility: str | None
    minimum_age: int | None
    maximum_age: int | None
    today: Today
    capacities: list[FreeView]
    why: list[WhyView]
    source: str


class UnderstoodPlace(BaseModel):
    """How the place was understood."""

    region: str | None
    municipalities: list[Coded]
    settlement: str | None
    city_district: str | None


class NavigatorView(BaseModel):
    """What was found: a page of it, best first, with counts of everything found."""

    total: int
    page: int
    pages: int
    per_page: int
    partly: bool = Field(description="nothing has all the words; these have the most of them")
    elsewhere: int = Field(description="how much there is elsewhere, if the place has nothing")
    place: UnderstoodPlace | None
    facets: dict[str, list[Counted]] = Field(
        description="how what was found divides, each as if it were not restricted itself"
    )
    hits: list[HitView]


def hit_views(directory: Directory, found: Found) -> list[HitView]:
    """What was found, for people."""
    now = directory.service.now()
    pack = pack_in_force(_today(directory))
    return [_hit(directory, hit, pack, now) for hit in found.hits]


def facet_views(found: Found, vocabulary: Vocabulary) -> dict[str, list[Counted]]:
    """Counts by code, in the order of the vocabulary."""
    return {
        facet: [
            Counted(code=code, ru=vocabulary.ru(facet, code), count=count)
            for code, count in found.facets[facet].items()
        ]
        for facet in Facet
    }


def _today(directory: Directory) -> date:
    return directory.service.calendar.local_date(directory.service.now())


def _hit(directory: Directory, hit: Hit, pack: RegulationPack, now: AwareDatetime) -> HitView:
    listing, card = hit.entry.listing, hit.entry.card
    vocabulary = directory.offer.vocabulary
    coded = {facet: _coded(vocabulary, facet, getattr(listing, facet)) for facet in Facet}
    calendar = directory.service.calendars.of(card.region)
    return HitView(
        id=listing.id,
        name=listing.name,
        description=listing.description,
        status=listing.status,
        alert=listing.alert,
        **coded,
        organization=GiverView(
            id=card.id,
            name=card.name,
            kind=Coded(code=card.kind, ru=vocabulary.ru("organizations", card.kind)),
            address=card.address.text if card.address else None,
            phones=list(listing.phones or card.phones),
            printed_phone=card.printed_phone,
            emails=list(card.emails),
            website=listing.website or card.website,
        ),
        how_to_apply=listing.how_to_apply,
        bring=to_bring(listing, pack),
        fees=listing.fees,
        eligibility=listing.eligibility,
        minimum_age=listing.minimum_age,
        maximum_age=listing.maximum_age,
        today=today(listing.status, pattern_of(listing, card), now, calendar.zone, calendar),
        capacities=[
            FreeView(
                unit=Coded(code=entry.unit, ru=vocabulary.ru("units", entry.unit)),
                available=entry.available,
                maximum=entry.maximum,
                description=entry.description,
                updated_at=entry.updated_at.astimezone(calendar.zone),
            )
            for entry in directory.offer.capacities_of(listing)
        ],
        why=_why(hit),
        source=listing.source,
    )


def _coded(vocabulary: Vocabulary, facet: Facet, codes: tuple[str, ...]) -> list[Coded]:
    return [Coded(code=code, ru=vocabulary.ru(facet, code)) for code in codes]


def _why(hit: Hit) -> list[WhyView]:
    return [
        WhyView(
            word=why.typed,
            field=why.field.name.lower(),
            through=why.through,
            ru=f"«{why.typed}» {WHERE_RU[why.field]}"
            + (f" как «{why.through}»" if why.through else ""),
        )
        for why in hit.why
    ]
