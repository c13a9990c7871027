"""Papers as pages to be printed: the letter of a request, a receipt, what to bring. In Russian.

Invariant: every text that came from outside is escaped, and the policy in the header lets nothing
run and nothing be fetched; no cache keeps a page with personal data.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.directory import OrganizationCard
from contracts.terms import Unit
from contracts.values import CitizenCard, FullName
from services.intake.api.document_views import ReceiptView, bring_list
from services.intake.domain.case import Case
from services.intake.domain.interagency import find_request, kind_of
from services.intake.domain.requests import InteragencyRequest

FOLDER = Path(__file__).parent.parent / "pages"
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none';"
    f" style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
UNITS = {
    Unit.WORKING_DAYS: "рабочих дней",
    Unit.CALENDAR_DAYS: "календарных дней",
}


def day_ru(day: date) -> str:
    """A date as it is written here."""
    return f"{day:%d.%m.%Y}"


_environment = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
)
_environment.globals["day"] = day_ru
_environment.globals["style"] = Markup(STYLE)  # noqa: S704 - our own file


def _page(name: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(_environment.get_template(name).render(**values), headers=HEADERS)


def _name(name: FullName | None) -> str:
    if name is None:
        return ""
    return " ".join(part for part in (name.family, name.given, name.patronymic) if part)


def _person(card: CitizenCard | None) -> dict[str, Any]:
    if card is None:
        return {"name": "", "birth_date": None, "snils": ""}
    digits = card.snils or ""
    snils = f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}" if digits else ""
    return {"name": _name(card.name), "birth_date": card.birth_date, "snils": snils}


def _body(card: OrganizationCard | None, other: str, address: str | None = None) -> dict[str, str]:
    """An organization by its card in the directory, else by what is known of it."""
    if card is None:
        return {"name": other, "address": address or ""}
    return {"name": card.name, "address": card.address.text if card.address else ""}


def legal_ground_ru(ground: str) -> str:
    """The provision as a letter names it; the pack abbreviates our own regulation."""
    if ground.startswith("R "):
        return f"Административный регламент предоставления государственной услуги, п. {ground[2:]}"
    return ground


def letter_page(
    case: Case,
    request: InteragencyRequest,
    card: CitizenCard,
    sender: OrganizationCard | None,
    addressed: OrganizationCard | None,
) -> HTMLResponse:
    """The request as a letter with all that article 7.2 of law 210-FZ asks for."""
    kind = kind_of(case, request.kind)
    term = case.pack.term(kind.answer_term)
    named = request.addressed_name or kind.addressed_ru
    return _page(
        "letter.html",
        request=request,
        repeats=find_request(case, request.repeats) if request.repeats else None,
        case_number=case.reference.number,
        titles={field.code: field.title_ru for field in case.pack.interagency_request_fields},
        ground=legal_ground_ru(request.legal_ground),
        sender=_body(sender, request.requesting_body),
        addressed=_body(addressed, named, request.addressed_address),
        person=_person(card),
        term={"length": term.length, "unit": UNITS[term.unit]},
    )


def receipt_page(
    receipt: ReceiptView, card: CitizenCard | None, institution: OrganizationCard | None
) -> HTMLResponse:
    """A receipt to be signed and taken along."""
    return _page(
        "receipt.html",
        receipt=receipt,
        person=_person(card),
        institution=_body(institution, ""),
    )


def bring_list_page(case: Case, institution: OrganizationCard | None) -> HTMLResponse:
    """What the citizen is asked to bring, to be taken along."""
    return _page("bring_list.html", asked=bring_list(case), institution=_body(institution, ""))
