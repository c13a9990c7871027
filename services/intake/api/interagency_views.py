"""Interagency requests as they are asked for and answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, StrictBool

from chassis.document import Document
from chassis.http import Body
from contracts.values import Identifier, IsoDate, Line, Text
from services.intake.domain.case import Case
from services.intake.domain.dispatching import still_to_dispatch
from services.intake.domain.request_lists import RequestList, due_of, lists_of
from services.intake.domain.requests import (
    Dispatch,
    DispatchWay,
    FetchedDocument,
    InteragencyRequest,
    PensionCertificate,
    Refused,
    RequestWay,
    Signatory,
)


class RequestBody(Body):
    """A request for a document of another body (R 3.2, 210-FZ 7.2).

    The body is named by its id in the directory, or by name and address; left out, it is the one
    whose gateway takes requests of that kind.
    """

    kind: Identifier = Field(description="kind of request in the regulation pack")
    addressed_body: Identifier | None = None
    addressed_name: Line | None = None
    addressed_address: Line | None = None
    way: RequestWay | None = Field(
        default=None, description="left out: electronic where the body has a gateway, else paper"
    )
    signatory: Signatory
    return_contact: Line


class SentBy(Body):
    """One way by which a letter was sent; `tracking` is the post's or the courier's number."""

    way: DispatchWay
    tracking: Line | None = None


class DispatchBody(Body):
    """How a paper request was sent (R 3.2.2)."""

    sent_by: list[SentBy] = Field(min_length=1, max_length=3)
    sent_on: IsoDate
    outgoing_number: Line | None = Field(
        default=None,
        max_length=100,
        description="of the institution's own register; left out, the request's own number holds",
    )


class SettlementBody(Body):
    """What a person decided about what was set aside."""

    take_second: StrictBool = Field(
        description="the last differing answer holds instead of the first"
    )
    reason: Text


class DifferingView(BaseModel):
    """A second answer that says something else."""

    at: AwareDatetime
    answer: dict[str, Any]
    settled_at: AwareDatetime | None
    taken: bool
    reason: str | None


class GarbledView(BaseModel):
    """An answer that could not be read."""

    at: AwareDatetime
    reasons: list[str]
    text: str
    seen_at: AwareDatetime | None


class RequestView(BaseModel):
    """An interagency request as staff see it."""

    id: str
    case_id: str
    case_number: str
    kind: str
    state: str
    way: RequestWay
    lists: list[RequestList]
    due_at: datetime
    addressed_body: str
    addressed_name: str | None
    service: str
    legal_ground: str
    data_needed: str
    return_contact: str
    signatory: Signatory
    signed_at: AwareDatetime
    sent_on: date
    outgoing_number: str
    repeats: str | None
    send_by: AwareDatetime | None
    next_attempt_at: AwareDatetime | None
    attempts: int
    refused: Refused | None = Field(
        description="by its gateway; for good: it is to be sent on paper (R 3.2.2)"
    )
    dispatches: list[Dispatch]
    still_to_dispatch: list[str]
    sent_at: AwareDatetime | None
    answered_at: AwareDatetime | None
    late: bool
    certificate: PensionCertificate | None
    document: FetchedDocument | None
    negative_reason: str | None
    differing_answers: list[DifferingView]
    garbled_answers: list[GarbledView]


def request_view(case: Case, request: InteragencyRequest) -> RequestView:
    """A request with all that is known of it."""
    return RequestView(
        **request.model_dump(exclude={"fetched", "addressed_address"}),
        case_id=case.id,
        case_number=case.reference.number,
        lists=sorted(lists_of(case, request)),
        due_at=due_of(case, request),
        still_to_dispatch=list(still_to_dispatch(request)),
        document=request.fetched,
        differing_answers=[
            DifferingView(**d.model_dump(exclude={"answer"}), answer=_plain(d.answer))
            for d in case.differing_answers
            if d.request_id == request.id
        ],
        garbled_answers=[
            GarbledView(**g.model_dump())
            for g in case.garbled_answers
            if g.request_id == request.id
        ],
    )


def _plain(answer: BaseModel) -> dict[str, Any]:
    return answer.model_dump(mode="json", exclude_none=True)


class RequestsOfCase(BaseModel):
    """The requests of one case that stand on a worklist."""

    case_id: str
    case_number: str
    version: int
    requests: list[RequestView]


def requests_of_case(document: Document[Case], name: RequestList) -> RequestsOfCase:
    """A case's requests on one list, the earliest due first."""
    case = document.state
    found = [request for request in case.every_request if name in lists_of(case, request)]
    return RequestsOfCase(
        case_id=case.id,
        case_number=case.reference.number,
        version=document.version,
        requests=[request_view(case, r) for r in sorted(found, key=lambda r: due_of(case, r))],
    )
