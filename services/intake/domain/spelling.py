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

from contracts.territory.houses import is_house, parse_house, split_house
from contracts.territory.letters import LOOKALIKES
from contracts.territory.settlements import split_settlement
from contracts.territory.streets import read_line
from contracts.values import Address, Value

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


_DASHED: Final = re.compile(r"(.*\d[а-я]?(?:/\d+)?)\s*-\s*(\d+)\s*")
_UPPER_PARTS: Final = re.compile(r"\b(?:область|обл|край|район|р-н|округ|россия|рф)\b")


def home_of(address: Address) -> Home:
    """The dwelling an address names: its own parts first, its text for what they leave open.

    «ул. Мира, д. 5, кв. 12», «Мира ул 5-12» and «улица Мира, дом 5, квартира 12» are one dwelling.
    """
    read = _read(address.text)
    return Home(
        settlement=_word(address.settlement, _settlement) or read.settlement,
        street=_word(address.street, _street) or read.street,
        house=_word(address.house, _house) or read.house,
        flat=_word(address.flat, _number) or read.flat,
    )


def _read(text: str) -> Home:
    line = read_line(plain(text))
    places = [part for part in line.before if not _is_no_settlement(part)]
    street, house, flat = line.street, line.house, line.flat
    if street is None:
        places, street, house = _unsaid(places)
    dashed = _DASHED.fullmatch(house or "") if flat is None else None
    if dashed is not None:
        house, flat = dashed.groups()
    return Home(
        settlement=_settlement(places[-1 if street else 0]) if places else None,
        street=_word(street, _name if line.street else _street),
        house=_word(house, _house),
        flat=flat,
    )


def _is_no_settlement(place: str) -> bool:
    """Whether a place is a region, a rayon or a part of a town, «мкр. Южный»."""
    return _UPPER_PARTS.search(place) is not None or read_line(place).street is not None


def _unsaid(places: list[str]) -> tuple[list[str], str | None, str | None]:
    """Places, street and house where no word says that it is a street: it is what the number of a
    house follows, «Полысаево, Мира 5»."""
    for at, place in enumerate(places):
        if at and is_house(place):
            return places[: at - 1], places[at - 1], place
        name, house = split_house(place)
        if house is not None:
            return places[:at], name, house
    return places, None, None


def _word(part: str | None, shape: Callable[[str], str]) -> str | None:
    return (shape(part) or None) if part else None


def _street(text: str) -> str:
    """A street with its kind; a village without streets is written where the street would be."""
    spelt = plain(text)
    return _name(read_line(spelt).street or split_settlement(spelt)[1])


def _name(text: str) -> str:
    return re.sub(r"[^0-9a-zа-я]+", "", text)


def _settlement(text: str) -> str:
    return plain_name(split_settlement(plain(text))[1])


def _house(text: str) -> str:
    house = parse_house(plain(text))
    return house.short if house else _number(text)


def _number(text: str) -> str:
    bare = re.sub(r"^(?:дом|д|кв|квартира|комн|ком)?[\s.№]*(?=\d)", "", plain(text))
    return re.sub(r"[^0-9a-zа-я/]+", "", bare)
