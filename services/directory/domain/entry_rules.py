"""What an entry of a register must fulfil: it is reached, and claims what can be checked (L)."""

from __future__ import annotations

from contracts.directory import OrganizationCard, OrganizationKind
from contracts.errors import InvalidInput
from services.directory.domain.reading import is_one_line
from services.directory.domain.register_entry import Particulars

CLAUSE = "L 1.2.2.2, 3.9"
LEGAL_ENTITY, SOLE_TRADER = (10, 13), (12, 15)
"""Digits of INN and OGRN: of a legal entity, of a sole trader."""


def check_particulars(card: OrganizationCard, particulars: Particulars) -> None:
    """Refuse an entry that nobody could look at, or that contradicts itself."""
    if not (card.phones or card.emails):
        raise _wrong("contact-missing", "a phone or an e-mail that answers", "card.phones")
    if not is_one_line(particulars):
        raise _wrong("several-lines", "each text is one line", "particulars")
    if not card.serves:
        raise _wrong("territory-missing", "where it works", "card.serves")
    if card.kind is OrganizationKind.VOLUNTEER:
        return
    if particulars.volunteers is not None:
        raise _wrong("not-a-volunteers-organization", "counts none", "particulars.volunteers")
    if not particulars.services:
        raise _wrong("services-missing", "what it offers", "particulars.services")
    if particulars.inn is None or particulars.ogrn is None:
        missing = "inn" if particulars.inn is None else "ogrn"
        raise _wrong(f"{missing}-missing", "a provider has both", f"particulars.{missing}")
    if (len(particulars.inn), len(particulars.ogrn)) not in {LEGAL_ENTITY, SOLE_TRADER}:
        raise _wrong(
            "inn-and-ogrn-differ",
            "one is a legal entity's, the other a sole trader's",
            "particulars.ogrn",
        )


def _wrong(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause=CLAUSE)
