"""Rules for printed names and for text as such (R appendix 1; one name of L is broken too)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from contracts.territory.municipality import municipality_stem, normal_name
from services.directory.domain.quality_survey import (
    Finding,
    PrintedRow,
    Rule,
    Severity,
    Survey,
    listed,
)
from services.directory.domain.quality_survey import words as words_of

_SOURCE = "R appendix 1"
# A phrase has to be this frequent before a rare neighbour of it is called a slip.
_USUAL_PHRASE = 5
_PLACE = "…"
_LONGEST_PARTICLE = 2
_RAYON = re.compile(r"([А-ЯЁ][А-ЯЁа-яё–-]*)ого\s+района")
_MIXED = re.compile(r"[A-Za-z].*[А-Яа-яЁё]|[А-Яа-яЁё].*[A-Za-z]")


def _not_unique(survey: Survey) -> Iterator[Finding]:
    by_name: dict[str, list[PrintedRow]] = defaultdict(list)
    for row in survey.rows:
        by_name[" ".join(row.printed.name.split()).lower()].append(row)
    for rows in by_name.values():
        for row in rows if len(rows) > 1 else ():
            others = listed(other.key for other in rows if other is not row)
            yield Finding(
                row, "name", row.printed.name,
                f"{len(rows)} rows print this name ({others}): a name is no key.",
                f"Так названы строк: {len(rows)} ({others}); имя не может быть ключом.",
            )  # fmt: skip


def _unbalanced_quotes(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        name = row.printed.name
        opened, closed = name.count("«"), name.count("»")
        if opened != closed:
            yield Finding(
                row, "name", name,
                f"Quotation marks do not match: {opened} opened, {closed} closed.",
                f"Кавычки не сходятся: открыто {opened}, закрыто {closed}.",
            )  # fmt: skip


def _word_break(survey: Survey) -> Iterator[Finding]:
    """A hyphen left over from a line end: «муници-пального»; a soft hyphen always is one."""
    for row in survey.rows:
        for word in words_of(row.printed.name):
            whole, is_certain = _unbroken(word, survey.words)
            if whole:
                fixed = row.printed.name.replace(word, whole)
                yield Finding(
                    row, "name", row.printed.name,
                    f"A line-end hyphen was left in “{word}”.",
                    f"В слове «{word}» остался перенос.",
                    fixed if is_certain else None,
                )  # fmt: skip


def _unbroken(word: str, printed: Counter[str]) -> tuple[str | None, bool]:
    """(the word without its line-end hyphen, whether other rows print it whole)."""
    if "\u00ad" in word:
        return word.replace("\u00ad", ""), True
    for hyphen in re.finditer(r"-(?=[а-яё])", word):
        whole = word[: hyphen.start()] + word[hyphen.end() :]
        if whole in printed:
            return whole, True
        # A real compound joins on a vowel («социально-медицинский»), a line end rarely does.
        if word[hyphen.start() - 1] not in "аоеи":
            return whole, False
    return None, False


def _dash_in_compound(survey: Survey) -> Iterator[Finding]:
    """«Ленинск – Кузнецкого»: a dash where other rows print the hyphen of a compound name."""
    heads = {word.split("-")[0] for word in survey.words if re.match(r"[А-ЯЁ][а-яё]+-[А-ЯЁ]", word)}
    pattern = re.compile(r"([А-ЯЁ][а-яё]+)\s*–\s*(?=[А-ЯЁ])")
    for row in survey.rows:
        name = row.printed.name
        if any(found.group(1) in heads for found in pattern.finditer(name)):
            yield Finding(
                row, "name", name,
                "A dash stands where the compound name has a hyphen.",
                "Вместо дефиса в составном названии стоит тире.",
                pattern.sub(r"\1-", name),
            )  # fmt: skip


def _phrase_slip(survey: Survey) -> Iterator[Finding]:
    """«социально обслуживания» beside dozens of «социального обслуживания»."""
    phrases = Counter(phrase for row in survey.rows for phrase in _phrases(row))
    usual_before: dict[str, list[str]] = defaultdict(list)
    for (first, second), count in phrases.items():
        if count >= _USUAL_PHRASE:
            usual_before[second].append(first)
    for row in survey.rows:
        for first, second in _phrases(row):
            whole = _with_lost_ending(first, usual_before.get(second, []))
            if whole is None or phrases[first, second] > 1:
                continue
            count = phrases[whole, second]
            yield Finding(
                row, "name", row.printed.name,
                f"“{first} {second}” is printed once, “{whole} {second}” {count} times.",
                f"«{first} {second}» встречается раз, «{whole} {second}» — {count}.",
                row.printed.name.replace(f"{first} {second}", f"{whole} {second}"),
            )  # fmt: skip


def _word_left_out(survey: Survey) -> Iterator[Finding]:
    """«социальной защиты администрации» beside «социальной защиты населения администрации».

    Names of places count as one word, whichever they are. No proposal: it may be called so.
    """
    named = [_words_without_places(row) for row in survey.rows]
    phrases = Counter(phrase for words in named for phrase in pairwise(words))
    longer = Counter(three for w in named for three in zip(w, w[1:], w[2:], strict=False))
    between: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (first, middle, last), count in longer.items():
        if count >= _USUAL_PHRASE and middle != _PLACE and len(first) > _LONGEST_PARTICLE:
            between[first, last].append(middle)
    for row, words in zip(survey.rows, named, strict=True):
        for phrase, as_printed in zip(pairwise(words), _phrases(row), strict=True):
            for middle in between[phrase] if phrases[phrase] == 1 else ():
                text = " ".join(as_printed)
                yield Finding(
                    row, "name", row.printed.name,
                    f"“{text}” is printed once; other rows print “{middle}” between.",
                    f"«{text}» встречается раз; в других строках между ними «{middle}».",
                )  # fmt: skip


def _words_without_places(row: PrintedRow) -> list[str]:
    """The words of a name in lower case, those of places as one."""
    return [_PLACE if word.istitle() else word.lower() for word in words_of(row.printed.name)]


def _rayon_not_in_full(survey: Survey) -> Iterator[Finding]:
    """«Яшкинского района» where the municipality is «Яшкинский муниципальный район»."""
    for row in survey.rows:
        own = survey.municipalities.get(row.municipality or "")
        if own is None or "муниципальный район" not in own.name:
            continue
        for found in _RAYON.finditer(row.printed.name):
            if municipality_stem(own.name)[0] == normal_name(f"{found.group(1)}ий"):
                yield Finding(
                    row, "name", row.printed.name,
                    f"The municipality is {own.name}; “{found.group()}” is printed.",
                    f"Муниципалитет — {own.name}, а напечатано «{found.group()}».",
                    row.printed.name.replace(
                        found.group(), f"{found.group(1)}ого муниципального района"
                    ),
                )  # fmt: skip


def _phrases(row: PrintedRow) -> list[tuple[str, str]]:
    return list(pairwise(words_of(row.printed.name)))


def _with_lost_ending(word: str, usual: list[str]) -> str | None:
    """The usual word that `word` is without its last one or two letters."""
    return next((w for w in usual if w.startswith(word) and 0 < len(w) - len(word) <= 2), None)


def _printed_differently(survey: Survey) -> Iterator[Finding]:
    """The lines above the table of R appendix 1 print the department's house as «19А», it «19а»."""
    for row in survey.rows:
        printed = dict(row.printed.fields())
        for field, texts in row.also_printed.items():
            for text in texts:
                yield Finding(
                    row, field, printed.get(field),
                    f"The same source prints it in another place as “{text}”.",
                    f"В другом месте того же источника напечатано «{text}».",
                )  # fmt: skip


def _mixed_alphabet(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        for field, value in row.printed.fields():
            mixed = [word for word in words_of(value) if _MIXED.search(word)]
            if field != "email" and mixed:
                yield Finding(
                    row, field, value,
                    f"Latin and Cyrillic letters in one word: {', '.join(mixed)}.",
                    f"Латиница и кириллица в одном слове: {', '.join(mixed)}.",
                )  # fmt: skip


def _repeated_spaces(survey: Survey) -> Iterator[Finding]:
    for row in survey.rows:
        for field, value in row.printed.fields():
            if re.search(r"\s{2,}", value):
                yield Finding(
                    row, field, value,
                    "Several spaces stand in a row.",
                    "Несколько пробелов подряд.",
                    re.sub(r"\s{2,}", " ", value),
                )  # fmt: skip


NAME_RULES = (
    Rule("name.not_unique", Severity.WARNING, _SOURCE, _not_unique),
    Rule("name.unbalanced_quotes", Severity.WARNING, _SOURCE, _unbalanced_quotes),
    Rule("name.word_break", Severity.WARNING, "R appendix 1, L 2.4", _word_break),
    Rule("name.dash_in_compound", Severity.COSMETIC, _SOURCE, _dash_in_compound),
    Rule("name.phrase_slip", Severity.WARNING, _SOURCE, _phrase_slip),
    Rule("name.word_left_out", Severity.WARNING, _SOURCE, _word_left_out),
    Rule("name.rayon_not_in_full", Severity.COSMETIC, _SOURCE, _rayon_not_in_full),
    Rule("text.printed_differently", Severity.WARNING, _SOURCE, _printed_differently),
    Rule("text.mixed_alphabet", Severity.WARNING, _SOURCE, _mixed_alphabet),
    Rule("text.repeated_spaces", Severity.COSMETIC, _SOURCE, _repeated_spaces),
)
