"""Rules for printed addresses: postcode, settlement, and how they fit each other (R appendix 1)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from contracts.territory.houses import House
from contracts.territory.municipality import municipality_stem, normal_name
from contracts.territory.printed import PrintedAddress
from contracts.territory.streets import Street, street_and_house
from services.directory.domain.quality_survey import (
    Finding,
    PrintedRow,
    Rule,
    Severity,
    Survey,
    area_of,
    listed,
)

_SOURCE = "R 1.3, R appendix 1"
_ODD_PUNCTUATION = (
    (re.compile(r"\s/|/\s"), "a space beside the slash", "пробел у дробной черты"),
    (re.compile(r"^\d{6}\s+\S"), "no comma after the postcode", "нет запятой после индекса"),
    (re.compile(r"[а-яё]\s+(?:ул|пр|пер|пл)\."), "no comma before the street",
     "нет запятой перед улицей"),
    (re.compile(r"\d(?:лет|года?)\b"), "a number runs into a word", "число слито со словом"),
    (re.compile(r"\s,|,,|;;|\.\."), "stray punctuation", "лишний знак препинания"),
)  # fmt: skip


def _missing(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        if not row.printed.address:
            yield Finding(row, "address", None, "No address is printed.", "Адрес не напечатан.")


def _postcode_missing(survey: Survey) -> Iterator[Finding]:
    for row, address, parts in survey.with_address():
        if parts.postcode is None:
            yield Finding(
                row, "address", address, "No postcode is printed.", "Почтовый индекс не напечатан."
            )


def _postcode_outside_region(survey: Survey) -> Iterator[Finding]:
    prefixes = survey.region.postcode_prefixes
    for row, address, parts in survey.with_address():
        code = parts.postcode
        if code is None or survey.is_regional_postcode(code):
            continue
        swapped = _regional_swap(code, prefixes)
        # Two digits changing places is certain only when it lands beside the neighbours' code.
        near = swapped and area_of(swapped) in survey.postcode_areas[row.municipality]
        yield Finding(
            row, "address", address,
            f"Postcode {code} is not of the region ({prefixes[0]}–{prefixes[-1]}).",
            f"Индекс {code} не относится к региону ({prefixes[0]}–{prefixes[-1]}).",
            address.replace(code, swapped) if swapped and near else None,
        )  # fmt: skip


def _regional_swap(code: str, prefixes: tuple[str, ...]) -> str | None:
    """The postcode with two adjacent digits swapped, when just one such swap is regional."""
    swaps = {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(len(code) - 1)}
    regional = [swap for swap in swaps if swap.startswith(prefixes)]
    return regional[0] if len(regional) == 1 else None


def _postcode_conflict(survey: Survey) -> Iterator[Finding]:
    """One street and house, two postcodes."""
    by_place: dict[tuple[str, str, str], list[tuple[PrintedRow, str, str]]] = defaultdict(list)
    for row, address, parts in survey.with_address():
        if parts.settlement and parts.street and parts.house and parts.postcode:
            place = (parts.settlement, parts.street, parts.house)
            normal = tuple(normal_name(part) for part in place)
            by_place[normal[0], normal[1], normal[2]].append((row, address, parts.postcode))
    for found in by_place.values():
        for row, address, code in found if len({item[2] for item in found}) > 1 else ():
            others = listed(f"{r.key}: {c}" for r, _, c in found if c != code)
            yield Finding(
                row, "address", address,
                f"Another row prints the same house with another postcode ({others}).",
                f"Тот же дом в другой строке напечатан с другим индексом ({others}).",
            )  # fmt: skip


def _postcode_far(survey: Survey) -> Iterator[Finding]:
    """An area that other municipalities' rows print, and most rows of its own do not."""
    for row, address, parts in survey.with_address():
        area = area_of(parts.postcode or "")
        own = survey.postcode_areas.get(row.municipality, Counter())
        if not row.municipality or area not in own or len(own) < 2 or own[area] * 2 > own.total():
            continue
        if not any(area in a for m, a in survey.postcode_areas.items() if m != row.municipality):
            continue
        others = ", ".join(f"{other}…" for other in sorted(own) if other != area)
        yield Finding(
            row, "address", address,
            f"Other rows of this municipality print {others}, and other municipalities {area}….",
            f"В других строках муниципалитета — {others}, а {area}… и в других муниципалитетах.",
        )  # fmt: skip


def _postcode_of_other_settlement(survey: Survey) -> Iterator[Finding]:
    by_code: dict[str, list[tuple[PrintedRow, str, str]]] = defaultdict(list)
    for row, address, parts in survey.with_address():
        if parts.postcode and parts.settlement:
            name = normal_name(parts.settlement)
            by_code[parts.postcode].append((row, address, name))
    for code, found in by_code.items():
        for row, address, name in found if len({item[2] for item in found}) > 1 else ():
            others = listed(other.key for other, _, elsewhere in found if elsewhere != name)
            yield Finding(
                row, "address", address,
                f"Postcode {code} is printed for another settlement too ({others}).",
                f"Индекс {code} напечатан и для другого населённого пункта ({others}).",
            )  # fmt: skip


def _settlement_missing(survey: Survey) -> Iterator[Finding]:
    for row, address, parts in survey.with_address():
        if parts.settlement is None:
            yield Finding(
                row, "address", address,
                "The address names no town or village.",
                "В адресе не назван населённый пункт.",
            )  # fmt: skip


def _settlement_outside_municipality(survey: Survey) -> Iterator[Finding]:
    for row, address, parts in survey.with_address():
        own = survey.municipalities.get(row.municipality or "")
        if own is None or parts.settlement is None:
            continue
        homes = survey.home_of.get(normal_name(parts.settlement), set())
        # Offices of six rayons stand in the city of the same name: that is their seat.
        if homes & {own.code, own.seat}:
            continue
        known = ", ".join(survey.municipalities[code].name for code in sorted(homes))
        yield Finding(
            row, "address", address,
            f"{parts.settlement} does not belong to {own.name} ({known or 'not known at all'}).",
            f"{parts.settlement} не относится к: {own.name} ({known or 'в справочнике нет'}).",
        )  # fmt: skip


def _rayon_and_city_disagree(survey: Survey) -> Iterator[Finding]:
    """«Юргинский район, г.Юрга»: the city is an urban district, not part of the rayon."""
    for row, address, parts in survey.with_address():
        rayons = _rayons(survey, parts)
        homes = survey.home_of.get(normal_name(parts.settlement or ""), set())
        if rayons and homes and not rayons & homes:
            yield Finding(
                row, "address", address,
                f"{parts.settlement} is not part of {', '.join(parts.districts)}.",
                f"{parts.settlement} не входит в {', '.join(parts.districts)}.",
            )  # fmt: skip


def _rayons(survey: Survey, parts: PrintedAddress) -> set[str]:
    named = {municipality_stem(district) for district in parts.districts}
    return {
        item.code
        for item in survey.municipalities.values()
        if municipality_stem(item.name) in named
    }


def _settlement_mark_differs(survey: Survey) -> Iterator[Finding]:
    """«пгт Ижморский» and «р.п.Ижморский»: one settlement is either the one or the other."""
    by_name: dict[tuple[str, str], list[tuple[PrintedRow, str, str]]] = defaultdict(list)
    for row, address, parts in survey.with_address():
        if row.municipality and parts.settlement and parts.settlement_mark:
            name = normal_name(parts.settlement)
            by_name[row.municipality, name].append((row, address, parts.settlement_mark))
    for found in by_name.values():
        for row, address, mark in found if len({item[2] for item in found}) > 1 else ():
            others = listed(f"{r.key}: {m}" for r, _, m in found if m != mark)
            yield Finding(
                row, "address", address,
                f"“{mark}” is printed; of the same settlement another mark elsewhere ({others}).",
                f"Здесь «{mark}», в другой строке тот же населённый пункт иначе ({others}).",
            )  # fmt: skip


def _street_spelling(survey: Survey) -> Iterator[Finding]:
    """«ул. Н.Крупской, 13» and «ул. Крупской, 13»: one house, its street written two ways."""
    by_house: dict[tuple[str, House, str], list[tuple[PrintedRow, str, Street]]] = defaultdict(list)
    for row, address, parts in survey.with_address():
        street, house = street_and_house(address)
        if parts.settlement and street and house:
            place = normal_name(parts.settlement)
            by_house[place, house, street.names[-1]].append((row, address, street))
    for found in by_house.values():
        alike = _alike(street for _, _, street in found)
        for row, address, street in found:
            if alike[street]:
                others = (f"{r.key}: {s.name}" for r, _, s in found if s in alike[street])
                also = listed(others)
                yield Finding(
                    row, "address", address,
                    f"Another row writes the street of this house otherwise ({also}).",
                    f"Улица того же дома в другой строке написана иначе ({also}).",
                )  # fmt: skip


def _alike(streets: Iterable[Street]) -> dict[Street, set[Street]]:
    """To each spelling the others that may be of the same street; each two are compared once for
    all rows that print them."""
    spellings = dict.fromkeys(streets)
    return {
        one: {
            other
            for other in spellings
            if other.name != one.name and one.may_be(other) is not False
        }
        for one in spellings
    }


def _odd_punctuation(survey: Survey) -> Iterator[Finding]:
    for row, address, _ in survey.with_address():
        for pattern, english, russian in _ODD_PUNCTUATION:
            if pattern.search(address):
                yield Finding(
                    row, "address", address,
                    f"Odd punctuation: {english}.", f"Пунктуация: {russian}.",
                )  # fmt: skip


ADDRESS_RULES = (
    Rule("address.missing", Severity.WARNING, _SOURCE, _missing),
    Rule("address.postcode_missing", Severity.WARNING, _SOURCE, _postcode_missing),
    Rule("address.postcode_outside_region", Severity.ERROR, _SOURCE, _postcode_outside_region),
    Rule("address.postcode_conflict", Severity.WARNING, _SOURCE, _postcode_conflict),
    Rule("address.postcode_far", Severity.SUSPICION, _SOURCE, _postcode_far),
    Rule("address.postcode_shared", Severity.SUSPICION, _SOURCE, _postcode_of_other_settlement),
    Rule("address.settlement_missing", Severity.ERROR, _SOURCE, _settlement_missing),
    Rule(
        "address.settlement_outside_municipality",
        Severity.SUSPICION,
        _SOURCE,
        _settlement_outside_municipality,
    ),
    Rule("address.rayon_and_city_disagree", Severity.WARNING, _SOURCE, _rayon_and_city_disagree),
    Rule("address.settlement_mark_differs", Severity.SUSPICION, _SOURCE, _settlement_mark_differs),
    Rule("address.street_spelling", Severity.SUSPICION, _SOURCE, _street_spelling),
    Rule("address.odd_punctuation", Severity.COSMETIC, _SOURCE, _odd_punctuation),
)
