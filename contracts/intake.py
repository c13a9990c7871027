"""Events of a case in intake; they name people by id (personal data: `citizen.py`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.case import CaseRef
from contracts.event import CaseEvent, TermDueSoonFact, TermMissedFact
from contracts.referred import ReferralSays
from contracts.values import Identifier, Line

CASE = "intake.case"


Subject = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""Somebody by the subject of their token, as `Actor.id`."""


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
    said: ReferralSays | None = None
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
    """A second referral about the same citizen: kept in the journal, no second case.

    `to_review`: the case was triaged or set aside already, so a person looks at what is new in it.
    """

    journal_number: Line
    received_at: AwareDatetime
    channel: Channel
    requester: Identifier | None = None
    said: ReferralSays | None = None
    in_danger: bool = False
    in_hospital: bool = False
    to_review: bool = False


class ReviewOutcome(StrEnum):
    """What follows from a further referral about a citizen whose case is triaged (R 3.1.3)."""

    NOTHING_NEW = "nothing_new"
    """The case goes on as it stands."""
    URGENT_HELP = "urgent_help"
    """Help is given the same day (R 3.1.7)."""
    ANALYSIS_ANEW = "analysis_anew"
    """The five questions are answered again, and the code is assigned anew."""


class ReferralsReviewed(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.3",
    ru="Повторное обращение рассмотрено",
    en="Further referral reviewed",
):
    """A person has looked at what came in besides; why they decided so stays in intake."""

    outcome: ReviewOutcome
    journal_numbers: tuple[Line, ...]


class ReferralWithdrawn(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Обращение отозвано отправителем",
    en="Referral withdrawn by its sender",
):
    """Its sender took a referral back; why is kept in intake. The case goes on where another
    referral, or what was done since, stands on its own; else it is closed in the same step."""

    journal_number: Line
    requester: Identifier
    in_error: bool = False
    case_goes_on: bool


class StatusCodeIssued(
    CaseEvent,
    stream=CASE,
    clause="R 3.7.3",
    ru="Выдан новый код для справки о деле",
    en="New status code issued",
):
    """The code before was lost or leaked, and is worth nothing from now on."""

    status_code_hash: str


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
    """Every measure of the plan has its result, and for each that failed another was carried out.

    `failed`: how many of them had failed on the way.
    """

    failed: int = 0


class UrgentMeasuresFailed(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.7",
    ru="Срочное мероприятие не удалось",
    en="Urgent measures failed",
):
    """Measures, by their numbers in the plan, that failed: something else has to be done still."""

    measures: tuple[int, ...]
    organizations: tuple[Identifier, ...] = ()


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
    late: bool = False


class CertificateOverdue(
    CaseEvent,
    stream=CASE,
    clause="210-FZ 7.2",
    ru="Ответ Пенсионного фонда просрочен",
    en="Pension certificate overdue",
):
    """The Pension Fund did not answer in the term of the interagency exchange."""

    request_id: Identifier


class InteragencyRequestSent(
    CaseEvent,
    stream=CASE,
    clause="R 3.2",
    ru="Направлен межведомственный запрос",
    en="Interagency request sent",
):
    """A request for another document than the pension certificate left."""

    request_id: Identifier
    document: Identifier
    addressed_body: Identifier


class InteragencyAnswerReceived(
    CaseEvent,
    stream=CASE,
    clause="210-FZ 7.2",
    ru="Получен ответ на межведомственный запрос",
    en="Interagency answer received",
):
    """The body answered; what it says stays with intake. `negative`: there is no such document."""

    request_id: Identifier
    document: Identifier
    negative: bool = False
    late: bool = False


class InteragencyAnswerOverdue(
    CaseEvent,
    stream=CASE,
    clause="210-FZ 7.2",
    ru="Ответ на межведомственный запрос просрочен",
    en="Interagency answer overdue",
):
    """The body did not answer in the term of the interagency exchange."""

    request_id: Identifier
    document: Identifier


class DocumentAttached(
    CaseEvent,
    stream=CASE,
    clause="R 2.6",
    ru="Приложен файл документа",
    en="File of a document attached",
):
    """A scan or file was stored with a document of the case; its content stays with intake."""

    document: Identifier
    attachment: Identifier
    media_type: Line
    size: int
    replaces: Identifier | None = None


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


REFUSED = "refused"
"""Why intake closes a case that care planning refused: to others it is care planning's fact."""


JOINED = "joined"
"""Why intake closes a case whose citizen turned out to have an elder one (L 5.1)."""


class CaseClosed(CaseEvent, stream=CASE, clause="R 3.1.6", ru="Дело закрыто", en="Case closed"):
    """Nothing more is to be done in this case; `into` is the case that goes on in its place."""

    reason: Identifier
    into: Identifier | None = None


class ReferralsParted(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Обращения возвращены в отдельное дело",
    en="Referrals parted from the case",
):
    """Two citizens were parted again: the referrals go back to the case that was joined to this."""

    journal_numbers: tuple[Line, ...]
    into: Identifier


class TermDueSoon(
    TermDueSoonFact, stream=CASE, clause="R 3.1.8", ru="Срок истекает", en="Term due soon"
):
    """A term of intake is about to run out."""


class TermMissed(
    TermMissedFact, stream=CASE, clause="R 3.1.8", ru="Срок пропущен", en="Term missed"
):
    """A term of intake was missed."""
