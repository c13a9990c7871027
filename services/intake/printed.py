"""The journal on paper and in a spreadsheet: the columns of R 3.1.2, in Russian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final

from chassis.pages import day_ru, moment_ru, templates
from chassis.spreadsheet import table
from contracts.referral import Channel, ReturnReason
from contracts.values import Contact
from services.intake.domain.closing import WITHDRAWN, WithoutObject
from services.intake.domain.journal import JournalEntry, number_of
from services.intake.domain.parties import Applicant, ApplyingAs, AuthorityKind
from services.intake.domain.records import EntryState

TEMPLATES: Final = templates(Path(__file__).parent / "pages")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the journal: how it is called, and its class in the page's style."""

    css: str
    title: str


COLUMNS: Final = (
    Column("number", "Номер записи"),
    Column("moment", "Дата и время поступления"),
    Column("address", "Адрес места жительства заявителя"),
    Column("name", "Фамилия, имя, отчество заявителя"),
    Column("born", "Дата рождения заявителя"),
    Column("problems", "Основные проблемные вопросы, ставшие причиной обращения"),
    Column(
        "contact",
        "Контактное лицо (организация): фамилия, имя, отчество, адрес, телефон, наименование",
    ),
    Column("how", "Как поступило, от кого"),
    Column("note", "Отметки"),
)

CHANNELS: Final[dict[Channel, str]] = {
    Channel.IN_PERSON: "лично",
    Channel.PHONE: "по телефону",
    Channel.WRITTEN: "письменно",
    Channel.MFC: "через МФЦ",
    Channel.PORTAL: "через Портал",
    Channel.MEDICAL_ORGANIZATION: "из медицинской организации",
    Channel.MUNICIPAL_BODY: "из органа местного самоуправления",
    Channel.ORGANIZATION: "от организации",
    Channel.THIRD_PERSON: "от третьего лица",
}
APPLYING: Final[dict[ApplyingAs, str]] = {
    ApplyingAs.CITIZEN: "заявитель лично",
    ApplyingAs.LEGAL_REPRESENTATIVE: "законный представитель",
    ApplyingAs.AUTHORISED_PERSON: "уполномоченное лицо",
    ApplyingAs.INTERESTED_PERSON: "заинтересованное лицо",
}
AUTHORITIES: Final[dict[AuthorityKind, str]] = {
    AuthorityKind.POWER_OF_ATTORNEY: "доверенность",
    AuthorityKind.SEALED_POWER_OF_ATTORNEY: "доверенность с печатью",
    AuthorityKind.DECISION_ON_OFFICE: "решение о назначении",
}
REASONS: Final[dict[ReturnReason, str]] = {
    ReturnReason.ANOTHER_SERVES: "адрес обслуживает другое учреждение",
    ReturnReason.ADDRESS_WRONG: "адрес неверен",
    ReturnReason.LIVES_ELSEWHERE: "гражданин живёт в другом месте",
    ReturnReason.OTHER: "иное",
}
ENDED: Final[dict[str, str]] = {
    WithoutObject.NOT_OUR_TERRITORY: "адрес обслуживается в другом месте",
    WithoutObject.WRONG_PERSON: "обращение относилось к другому лицу",
    WithoutObject.DIED: "гражданин умер",
    WithoutObject.MOVED: "гражданин переехал",
    WITHDRAWN: "обращение отозвано",
}
MISSING: Final = {
    "citizen.address": "адрес",
    "citizen.name": "фамилия, имя, отчество",
    "citizen.birth_date": "дата рождения",
    "problems": "основные проблемы",
    "contact": "контактное лицо",
}


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line of the journal in words, by column."""

    cells: dict[str, str]
    corrected: bool


def printed_line(entry: JournalEntry, zone: tzinfo) -> PrintedLine:
    """A line as it is read on paper; moments in the district's time."""
    citizen = entry.form.citizen
    cells = {
        "number": entry.journal_number,
        "moment": moment_ru(entry.received_at, zone),
        "address": citizen.address.text if citizen.address else "",
        "name": str(citizen.name or ""),
        "born": day_ru(citizen.birth_date) if citizen.birth_date else "",
        "problems": entry.form.problems or "",
        "contact": _contact(entry.form.contact),
        "how": _how(entry),
        "note": "; ".join(_notes(entry)),
    }
    return PrintedLine(cells, entry.state is EntryState.CORRECTED)


def journal_page(
    lines: Sequence[PrintedLine], organization: str, first: date, last: date, printed: datetime
) -> str:
    """The journal as a page to print on A4; every text from outside is escaped."""
    return TEMPLATES.get_template("journal.html").render(
        organization=organization,
        first=day_ru(first),
        last=day_ru(last),
        columns=COLUMNS,
        lines=lines,
        printed=moment_ru(printed, printed.tzinfo),
    )


def csv_rows(lines: Iterable[PrintedLine], *, heading: bool) -> str:
    """Lines as a spreadsheet reads them; with the heading, the beginning of the file."""
    return table(
        ([line.cells[column.css] for column in COLUMNS] for line in lines),
        [column.title for column in COLUMNS] if heading else None,
    )


def _how(entry: JournalEntry) -> str:
    form = entry.form
    manner = {True: "устно", False: "письменно", None: ""}[form.oral]
    channel = CHANNELS[form.channel]
    parts = [channel if manner in {"", channel} else f"{channel}, {manner}"]
    if form.referrer is not None:
        parts.append(f"сообщил: {_contact(form.referrer)}")
    if form.applicant is not None:
        parts.append(_applicant(form.applicant))
    return "; ".join(parts)


def _applicant(applicant: Applicant) -> str:
    words = f"обратился: {APPLYING[applicant.acting_as]}"
    if applicant.person is not None:
        words += f" {_contact(applicant.person)}"
    proof = applicant.authority
    if proof is not None:
        issued = f" от {day_ru(proof.issued_on)}" if proof.issued_on else ""
        words += f" ({AUTHORITIES[proof.kind]} № {proof.number or '—'}{issued})"
    return words


def _notes(entry: JournalEntry) -> Iterable[str]:
    if entry.sender is not None:
        yield f"поступило из: {entry.sender}"
    if entry.placed is not None and entry.placed.linked and entry.placed.number:
        yield f"присоединено к делу {entry.placed.number}"
    if entry.passed_to is not None:
        yield f"передано в: {entry.passed_to}"
    elif entry.state is EntryState.TO_FORWARD:
        yield "ждёт передачи в учреждение"
    elif entry.state is EntryState.SET_ASIDE:
        yield "не передаётся: гражданин отказался"
    elif entry.ended is not None:
        yield f"не передано: {ENDED.get(entry.ended, 'дело прекращено')}"
    if entry.returned is not None:
        yield f"возвращено: {REASONS[entry.returned.reason]}"
    if entry.corrects is not None:
        yield f"исправляет запись {number_of(entry.corrects)}"
    if entry.correction is not None:
        there = f" записью {number_of(entry.corrected_by)}" if entry.corrected_by else ""
        yield f"исправлено{there}: {entry.correction.reason}"
    if entry.incomplete:
        missing = ", ".join(MISSING.get(field, field) for field in entry.missing)
        yield f"неполная запись, не хватает: {missing}"


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return ""
    parts = [
        contact.organization_name or "",
        str(contact.name or ""),
        contact.address.text if contact.address else "",
        f"тел. {contact.phone}" if contact.phone else "",
    ]
    return ", ".join(part for part in parts if part)
