"""Answers of other bodies to interagency requests: whoever was asked, or from paper (R 3.2.2).

What cannot be read is refused, naming each field, and kept aside all the same: somebody meant to
answer, and a person has to look.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from chassis.http import CommandReceipt, Creation, bearer, caller, receipt
from chassis.problems import wrong_fields
from contracts.errors import InvalidInput, Refusal
from contracts.values import Actor, Line
from services.intake.api.callers import ANSWERING, Answering
from services.intake.api.schemas import RequestAnswer
from services.intake.intake import Intake, WithIntake
from services.intake.requesting import (
    case_of_request,
    institution_of,
    request_of_number,
    set_aside,
    take_answer,
)

Handler = Callable[[HttpRequest], Coroutine[Any, Any, Response]]
Unread = RequestValidationError | InvalidInput | HTTPException
"""Fields that break a rule, or a body that is no JSON in UTF-8 at all."""


class NumberedAnswer(RequestAnswer):
    """An answer that names our letter by its number, as answers on paper do."""

    outgoing_number: Line


class KeepingWhatIsUnread(APIRoute):
    """A route whose caller's body is kept aside when it does not fit."""

    def get_route_handler(self) -> Handler:
        """The framework's handler, with that done before the refusal is answered."""
        handle = super().get_route_handler()

        async def keeping(http: HttpRequest) -> Response:
            try:
                return await handle(http)
            except (RequestValidationError, InvalidInput, HTTPException) as unread:
                # Somebody unknown, or not asked, is refused as ever, and nothing is kept of theirs.
                with contextlib.suppress(Refusal):
                    await _keep(http, unread)
                raise

        return keeping


async def _keep(http: HttpRequest, unread: Unread) -> None:
    who = await caller(http, await bearer(http))
    by = who.acting_as(*ANSWERING)
    intake: Intake = http.app.state.intake
    body = await http.body()
    case_id, request_id = await _meant(http, intake, by, body)
    await set_aside(intake, case_id, request_id, by, body, _reasons(unread))


def _reasons(unread: Unread) -> list[str]:
    if isinstance(unread, HTTPException):
        return ["body: malformed-json"]
    if isinstance(unread, InvalidInput):
        return [f"{unread.field}: {unread.code}"]
    return [f"{wrong.field}: {wrong.code}" for wrong in wrong_fields(list(unread.errors()))]


async def _meant(http: HttpRequest, intake: Intake, by: Actor, body: bytes) -> tuple[str, str]:
    """Case and request that an unread answer is to; by the path, or by the number in it."""
    named = http.path_params.get("request_id")
    if named is not None:
        return await case_of_request(intake, named), named
    try:
        number = str(json.loads(body)["outgoing_number"])
        number.encode()  # half of a letter is no number either
    except (ValueError, TypeError, KeyError, RecursionError):
        number = ""
    institution = institution_of(by, number)
    return await request_of_number(intake, institution, number)


router = APIRouter(tags=["interagency requests"], route_class=KeepingWhatIsUnread)


@router.post("/interagency-requests/answers", summary="A body answers a numbered letter")
async def post_numbered_answer(
    body: NumberedAnswer, response: Response, by: Answering, request: Creation, intake: WithIntake
) -> CommandReceipt:
    """The answer to the letter of that outgoing number: ours, or one given by hand (R 3.2.2)."""
    institution = institution_of(by, body.outgoing_number)
    case_id, request_id = await request_of_number(intake, institution, body.outgoing_number)
    answer = body.answer()
    return receipt(await take_answer(intake, case_id, request_id, request, by, answer), response)


@router.post("/interagency-requests/{request_id}/answer", summary="The body that was asked answers")
async def post_answer(
    request_id: str,
    body: RequestAnswer,
    response: Response,
    by: Answering,
    request: Creation,
    intake: WithIntake,
) -> CommandReceipt:
    """What was asked for, or why there is none; an answer that comes twice counts once (R 2.6.1).

    The body asked sends it; what came on paper the institution's registrar records (R 3.2.2). A
    late one counts, and is marked. A second one that says something else is kept beside the first
    until a person has decided; so is one that cannot be read, though it is refused.
    """
    if sum(value is not None for value in (body.certificate, body.document, body.refusal)) != 1:
        raise InvalidInput(
            "one-of-two", "send either what was asked for or the refusal", field="certificate"
        )
    case_id = await case_of_request(intake, request_id)
    answer = body.answer()
    return receipt(await take_answer(intake, case_id, request_id, request, by, answer), response)
