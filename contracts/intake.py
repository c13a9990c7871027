"""A case in intake: whose it is, how it ends and goes on. Personal data: `citizen.py` only.

What else is said on its stream stands by subject: `referral.py`, `triage.py`, `documents.py`.
"""

from __future__ import annotations

from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.values import Identifier, Subject

CASE = "intake.case"
"""The stream of a case in intake; all that is said on it names people by id."""

REFUSED = "refused"
"""Why intake closes a case that care planning refused: to others it is care planning's fact."""

JOINED = "joined"
"""Why intake closes a case whose citizen turned out to have an elder one (L 5.1)."""


class StatusCodeIssued(
    CaseEvent,
    stream=CASE,
    clause="R 3.7.3",
    ru="Выдан новый код для справки о деле",
    en="New status code issued",
):
    """A code was lost or leaked: all that were told before are worth nothing from now on."""

    status_code_hash: str


class CaseAssigned(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.5",
    ru="Назначен ответственный по делу",
    en="Case assigned",
):
    """Whose case it is from here on; nobody's by name: the role's that acts next."""

    assignee: Subject | None = None
    previous: Subject | None = None


class CaseDeclined(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.7.2",
    ru="Гражданин отказался от услуг",
    en="Citizen declined",
):
    """Consequences explained, contact left; the case can be re-opened."""


class ThinkingTimeEnded(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.7.2",
    ru="Истекло время на размышление об отказе",
    en="Thinking time ended",
):
    """The citizen who declined had time to think until now: ask them once more."""


class CaseReopened(
    CaseEvent, stream=CASE, clause="R 3.3.7.2", ru="Дело возобновлено", en="Case re-opened"
):
    """A declined or closed case goes on.

    `analysis_anew`: a further referral came, and the questions and the code begin again (R 3.1.3).
    """

    analysis_anew: bool = False


class CaseClosed(CaseEvent, stream=CASE, clause="R 3.1.6", ru="Дело закрыто", en="Case closed"):
    """Nothing more is to be done in this case; `into` is the case that goes on in its place."""

    reason: Identifier
    into: Identifier | None = None


class TermDueSoon(
    TermDueSoonFact, stream=CASE, clause="R 3.1.8", ru="Срок истекает", en="Term due soon"
):
    """A term of intake is about to run out."""


class TermMissed(
    TermMissedFact, stream=CASE, clause="R 3.1.8", ru="Срок пропущен", en="Term missed"
):
    """A term of intake was missed."""
