"""Words of a question, understood: any form of a word, «ё» like «е», what people mean by it.

A word becomes all its dictionary forms («стали» is «стать» and «сталь»). What people say is looked
for beside what the sources call it («бабушка» → «пожилой»), also where they say it in several
words («инвалидная коляска»).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from contracts.errors import InvalidInput
from contracts.values import Line, Value

Lemmas = Callable[[str], frozenset[str]]
"""All dictionary forms of a word."""

LONGEST_QUESTION = 200
MOST_WORDS = 20
BETWEEN = frozenset({"в", "во", "и", "из", "к", "на", "о", "по", "с", "со", "у"})
"""Words between words: «помощник по уходу» is looked for as «помощник уходу»."""
WORD = re.compile(r"[a-zа-яё0-9]+")


class Meaning(Value):
    """What people say, and what they mean by it in the words of the sources."""

    said: tuple[Line, ...]
    means: tuple[Line, ...]


class WordList(Value):
    """The data file of words: those passed over, and those that mean something else."""

    passed_over: tuple[Line, ...]
    meant: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to find what a word asks for: words that stand together, each in one of its forms.

    `meant`: not what was said, but this, which is meant by it.
    """

    words: tuple[frozenset[str], ...]
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for: as it was typed, and the ways in which it may be found."""

    typed: str
    ways: tuple[Way, ...]


def words_of(text: str) -> Iterator[str]:
    """The words of a text, in lower case, without marks."""
    return (found.group() for found in WORD.finditer(text.lower()))


class Language:
    """Understands questions; made once from the word list."""

    def __init__(self, lemmas: Lemmas, listed: WordList) -> None:
        self.lemmas = lemmas
        self._passed_over = {
            form for word in listed.passed_over for form in (word, *self.lemmas(word))
        }
        self._meant: dict[int, list[tuple[tuple[frozenset[str], ...], tuple[Way, ...]]]] = {}
        for meaning in listed.meant:
            ways = tuple(Way(self._forms(text), text) for text in meaning.means)
            for said in meaning.said:
                forms = self._forms(said)
                self._meant.setdefault(len(forms), []).append((forms, ways))
        self._longest = max(self._meant, default=1)

    def units(self, question: str) -> tuple[Unit, ...]:
        """What a question asks for; refuses one that is too short or too long to answer.

        Raises InvalidInput: `question-too-short`, `question-too-long`, `question-says-nothing`.
        """
        text = question.lower()
        _check(question, list(words_of(text)))
        words = [found for found in WORD.finditer(text) if found.group() not in BETWEEN]
        forms = [self.lemmas(word.group()) for word in words]
        units: list[Unit] = []
        position = 0
        while position < len(words):
            ways, taken = self._ways_at(words[position].group(), forms, position)
            if ways:
                last = words[position + taken - 1]
                units.append(Unit(text[words[position].start() : last.end()], ways))
            position += taken
        if not units:
            raise InvalidInput(
                "question-says-nothing",
                "name what is needed, not only «где», «как», «нужно»",
                field="query.q",
                clause="S",
            )
        return tuple(dict.fromkeys(units))

    def forms_of(self, text: str) -> frozenset[str]:
        """Every dictionary form of every word of a text."""
        return frozenset(indexed_words(text, self.lemmas))

    def _ways_at(
        self, typed: str, forms: list[frozenset[str]], position: int
    ) -> tuple[tuple[Way, ...], int]:
        """The ways to find what is asked for here, and how many words ask for it."""
        for length in range(min(self._longest, len(forms) - position), 0, -1):
            here = tuple(forms[position : position + length])
            meant = self._meant_by(here)
            if meant:
                return (Way(here), *meant), length
        if typed in self._passed_over or forms[position] & self._passed_over:
            return (), 1
        return (Way((forms[position],)),), 1

    def _meant_by(self, here: tuple[frozenset[str], ...]) -> tuple[Way, ...]:
        found = (
            way
            for said, ways in self._meant.get(len(here), ())
            if all(a & b for a, b in zip(said, here, strict=True))
            for way in ways
        )
        return tuple(dict.fromkeys(found))

    def _forms(self, text: str) -> tuple[frozenset[str], ...]:
        return tuple(self.lemmas(word) for word in words_of(text) if word not in BETWEEN)


def indexed_words(text: str, lemmas: Lemmas) -> Iterable[str]:
    """Every dictionary form of every word of a text."""
    return (form for word in words_of(text) for form in lemmas(word))


def _check(question: str, typed: list[str]) -> None:
    if len(question) > LONGEST_QUESTION or len(typed) > MOST_WORDS:
        raise InvalidInput(
            "question-too-long",
            f"at most {LONGEST_QUESTION} characters and {MOST_WORDS} words",
            field="query.q",
            clause="S",
        )
    if sum(map(len, typed)) < 2:
        raise InvalidInput(
            "question-too-short", "at least two letters", field="query.q", clause="S"
        )
