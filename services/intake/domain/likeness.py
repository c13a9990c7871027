"""How alike two citizens' cards are: certainly one person, possibly, or two (L 5.1).

Each part of a card is compared by itself and weighs what it proves; the sum decides, but for what
no sum may decide: two SNILS are never one person, and one SNILS is not if nothing else agrees.
What is graded here is first found by `sound_keys`, so a card is compared with a handful of others.

Invariant: two cards that are certainly one person have the same SNILS or the same `name_birth` key.
So the store can hold that two such cards are never taken in side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from contracts.values import Address, CitizenCard, FullName, Value
from services.intake.domain.spelling import home_of, plain, plain_name, sound

P = TypeVar("P")

RULE_VERSION: Final = "likeness-1"
CERTAIN: Final = 80
POSSIBLE: Final = 55
SIMILAR_RATIO: Final = 84.0
"""From here on, out of 100, two names count as one spelt otherwise."""


class Grade(StrEnum):
    """What two cards are to each other. `possible` waits for a person's decision."""

    CERTAIN = "certain"
    POSSIBLE = "possible"
    DIFFERENT = "different"


class Agreement(StrEnum):
    """How two values of one part agree: `close` names sound alike, `similar` ones are spelt alike.

    `unknown`: one of the cards does not say.
    """

    SAME = "same"
    CLOSE = "close"
    SIMILAR = "similar"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class Reason(Value):
    """What one part of the cards says, and how many points it gave. Holds no personal data."""

    part: str
    agreement: Agreement
    points: int


class Likeness(Value):
    """The grade of two cards with its reasons; `score` is 0 to 100."""

    grade: Grade
    score: int
    rule_version: str = RULE_VERSION
    reasons: tuple[Reason, ...]

    def agreement(self, part: str) -> Agreement:
        """How the cards agree in a part."""
        return next((r.agreement for r in self.reasons if r.part == part), Agreement.UNKNOWN)


SAME, CLOSE = Agreement.SAME, Agreement.CLOSE
SIMILAR, DIFFERENT = Agreement.SIMILAR, Agreement.DIFFERENT

WEIGHTS: Final[dict[str, dict[Agreement, int]]] = {
    "snils": {SAME: 60, DIFFERENT: -20},
    "family": {SAME: 20, CLOSE: 16, SIMILAR: 12, DIFFERENT: -15},  # it changes on marriage
    "given": {SAME: 15, CLOSE: 12, DIFFERENT: -25},
    "patronymic": {SAME: 10, CLOSE: 8, SIMILAR: 6, DIFFERENT: -15},
    "birth_date": {SAME: 25, CLOSE: 10, DIFFERENT: -25},
    "address": {SAME: 20, CLOSE: 10, DIFFERENT: -5},  # people move
    "phone": {SAME: 10},  # often a relative's
}
"""Points for what a part says; what stands in no list gives none."""


def compare(one: CitizenCard, other: CitizenCard) -> Likeness:
    """Grade two cards (L 5.1). The order of the two does not matter."""
    found = {
        "snils": _either(one.snils, other.snils, _exactly),
        "family": _either(_family(one), _family(other), names_agree),
        "given": _either(_given(one), _given(other), given_names_agree),
        "patronymic": _either(_patronymic(one), _patronymic(other), names_agree),
        "birth_date": _either(one.birth_date, other.birth_date, dates_agree),
        "address": _either(one.address, other.address, addresses_agree),
        "phone": _either(one.phone, other.phone, _exactly),
    }
    reasons = tuple(
        Reason(part=part, agreement=agreement, points=_points(part, agreement))
        for part, agreement in found.items()
    )
    score = max(0, min(100, sum(reason.points for reason in reasons)))
    grade = _grade(found, score)
    if (
        grade is Grade.CERTAIN
        and found["snils"] is not SAME
        and not (_named(one) and _named(other))
    ):
        grade = Grade.POSSIBLE  # a dash in place of a name names nobody
    return Likeness(grade=grade, score=score, reasons=reasons)


def _named(card: CitizenCard) -> bool:
    """Whether family and given name have letters at all, of whatever script."""
    parts = (_family(card) or "", _given(card) or "")
    return all(any(letter.isalpha() for letter in part) for part in parts)


def _grade(found: dict[str, Agreement], score: int) -> Grade:
    if found["snils"] is SAME:
        return Grade.CERTAIN if _fits(found) else Grade.POSSIBLE
    if score < POSSIBLE:
        return Grade.DIFFERENT
    proven = (
        {found["family"], found["given"]} <= {SAME, CLOSE}
        and found["birth_date"] is SAME
        and found["patronymic"] is not DIFFERENT
        and found["snils"] is not DIFFERENT  # only a person may say that one of them is wrong
    )
    return Grade.CERTAIN if proven and score >= CERTAIN else Grade.POSSIBLE


def _fits(found: dict[str, Agreement]) -> bool:
    """Whether name or birth date bears the common SNILS out, or nothing speaks against it."""
    agreeing = {SAME, CLOSE, SIMILAR}
    surname = found["family"] in agreeing or found["patronymic"] in agreeing
    if found["birth_date"] in agreeing or (found["given"] in agreeing and surname):
        return True
    return DIFFERENT not in {found["family"], found["given"], found["birth_date"]}


def _points(part: str, agreement: Agreement) -> int:
    return WEIGHTS[part].get(agreement, 0)


def names_agree(one: str, other: str) -> Agreement:
    """Family names, patronymics, streets: same, sounding alike, spelt alike, or different."""
    first, second = _compared(one), _compared(other)
    if first == second or _initial(first, second):
        return SAME if first == second else Agreement.UNKNOWN
    if _sound_alike(one, other):
        return CLOSE
    return SIMILAR if ratio(first, second) >= SIMILAR_RATIO else DIFFERENT


def given_names_agree(one: str, other: str) -> Agreement:
    """Given names: close only where they sound alike, for twins are Марина and Карина."""
    first, second = _compared(one), _compared(other)
    if first == second or _initial(first, second):
        return SAME if first == second else Agreement.UNKNOWN
    return CLOSE if _sound_alike(one, other) else DIFFERENT


def _compared(name: str) -> str:
    """A name as it is compared; one without Cyrillic or Latin letters by its text as it stands."""
    return plain_name(name) or plain(name)


def _sound_alike(one: str, other: str) -> bool:
    """Whether both are heard alike; what has no letters of ours is not heard at all."""
    return sound(one) == sound(other) != ""


def _initial(one: str, other: str) -> bool:
    """Whether one is the other's first letter, which says nothing for and little against."""
    return min(len(one), len(other)) == 1 and one[:1] == other[:1]


def dates_agree(one: date, other: date) -> Agreement:
    """Birth dates: close when day and month are exchanged, two digits, or one digit is another."""
    if one == other:
        return SAME
    first, second = one.strftime("%Y%m%d"), other.strftime("%Y%m%d")
    exchanged = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    return CLOSE if exchanged or OSA.distance(first, second) == 1 else DIFFERENT


def addresses_agree(one: Address, other: Address) -> Agreement:
    """Addresses: close when the street is spelt otherwise, or one does not name the flat."""
    first, second = home_of(one), home_of(other)
    if first.street is None or second.street is None or first.house is None:
        return SAME if one.text == other.text else Agreement.UNKNOWN
    settled = first.settlement is None or second.settlement is None
    if not settled and names_agree(first.settlement or "", second.settlement or "") is DIFFERENT:
        return DIFFERENT
    street = names_agree(first.street, second.street) if first.street != second.street else None
    if street is DIFFERENT or first.house != second.house:
        return DIFFERENT
    if first.flat is not None and second.flat is not None and first.flat != second.flat:
        return DIFFERENT
    return SAME if street is None and first.flat == second.flat else CLOSE


def _exactly(one: str, other: str) -> Agreement:
    return SAME if one == other else DIFFERENT


def _either(one: P | None, other: P | None, agree: Callable[[P, P], Agreement]) -> Agreement:
    return Agreement.UNKNOWN if one is None or other is None else agree(one, other)


def _family(card: CitizenCard) -> str | None:
    return card.name.family if card.name else None


def _given(card: CitizenCard) -> str | None:
    return card.name.given if card.name else None


def _patronymic(card: CitizenCard) -> str | None:
    return card.name.patronymic if card.name else None


def sound_of(name: FullName) -> str:
    """Family and given name as they sound, e.g. to look somebody up by what was heard."""
    return f"{sound(name.family)} {sound(name.given)}"


def sound_keys(card: CitizenCard) -> dict[str, str]:
    """What a card is found by, however it is spelt; only what the card says enough for.

    `name_birth`: name as it sounds and the digits of the birth date in any order; `name_home`: that
    name at that street, house and flat; `birth_home`: whoever was born that day and lives there.
    They are personal data: an index holds their keyed hashes (`adapters/identity.py`) only.
    """
    name = sound_of(card.name) if card.name else None
    born = card.birth_date.strftime("%Y%m%d") if card.birth_date else None
    home = home_of(card.address).key if card.address else None
    keys: dict[str, str] = {}
    if name is not None and born is not None:
        keys["name_birth"] = f"{name}|{''.join(sorted(born))}"
    if name is not None and home is not None:
        keys["name_home"] = f"{name}|{home}"
    if born is not None and home is not None:
        keys["birth_home"] = f"{born}|{home}"
    return keys
