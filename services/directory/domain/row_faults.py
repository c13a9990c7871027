"""Faults of an imported row that show beside the other rows and the directory (R 1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.directory import OrganizationCard
from contracts.errors import InvalidInput
from services.directory.domain.card_rules import check_municipality
from services.directory.domain.import_row import RowFault
from services.directory.domain.organization import Organization, require_enterable
from services.directory.domain.quality import Fault, Severity
from services.directory.domain.quality_survey import listed
from services.directory.domain.rows import SourceRow


def repeated(key: str, rows: list[int]) -> RowFault:
    """The key stands in several rows: none of them is taken."""
    others = listed(map(str, rows))
    return RowFault(
        field="key",
        rule="row.key_repeated",
        severity=Severity.ERROR,
        printed=key,
        reason_en=f"The key stands in several rows: {others}.",
        reason_ru=f"Ключ стоит в нескольких строках: {others}.",
    )


def of_refusal(wrong: InvalidInput) -> RowFault:
    """What an editor's card would be refused for."""
    return RowFault(
        field=(wrong.field or "row").removeprefix("card."),
        rule=f"card.{wrong.code}",
        severity=Severity.ERROR,
        reason_en=wrong.detail,
        reason_ru="сведения противоречат справочнику",
    )


def of_municipality(row: SourceRow, faults: Iterable[RowFault]) -> list[RowFault]:
    """The municipality that the row is printed for is none, or not of its region."""
    region = None if any(fault.field == "region" for fault in faults) else row.region
    try:
        if row.municipality is not None:
            check_municipality(row.municipality, "municipality", region)
    except InvalidInput as wrong:
        return [of_refusal(wrong)]
    return []


def of_place(card: OrganizationCard) -> list[RowFault]:
    """A new one that no question about a place finds: it serves none, and where it is nobody says.

    It is taken all the same: of some a source prints no more (M).
    """
    if card.serves or (card.address is not None and card.address.municipality is not None):
        return []
    return [
        RowFault(
            field="serves",
            rule="row.serves_nobody",
            severity=Severity.WARNING,
            reason_en="It serves no place, and its address names no municipality: no list has it.",
            reason_ru="Территория не указана, муниципалитет из адреса не ясен: в списках её нет.",
        )
    ]


def of_kind(card: OrganizationCard, before: OrganizationCard | None) -> Iterator[InvalidInput]:
    """A provider is proposed with its INN, OGRN and services, which no column holds (L 1.2.2.2)."""
    try:
        require_enterable(card, before)
    except InvalidInput as wrong:
        yield wrong


def of_quality(fault: Fault) -> RowFault:
    """What the quality report says of the row."""
    return RowFault(
        field=fault.field,
        rule=fault.code,
        severity=fault.severity,
        printed=fault.printed,
        reason_en=fault.reason_en,
        reason_ru=fault.reason_ru,
        proposal=fault.proposal,
    )


def as_printed_before(fault: Fault, present: Organization) -> Fault:
    """A fault of a field that the row does not speak of, with the place where it is printed."""
    before = present.imported.faults if present.imported is not None else ()
    places = [item.place for item in before if item.field == fault.field and item.place]
    row = present.printed_row
    place = places[0] if places else row.source if row is not None else None
    return fault.model_copy(update={"place": place})


def closed(present: Organization) -> RowFault:
    """The key is of one that takes no part: nothing is changed of it, whoever decides."""
    english = "the organization was taken out of the directory; take its retirement back first"
    russian = "организация исключена из справочника; сначала отмените её исключение"
    if present.is_proposal:
        english = "the key is of an entry of a register that is not published"
        russian = "ключ занят записью реестра, которая не опубликована"
    return RowFault(
        field="key",
        rule="row.not_in_the_register" if present.is_proposal else "row.retired",
        severity=Severity.ERROR,
        printed=present.id,
        reason_en=english,
        reason_ru=russian,
    )
