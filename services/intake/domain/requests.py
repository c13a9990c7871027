"""What an interagency request and its answers are made of (R 3.2, 210-FZ 7.2). Values only."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StrictInt

from contracts.values import Email, IsoDate, Line, Phone, Text, Value

MOST_AMOUNT = 10**10
"""Kopecks: no pension is a hundred million roubles a month."""


class RequestState(StrEnum):
    """How an interagency request stands (R 3.2)."""

    TO_SEND = "to_send"
    SENT = "sent"
    ANSWERED = "answered"
    NEGATIVE = "negative"
    OVERDUE = "overdue"


class SigningAuthority(StrEnum):
    """By what right the request is signed (R 3.2.2)."""

    HEAD = "head"
    BY_ORDER = "by_order"


class RequestWay(StrEnum):
    """How a request leaves: electronically where the parties agreed so, else on paper (R 3.2.2)."""

    ELECTRONIC = "electronic"
    PAPER = "paper"


class DispatchWay(StrEnum):
    """How a paper request was sent: by fax, and by post or courier at once (R 3.2.2)."""

    FAX = "fax"
    POST = "post"
    COURIER = "courier"


class Dispatch(Value):
    """A sending of a paper request, as recorded by hand (R 3.2.2)."""

    way: DispatchWay
    sent_on: date
    tracking: Line | None = Field(default=None, description="the post's number of the letter")
    recorded_at: AwareDatetime
    by: str


class Signatory(Value):
    """Who prepared and signed the request, and how to reach them (210-FZ 7.2, part 1 item 8)."""

    name: Line
    post: Line
    authority: SigningAuthority
    order_number: Line | None = Field(default=None, description="of the head's order (R 3.2.2)")
    order_date: IsoDate | None = Field(default=None, description="of the head's order (R 3.2.2)")
    phone: Phone | None = None
    email: Annotated[Email, Field(max_length=254)] | None = None


class PensionCertificate(Value):
    """The Pension Fund's answer (R 2.6.1). Money in kopecks."""

    pension_kind: Line
    monthly_amount: StrictInt = Field(ge=0, le=MOST_AMOUNT, description="kopecks a month")
    as_of: IsoDate
    document_number: Line


class FetchedDocument(Value):
    """A document another body sent: its number, its date, what it says (210-FZ 7.2)."""

    number: Line
    issued_on: IsoDate | None = None
    content: Text | None = None


class Refused(Value):
    """The gateway of the addressed body would not have the request: the HTTP status, and when."""

    at: AwareDatetime
    status: int = Field(ge=400, le=499)
    for_good: bool = Field(
        description="it goes there no more by itself; else it may be us who were refused"
    )


class InteragencyRequest(BaseModel):
    """A request to another body with what article 7.2 of law 210-FZ asks for.

    What has a default was not stored before there were kinds: then it was the pension certificate's
    and electronic.
    """

    id: str
    kind: str = "pension_certificate"
    """Code in the regulation pack; it fetches one document of the package."""
    state: RequestState = RequestState.TO_SEND
    way: RequestWay = RequestWay.ELECTRONIC
    requesting_body: str
    addressed_body: str
    addressed_name: str | None = None
    """How a body is called that the directory does not have."""
    addressed_address: str | None = None
    service: str
    legal_ground: str
    data_needed: str
    return_contact: str
    signed_at: AwareDatetime
    sent_on: date
    """The date the request bears, by the district's calendar."""
    signatory: Signatory
    outgoing_number: str = ""
    repeats: str | None = None
    """The request that was not answered and is sent a second time."""
    send_by: AwareDatetime | None = None
    """Until when it has to leave (R 3.2.4); those that wait leave in this order."""
    next_attempt_at: AwareDatetime | None = None
    attempts: int = 0
    refused: Refused | None = None
    dispatches: list[Dispatch] = Field(default_factory=list)
    sent_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    late: bool = False
    """The answer came after the term of the addressed body."""
    certificate: PensionCertificate | None = None
    fetched: FetchedDocument | None = None
    negative_reason: str | None = None

    @property
    def held(self) -> bool:
        """Whether a person has to send it on paper, for its gateway will not have it (R 3.2.2)."""
        refused = self.refused is not None and self.refused.for_good
        return refused and self.state is RequestState.TO_SEND


class Answer(Value):
    """What a body answered: the certificate, another document, or why there is none."""

    certificate: PensionCertificate | None = None
    document: FetchedDocument | None = None
    refusal: Text | None = None


class DifferingAnswer(BaseModel):
    """A second answer that says something else than the first: a person decides which holds."""

    request_id: str
    answer: Answer
    at: AwareDatetime
    by: str
    settled_at: AwareDatetime | None = None
    settled_by: str | None = None
    taken: bool = False
    reason: str | None = None


class GarbledAnswer(BaseModel):
    """An answer that could not be read: kept aside with the reason, until a person has seen it."""

    request_id: str
    at: AwareDatetime
    by: str
    fingerprint: str
    reasons: list[str]
    """Which field broke which rule; not what stood there."""
    text: str
    """What came, cut to a bound."""
    seen_at: AwareDatetime | None = None
    seen_by: str | None = None


class OutgoingNumber(BaseModel):
    """A number that the institution gave a paper request by hand: given once, found again.

    The id is made of institution and number, so the same one cannot be given twice.
    """

    id: str
    institution: str = ""
    number: str = ""
    case_id: str = ""
    request_id: str = ""
