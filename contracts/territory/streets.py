"""Streets and houses: reading them from an address, and whether a range of houses covers one.

«ул. Ленина» and «пр. Ленина» are two streets; where one side does not say which kind it means, the
name alone is compared. A house is a number with what may follow it: a letter («12а»), a fraction
(«12/1») and a block («12 корп. 2»). Odd and even are told by the number before all of these, so a
corner house stands on the street of its first number (R 3.1.2).

What a pattern found whatever its case is brought to one by `casefold`: `re.I` takes letters for «д»
or «о», U+1C81 and U+1C82, that `lower` leaves as they are.
"""

import re
from typing import Final, NamedTuple

from contracts.directory import HouseParity, HouseRange, Territory
from contracts.territory.municipality import normal_name

_KINDS: Final = {
    "улица": "ул", "ул": "ул", "проспект": "пр", "просп": "пр", "пр-кт": "пр", "пр-т": "пр",
    "пр": "пр", "переулок": "пер", "пер": "пер", "площадь": "пл", "пл": "пл", "бульвар": "б-р",
    "б-р": "б-р", "шоссе": "ш", "ш": "ш", "проезд": "пр-д", "пр-д": "пр-д", "тупик": "туп",
    "туп": "туп", "микрорайон": "мкр", "мкр": "мкр", "набережная": "наб", "наб": "наб",
}  # fmt: skip
_KIND: Final = "|".join(sorted(_KINDS, key=len, reverse=True))
_KIND_FIRST: Final = re.compile(
    rf"(?:^|(?<=[,\s]))(?P<kind>{_KIND})(?:\.\s*|\s+)(?P<name>[^,]+)(?:,(?P<rest>.*))?", re.I
)
_KIND_LAST: Final = re.compile(
    rf"(?:^|,)\s*(?P<name>[^,]*?[^,\s])\s+(?P<kind>{_KIND})\.?\s*(?:$|,(?P<rest>.*)|(?P<near>\d.*))",
    re.I,
)
_HOUSE: Final = re.compile(
    r"[\s,]*(?:д(?:ом)?\b\.?\s*)?(?P<number>\d{1,4})(?!\d)"
    r"(?:\s?(?P<letter>[а-яё])(?![а-яё])(?!(?<=к)\.?\s?\d))?"
    r"(?:/(?P<fraction>\d{1,4})(?P<fraction_letter>[а-яё](?![а-яё]))?)?"
    r"(?:[\s,]*(?:корпус|корп|к)(?![а-яё])\.?\s*(?P<block>\d{1,3}))?",
    re.I,
)
_TRAILING_HOUSE: Final = re.compile(r"(?P<name>.*[^\W\d_].*?)\s+(?P<house>(?:д(?:ом)?\.?\s*)?\d.*)")


class House(NamedTuple):
    """A house number in parts, in the order by which houses are compared."""

    number: int
    letter: str = ""
    fraction: int = 0
    fraction_letter: str = ""
    block: int = 0


class Street(NamedTuple):
    """A street in one spelling; the kind is None where the address does not say it."""

    name: str
    kind: str | None = None

    def may_be(self, other: "Street") -> bool:
        """Whether the two may be one street: an unsaid kind fits any."""
        return self.name == other.name and (
            self.kind is None or other.kind is None or self.kind == other.kind
        )


def parse_house(text: str | None) -> House | None:
    """The house at the beginning of a text, «д. 12а, корп. 2, кв. 5»; None if there is none."""
    found = _HOUSE.match(text or "")
    if found is None:
        return None
    return House(
        int(found["number"]),
        (found["letter"] or "").casefold(),
        int(found["fraction"] or 0),
        (found["fraction_letter"] or "").casefold(),
        int(found["block"] or 0),
    )


def parse_street(text: str) -> Street:
    """A street as people write it, with its kind before, after or not at all."""
    for pattern in (_KIND_FIRST, _KIND_LAST):
        found = pattern.search(text)
        if found:
            return Street(normal_name(found["name"]), _KINDS[found["kind"].casefold()])
    return Street(normal_name(text))


def street_and_house(text: str | None) -> tuple[Street | None, House | None]:
    """The street and house that an address names as one line, each as far as it does."""
    for pattern in (_KIND_FIRST, _KIND_LAST):
        found = pattern.search(re.sub(r"\s+", " ", text or "").strip())
        if found is None:
            continue
        name, kind = found["name"], _KINDS[found["kind"].casefold()]
        house = parse_house(found["rest"] or found.groupdict().get("near"))
        trailing = _TRAILING_HOUSE.fullmatch(name) if house is None else None
        if trailing:  # «ул. Ленина 12»: no comma between
            name, house = trailing["name"], parse_house(trailing["house"])
        return Street(normal_name(name), kind), house
    return None, None


def covers(houses: tuple[HouseRange, ...], house: House) -> bool:
    """Whether one of the ranges has the house; no range is the whole street.

    A bound without letter or fraction means every house of that number: «to 12» has 12а and 12/1.
    """
    return not houses or any(_in_range(item, house) for item in houses)


def _in_range(item: HouseRange, house: House) -> bool:
    if item.parity is not HouseParity.ALL:
        is_odd = item.parity is HouseParity.ODD
        if (house.number % 2 == 1) != is_odd:
            return False
    first, last = parse_house(item.first), parse_house(item.last)
    if first is not None and house[: _depth(first)] < first[: _depth(first)]:
        return False
    return last is None or house[: _depth(last)] <= last[: _depth(last)]


def _depth(bound: House) -> int:
    """How many parts of a bound are said."""
    return max(index for index, part in enumerate(bound, start=1) if part or index == 1)


def in_order(item: HouseRange) -> bool:
    """Whether a range ends at or after its beginning and can have a house at all."""
    first, last = parse_house(item.first), parse_house(item.last)
    if first is None or last is None:
        return True
    depth = min(_depth(first), _depth(last))
    if first[:depth] > last[:depth]:
        return False
    odd = item.parity is HouseParity.ODD
    numbers = range(first.number, last.number + 1)
    return item.parity is HouseParity.ALL or any((n % 2 == 1) == odd for n in numbers)


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
