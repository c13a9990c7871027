"""Invented complaints, cases and people, and the moments things happen at."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chassis.calendar import DistrictCalendar
from contracts.careplan import Outcome
from contracts.case import CaseRef
from contracts.complaints import ComplaintOutcome, Remedy
from contracts.context import Context
from contracts.errors import Refusal
from contracts.regulation import FIRST_PACK, load_pack
from contracts.values import Actor
from services.complaints.domain.case import CaseCopy, LastDecision
from services.complaints.domain.complaint import Complaint
from services.complaints.domain.examination import Verdict, answer_complaint, decide_complaint
from services.complaints.domain.records import AnswerWay
from services.complaints.domain.registration import ComplaintForm, register_complaint

INSTITUTION, BODY, DEPARTMENT = "r-institution-15", "r-authorised-body-07", "r-department"
PACK = load_pack(FIRST_PACK)
CALENDAR = DistrictCalendar(ZoneInfo("Asia/Novokuznetsk"))
MONDAY = "2026-03-02T12:00+07:00"

REF = CaseRef(
    case_id="Ccase1",
    citizen_id="Pcitizen1",
    number="r-institution-15/2026/000007",
    institution=INSTITUTION,
    authorised_body=BODY,
    pack=FIRST_PACK,
)
COMPLAINANT = {
    "name": {"family": "Ерёмина", "given": "Зинаида", "patronymic": "Фёдоровна"},
    "address": {"text": "652500, г. Ленинск-Кузнецкий, ул. Земцова, д. 9, кв. 31"},
    "phone": "+73845600031",
}
REPRESENTATIVE = {"name": {"family": "Ерёмин", "given": "Пётр"}, "proof": {"kind": "x"}}
PARTS = {part.code: f"{part.title_ru}: сказано" for part in PACK.complaint_reply_parts}
REFUSED_PARTS = {code: text for code, text in PARTS.items() if code != "remedy_terms"}


def officer(who: str = "officer", organization: str | None = BODY) -> Actor:
    return Actor(id=who, role="complaint_officer", organization=organization)


def at(moment: str = MONDAY, by: Actor | None = None) -> Context:
    return Context(now=datetime.fromisoformat(moment), by=by or officer(), calendar=CALENDAR)


def form(**changes: Any) -> ComplaintForm:
    said = {
        "case_id": "Ccase1",
        "channel": "post",
        "ground": "late_service",
        "body": BODY,
        "complainant": COMPLAINANT,
        "decision_or_action": "Обследование не проведено в срок",
        "arguments": "Со дня обращения прошло три недели",
    }
    return ComplaintForm.model_validate(said | changes)


def registered(context: Context | None = None, **changes: Any) -> Complaint:
    complaint, _ = register_complaint(form(**changes), REF, BODY, 1, "key:1", context or at())
    return complaint


def case(outcome: Outcome | None = None, decided_by: str = "head") -> CaseCopy:
    decision = None
    if outcome is not None:
        decision = LastDecision(outcome=outcome, decided_at=at().now, decided_by=decided_by)
    return CaseCopy(id="Ccase1", ref=REF, decision=decision)


def verdict(**changes: Any) -> Verdict:
    said: dict[str, Any] = {"outcome": "satisfied", "remedy": "other", "reasons": "Срок нарушен"}
    return Verdict.model_validate(said | changes)


SATISFIED = verdict()
REFUSED = verdict(outcome=ComplaintOutcome.REFUSED, remedy=None)
ANNULLED = verdict(remedy=Remedy.DECISION_ANNULLED)


def decided(given: Verdict = SATISFIED, **changes: Any) -> Complaint:
    complaint = registered(**changes)
    decide_complaint(complaint, given, case(), at())
    return complaint


def answered() -> Complaint:
    complaint = decided()
    answer_complaint(complaint, PARTS, AnswerWay.POST, None, at())
    return complaint


def refused_with(failure: pytest.ExceptionInfo[Refusal]) -> tuple[str, str | None, str | None]:
    """Which rule spoke: its code, the field it names, its clause."""
    return failure.value.code, failure.value.field, failure.value.clause
