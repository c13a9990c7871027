"""The navigator: what services exist, who gives them, for whom, how to get them (S)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from chassis.http import Body, public
from contracts.territory import Location, place_names
from contracts.values import Identifier
from services.directory.api.navigator_views import (
    Coded,
    NavigatorView,
    UnderstoodPlace,
    facet_views,
    hit_views,
)
from services.directory.directory import Directory, WithDirectory
from services.directory.domain.finding import Found, OpenIn, Question, find
from services.directory.domain.hours import State, opening
from services.directory.domain.hours_pattern import HoursPattern
from services.directory.domain.vocabulary import Facet

router = APIRouter(tags=["navigator"])

MOST_PAGES = 1000
Codes = Annotated[list[Identifier], Field(default_factory=list, max_length=20)]


class Asked(Body):
    """What is looked for; everything that is said must hold. Of several codes one is enough."""

    q: str | None = Field(
        default=None,
        max_length=1000,
        description="words, 2 letters to 200 characters, in any form",
        examples=["сиделка для бабушки"],
    )
    place: str | None = Field(
        default=None,
        min_length=2,
        max_length=100,
        description="city, rayon, settlement, city district or region, as people write it and in"
        " any form of its name; no address",
        examples=["Ленинск-Кузнецкий"],
    )
    municipality: Identifier | None = Field(
        default=None, description="code, e.g. kemerovo; a place asked for as well must lie in it"
    )
    kind: Codes
    need: Codes
    group: Codes
    form: Codes
    organization: Identifier | None = None
    open_now: bool = False
    free: bool = Field(default=False, description="with free capacity, as last counted")
    page: int = Field(default=1, ge=1, le=MOST_PAGES)
    per_page: int = Field(default=20, ge=1, le=100)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and how the place was understood."""

    found: Found
    location: Location | None


@router.get("/navigator", summary="Find services", dependencies=[Depends(public)])
async def get_navigator(
    asked: Annotated[Asked, Query()], directory: WithDirectory
) -> NavigatorView:
    """Services by words, need, place, kind, group, form, open now, with something free.

    Words are found in any grammatical form, through what people say for it, and misspelt by a
    letter; each hit says why it was found. Answered from memory.
    """
    answer = look(directory, asked)
    found = answer.found
    return NavigatorView(
        total=found.total,
        page=asked.page,
        pages=pages_of(found.total, asked.per_page),
        per_page=asked.per_page,
        partly=found.partly,
        elsewhere=found.elsewhere,
        place=_understood(answer.location),
        facets=facet_views(found, directory.offer.vocabulary),
        hits=hit_views(directory, found),
    )


def look(directory: Directory, asked: Asked) -> Answer:
    """Find what is asked for; refuses what cannot be understood, naming the field."""
    index, language = directory.searchable()
    vocabulary = directory.offer.vocabulary
    codes = {
        Facet.KINDS: asked.kind,
        Facet.NEEDS: asked.need,
        Facet.GROUPS: asked.group,
        Facet.FORMS: asked.form,
    }
    for facet, listed in codes.items():
        vocabulary.require(facet, listed, f"query.{facet.removesuffix('s')}")
    location = directory.places().locate(asked.place, asked.municipality)
    question = Question(
        units=language.units(asked.q) if asked.q is not None and asked.q.strip() else (),
        codes=codes,
        location=location,
        organization=asked.organization,
        open_in=_open_now(directory) if asked.open_now else None,
        free=asked.free,
    )
    start = (asked.page - 1) * asked.per_page
    return Answer(find(index, question, vocabulary, start, asked.per_page), location)


def pages_of(total: int, per_page: int) -> int:
    """How many pages there are."""
    return -(-total // per_page)


def _open_now(directory: Directory) -> OpenIn:
    now = directory.service.now()

    def is_open(pattern: HoursPattern) -> bool:
        calendar = directory.service.calendars.of(pattern.region)
        hours, days, exceptions = pattern.hours, pattern.reception_days, pattern.exceptions
        return opening(hours, days, now, calendar.zone, calendar, exceptions).state is State.OPEN

    return is_open


def _understood(location: Location | None) -> UnderstoodPlace | None:
    if location is None:
        return None
    names = place_names()
    return UnderstoodPlace(
        region=location.region,
        municipalities=[Coded(code=code, ru=names[code]) for code in location.municipalities],
        settlement=location.settlement,
        city_district=location.city_district,
    )
