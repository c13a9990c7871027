"""Requests of the API of complaints."""

from __future__ import annotations

from pydantic import Field

from chassis.http import Body
from contracts.complaints import ComplaintOutcome, Remedy
from contracts.values import Identifier, Text
from services.complaints.domain.records import AnswerWay, ElectronicCopy


class DecisionRequest(Body):
    """The decision on a complaint (R 5.7); a satisfied one names its remedy."""

    outcome: ComplaintOutcome
    remedy: Remedy | None = None
    refusal_ground: Identifier | None = Field(
        default=None, description="where one of the grounds of R 5.11 applies"
    )
    reasons: Text


class AnswerRequest(Body):
    """The answer that was sent: its parts by the codes of R 5.10, and how it went (R 5.9)."""

    parts: dict[Identifier, Text]
    way: AnswerWay = Field(description="the answer goes in writing")
    electronic_copy: ElectronicCopy | None = Field(
        default=None, description="and electronically, where the complainant wished so"
    )
