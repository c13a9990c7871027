"""Requests of care planning's API."""

from __future__ import annotations

from pydantic import Field, StrictBool

from chassis.http import Body
from contracts.values import Identifier, Line, Text
from services.careplan.domain.records import (
    DecisionForm,
    Delivery,
    Party,
    PlanForm,
    Programme,
)


class PlanRequest(PlanForm, Body):
    """A version of the care plan (R 3.5.2)."""


class SignatureRequest(Body):
    """A signature under the plan (R 3.5.3)."""

    party: Party


class AnswerRequest(Body):
    """An executor's answer to the plan (R 3.5.3); a refusal gives its reason."""

    executor: Identifier = Field(description="id of the executor in the plan")
    agreed: StrictBool
    reason: Text | None = None


class ProgrammeRequest(Programme, Body):
    """The individual programme (order 874n); its tables follow from the plan."""


class DecisionRequest(DecisionForm, Body):
    """The decision of the head of the authorised body (R 3.6.1)."""


class ContractRequest(Body):
    """The contract and what was handed over with it (R 3.6.2)."""

    number: Line
    signed_by_citizen: StrictBool
    handed_over: list[Identifier] = Field(max_length=20)


class EnrolmentRequest(Body):
    """The director's order (R 3.6.3)."""

    order_number: Line
    provider: Identifier = Field(description="id of the provider or institution in the directory")


class RefusalNoticeRequest(Body):
    """The refusal notice that was sent (R 3.6.4)."""

    notice_number: Line
    sent_by: Delivery
