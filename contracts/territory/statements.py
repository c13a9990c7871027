"""The answer to "who serves this address?" in words, with the cause where it is not decided."""

from collections.abc import Mapping
from typing import Final, Literal

from contracts.territory.gazetteer import Location
from contracts.territory.shelf import Undecided

Outcome = Literal["one", "several", "possible", "none"]

_KIND_RU: Final[Mapping[str, str]] = {
    "authorised_body": "уполномоченный орган", "institution": "учреждение",
    "department": "департамент", "coordination_centre": "координационный центр", "mfc": "МФЦ",
    "medical_organization": "медицинская организация", "provider": "поставщик услуг",
    "pension_fund_office": "территориальный орган ПФР",
    "residential_institution": "стационарное учреждение",
    "volunteer": "волонтёрская организация", "culture": "организация культуры",
    "sport": "организация физической культуры и спорта", "education": "образовательная организация",
    "employment": "центр занятости", "public_association": "общественная организация",
    "public_body": "орган власти",
}  # fmt: skip

_CAUSE: Final[Mapping[Undecided, tuple[str, str]]] = {
    "": ("several serve the same territory", "одну территорию обслуживают несколько"),
    "area": (
        "the city district or settlement that decides is not known",
        "не указан район города или населённый пункт",
    ),
    "street": (
        "the street or house that decides is not known",
        "не указаны улица или дом, от которых это зависит",
    ),
    "name": (
        "a street of nearly that name is divided, and it is not certain that it is the same",
        "поделена улица с похожим названием, и не ясно, одна ли это улица",
    ),
    "house": (
        "a part of the house number that decides cannot be read",
        "не прочитана часть номера дома, от которой это зависит",
    ),
    "settlement": (
        "one of the settlements named is not known and may lie in another municipality",
        "один из названных населённых пунктов неизвестен и может быть в другом муниципалитете",
    ),
    "contradiction": (
        "the municipality and the city or region named are different ones",
        "названы разные муниципалитет и город или регион",
    ),
    "village": (
        "a place of that name may lie elsewhere too, and neither town nor rayon is named",
        "место с таким названием может быть и в другом городе или районе, а он не назван",
    ),
}


def statement(
    outcome: Outcome, kind: str, place: str, location: Location, undecided: Undecided
) -> tuple[str, str]:
    """The outcome in words, with the cause where we know it."""
    english, russian = kind.replace("_", " "), _KIND_RU.get(kind, kind)
    if outcome == "one":
        return f"One {english} serves this address.", f"Адрес обслуживает один: {russian}."
    if outcome == "none":
        if location.elsewhere:
            name = location.elsewhere
            return (
                f"The address names “{name}”, which is not in this directory.",
                f"В адресе назван «{name}»: его нет в справочнике.",
            )
        if not place:
            return (
                "The municipality of this address could not be told.",
                "Не удалось определить муниципалитет по адресу.",
            )
        return (
            f"No {english} is recorded for this address in {place}.",
            f"Для этого адреса ({place}) не указан: {russian}.",
        )
    cause_en, cause_ru = _cause(location, undecided)
    return (
        f"Not decided which {english} serves this address in {place}: {cause_en}.",
        f"Не определено, кто обслуживает адрес ({place}; {russian}): {cause_ru}.",
    )


def _cause(location: Location, undecided: Undecided) -> tuple[str, str]:
    if location.conflict:
        return _CAUSE["contradiction"]
    if len(location.municipalities) > 1:
        return "several municipalities fit the address", "адресу подходят несколько муниципалитетов"
    if location.unknown_city_district:
        name = location.unknown_city_district
        return f"the city district “{name}” is not known", f"район города «{name}» неизвестен"
    return _CAUSE[undecided]
