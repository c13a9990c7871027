"""Reading what the sources print: an address, a phone, an e-mail, as far as it is certain.

The printed text is kept verbatim and is the truth; what is read here stands beside it. A value
that cannot be read with certainty is None, never a guess: a wrong phone number sends an old
person's relatives to a stranger (R appendix 1 has typing errors; see quality.py).
"""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict

# How a settlement is announced; the value is the one spelling used inside the code.
_SETTLEMENT_MARKS: Final = {
    "гг": "г", "г": "г", "гор": "г", "город": "г",
    "пгт": "пгт", "рп": "рп", "поселок городского типа": "пгт", "рабочий поселок": "рп",
    "с": "с", "село": "с", "д": "д", "дер": "д", "деревня": "д",
    "п": "п", "пос": "п", "поселок": "п", "ст": "ст", "станция": "ст",
}  # fmt: skip
_WORD: Final = r"[А-ЯЁ][а-яё]+(?:\s?[-–]\s?[А-ЯЁа-яё][а-яё]+)*"
_MARK: Final = (
    r"посёлок\s+городского\s+типа|поселок\s+городского\s+типа|рабочий\s+пос[её]лок|"
    r"п\.?\s?г\.?\s?т|р\.?\s?п|город|гор|г|село|с|деревня|дер|д|пос[её]лок|пос|п|станция|ст"
)
_POSTCODE: Final = re.compile(r"^\s*(\d{6})(?!\d)[,\s]*")
_SETTLEMENT: Final = re.compile(
    rf"(?:^|(?<=[,\s]))(?i:({_MARK}))(?:\.\s*|\s+)({_WORD}(?:\s+{_WORD})*)(?![а-яё])"
)
_MARK_FIRST: Final = re.compile(rf"(?i:({_MARK}))(?:\.\s*|\s+)(\S.*)")
_MARK_LAST: Final = re.compile(rf"(\S.*)\s+(?i:({_MARK}))\.?")
_DISTRICT: Final = re.compile(
    rf"({_WORD})\s+(?i:(?:муниципальный\s+)?(?:район|р-н)|(?:муниципальный|городской)\s+округ)"
    r"(?![а-яё])"
)
_RESIDENTIAL_AREA: Final = re.compile(rf"(?i:ж\.?\s?р\.?|жилой\s+район)\s*({_WORD})")
_STREET: Final = re.compile(
    r"(?:^|(?<=[,\s]))(?i:(улица|ул|проспект|просп|пр-кт|пр-т|пр|переулок|пер|площадь|пл|"
    r"бульвар|б-р|шоссе|ш))(?:\.\s*|\s+)([^,]+)(?:,\s*([^,]*))?"
)
_HOUSE: Final = re.compile(r"(?:д(?:ом)?\.?\s*)?(\d+(?:/\d+)?)\s?([А-Яа-я]?)")
_BRACKETED_PHONE: Final = re.compile(
    r"(?:(?:8|\+7)[ -]?)?\((\d+(?:-\d+)*)\)\s*(\d{1,3}(?:-\d{2}){1,2})"
)
_LONG_PHONE: Final = re.compile(r"(?:8|\+7)[ -]?\(?(\d{3})\)?[ -](\d{3}-\d{2}-\d{2})")
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{2,}"
)
NATIONAL_DIGITS: Final = 10
"""How many digits a Russian number has after the country code."""


class PrintedAddress(BaseModel):
    """A printed address in parts; a part that is not certain is None (R 1.3, R appendix 1)."""

    model_config = ConfigDict(frozen=True)

    postcode: str | None = None
    districts: tuple[str, ...] = ()
    """Every «… район» or «… округ» named, as printed: of the region or of a city."""
    residential_area: str | None = None
    """The name after «ж.р.» (жилой район), a part of a city."""
    settlement_mark: str | None = None
    """г, пгт, рп, с, д, п or ст."""
    settlement: str | None = None
    street_mark: str | None = None
    street: str | None = None
    house: str | None = None


def parse_address(text: str) -> PrintedAddress:
    """Read a printed address into parts, leaving out what is not certain."""
    flat = re.sub(r"\s+", " ", text).strip()
    postcode = _POSTCODE.match(flat)
    rest = flat[postcode.end() :] if postcode else flat
    area = _RESIDENTIAL_AREA.search(rest)
    districts = [match for match in _DISTRICT.finditer(rest) if not _inside(match, area)]
    street = _STREET.search(rest)
    settlement = _SETTLEMENT.search(rest[: street.start()] if street else rest)
    return PrintedAddress(
        postcode=postcode.group(1) if postcode else None,
        districts=tuple(match.group(0) for match in districts),
        residential_area=area.group(1) if area else None,
        settlement_mark=settlement_mark(settlement.group(1)) if settlement else None,
        settlement=settlement.group(2) if settlement else None,
        street_mark=street.group(1).casefold() if street else None,
        street=street.group(2).strip() if street else None,
        house=_parse_house(street.group(3)) if street else None,
    )


def settlement_mark(text: str) -> str | None:
    """The one spelling of a settlement mark: «п.г.т.» and «пгт» are the same; None if not one."""
    lowered = text.casefold().replace("ё", "е").strip()
    squeezed = re.sub(r"[.\s]", "", lowered)
    return _SETTLEMENT_MARKS.get(squeezed) or _SETTLEMENT_MARKS.get(re.sub(r"\s+", " ", lowered))


def split_settlement(text: str) -> tuple[str | None, str]:
    """«г. Кемерово», «Кемерово г» → ("г", "Кемерово"); a name without a mark → (None, name)."""
    flat = re.sub(r"\s+", " ", text).strip()
    for pattern, mark, name in ((_MARK_FIRST, 1, 2), (_MARK_LAST, 2, 1)):
        found = pattern.fullmatch(flat)
        if found:
            return settlement_mark(found.group(mark)), found.group(name)
    return None, flat


def phone_digits(printed: str) -> tuple[str, str] | None:
    """(area code, subscriber digits) as printed, brackets balanced or not; None without one.

    A hyphenated leading 8, as in «(8-34-73)», is the trunk prefix and not part of the code.
    """
    long = _LONG_PHONE.fullmatch(printed.strip())
    if long:
        return long.group(1), re.sub(r"\D", "", long.group(2))
    area, bracket, local = printed.partition(")")
    if not bracket:
        return None
    area = re.sub(r"^[\s(]*(?:8|\+7)(?:[\s-]+\(?|\()", "", area)
    return re.sub(r"\D", "", area), re.sub(r"\D", "", local)


def parse_phone(printed: str | None) -> str | None:
    """A printed phone → E.164, or None when brackets, grouping or count leave a doubt."""
    text = (printed or "").strip()
    if not (_BRACKETED_PHONE.fullmatch(text) or _LONG_PHONE.fullmatch(text)):
        return None
    parts = phone_digits(text)
    national = "".join(parts) if parts else ""
    # Russian geographic codes begin with 3, 4 or 8, mobile ones with 9.
    if len(national) != NATIONAL_DIGITS or national[0] not in "3489":
        return None
    return f"+7{national}"


def parse_email(printed: str | None) -> str | None:
    """A printed e-mail when it is valid as it stands, else None; spaces are not taken out."""
    text = (printed or "").strip()
    return text if _EMAIL.fullmatch(text) else None


def _parse_house(text: str | None) -> str | None:
    found = _HOUSE.fullmatch((text or "").strip())
    return f"{found.group(1)}{found.group(2)}" if found else None


def _inside(match: re.Match[str], outer: re.Match[str] | None) -> bool:
    return outer is not None and outer.start() <= match.start() < outer.end()
