"""Streets: taking an address of one line apart at its street, and whether two streets are one.

The one list of kinds of street and the one reader, for every service (R 3.1.2). Names are compared
as words: «К. Маркса», «Маркса Карла» and «Маркса» may be one street with «Карла Маркса», but only a
person can say so. «ул. Ленина» and «пр. Ленина» are two streets; where one side does not say which
kind it means, the name alone is compared.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from contracts.directory import HouseParity, HouseRange, Territory
from contracts.territory.houses import House, is_block, is_house, parse_house, split_house
from contracts.territory.municipality import normal_name
from contracts.territory.settlements import MARK

_KINDS: Final[dict[str, str | None]] = {
    "улица": "ул", "ул": "ул", "проспект": "пр-кт", "просп": "пр-кт", "пр-кт": "пр-кт",
    "пр-т": "пр-кт", "пр": "пр", "проезд": "пр-д", "пр-д": "пр-д", "переулок": "пер", "пер": "пер",
    "площадь": "пл", "пл": "пл", "бульвар": "б-р", "бульв": "б-р", "бул": "б-р", "б-р": "б-р",
    "шоссе": "ш", "ш": "ш", "тупик": "туп", "туп": "туп", "набережная": "наб", "наб": "наб",
    "аллея": "ал", "ал": "ал", "тракт": "тракт", "линия": None, "микрорайон": "мкр",
    "мкрн": "мкр", "мкр-н": "мкр", "мкр": "мкр", "квартал": "кв-л", "кв-л": "кв-л",
}  # fmt: skip
_AREAS: Final = frozenset({"мкр", "кв-л"})
"""Houses stand here too, but not where a street is named besides. A «линия» (None) is named so."""
_INITIALS: Final = frozenset({"ал", "ш"})
"""Short for a first name as well: «Ал. Матросова пер.»."""
_KIND: Final = re.compile(
    rf"(?<!\S)({'|'.join(sorted(_KINDS, key=len, reverse=True))})(?:\.\s*|\s+|$)", re.I
)
_POSTCODE: Final = re.compile(r"^\s*\d{6}(?!\d)[,\s]*")
_FLAT: Final = re.compile(
    r"(?<![^\W\d_])(?:квартира|кварт|кв|комната|комн|ком|помещение|пом|офис|оф)(?![^\W\d_]|-)"
    r"\.?\s*№?\s*(\d+[а-яё]?)",
    re.I,
)
_PLACE: Final = re.compile(rf"((?:{MARK})(?:\.\s*|\s+)[^\W\d_][\w-]+)\s+(\S.*)", re.I)
_MARKED: Final = re.compile(rf"(?:{MARK})(?:\.\s*|\s+)\S+", re.I)
_WORD: Final = re.compile(
    r"(\d+)(?:-?(?:ая|ый|ой|ий|ое|го|ей|ти|я|й|е|х)(?![а-яё]))?|[^\W\d_]+", re.I
)
_ROMAN: Final = re.compile(r"(x{0,3})(ix|iv|v?i{0,3})")
_ONES: Final = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_NO_NAME: Final = frozenset({"им", "имени"})
_LONG: Final = 3
"""A word of so many letters is a name; a shorter one may be short for it."""


class Line(NamedTuple):
    """An address of one line, taken apart at its street; every part as it is written."""

    before: tuple[str, ...] = ()
    """What stands before the street; where no word says that it is one, the whole line."""
    kind: str | None = None
    street: str | None = None
    house: str | None = None
    """From its number on: «д. 12а, корп. 2»."""
    flat: str | None = None
    after: tuple[str, ...] = ()


class Street(NamedTuple):
    """A street in one spelling; the kind is None where the address does not say it."""

    name: str
    kind: str | None = None

    @property
    def said(self) -> str:
        """«ул мира»: with its kind, as far as it is said."""
        return f"{self.kind} {self.name}" if self.kind else self.name

    @property
    def words(self) -> list[str]:
        """What the name consists of."""
        return self.name.split()

    @property
    def names(self) -> list[str]:
        """The words that two spellings of the street have in common."""
        long = [word for word in self.words if len(word) >= _LONG and not word.isdigit()]
        return long or self.words

    def may_be(self, other: "Street") -> bool | None:
        """Whether the two are one street; None if only a person can say so (R 3.1.2).

        An unsaid kind fits any; «пр.» is «проспект», and perhaps «проезд». One word must be the
        same, each further one of the shorter name is the same, or short for one, of the longer.
        """
        kinds = _one_kind(self.kind, other.kind)
        if kinds is False:
            return False
        mine, its = sorted(self.words), sorted(other.words)
        if mine == its:
            return kinds
        same = set(self.names) & set(other.names)
        if not any(len(word) >= _LONG for word in same):
            return False
        shorter, longer = sorted((mine, its), key=len)
        return None if _is_short_for(shorter, longer) else False


def _one_kind(one: str | None, other: str | None) -> bool | None:
    pair = {one, other}
    if None in pair or one == other or pair == {"пр", "пр-кт"}:
        return True
    return None if pair == {"пр", "пр-д"} else False


def _is_short_for(shorter: list[str], longer: list[str]) -> bool:
    left, further = list(longer), []
    for word in shorter:
        if word in left:
            left.remove(word)
        else:
            further.append(word)
    for word in further:
        found = next((other for other in left if _is_initial_of(word, other)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _is_initial_of(one: str, other: str) -> bool:
    """«к», «ак» or «мл» is short for a word that begins with the same letter."""
    if one.isdigit() or other.isdigit():
        return False
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or (len(short) <= _LONG and long[0] == short[0])


def read_line(text: str) -> Line:
    """Take an address apart at its street; what no word says to be a street is none."""
    rest = _POSTCODE.sub("", re.sub(r"\s+", " ", text).strip())
    flat = _FLAT.search(rest)
    if flat is not None:
        rest = f"{rest[: flat.start()]}, {rest[flat.end() :]}"
    segments = [part for part in (part.strip(" .;") for part in rest.split(",")) if part]
    said = flat[1] if flat else None
    found = _said_kind(segments)
    if found is None:
        return Line(tuple(segments), flat=said)
    at, kind = found
    place, name, house = _around(kind)
    end = at + 1
    if house is None and end < len(segments) and is_house(segments[end]):
        house, end = segments[end], end + 1
    while house is not None and end < len(segments) and is_block(segments[end]):
        between = " " if len(segments[end]) == 1 else ", "
        house, end = f"{house}{between}{segments[end]}", end + 1
    return Line(
        before=(*segments[:at], *((place,) if place else ())),
        kind=_KINDS[kind[1].casefold()],
        street=name,
        house=house,
        flat=said,
        after=tuple(segments[end:]),
    )


def _said_kind(segments: list[str]) -> tuple[int, re.Match[str]] | None:
    """The segment with the street, and the word in it that says so."""
    said = [
        (_rank(found[1].casefold()), at, found)
        for at, segment in enumerate(segments)
        for found in _KIND.finditer(segment)
        if re.search(r"\w", segment[: found.start()] + segment[found.end() :])
    ]
    return min(said, key=lambda item: item[0])[1:] if said else None


def _around(kind: re.Match[str]) -> tuple[str, str, str | None]:
    """What stands before the street, its name, and a house beside it.

    A number alone behind the kind is a house if a name stands before it: «Советский пр. 54».
    """
    left, right = kind.string[: kind.start()].strip(), kind.string[kind.end() :].strip()
    if not re.search(r"\w", left) or (right and not is_house(right)):
        place, (name, house) = left, split_house(right)
    elif _is_area(kind) and right and _MARKED.fullmatch(left):
        place, name, house = left, right, None  # «г. Междуреченск мкр 3»
    else:
        placed = _PLACE.fullmatch(left)
        place, name = placed.groups() if placed else ("", left)
        house = right or None
    is_part = _KINDS[kind[1].casefold()] is None
    return place, f"{name} {kind[1]}" if is_part else name, house


def _is_area(kind: re.Match[str]) -> bool:
    return _KINDS[kind[1].casefold()] in _AREAS


def _rank(typed: str) -> int:
    """Which of several kinds in one line is meant: «Площадь Победы ул.» is a «улица»."""
    kind = _KINDS[typed]
    if kind in _AREAS:
        return 3
    return 0 if kind == "ул" else 2 if typed in _INITIALS else 1


def is_kind(text: str) -> bool:
    """Whether a text begins with a kind of street: «ул. Мира», «пер Новый»."""
    return _KIND.match(text) is not None


def parse_street(text: str) -> Street:
    """A street as it is entered, with its kind before, after or not at all, and no house."""
    line = read_line(text)
    if line.street is None:
        return _street(text, None)
    return _street(f"{line.street} {line.house or ''}", line.kind)


def street_and_house(text: str | None) -> tuple[Street | None, House | None]:
    """The street and house that an address names as one line, each as far as it does."""
    line = read_line(text or "")
    if line.street is None:
        return None, None
    return _street(line.street, line.kind), parse_house(line.house)


def quarter_in(places: Iterable[str]) -> Street | None:
    """The «микрорайон» or «квартал» among what stands beside a street."""
    lines = (read_line(place) for place in places)
    return next((_street(at.street or "", at.kind) for at in lines if at.kind in _AREAS), None)


def entered_street(street: str, house: str | None) -> tuple[Street, House | None]:
    """The street and house of a form; people enter the house with the street as well."""
    apart = parse_house(house)
    if apart is not None:
        return parse_street(street), apart
    found, within = street_and_house(street)
    if found is not None:
        return found, within
    name, within_name = split_house(street)
    return _street(name, None), parse_house(within_name)


def _street(name: str, kind: str | None) -> Street:
    words = [_numeral(found[1] or found[0]) for found in _WORD.finditer(normal_name(name))]
    said = [word for word in words if word not in _NO_NAME]
    return Street(" ".join(said or words) or normal_name(name), kind)


def _numeral(word: str) -> str:
    """«xx» → «20»; also in Cyrillic letters, as far as there are such, if it is no initial."""
    latin = word.replace("х", "x")
    found = _ROMAN.fullmatch(latin)
    if found is None or word == "х":
        return word
    return str(10 * len(found[1]) + _ONES.index(found[2]))


_PARITY: Final = {
    HouseParity.ALL: ("", ""),
    HouseParity.ODD: (" odd", " нечётные"),
    HouseParity.EVEN: (" even", " чётные"),
}


def street_words(place: Territory) -> tuple[str, str]:
    """The street and houses served, in English and Russian."""
    english = [_range_words(item, "from", "to", 0) for item in place.houses]
    russian = [_range_words(item, "с", "по", 1) for item in place.houses]
    street = place.street or ""
    return (
        f"{street}, houses {'; '.join(english)}" if english else street,
        f"{street}, дома {'; '.join(russian)}" if russian else street,
    )


def _range_words(item: HouseRange, since: str, until: str, language: int) -> str:
    bounds = [
        *([f"{since} {item.first}"] if item.first else []),
        *([f"{until} {item.last}"] if item.last else []),
    ]
    whole = ("all", "все")[language] if item.parity is HouseParity.ALL and not bounds else ""
    return f"{' '.join(bounds)}{_PARITY[item.parity][language]}{whole}".strip()
