"""Events of a case in intake; they name people by id (personal data: `citizen.py`)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from contracts.case import CaseRef
from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.values import Identifier, Line

CASE = "intake.case"


class Channel(StrEnum):
    """How a referral came (R 3.1.1, L 2.1, S)."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    WRITTEN = "written"
    MFC = "mfc"
    PORTAL = "portal"
    MEDICAL_ORGANIZATION = "medical_organization"
    MUNICIPAL_BODY = "municipal_body"
    ORGANIZATION = "organization"
    THIRD_PERSON = "third_person"


class TriageCode(StrEnum):
    """The code of a referral (R 3.1.6 a–d)."""

    IMMEDIATE = "immediate"
    CONSULTATION = "consultation"
    INITIAL_ASSESSMENT = "initial_assessment"
    REASSESSMENT = "reassessment"


class ReferralRegistered(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение внесено в журнал",
    en="Referral registered in the journal",
):
    """A referral opened a case. The status code's hash lets a citizen ask where the case stands."""

    case: CaseRef
    journal_number: Line
    received_at: AwareDatetime
    channel: Channel
    in_hospital: bool = False
    home_care_asked: bool = False
    incomplete: bool = False
    requester: Identifier | None = None
    status_code_hash: str
    to_forward: bool = Field(
        default=False,
        description="an authorised body or MFC took it in and passes it on; until then the case is"
        " theirs, and `case.institution` names them",
    )


class ReferralForwarded(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение передано в учреждение",
    en="Referral forwarded to the institution",
):
    """The body that took it in passed it on; `case` is the reference as it is from here on."""

    case: CaseRef
    sender: Identifier


class ReturnReason(StrEnum):
    """Why an institution returns what was forwarded to it; the words stay in intake."""

    ANOTHER_SERVES = "another_serves"
    """Another institution serves this address."""
    ADDRESS_WRONG = "address_wrong"
    """The address is not that of the citizen, or there is none such."""
    LIVES_ELSEWHERE = "lives_elsewhere"
    """The citizen has moved."""
    OTHER = "other"


class ReferralReturned(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение возвращено: передано не по адресу",
    en="Referral returned by the institution",
):
    """It was forwarded to the wrong institution and is with the sender again, to be forwarded
    anew; only before triage. `case` is the reference as it is from here on."""

    case: CaseRef
    institution: Identifier
    reason: ReturnReason


class ReferralLinked(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Повторное обращение присоединено к делу",
    en="Further referral linked to the case",
):
    """A second referral about the same citizen: kept in the journal, no second case."""

    journal_number: Line
    received_at: AwareDatetime
    channel: Channel
    requester: Identifier | None = None


class CaseTriaged(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.6",
    ru="Присвоен код заявки",
    en="Triage code assigned",
):
    """A person confirmed or overrode the proposed code."""

    code: TriageCode
    proposed: TriageCode
    rule_version: Line
    overridden: bool = False


class UrgentMeasuresPlanned(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Составлен план срочных мероприятий",
    en="Urgent measures planned",
):
    """The plan of what is done the same day, with the organizations drawn in."""

    measures: int
    organizations: tuple[Identifier, ...] = ()


class UrgentMeasuresDone(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Срочные мероприятия выполнены",
    en="Urgent measures done",
):
    """Every measure of the plan was carried out."""


class ApplicationRegistered(
    CaseEvent,
    stream=CASE,
    clause="R 2.6",
    ru="Зарегистрировано заявление",
    en="Application registered",
):
    """The personal application and the first documents were registered."""

    documents: tuple[Identifier, ...]
    missing: tuple[Identifier, ...]


class DocumentsRegistered(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.9",
    ru="Зарегистрированы документы",
    en="Documents registered",
):
    """Further documents of the package came in."""

    documents: tuple[Identifier, ...]
    missing: tuple[Identifier, ...]


class CertificateRequested(
    CaseEvent,
    stream=CASE,
    clause="R 3.2",
    ru="Направлен межведомственный запрос в Пенсионный фонд",
    en="Pension certificate requested",
):
    """The interagency request left and was accepted by the addressed body."""

    request_id: Identifier
    addressed_body: Identifier


class CertificateReceived(
    CaseEvent,
    stream=CASE,
    clause="R 2.6.1",
    ru="Получена справка территориального органа ПФР",
    en="Pension certificate received",
):
    """The Pension Fund answered; the sums stay with intake. `negative`: there is no certificate."""

    request_id: Identifier
    negative: bool = False


class CertificateOverdue(
    CaseEvent,
    stream=CASE,
    clause="210-FZ 7.2",
    ru="Ответ Пенсионного фонда просрочен",
    en="Pension certificate overdue",
):
    """The Pension Fund did not answer in the term of the interagency exchange."""

    request_id: Identifier


class PackageCompleted(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.9",
    ru="Пакет документов собран",
    en="Document package completed",
):
    """Every document that the pack asks for is there."""

    documents: tuple[Identifier, ...]


class CaseDeclined(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.7.2",
    ru="Гражданин отказался от услуг",
    en="Citizen declined",
):
    """Consequences explained, contact left; the case can be re-opened."""


class CaseReopened(
    CaseEvent, stream=CASE, clause="R 3.3.7.2", ru="Дело возобновлено", en="Case re-opened"
):
    """A declined or closed case goes on."""


REFUSED = "refused"
"""Why intake closes a case that care planning refused: to others it is care planning's fact."""


class CaseClosed(CaseEvent, stream=CASE, clause="R 3.1.6", ru="Дело закрыто", en="Case closed"):
    """Nothing more is to be done in this case."""

    reason: Identifier


class TermDueSoon(
    TermDueSoonFact, stream=CASE, clause="R 3.1.8", ru="Срок истекает", en="Term due soon"
):
    """A term of intake is about to run out."""


class TermMissed(
    TermMissedFact, stream=CASE, clause="R 3.1.8", ru="Срок пропущен", en="Term missed"
):
    """A term of intake was missed."""
