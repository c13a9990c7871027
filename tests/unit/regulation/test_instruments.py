"""Scoring: band boundaries, half weights, and no level from an incomplete questionnaire."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.regulation import (
    FIRST_PACK,
    IncompleteAnswers,
    Instrument,
    UnknownAnswer,
    load_pack,
    points,
    score,
)

INSTRUMENTS = load_pack(FIRST_PACK).instruments
CARE_NEED = INSTRUMENTS["care-need-2026"]
BARTHEL = INSTRUMENTS["barthel"]
LAWTON = INSTRUMENTS["lawton-iadl"]


def all_at(instrument: Instrument, option: int) -> dict[str, str]:
    """Every position answered by its option of that index."""
    return {p.code: p.options[option].code for p in instrument.positions}


def answers_worth(instrument: Instrument, wanted: str) -> Mapping[str, str]:
    """Some complete set of answers that adds up to so many points."""
    reached: dict[int, dict[str, str]] = {0: {}}
    for position in instrument.positions:
        reached = {
            total + option.half_points: {**answers, position.code: option.code}
            for total, answers in reached.items()
            for option in position.options
        }
    return reached[int(Decimal(wanted) * 2)]


@pytest.mark.parametrize(
    ("total", "level", "group", "hours"),
    [
        ("0", None, None, (None, None)),
        ("15", None, None, (None, None)),
        ("15.5", 1, 3, (11, 14)),
        ("26", 1, 3, (11, 14)),
        ("26.5", 2, 4, (18, 21)),
        ("35", 2, 4, (18, 21)),
        ("35.5", 3, 5, (25, 28)),
        ("55", 3, 5, (25, 28)),
    ],
)
def test_care_need_band_at_its_boundary(
    total: str, level: int | None, group: int | None, hours: tuple[int | None, int | None]
) -> None:
    found = score(CARE_NEED, answers_worth(CARE_NEED, total))
    assert found.points == Decimal(total)
    assert found.band is not None
    assert (found.band.level, found.band.group) == (level, group)
    assert (found.band.weekly_hours_min, found.band.weekly_hours_max) == hours
    assert (found.instrument, found.version) == ("care-need-2026", "2026")


@pytest.mark.parametrize(
    ("total", "label"),
    [
        ("0", "Total dependence"),
        ("20", "Total dependence"),
        ("25", "Severe dependence"),
        ("60", "Severe dependence"),
        ("65", "Moderate dependence"),
        ("90", "Moderate dependence"),
        ("95", "Slight dependence"),
        ("100", "Independent"),
    ],
)
def test_barthel_band_at_its_boundary(total: str, label: str) -> None:
    found = score(BARTHEL, answers_worth(BARTHEL, total))
    assert found.points == Decimal(total)
    assert found.band is not None
    assert (found.band.label_en, found.band.level) == (label, None)


@pytest.mark.parametrize(
    ("points_", "label"),
    [
        (20, "Total"),
        (21, "Severe"),
        (60, "Severe"),
        (61, "Moderate"),
        (91, "Slight"),
        (99, "Slight"),
    ],
)
def test_barthel_bands_end_where_the_scale_says(points_: int, label: str) -> None:
    band = BARTHEL.band(2 * points_)
    assert band is not None
    assert band.label_en.startswith(label)


BARTHEL_POINTS = {
    "feeding": [0, 5, 10],
    "bathing": [0, 5],
    "grooming": [0, 5],
    "dressing": [0, 5, 10],
    "bowels": [0, 5, 10],
    "bladder": [0, 5, 10],
    "toilet": [0, 5, 10],
    "transfer": [0, 5, 10, 15],
    "mobility": [0, 5, 10, 15],
    "stairs": [0, 5, 10],
}
LAWTON_POINTS = {
    "telephone": [1, 1, 1, 0],
    "shopping": [1, 0, 0, 0],
    "food": [1, 0, 0, 0],
    "housekeeping": [1, 1, 1, 1, 0],
    "laundry": [1, 1, 0],
    "transport": [1, 1, 1, 0, 0],
    "medication": [1, 0, 0],
    "finances": [1, 1, 0],
}
CARE_NEED_WEIGHTS = [3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("instrument", "expected"), [(BARTHEL, BARTHEL_POINTS), (LAWTON, LAWTON_POINTS)]
)
def test_options_score_as_the_scale_says(
    instrument: Instrument, expected: dict[str, list[int]]
) -> None:
    found = {p.code: [points(o.half_points) for o in p.options] for p in instrument.positions}
    assert found == expected


def test_care_need_has_21_positions_whose_weights_sum_to_55() -> None:
    weights = [points(position.max_half_points) for position in CARE_NEED.positions]
    assert weights == CARE_NEED_WEIGHTS
    assert (len(weights), sum(weights)) == (21, 55)
    for position in CARE_NEED.positions:
        none, half, full = (option.half_points for option in position.options)
        assert (none, 2 * half) == (0, full)


def test_half_of_an_odd_weight_is_exact() -> None:
    answers = all_at(CARE_NEED, 0) | {"cook": "half"}
    found = score(CARE_NEED, answers)
    assert (found.half_points, found.points) == (3, Decimal("1.5"))
    assert score(CARE_NEED, all_at(CARE_NEED, 1)).points == Decimal("27.5")


def test_lawton_scores_without_bands() -> None:
    best = score(LAWTON, all_at(LAWTON, 0))
    assert best.points == Decimal(8)
    assert best.band is None
    assert score(LAWTON, all_at(LAWTON, -1)).points == 0


def test_incomplete_questionnaire_names_every_missing_position_and_gives_no_level() -> None:
    answers = all_at(CARE_NEED, 2)
    del answers["drink"], answers["safety"]
    with pytest.raises(IncompleteAnswers, match="drink, safety") as caught:
        score(CARE_NEED, answers)
    assert caught.value.missing == ("drink", "safety")
    assert (caught.value.code, caught.value.field) == ("incomplete-answers", "answers")


def test_no_answers_at_all_are_not_a_zero() -> None:
    with pytest.raises(IncompleteAnswers) as caught:
        score(BARTHEL, {})
    assert len(caught.value.missing) == 10


@pytest.mark.parametrize(
    ("position", "option"), [("cook", "mostly"), ("flying", "none")], ids=["option", "position"]
)
def test_unknown_answer_names_position_and_option(position: str, option: str) -> None:
    with pytest.raises(UnknownAnswer) as caught:
        score(CARE_NEED, all_at(CARE_NEED, 0) | {position: option})
    assert (caught.value.position, caught.value.option) == (position, option)
    assert (caught.value.code, caught.value.field) == ("unknown-answer", f"answers.{position}")


@given(st.data())
def test_any_complete_answers_have_one_band_and_any_order_the_same_score(
    data: st.DataObject,
) -> None:
    chosen = {p.code: data.draw(st.sampled_from(p.options)).code for p in CARE_NEED.positions}
    found = score(CARE_NEED, chosen)
    assert sum(band.contains(found.half_points) for band in CARE_NEED.bands) == 1
    assert score(CARE_NEED, dict(reversed(chosen.items()))) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bands": CARE_NEED.bands[1:]}, "must run from 0"),
        ({"bands": (CARE_NEED.bands[0], *CARE_NEED.bands[2:])}, "no band holds"),
        ({"bands": (CARE_NEED.bands[0], *CARE_NEED.bands)}, "overlap"),
        ({"positions": (*CARE_NEED.positions, CARE_NEED.positions[0])}, "listed twice"),
        ({"sections": CARE_NEED.sections[1:]}, "no such section"),
    ],
)
def test_contradictory_instrument_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Instrument.model_validate({**dict(CARE_NEED), **change})
