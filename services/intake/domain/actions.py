"""What can be done with a case in intake, and in which of its states."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """States of a case in intake. `awaited`: others spoke of it before it was registered;
    `to_forward`: the body or MFC that took the referral in has yet to pass it on (R 3.1.2)."""

    AWAITED = "awaited"
    TO_FORWARD = "to_forward"
    REGISTERED = "registered"
    ANALYSED = "analysed"
    TRIAGED = "triaged"
    APPLICATION_REGISTERED = "application_registered"
    PACKAGE_COMPLETE = "package_complete"
    DECLINED = "declined"
    CLOSED = "closed"


class Action(StrEnum):
    """What can be done with a case in intake."""

    ANSWER_QUESTIONS = "answer_questions"
    TRIAGE = "triage"
    PLAN_URGENT_MEASURES = "plan_urgent_measures"
    COMPLETE_URGENT_MEASURES = "complete_urgent_measures"
    CLOSE_CONSULTATION = "close_consultation"
    RECORD_CONSENT = "record_consent"
    WITHDRAW_CONSENT = "withdraw_consent"
    REGISTER_APPLICATION = "register_application"
    REGISTER_DOCUMENTS = "register_documents"
    VERIFY_DOCUMENT = "verify_document"
    ATTACH_DOCUMENT = "attach_document"
    REQUEST_CERTIFICATE = "request_certificate"
    REQUEST_DOCUMENT = "request_document"
    DISPATCH_REQUEST = "dispatch_request"
    RECORD_ANSWER = "record_answer"
    SETTLE_ANSWER = "settle_answer"
    LINK_REFERRAL = "link_referral"
    REVIEW_REFERRAL = "review_referral"
    WITHDRAW_REFERRAL = "withdraw_referral"
    CLOSE_WITHOUT_OBJECT = "close_without_object"
    JOIN = "join"
    FORWARD_REFERRAL = "forward_referral"
    RETURN_REFERRAL = "return_referral"
    DECLINE = "decline"
    REOPEN = "reopen"
    ASSIGN = "assign"
    ISSUE_STATUS_CODE = "issue_status_code"
    CORRECT_CIRCUMSTANCES = "correct_circumstances"


TRIAGED = frozenset({Status.TRIAGED, Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE})
OPEN = TRIAGED | {Status.REGISTERED, Status.ANALYSED}

ALLOWED: dict[Action, frozenset[Status]] = {
    Action.ANSWER_QUESTIONS: frozenset({Status.REGISTERED, Status.ANALYSED}),
    Action.TRIAGE: frozenset({Status.ANALYSED}),
    Action.PLAN_URGENT_MEASURES: TRIAGED,
    Action.COMPLETE_URGENT_MEASURES: TRIAGED,
    Action.CLOSE_CONSULTATION: frozenset({Status.TRIAGED}),
    Action.RECORD_CONSENT: OPEN | {Status.DECLINED},
    Action.WITHDRAW_CONSENT: OPEN | {Status.DECLINED, Status.CLOSED},
    Action.REGISTER_APPLICATION: frozenset({Status.TRIAGED}),
    Action.REGISTER_DOCUMENTS: frozenset({Status.APPLICATION_REGISTERED}),
    Action.VERIFY_DOCUMENT: frozenset({Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE}),
    Action.ATTACH_DOCUMENT: OPEN | {Status.DECLINED},
    Action.REQUEST_CERTIFICATE: frozenset({Status.APPLICATION_REGISTERED}),
    Action.REQUEST_DOCUMENT: frozenset({Status.APPLICATION_REGISTERED}),
    Action.DISPATCH_REQUEST: frozenset({Status.APPLICATION_REGISTERED, Status.PACKAGE_COMPLETE}),
    Action.RECORD_ANSWER: OPEN | {Status.DECLINED, Status.CLOSED},
    Action.SETTLE_ANSWER: OPEN | {Status.DECLINED, Status.CLOSED},
    Action.FORWARD_REFERRAL: frozenset({Status.TO_FORWARD}),
    Action.RETURN_REFERRAL: frozenset({Status.REGISTERED, Status.ANALYSED}),
    Action.LINK_REFERRAL: OPEN | {Status.DECLINED, Status.TO_FORWARD},
    Action.REVIEW_REFERRAL: TRIAGED | {Status.DECLINED, Status.CLOSED},
    Action.WITHDRAW_REFERRAL: OPEN | {Status.DECLINED, Status.CLOSED, Status.TO_FORWARD},
    Action.CLOSE_WITHOUT_OBJECT: OPEN | {Status.DECLINED, Status.TO_FORWARD},
    Action.JOIN: OPEN | {Status.DECLINED, Status.TO_FORWARD},
    Action.DECLINE: OPEN | {Status.TO_FORWARD, Status.DECLINED},
    Action.REOPEN: frozenset({Status.DECLINED}),
    Action.ASSIGN: OPEN | {Status.DECLINED, Status.CLOSED, Status.TO_FORWARD},
    Action.ISSUE_STATUS_CODE: OPEN | {Status.DECLINED, Status.CLOSED},
    Action.CORRECT_CIRCUMSTANCES: OPEN | {Status.DECLINED, Status.TO_FORWARD},
}
"""What may happen in which state; one test walks every state × action."""
