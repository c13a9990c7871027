"""What is sent is of the kind that is asked for, at any depth of any request.

A date or time is written out, nowhere a number; in a body a whole number is a number of JSON, a
flag is true or false, and text has a bound. Query and path are text, in which both are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    Strict,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo

from chassis.http import unambiguous
from contracts.values import IsoDate, IsoDateTime, IsoTime, Line
from services.directory.domain.rows import SourceRow
from services.intake.adapters import fhir_resources
from tests.architecture.test_policies import app, routes

__all__ = ["app"]

TEMPORAL = {date, datetime, time, AwareDatetime}
WRITTEN = {get_args(alias)[1] for alias in (IsoDate, IsoDateTime, IsoTime)}
UNIONS = {Union, UnionType}
SCALARS = {int, float, bool, Decimal}

IsLoose = Callable[[Any, Sequence[Any]], bool]


def takes_numbers(kind: Any, metadata: Sequence[Any]) -> bool:
    """Whether it is a date or time that is not held to be written out."""
    held = {one for one in metadata if one.__hash__ is not None}
    return kind in TEMPORAL and not WRITTEN & held


def takes_others(kind: Any, metadata: Sequence[Any]) -> bool:
    """Whether it is a number or a flag that takes what only looks like one."""
    return kind in SCALARS and Strict() not in metadata


def takes_any_length(kind: Any, metadata: Sequence[Any]) -> bool:
    """Whether it is text as long as anybody likes."""
    bounds = ("max_length", "pattern")
    return kind is str and not any(getattr(one, name, None) for one in metadata for name in bounds)


def loose(
    kind: Any, metadata: Sequence[Any], where: str, seen: set[Any], is_loose: IsLoose
) -> Iterator[str]:
    """Where a type, at any depth, takes something of another kind."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        given = [deep for one in more for deep in _constraints(one)]
        yield from loose(inner, [*metadata, *given], where, seen, is_loose)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for name, field in kind.model_fields.items():
                place = f"{kind.__module__}.{kind.__name__}.{name}"
                yield from loose(field.annotation, field.metadata, place, seen, is_loose)
    elif is_loose(kind, metadata):
        yield where
    else:
        own = metadata if get_origin(kind) in UNIONS else []  # what holds for all holds for each
        for inner in get_args(kind):
            yield from loose(inner, own, where, seen, is_loose)


def _constraints(one: Any) -> Sequence[Any]:
    return one.metadata if isinstance(one, FieldInfo) else [one]


def of_request(dependant: Dependant) -> Iterator[Dependant]:
    """What a route asks for, and whatever it depends on."""
    yield dependant
    for inner in dependant.dependencies:
        yield from of_request(inner)


def found(app: FastAPI, is_loose: IsLoose, *, bodies: bool) -> list[str]:
    """Where a service's requests are loose: in their bodies only, or anywhere."""
    seen: set[Any] = set()
    return [
        place
        for route in routes(app)
        for asked in of_request(route.dependant)
        for field in (
            *asked.body_params,
            *(() if bodies else (*asked.query_params, *asked.path_params)),
        )
        for place in loose(
            field.field_info.annotation,
            field.field_info.metadata,
            f"{route.path} {field.name}",
            seen,
            is_loose,
        )
    ]


def test_no_input_takes_a_number_for_a_time(app: FastAPI) -> None:
    places = found(app, takes_numbers, bodies=False)
    assert places == [], "\n".join(places)


def test_every_body_is_read_in_one_way(app: FastAPI) -> None:
    assert unambiguous in [one.dependency for one in app.router.dependencies]


def test_no_body_takes_anything_else_for_a_number_or_a_flag(app: FastAPI) -> None:
    places = found(app, takes_others, bodies=True)
    assert places == [], "\n".join(places)


RESOURCES = [
    kind
    for kind in vars(fhir_resources).values()
    if isinstance(kind, type) and issubclass(kind, BaseModel)
]


def test_every_text_in_a_body_has_a_bound(app: FastAPI) -> None:
    places = found(app, takes_any_length, bodies=True)
    assert places == [], "\n".join(places)


def test_no_resource_or_row_takes_anything_else_for_a_number_or_a_flag() -> None:
    assert fhir_resources.Patient in RESOURCES
    seen: set[Any] = set()
    read = [*RESOURCES, SourceRow]
    places = [place for kind in read for place in loose(kind, [], "", seen, takes_others)]
    assert places == [], "\n".join(places)


class Loose(BaseModel):
    """What the walk has to find."""

    number: int
    many: list[Annotated[int, FieldInfo(ge=0)]]
    flag: bool | None = None
    strict: StrictInt
    maybe: StrictBool | None = None
    bound: Annotated[int, FieldInfo(strict=True, ge=0)]
    text: str
    short: str | None = Field(default=None, max_length=9)
    ours: Line


def test_number_or_flag_that_is_loose_is_found() -> None:
    places = loose(list[Loose], [], "", set(), takes_others)
    assert [place.rpartition(".")[2] for place in places] == ["number", "many", "flag"]


def test_text_of_any_length_is_found() -> None:
    places = loose(Loose, [], "", set(), takes_any_length)
    assert [place.rpartition(".")[2] for place in places] == ["text"]


@pytest.mark.parametrize("number", [0, 20260101, 1.5, "20260101", "-7", " 1764115200 ", True])
@pytest.mark.parametrize("kind", [IsoDate, IsoDateTime, IsoTime])
def test_number_is_no_time(kind: Any, number: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(number)
