"""A date or time that comes in is written out: nothing that is asked of a caller takes a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, get_args, get_origin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from contracts.values import IsoDate, IsoDateTime, IsoTime
from tests.architecture.test_policies import app, routes

__all__ = ["app"]

TEMPORAL = {date, datetime, time, AwareDatetime}
WRITTEN = {get_args(alias)[1] for alias in (IsoDate, IsoDateTime, IsoTime)}


def takes_numbers(kind: Any, metadata: Sequence[Any], where: str, seen: set[Any]) -> Iterator[str]:
    """Where a type, at any depth, holds a date or time that is not held to be written out."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        yield from takes_numbers(inner, [*metadata, *more], where, seen)
    elif kind in TEMPORAL:
        if not WRITTEN & {one for one in metadata if one.__hash__ is not None}:
            yield where
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for name, field in kind.model_fields.items():
                place = f"{kind.__module__}.{kind.__name__}.{name}"
                yield from takes_numbers(field.annotation, field.metadata, place, seen)
    else:
        for inner in get_args(kind):
            yield from takes_numbers(inner, [], where, seen)


def asked(dependant: Dependant) -> Iterator[Any]:
    """Every field of a request, those of what it depends on among them."""
    yield from (*dependant.body_params, *dependant.query_params, *dependant.path_params)
    for inner in dependant.dependencies:
        yield from asked(inner)


def test_no_input_takes_a_number_for_a_time(app: FastAPI) -> None:
    seen: set[Any] = set()
    loose = [
        found
        for route in routes(app)
        for field in asked(route.dependant)
        for found in takes_numbers(
            field.field_info.annotation,
            field.field_info.metadata,
            f"{route.path} {field.name}",
            seen,
        )
    ]
    assert loose == [], "\n".join(loose)


@pytest.mark.parametrize("number", [0, 20260101, 1.5, "20260101", "-7", " 1764115200 ", True])
@pytest.mark.parametrize("kind", [IsoDate, IsoDateTime, IsoTime])
def test_number_is_no_time(kind: Any, number: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(number)
