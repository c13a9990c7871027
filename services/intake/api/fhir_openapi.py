"""What OpenAPI says of the FHIR routes: bodies, parameters, answers, failures."""

from __future__ import annotations

from typing import Any

from services.intake.api.fhir_protocol import FORM, MEDIA_TYPE

Described = dict[str, Any]


def _resource(*kinds: str) -> Described:
    """A FHIR resource; the elements of each kind are FHIR's own (R4)."""
    kind: Described = {"type": "string", "enum": list(kinds)} if kinds else {"type": "string"}
    return {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": kind},
        "additionalProperties": True,
        "description": "https://hl7.org/fhir/R4/",
    }


def _content(schema: Described) -> Described:
    return {media_type: {"schema": schema} for media_type in (MEDIA_TYPE, "application/json")}


FAILURES: dict[int | str, Described] = {
    status: {"description": text, "content": _content(_resource("OperationOutcome"))}
    for status, text in {
        400: "a search parameter or a header is not of its form",
        401: "no valid token",
        403: "the role, or the address called from, may not do this",
        404: "no such resource, or not the caller's",
        406: "no form that the caller takes",
        409: "the life cycle knows no such step; both states are named",
        412: "the version is stale",
        413: "more than a referral may bring",
        415: "not FHIR in JSON",
        422: "an element breaks a rule; its path is named",
        428: "If-Match is missing",
        429: "more calls than agreed; Retry-After",
        503: "repeat it: the same referral is taken once",
    }.items()
}


UNCHANGED: dict[int | str, Described] = {304: {"description": "the caller has it already"}}


def answers(*kinds: str, created: bool = False) -> dict[int | str, Described]:
    """What a route answers when it is carried out."""
    said = {"description": "as FHIR R4 has it", "content": _content(_resource(*kinds))}
    return {200: said, 201: said} if created else {200: said}


def takes(*kinds: str, headers: tuple[str, ...] = ()) -> Described:
    """What a route is sent: a body and headers."""
    described: Described = {
        "requestBody": {"required": True, "content": _content(_resource(*kinds))}
    }
    if headers:
        described["parameters"] = [_parameter(name, "header", HEADERS[name]) for name in headers]
    return described


def reads(*headers: str) -> Described:
    """What a reading route takes besides."""
    return {"parameters": [_parameter(name, "header", HEADERS[name]) for name in headers]}


def searches(parameters: dict[str, str]) -> Described:
    """What a search takes in its address."""
    return {"parameters": [_parameter(*item) for item in _in_query(parameters)]}


def searches_by_form(parameters: dict[str, str]) -> Described:
    """What a search takes in its form."""
    fields = {name: {"type": "string", "description": text} for name, text in parameters.items()}
    return {
        "requestBody": {"content": {FORM: {"schema": {"type": "object", "properties": fields}}}}
    }


def _in_query(parameters: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(name, "query", text) for name, text in parameters.items()]


def _parameter(name: str, place: str, text: str) -> Described:
    return {
        "name": name,
        "in": place,
        "required": False,
        "description": text,
        "schema": {"type": "string"},
    }


HEADERS = {
    "Prefer": "return=minimal, return=representation; handling=strict",
    "If-None-Exist": "identifier=system|value",
    "If-Match": 'the ETag that was read, W/"1"; a change without it is refused (428)',
    "If-None-Match": "an ETag: 304 while that version is the present one",
    "If-Modified-Since": "a date: 304 while nothing has changed since",
}
