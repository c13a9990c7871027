"""Errors as RFC 9457 problem details, with a stable code and every wrong field by name.

Invariant: what a caller sent is never repeated in an error, since it may be personal data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from chassis import tracing
from chassis.store import AlreadyExists, StoreUnavailable
from contracts.errors import Refusal

MEDIA_TYPE = "application/problem+json"
CODES = {400: "malformed-json", 404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in {
        400: "malformed request",
        401: "no valid token",
        403: "the role may not do this",
        404: "no such record, or not the caller's",
        405: "method not allowed",
        409: "not in this state",
        412: "the version is stale",
        413: "body over 1 MB, or over what the route takes",
        422: "a field breaks a rule",
        428: "If-Match is missing",
        429: "too many requests",
        500: "a defect of ours",
        503: "nothing was stored; repeat",
    }.items()
}


class DatabaseAway(Refusal):
    """Whether the database has stored it is not known; the same request again settles it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "store-unavailable", "the database is away; repeat with the same Idempotency-Key"
        )


class WrongField(BaseModel):
    """One field that breaks a rule."""

    field: str = Field(description="path of the field, e.g. body.contact.phone")
    code: str = Field(description="stable code of what is wrong")
    detail: str = Field(description="the rule, without the value that was sent")


class Problem(BaseModel):
    """A problem detail (RFC 9457)."""

    type: str = Field(description="urn:opora:problem:<code>")
    title: str
    status: int
    code: str = Field(description="stable; decide on this one")
    detail: str
    clause: str | None = Field(default=None, description="the clause of the regulation, if any")
    correlation_id: str
    errors: list[WrongField] = []


def respond(
    status: int,
    code: str,
    detail: str,
    *,
    clause: str | None = None,
    errors: list[WrongField] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem as a response."""
    problem = Problem(
        type=f"urn:opora:problem:{code}",
        title=code.replace("-", " ").capitalize(),
        status=status,
        code=code,
        detail=detail,
        clause=clause,
        correlation_id=tracing.current().correlation_id,
        errors=errors or [],
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def path_of(location: tuple[Any, ...]) -> str:
    """The path of a wrong field, e.g. body.citizen.snils."""
    return ".".join(str(part) for part in location)


def wrong_fields(errors: list[Any]) -> list[WrongField]:
    """Pydantic's errors without the input they complain of."""
    return [
        WrongField(field=path_of(error["loc"]), code=error["type"], detail=_rule(error))
        for error in errors
    ]


def _rule(error: dict[str, Any]) -> str:
    """What the rule is. A few of Pydantic's own messages quote what was sent."""
    expected = error.get("ctx", {}).get("expected_tags")
    if expected is not None:
        return f"must be one of {expected}"
    message: str = error["msg"]
    return "is not of the form asked for" if "found `" in message else message


async def on_refusal(_: Request, failure: Exception) -> JSONResponse:
    """An expected failure."""
    if not isinstance(failure, Refusal):
        raise failure
    errors = (
        [WrongField(field=failure.field, code=failure.code, detail=failure.detail)]
        if failure.field
        else None
    )
    return respond(
        failure.status,
        failure.code,
        failure.detail,
        clause=failure.clause,
        errors=errors,
        headers=headers_of(failure, failure.status),
    )


def headers_of(failure: Refusal, status: int) -> dict[str, str]:
    """What a refusal says beside its body: how to be known, when to try again."""
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(failure.retry_after)} if status in {429, 503} else {}


async def on_invalid(_: Request, failure: Exception) -> JSONResponse:
    """Input of the wrong shape. A body that is no JSON at all is a 400."""
    if not isinstance(failure, RequestValidationError):
        raise failure
    found = failure.errors()
    if any(error["type"] == "json_invalid" for error in found):
        return respond(400, "malformed-json", "the body is not JSON in UTF-8")
    return respond(
        422, "invalid-input", "some fields break a rule", errors=wrong_fields(list(found))
    )


async def on_http(_: Request, failure: Exception) -> JSONResponse:
    """What the framework itself answers: unknown path, wrong method."""
    if not isinstance(failure, HTTPException):
        raise failure
    code = CODES.get(failure.status_code, "http-error")
    return respond(
        failure.status_code,
        code,
        str(failure.detail),
        headers=dict(failure.headers) if failure.headers else None,
    )


async def on_store_away(http: Request, _: Exception) -> JSONResponse:
    """The database is away."""
    return await on_refusal(http, DatabaseAway())


async def on_exists(_: Request, __: Exception) -> JSONResponse:
    """A value that may stand once only stands in another record."""
    return respond(409, "already-exists", "a record with that unique value is there already")


def install(app: FastAPI) -> None:
    """Answer every failure of this application as a problem."""
    app.add_exception_handler(Refusal, on_refusal)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(StoreUnavailable, on_store_away)
    app.add_exception_handler(AlreadyExists, on_exists)


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI description, with the shape of problems under their own media type."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(shape.pop("$defs"), Problem=shape)
            app.openapi_schema = described
        return app.openapi_schema

    return openapi
