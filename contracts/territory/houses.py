"""Houses: reading one from an address, and whether a range of houses covers it (R 3.1.2).

A house is a number with what may follow it: a letter («12а», «12 корп. А»), a fraction («12/1») and
a block («12 корп. 2», «12 стр. 2»). Odd and even are told by the number before all of these, so a
corner house stands on the street of its first number.

What a pattern found whatever its case is brought to one by `casefold`: `re.I` takes letters for «д»
or «о», U+1C81 and U+1C82, that `lower` leaves as they are.
"""

import re
from typing import Final, NamedTuple

from contracts.directory import HouseParity, HouseRange
from contracts.territory.letters import LOOKALIKES

_MARK: Final = (
    r"(?:(?:домовладение|домовл|двлд|дом|влд|вл|здание|зд|сооружение|соор|строение|стр|д)"
    r"(?![а-яё])\.?\s*)?(?:№\s*)?"
)
_BLOCK: Final = (
    r"(?:(?:корпус|корп|к)|(?P<building>строение|стр|с(?=[\s.]*\d)))(?![а-яё])[\s.]*-?\s*"
    r"(?:(?P<block>\d{1,3})|(?P<block_letter>[а-яё])(?![а-яё]))"
)
_LETTERED: Final = r"[\s,]*(?:литера|литер|лит)(?![а-яё])\.?\s*"
_FURTHER: Final = r"корп|стр|лит|под|этаж|кварт|комн|пом|офис"
_LETTER: Final = (
    rf"(?:(?P<apart>\s?[/.]\s?|{_LETTERED})|\s?-\s?|\s?)[«\"']?(?P<letter>[а-яё])(?![а-яё])"
    # No letter of the house: «12 к 2», «12 К. Маркса», «12 г Юрга».
    rf"(?!(?<=[кс])[\s-]*\d|\.\s*\w|\s+(?!{_FURTHER})[а-яё]{{3}})[»\"']?"
)
_HOUSE: Final = re.compile(
    rf"[\s,]*{_MARK}(?P<number>\d{{1,4}})(?!\d)(?:{_LETTER})?"
    r"(?:\s?/\s?(?P<fraction>\d{1,4})(?P<fraction_letter>[а-яё](?![а-яё]|(?<=[кс])\d))?)?"
    rf"(?:[\s,.-]*{_BLOCK})?",
    re.I,
)
_DWELLING: Final = re.compile(
    r"(?<![^\W\d_])(?:квартира|кварт|кв|комната|комн|ком|помещение|пом|офис|оф|подъезд|под|этаж|эт)"
    r"(?![а-яё])[\s.№-]*(?:\d+[а-яё]?(?![а-яё]))?",
    re.I,
)
"""What lies within a house."""
_UNREAD: Final = re.compile(r"^\d|[^\W\d_]|/")
_BEGINS: Final = (
    rf"{_MARK}\d{{1,4}}(?!\d)(?!(?:-?[йя]|-е)(?![а-яё]))"
    r"(?!\s*-?\s*(?!корп|кв|стр|лит|под|эт)[^\W\d_]{2})"
)
"""A house begins here: no ordinal, and no word after the number («50 лет», «8 Марта»)."""
_HOUSE_BEGINS: Final = re.compile(_BEGINS, re.I)
_HOUSE_AFTER_NAME: Final = re.compile(
    rf"(\d+(?=\s+д(?:ом)?(?![а-яё]))|.*?[^\W\d_].*?)\s+({_BEGINS}.*)", re.I
)
_BLOCK_BEGINS: Final = re.compile(rf"{_BLOCK}|{_LETTERED}|[«\"']?[а-яё][»\"']?$", re.I)


class House(NamedTuple):
    """A house number in parts, in the order by which houses are compared."""

    number: int
    letter: str = ""
    fraction: int = 0
    fraction_letter: str = ""
    block: int = 0
    unread: bool = False
    """Whether more is said of it than can be read: «12 соор. Х» is perhaps not the house 12."""

    @property
    def short(self) -> str:
        """«12а/1к2»."""
        fraction = f"/{self.fraction}{self.fraction_letter}" if self.fraction else ""
        return f"{self.number}{self.letter}{fraction}{f'к{self.block}' if self.block else ''}"


def parse_house(text: str | None) -> House | None:
    """The house at the beginning of a text, «д. 12а, корп. 2, кв. 5»; None if there is none."""
    spelt = (text or "").translate(LOOKALIKES)
    found = _HOUSE.match(spelt)
    if found is None:
        return None
    return House(
        int(found["number"]),
        (found["letter"] or found["block_letter"] or "").casefold(),
        int(found["fraction"] or 0),
        (found["fraction_letter"] or "").casefold(),
        int(found["block"] or 0),
        _UNREAD.search(_DWELLING.sub("", spelt[found.end() :])) is not None,
    )


def printed_house(text: str | None) -> str | None:
    """«д. 30 А» → «30А»: its number, letter, fraction and «корп.», letters as printed; None if
    anything else is said."""
    found = _HOUSE.fullmatch((text or "").strip())
    if found is None or found["block_letter"] or found["building"] or found["apart"]:
        return None
    fraction = f"/{found['fraction']}{found['fraction_letter'] or ''}" if found["fraction"] else ""
    block = f" корп. {found['block']}" if found["block"] else ""
    return f"{found['number']}{found['letter'] or ''}{fraction}{block}"


def is_house(text: str) -> bool:
    """Whether a text begins with a house: «54», «д. 5/1», not «50 лет Октября» nor «1-я»."""
    return _HOUSE_BEGINS.match(text) is not None


def is_block(text: str) -> bool:
    """Whether a text goes on with a house that was begun: «корп. 2»."""
    return _BLOCK_BEGINS.match(text) is not None


def split_house(text: str) -> tuple[str, str | None]:
    """«50 лет Октября 7а» → («50 лет Октября», «7а»); a name without a house → (name, None)."""
    found = _HOUSE_AFTER_NAME.fullmatch(text)
    return (found[1].rstrip(" ,"), found[2]) if found else (text, None)


def covers(houses: tuple[HouseRange, ...], house: House) -> bool | None:
    """Whether one of the ranges has the house; no range is the whole street.

    A bound without letter or fraction means every house of that number: «to 12» has 12а and 12/1.
    None where it turns on the part of the house that cannot be read.
    """
    if not houses:
        return True
    found = {_in_range(item, house) for item in houses}
    return True if True in found else None if None in found else False


def _in_range(item: HouseRange, house: House) -> bool | None:
    if item.parity is not HouseParity.ALL:
        is_odd = item.parity is HouseParity.ODD
        if (house.number % 2 == 1) != is_odd:
            return False
    first, last = parse_house(item.first), parse_house(item.last)
    for bound in (first, last):
        if bound and house.unread and bound.number == house.number and _depth(bound) > 1:
            return None
    if first is not None and house[: _depth(first)] < first[: _depth(first)]:
        return False
    return last is None or house[: _depth(last)] <= last[: _depth(last)]


def _depth(bound: House) -> int:
    """How many parts of a bound are said."""
    said = bound._replace(unread=False)
    return max(index for index, part in enumerate(said, start=1) if part or index == 1)


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
