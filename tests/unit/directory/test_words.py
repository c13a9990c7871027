"""Questions understood: forms of words, «ё», what people mean, and what cannot be answered (S)."""

from __future__ import annotations

import pytest

from contracts.errors import InvalidInput
from services.directory.adapters.morphology import closest, lemmas
from services.directory.domain.words import LONGEST_QUESTION, MOST_WORDS, words_of
from tests.unit.directory.offered import LANGUAGE


def typed(question: str) -> list[str]:
    return [unit.typed for unit in LANGUAGE.units(question)]


def meant(question: str) -> set[str]:
    return {
        way.meant for unit in LANGUAGE.units(question) for way in unit.ways if way.meant is not None
    }


def test_word_has_all_its_dictionary_forms() -> None:
    assert lemmas("стали") == {"стать", "сталь"}


def test_yo_is_read_as_ye() -> None:
    assert lemmas("тёплый") == lemmas("теплый") == {"теплый"}


def test_text_is_read_without_marks_and_capitals() -> None:
    assert list(words_of("Дом-интернат «Ёлочка», 2 этаж!")) == [
        "дом", "интернат", "ёлочка", "2", "этаж"
    ]  # fmt: skip


def test_words_that_say_nothing_are_passed_over() -> None:
    assert typed("где мне найти сиделку для мамы") == ["сиделку", "мамы"]


@pytest.mark.parametrize(
    ("question", "meaning"),
    [
        ("бабушке", "пожилой"),
        ("инвалидную коляску", "технические средства реабилитации"),
        ("коляска", "технические средства реабилитации"),
        ("дома престарелых", "интернат"),
        ("пожаловаться", "жалоба"),
        ("прикована к постели", "лежачий"),
        ("соцтакси", "перевозка"),
    ],
)
def test_what_people_say_is_looked_for_as_what_the_sources_call_it(
    question: str, meaning: str
) -> None:
    assert meaning in meant(question)


def test_word_of_time_or_place_asks_for_nothing_but_belongs_to_a_phrase() -> None:
    """«после инсульта» found 2 services of the 147 that «инсульт» finds."""
    assert typed("после инсульта") == ["инсульта"]
    assert typed("после больницы") == ["после больницы"]


def test_several_words_that_mean_one_thing_are_one() -> None:
    assert typed("инвалидная коляска для дедушки") == ["инвалидная коляска", "дедушки"]


def test_phrase_is_shown_as_it_was_typed() -> None:
    assert typed("Помощник по уходу на дому") == ["помощник по уходу", "дому"]


def test_word_repeated_counts_once() -> None:
    assert typed("сиделка сиделка") == ["сиделка"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("я", "question-too-short"),
        ("?", "question-too-short"),
        ("я" * (LONGEST_QUESTION + 1), "question-too-long"),
        ("да " * (MOST_WORDS + 1), "question-too-long"),
        ("где и как", "question-says-nothing"),
    ],
)
def test_question_that_cannot_be_answered_is_refused_with_the_field(
    question: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        LANGUAGE.units(question)
    assert (refused.value.code, refused.value.field, refused.value.clause) == (
        code,
        "query.q",
        "S",
    )


def test_shortest_and_longest_questions_are_understood() -> None:
    assert typed("эо") == ["эо"]
    assert len(typed(" ".join(f"слово{number}" for number in range(MOST_WORDS)))) == MOST_WORDS


def test_closest_word_is_a_slip_away_or_none() -> None:
    known = ["сиделка", "сидение", "коляска"]
    assert closest("сидлека", known) == "сиделка"
    assert closest("каляска", known) == "коляска"
    assert closest("трактор", known) is None
    assert closest("сид", known) is None
