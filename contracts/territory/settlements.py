"""How a settlement is announced: «г. Кемерово», «п.г.т. Яя», «Спасск п.» (R appendix 1)."""

import re
from typing import Final, NamedTuple

from contracts.territory.municipality import normal_name

# The value is the one spelling used inside the code.
_MARKS: Final = {
    "гг": "г", "г": "г", "гор": "г", "город": "г",
    "пгт": "пгт", "рп": "рп", "поселок городского типа": "пгт", "рабочий поселок": "рп",
    "с": "с", "село": "с", "д": "д", "дер": "д", "деревня": "д",
    "п": "п", "пос": "п", "поселок": "п", "ст": "ст", "станция": "ст",
    "п/ст": "ст", "пст": "ст", "ж/дст": "ст", "рзд": "рзд", "разъезд": "рзд",
}  # fmt: skip
MARK: Final = (
    r"посёлок\s+городского\s+типа|поселок\s+городского\s+типа|рабочий\s+пос[её]лок|"
    r"п\.?\s?г\.?\s?т|р\.?\s?п|п[./]\s?ст|ж/д\.?\s?ст|город|гор|г|село|с|деревня|дер|д|"
    r"пос[её]лок|пос|п|станция|ст|разъезд|рзд"
)
"""A pattern of every mark; read in any case."""
_MARK_FIRST: Final = re.compile(rf"(?i:({MARK}))(?:\.\s*|\s+)(\S.*)")
_MARK_LAST: Final = re.compile(rf"(\S.*)\s+(?i:({MARK}))\.?")
VILLAGE_MARKS: Final = frozenset({"с", "д"})
TOWN_MARKS: Final = frozenset({"г", "пгт", "рп"})


class Settlement(NamedTuple):
    """A settlement as somebody names it: its mark if there is one, and its name in one spelling."""

    mark: str | None
    stem: str
    is_sure: bool = True
    """Not where it may as well be a street: a bare name before the number of a house."""


def settlement_mark(text: str) -> str | None:
    """The one spelling of a settlement mark: «п.г.т.» and «пгт» are the same; None if not one."""
    lowered = text.casefold().replace("ё", "е").strip()
    squeezed = re.sub(r"[.\s]", "", lowered)
    return _MARKS.get(squeezed) or _MARKS.get(re.sub(r"\s+", " ", lowered))


def split_settlement(text: str) -> tuple[str | None, str]:
    """«г. Кемерово», «Кемерово г» → ("г", "Кемерово"); a name without a mark → (None, name)."""
    flat = re.sub(r"\s+", " ", text).strip()
    for pattern, mark, name in ((_MARK_FIRST, 1, 2), (_MARK_LAST, 2, 1)):
        found = pattern.fullmatch(flat)
        if found:
            return settlement_mark(found.group(mark)), found.group(name)
    return None, flat


def named_settlement(text: str) -> Settlement:
    """A settlement as it is asked for or entered: the one reader for both (R 3.1.2)."""
    mark, name = split_settlement(text)
    return Settlement(mark, normal_name(name))


def settlement_stem(text: str) -> str:
    """Its name in one spelling, by which a question finds what was entered."""
    return named_settlement(text).stem
