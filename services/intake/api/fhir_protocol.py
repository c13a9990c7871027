"""FHIR's own ways over HTTP: media types, OperationOutcome, conditional headers, `Prefer`."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from chassis.problems import DatabaseAway, headers_of
from chassis.store import StoreUnavailable
from chassis.uploads import Streamed
from contracts.errors import InvalidInput, Refusal
from services.intake.adapters.fhir_parsing import write_json

MEDIA_TYPE = "application/fhir+json"
JSON = {"application/fhir+json", "application/json", "text/json"}
FORMATS = JSON | {"json", "application/fhir json", "*/*"}
FORM = "application/x-www-form-urlencoded"
WIDE = {"*/*", "application/*"}
MAX_BYTES = 8 * 1024 * 1024
WEAK_ETAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    406: "not-supported",
    409: "business-rule",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    428: "required",
    429: "throttled",
    503: "transient",
}
DUPLICATE = "referral-identifier-reused"


class NotAcceptable(Refusal):
    """No form that the caller takes is one we have."""

    status = 406


class UnsupportedMediaType(Refusal):
    """The body is not of a form that is read."""

    status = 415


class BodyTooLong(Refusal):
    """More than a referral may bring."""

    status = 413


class MalformedSearch(Refusal):
    """A search parameter is not of its form."""

    status = 400


class FhirJson(JSONResponse):
    """JSON that gives back whatever was sent: half a letter, a number that is none."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """As small as may be."""
        return write_json(content).encode()


class FhirRoute(APIRoute):
    """Answers failures as FHIR does: an OperationOutcome that names the path."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, its refusals turned into OperationOutcomes."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                check_content_type(request)
                media_type = accepted(request)
                response = await handle(request)
            except Refusal as failure:
                return outcome(failure)
            except RequestValidationError:
                return outcome(InvalidInput("invalid-input", "a parameter breaks a rule"))
            except HTTPException as failure:
                refused = Refusal("http-error", str(failure.detail))
                return outcome(refused, failure.status_code)
            except StoreUnavailable:
                return outcome(DatabaseAway())
            if response.headers.get("content-type") == MEDIA_TYPE:
                response.headers["content-type"] = media_type
            return response

        return handled


def outcome(failure: Refusal, status: int | None = None) -> JSONResponse:
    """A failure as FHIR says it."""
    status = status or failure.status
    code = "duplicate" if failure.code == DUPLICATE else ISSUES.get(status, "invalid")
    issue: dict[str, Any] = {
        "severity": "error",
        "code": code,
        "details": {"coding": [{"system": "urn:opora:problem", "code": failure.code}]},
        "diagnostics": failure.detail + (f" ({failure.clause})" if failure.clause else ""),
    }
    if failure.field:
        issue["expression"] = [failure.field]
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return JSONResponse(body, status, headers=headers_of(failure, status), media_type=MEDIA_TYPE)


def resource(
    body: dict[str, Any] | None,
    status: int = 200,
    *,
    version: int | None = None,
    modified: datetime | None = None,
    location: str | None = None,
) -> Response:
    """A resource as an answer, with its version and when it was made."""
    headers = {"Cache-Control": "no-store"}
    if version is not None:
        headers["ETag"] = f'W/"{version}"'
    if modified is not None:
        headers["Last-Modified"] = http_date(modified)
    if location is not None:
        headers["Location"] = location
    if body is None:
        return Response(status_code=status, headers=headers)
    return FhirJson(body, status, headers=headers)


def http_date(moment: datetime) -> str:
    """A moment as headers write it."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def unchanged(http: Request, version: int, modified: datetime) -> bool:
    """Whether the caller has this version (If-None-Match, else If-Modified-Since)."""
    known = http.headers.get("if-none-match")
    if known is not None:
        return any(_version_in(tag) == version for tag in known.split(",")) or known == "*"
    since = http.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # no date, or one without a zone
        return False


def _version_in(tag: str) -> int | None:
    read = WEAK_ETAG.fullmatch(tag.strip())
    return int(read[1]) if read else None


def matched(http: Request) -> int | None:
    """The version that If-Match names; None where it is not of the form of ours."""
    return _version_in(http.headers.get("if-match", ""))


def accepted(http: Request) -> str:
    """The media type to answer in; raises NotAcceptable."""
    if http.url.path.startswith("/fhir/Binary/"):  # in its own type, whatever is taken
        return MEDIA_TYPE
    wanted = http.query_params.get("_format")
    if wanted is not None:
        if wanted.split(";")[0].strip().lower() not in FORMATS:
            raise NotAcceptable("not-acceptable", f"_format is json: {MEDIA_TYPE}", field="_format")
        return "application/json" if wanted == "application/json" else MEDIA_TYPE
    ranges = [_range(one) for one in (http.headers.get("accept") or "*/*").split(",")]
    takes = {name for name, quality in ranges if quality > 0}
    if takes & ({MEDIA_TYPE} | WIDE):
        return MEDIA_TYPE
    if takes & JSON:
        return "application/json"
    raise NotAcceptable("not-acceptable", f"answers are {MEDIA_TYPE}", field="Accept")


def _range(text: str) -> tuple[str, float]:
    name, *parameters = [part.strip().lower() for part in text.split(";")]
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


def check_content_type(http: Request) -> None:
    """FHIR in JSON is read, and a search's form where one is posted; nothing else."""
    said = http.headers.get("content-type")
    if http.method not in {"POST", "PUT"} or said is None:
        return
    name, *parameters = [part.strip().lower() for part in said.split(";")]
    if http.url.path.endswith("/_search"):
        known = name == FORM
    else:
        charset = [p.split("=", 1)[1].strip('"') for p in parameters if p.startswith("charset=")]
        known = name in JSON and all(one in {"utf-8", "utf8"} for one in charset)
    if not known:
        form = FORM if http.url.path.endswith("/_search") else f"{MEDIA_TYPE} in UTF-8"
        raise UnsupportedMediaType("unsupported-media-type", f"send {form}", field="Content-Type")


class FhirBody(Streamed):
    """The whole body of a push, up to MAX_BYTES; more is refused as FHIR refuses."""

    def __init__(self) -> None:
        super().__init__(10**15)  # so that the refusal is ours

    async def __call__(self, http: Request) -> bytes:  # type: ignore[override]
        """What arrived; raises BodyTooLong."""
        announced = http.headers.get("content-length", "")
        if re.fullmatch("[0-9]{1,15}", announced) and int(announced) > MAX_BYTES:
            raise _too_long()
        held = bytearray()
        async for piece in http.stream():
            held += piece
            if len(held) > MAX_BYTES:
                raise _too_long()
        return bytes(held)


def _too_long() -> BodyTooLong:
    return BodyTooLong("body-too-large", f"a body is at most {MAX_BYTES // 2**20} MB")


Body = Annotated[bytes, Depends(FhirBody())]


class Return(StrEnum):
    """What a caller would have answered (`Prefer: return=…`)."""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OUTCOME = "OperationOutcome"


def preferred(http: Request) -> Return | None:
    """What the caller prefers; what is not known is passed over, as RFC 7240 has it."""
    said = re.search(r"\breturn=\"?([A-Za-z]+)", http.headers.get("prefer", ""))
    return next((kind for kind in Return if said and said[1] == kind), None)


def is_strict(http: Request) -> bool:
    """Whether unknown search parameters are to be refused (`Prefer: handling=strict`)."""
    return re.search(r"\bhandling=strict\b", http.headers.get("prefer", "")) is not None
