"""Papers as pages to be printed: the letter of a request, a receipt, what to bring. In Russian."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse

from chassis.pages import page, templates
from contracts.directory import OrganizationCard
from contracts.terms import Unit
from contracts.values import CitizenCard
from services.intake.api.document_views import ReceiptView, bring_list
from services.intake.domain.case import Case
from services.intake.domain.interagency import find_request, kind_of
from services.intake.domain.requests import InteragencyRequest

TEMPLATES = templates(Path(__file__).parent.parent / "pages")
UNITS = {
    Unit.WORKING_DAYS: "рабочих дней",
    Unit.CALENDAR_DAYS: "календарных дней",
}


def _page(name: str, **values: Any) -> HTMLResponse:
    return page(TEMPLATES.get_template(name).render(**values))


def _person(card: CitizenCard | None) -> dict[str, Any]:
    if card is None:
        return {"name": "", "birth_date": None, "snils": ""}
    digits = card.snils or ""
    snils = f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}" if digits else ""
    return {"name": str(card.name or ""), "birth_date": card.birth_date, "snils": snils}


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
