"""The document package: what the citizen brings, and what is asked for between agencies."""

from __future__ import annotations

from contracts.event import CaseEvent
from contracts.intake import CASE
from contracts.values import Identifier, Line


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
