"""Russian names and addresses in one spelling, and how a name sounds.

The original is always kept; what stands here is only ever compared. The rules of sound are those of
Russian pronunciation as far as clerks write by ear: an unstressed vowel is reduced, a pair of
consonants takes one voice, a doubled letter and a soft sign are not heard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from contracts.territory.printed import split_settlement
from contracts.values import Address, Value

LOOKALIKES: Final = str.maketrans("ABCEHKMOPTXYaceopxyё", "АВСЕНКМОРТХУасеорхуе")
"""Latin letters that look as Cyrillic ones: a keyboard left in the other layout for one letter."""

SHORTENED: Final = (
    (re.compile(r"[стд]ч|зч|жч|шч"), "щ"),
    (re.compile(r"[тд]ь?с|[тд]ц"), "ц"),
    (re.compile(r"стн"), "сн"),
    (re.compile(r"здн"), "зн"),
    (re.compile(r"стл"), "сл"),
    (re.compile(r"вств"), "ств"),
    (re.compile(r"([жшц])ы"), r"\1и"),
    (re.compile(r"[иьъ]([яею])"), r"\1"),
    (re.compile(r"[ьъ]"), ""),
)
"""Groups of letters that are spoken as one sound, in the order in which they are looked for."""

VOWELS: Final = str.maketrans("оыяеэйю", "аааиииу")
VOICELESS: Final = str.maketrans("бвгджз", "пфктшс")
OBSTRUENTS: Final = "бвгджзкпстфхцчшщ"
_CLUSTER: Final = re.compile(rf"[{OBSTRUENTS}]{{2,}}|[{OBSTRUENTS}]$")


def plain(text: str) -> str:
    """Lower case, «ё» as «е», one kind of dash and space, Latin lookalikes as Cyrillic letters."""
    composed = unicodedata.normalize("NFKC", text)
    if re.search(r"[А-Яа-яЁё]", composed):
        composed = composed.translate(LOOKALIKES)
    lowered = composed.lower().replace("ё", "е")
    return re.sub(r"\s+", " ", re.sub(r"[‐‑‒–—−]", "-", lowered)).strip()


def plain_name(text: str) -> str:
    """A part of a name as it is compared: letters only, so that a hyphen makes no difference."""
    return re.sub(r"[^a-zа-я]+", "", plain(text))


def sound(name: str) -> str:
    """How a part of a name sounds; empty where it has no letters.

    «Геннадий» and «Генадий», «Наталья» and «Наталия», «Афанасьев» and «Афонасьев» sound alike.
    """
    heard = plain_name(name)
    for pattern, short in SHORTENED:
        heard = pattern.sub(short, heard)
    heard = _CLUSTER.sub(lambda found: found.group().translate(VOICELESS), heard)
    return re.sub(r"(.)\1+", r"\1", heard.translate(VOWELS))


class Home(Value):
    """An address in comparable parts; None where the address does not say."""

    settlement: str | None = None
    street: str | None = None
    house: str | None = None
    flat: str | None = None

    @property
    def key(self) -> str | None:
        """One text per dwelling; None where street and house are not both known.

        Without the settlement: people leave it out, and name or birth date is always asked too.
        """
        if self.street is None or self.house is None:
            return None
        return f"{self.street}|{self.house}|{self.flat or ''}"


STREET_KINDS: Final = (
    "улица|ул|проспект|просп|пр-кт|пр-т|пр-кт|пр|переулок|пер|площадь|пл|бульвар|б-р|бул|шоссе|ш|"
    "проезд|пр-д|набережная|наб|тупик|туп|микрорайон|мкр|мкрн|квартал|кв-л|аллея|ал|тракт|линия"
)
_MARKS: Final = r"(?:{marks})(?:\.|(?=\s|$))\s*"
_STREET: Final = re.compile(rf"(?:^|(?<=[\s,])){_MARKS.format(marks=STREET_KINDS)}")
_STREET_LAST: Final = re.compile(rf"\s+(?:{STREET_KINDS})\.?$")
_HOUSE: Final = re.compile(
    r"(?:^|(?<=[\s,]))(?:дом|д|домовладение|влд)?\.?\s*№?\s*"
    r"(\d+(?:\s?[/]\s?\d+)?\s?-?[а-я]?)(?![а-я0-9])"
    r"(?:[\s,]*(?:корпус|корп|к|строение|стр)\.?\s*(\d+|[а-я])(?![а-я]))?"
)
_FLAT: Final = re.compile(r"(?:квартира|кварт|кв|комната|комн|ком)\.?\s*№?\s*(\d+[а-я]?)")
_DASHED: Final = re.compile(r"(\d+[а-я]?(?:/\d+)?)\s*-\s*(\d+)\s*$")
_POSTCODE: Final = re.compile(r"^\s*\d{6}(?!\d)[\s,]*")
_UPPER_PARTS: Final = re.compile(r"\b(?:область|обл|край|район|р-н|округ|россия|рф)\b")


def home_of(address: Address) -> Home:
    """The dwelling an address names: its own parts first, its text for what they leave open.

    «ул. Мира, д. 5, кв. 12», «Мира ул 5-12» and «улица Мира, дом 5, квартира 12» are one dwelling.
    """
    read = _read(address.text)
    return Home(
        settlement=_word(address.settlement, _settlement) or read.settlement,
        street=_word(address.street, _street) or read.street,
        house=_word(address.house, _number) or read.house,
        flat=_word(address.flat, _number) or read.flat,
    )


def _read(text: str) -> Home:
    rest = _POSTCODE.sub("", plain(text))
    flat = _FLAT.search(rest)
    if flat is not None:
        rest = rest[: flat.start()] + rest[flat.end() :]
    dashed = _DASHED.search(rest) if flat is None else None
    if dashed is not None:
        rest = rest[: dashed.start()] + dashed.group(1)
    number = dashed.group(2) if dashed else flat.group(1) if flat else None
    segments = [part for part in (part.strip(" .") for part in rest.split(",")) if part]
    segments = [part for part in segments if not _UPPER_PARTS.search(part)]
    place = next((i for i, part in enumerate(segments) if _STREET.search(part)), None)
    if place is None:
        place = next((i for i, part in enumerate(segments) if _STREET_LAST.search(part)), None)
    if place is None:  # «Полысаево, Мира 5»: the street is what the house number follows
        place = next((i for i, part in enumerate(segments) if re.search(r"\d", part)), None)
        if place is not None and re.match(r"(?:дом|д)?[.\s]*\d", segments[place]):
            place -= 1
    if place is None or place < 0:
        return Home(settlement=_settlement(segments[0]) if segments else None)
    before, street, after = segments[:place], segments[place], " ".join(segments[place + 1 :])
    kind = _STREET.search(street)
    if kind is not None and re.fullmatch(r"[\d/]*\s?[а-я]?", street[kind.end() :]):
        street = f"{street[: kind.start()]} {street[kind.end() :]}"  # «Мира ул 5»
    elif kind is not None and kind.start() > 0:  # «г Полысаево ул Мира»
        before, street = [*before, street[: kind.start()].strip()], street[kind.start() :]
    house = _HOUSE.search(after) if after else None
    if house is None:
        house = re.search(rf"\s{_HOUSE.pattern}$", street)
        street = street[: house.start()] if house else street
    return Home(
        settlement=_settlement(before[-1]) if before else None,
        street=_street(street) or None,
        house=_number("к".join(part for part in house.groups() if part)) if house else None,
        flat=number,
    )


def _word(part: str | None, shape: Callable[[str], str]) -> str | None:
    return (shape(part) or None) if part else None


def _street(text: str) -> str:
    spelt = plain(text)
    bare = _STREET.sub("", spelt, count=1)
    if bare == spelt:  # a village without streets is written where the street would be
        bare = split_settlement(_STREET_LAST.sub("", spelt))[1]
    return re.sub(r"[^0-9a-zа-я]+", "", bare)


def _settlement(text: str) -> str:
    return plain_name(split_settlement(plain(text))[1])


def _number(text: str) -> str:
    bare = re.sub(r"^(?:дом|д|кв|квартира|комн|ком)?[\s.№]*(?=\d)", "", plain(text))
    return re.sub(r"[^0-9a-zа-я/]+", "", bare)
