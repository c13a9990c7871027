"""What a line of the journal is found by: a name however it is spelt, a street (R 3.1.2).

A family name is looked up by how it sounds and by the two halves of that: whoever mistypes one
letter leaves one half whole. The store looks keys up; `name_fits` then compares the names
themselves. Keys are personal data: an index holds their keyed hashes only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from contracts.errors import InvalidInput
from contracts.values import Address, CitizenCard, FullName
from services.intake.domain.spelling import Home, home_of, plain, plain_name, sound

SHORTEST: Final = 2
LONGEST: Final = 100
WORDS: Final = 6
ALIKE: Final = 84.0
"""From here on, out of 100, two names count as one spelt otherwise («Вишневская», «-ский»)."""

Keys = dict[str, str]
Keyed = list[tuple[str, str]]
"""Keys with their kinds; a line that has one of them is looked at."""


def keys_of(card: CitizenCard) -> Keys:
    """What a line about this person is found by, by kind; only what the card says.

    A double family name is found by either part: they are its two halves.
    """
    keys: Keys = {}
    heard = sound_as_typed(card.name.family) if card.name else ""
    if card.name is not None and heard:
        half = len(heard) // 2
        head, tail = heard[:half], heard[len(heard) - half :]
        parts = [said for part in _split(card.name.family) if (said := sound_as_typed(part))]
        if len(parts) > 1:
            head, tail = parts[0], parts[-1]
        keys |= {"family": heard, "head": head, "tail": tail}
    street = _street(home_of(card.address)) if card.address else None
    if street:
        keys["street"] = street
    return keys


def keys_as_heard(words: Sequence[str]) -> Keyed:
    """What lines about somebody of that name are found by if it sounds as it should: any word, or
    two together, may be the family name, or a part of a double one."""
    long = [word for word in words if len(word) >= SHORTEST]
    together = [one + other for one, other in pairwise(long)]
    heard = dict.fromkeys(filter(None, map(sound_as_typed, [*long, *together])))
    return [(kind, said) for said in heard for kind in ("family", "head", "tail")]


def keys_mistyped(words: Sequence[str]) -> Keyed:
    """What lines are found by if one letter of the family name, which is one of these words, is
    wrong: a half of it is whole. A letter more or less moves the middle."""
    keys: Keyed = []
    for heard in filter(None, (sound_as_typed(word) for word in words if len(word) >= SHORTEST)):
        for half in sorted({max(1, (len(heard) + more) // 2) for more in (-1, 0, 1)}):
            keys += [("head", heard[:half]), ("tail", heard[-half:])]
    return keys


def words_of_name(text: str) -> list[str]:
    """The words of a name that somebody looks for; refused if there is too little or too much."""
    _check_length(text, "name")
    words = [word for part in _split(text) if (word := plain_name(part))]
    if not any(len(word) >= SHORTEST for word in words):
        raise _refused("search-too-short", f"a name of at least {SHORTEST} letters", "name")
    if len(words) > WORDS:
        raise _refused("search-too-long", f"at most {WORDS} words of a name", "name")
    return words


def home_wanted(text: str) -> tuple[str, Home]:
    """The street that somebody looks for, as its key, and the dwelling as far as it is said."""
    _check_length(text, "address")
    home = home_of(Address(text=text))
    street = _street(home)
    if not street:
        raise _refused("search-too-wide", "name the street, or the village without one", "address")
    return street, home


def name_fits(words: Collection[str], name: FullName | None) -> float | None:
    """How well a name fits what was looked for, of 100; None where one of the words does not."""
    if name is None:
        return None
    said = f"{name.family} {name.given} {name.patronymic or ''}"
    parts = [plain_name(part) for part in (name.family, name.given, *_split(said))]
    scores = [max((_alike(word, part) for part in parts), default=0.0) for word in words]
    return None if not all(scores) else sum(scores) / len(scores)


def home_fits(wanted: Home, address: Address | None) -> float | None:
    """How well an address fits; None where the house, the flat or the settlement is another one."""
    if address is None:
        return None
    home = home_of(address)
    pairs = [(wanted.house, home.house), (wanted.flat, home.flat)]
    if wanted.street is not None:  # else the settlement stands for the street
        pairs.append((wanted.settlement, home.settlement))
    if any(asked is not None and known is not None and asked != known for asked, known in pairs):
        return None
    return 100.0 - 5.0 * sum(asked is not None and known is None for asked, known in pairs)


def _split(text: str) -> list[str]:
    """The words of a name; of a double name each of the two."""
    return re.split(r"[\s.,-]+", plain(text))


def _alike(word: str, part: str) -> float:
    if word == part:
        return 100.0
    if len(word) == 1:
        return 90.0 if part.startswith(word) else 0.0
    heard = sound_as_typed(word), sound_as_typed(part)
    if heard[0] == heard[1]:
        return 97.0
    close = OSA.distance(word, part) <= 1 or OSA.distance(*heard) <= 1
    score = float(ratio(word, part))
    return score if close or score >= ALIKE else 0.0


def sound_as_typed(name: str) -> str:
    """How a name sounds; «и» and «ы» are one here, for clerks type one for the other."""
    return sound(plain(name).replace("ы", "и"))


def _street(home: Home) -> str | None:
    named = home.street or home.settlement
    return (sound_as_typed(named) or named) if named else None


def _check_length(text: str, field: str) -> None:
    if len(text.strip()) < SHORTEST:
        raise _refused("search-too-short", f"at least {SHORTEST} letters", field)
    if len(text) > LONGEST:
        raise _refused("search-too-long", f"at most {LONGEST} letters", field)


def _refused(code: str, detail: str, field: str) -> InvalidInput:
    return InvalidInput(code, f"look for {detail}", field=field)
