"""What a complaint is made of. Values only; the rules stand beside them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.complaints import ComplaintOutcome, Remedy
from contracts.values import Address, Email, FullName, Identifier, Line, Phone, Text, Value


class Channel(StrEnum):
    """How a complaint came (R 5.4)."""

    POST = "post"
    MFC = "mfc"
    INTERNET = "internet"
    SITE = "site"
    PORTAL = "portal"
    IN_PERSON = "in_person"


class Official(Value):
    """The official whose act is complained of (R 5.4.2)."""

    name: Line | None = None
    post: Line | None = None
    account: Line | None = Field(
        default=None,
        description="subject of the official's token, where they work with the system: they do"
        " not decide on the complaint themselves",
    )


class Complainant(Value):
    """Who complains, and where the answer goes (R 5.4.2). What must be there is checked by rule."""

    name: FullName | None = None
    address: Address | None = None
    phone: Phone | None = None
    email: Email | None = None


class Proof(Value):
    """The document that proves a representative's authority, by its kind in the pack (R 5.4.3)."""

    kind: Identifier
    number: Line | None = None


class Representative(Value):
    """Who complains on the complainant's behalf (R 5.4.3)."""

    name: FullName
    proof: Proof | None = None


class Decision(Value):
    """What was decided on a complaint, why, and by whom (R 5.7, 5.11)."""

    outcome: ComplaintOutcome
    remedy: Remedy | None = None
    refusal_ground: Identifier | None = None
    reasons: Text
    decided_at: AwareDatetime
    decided_by: Line
    organization: Identifier | None


class AnswerWay(StrEnum):
    """How the written answer went to the complainant (R 5.9)."""

    POST = "post"
    IN_PERSON = "in_person"
    MFC = "mfc"


class ElectronicCopy(StrEnum):
    """How the answer went electronically as well, where the complainant wished so (R 5.9)."""

    EMAIL = "email"
    PORTAL = "portal"


class Answer(Value):
    """The reasoned answer with its parts, by their codes in the pack (R 5.9, 5.10)."""

    parts: dict[Identifier, Text]
    way: AnswerWay
    electronic_copy: ElectronicCopy | None = None
    answered_at: AwareDatetime
    answered_by: Line
