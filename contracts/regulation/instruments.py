"""Questionnaires with scoring and bands: data a region can replace, and the pure scoring of them.

All scores are whole numbers of HALF points: the care-need questionnaire gives half weights
(1.5 of 3), and halves kept as integers add up exactly. 15.5 points are 31 half points;
`points` converts for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from contracts.errors import InvalidInput
from contracts.values import Identifier, Line, Text, Value


def points(half_points: int) -> Decimal:
    """Half points as the points people speak of: 31 is 15.5."""
    return Decimal(half_points) / 2


class InstrumentKind(StrEnum):
    """What an instrument measures, and so how its score is to be read."""

    BASIC_ACTIVITIES = "basic_activities"
    """Self-care; more points mean more independence."""
    INSTRUMENTAL_ACTIVITIES = "instrumental_activities"
    """Keeping house and dealing with the world; more points mean more independence."""
    CARE_NEED = "care_need"
    """Need of care; more points mean more need. Only this kind gives a level."""


class Option(Value):
    """One possible answer to a position."""

    code: Identifier
    label_ru: Line
    label_en: Line
    half_points: int = Field(ge=0)


class Section(Value):
    """A heading that groups positions."""

    code: Identifier
    title_ru: Line
    title_en: Line


class Position(Value):
    """One question of an instrument."""

    code: Identifier
    section: Identifier
    title_ru: Line
    title_en: Line
    options: tuple[Option, ...] = Field(min_length=2)

    @property
    def max_half_points(self) -> int:
        """The most this position can add."""
        return max(option.half_points for option in self.options)

    def find_option(self, code: str) -> Option | None:
        """The option of that code, if the position has it."""
        return next((option for option in self.options if option.code == code), None)


class Band(Value):
    """A range of scores, both ends included, and what it means."""

    low_half_points: int = Field(ge=0)
    high_half_points: int = Field(ge=0)
    label_ru: Line
    label_en: Line
    level: int | None = Field(default=None, ge=1, le=3, description="care-need level, if any")
    group: int | None = Field(default=None, ge=1, le=5, description="functional group, if any")
    weekly_hours_min: int | None = Field(default=None, ge=0)
    weekly_hours_max: int | None = Field(default=None, ge=0)

    def contains(self, half_points: int) -> bool:
        """Whether the score lies in the band."""
        return self.low_half_points <= half_points <= self.high_half_points


class Instrument(Value):
    """A questionnaire of one version. Answers are kept with it, so any score can be recomputed."""

    code: Identifier
    version: Line
    title_ru: Line
    title_en: Line
    provenance: Text = Field(description="where the data come from and how far to trust them")
    official: bool = Field(description="false: not compared with the original, to be replaced")
    kind: InstrumentKind
    experts: int = Field(ge=1, description="how many experts fill it in together")
    sections: tuple[Section, ...]
    positions: tuple[Position, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(description="empty where the instrument knows no bands")

    @property
    def max_half_points(self) -> int:
        """The highest possible score."""
        return sum(position.max_half_points for position in self.positions)

    def find_position(self, code: str) -> Position | None:
        """The position of that code, if the instrument has it."""
        return next((position for position in self.positions if position.code == code), None)

    def band(self, half_points: int) -> Band | None:
        """The band of a score; None where the instrument has no bands."""
        return next((band for band in self.bands if band.contains(half_points)), None)

    @model_validator(mode="after")
    def _codes_are_unique_and_known(self) -> Self:
        codes = [position.code for position in self.positions]
        if len(set(codes)) != len(codes):
            raise ValueError(f"{self.code}: a position is listed twice")
        for position in self.positions:
            options = {option.code for option in position.options}
            if len(options) != len(position.options):
                raise ValueError(f"{self.code}.{position.code}: an option is listed twice")
            if position.section not in {section.code for section in self.sections}:
                raise ValueError(f"{self.code}.{position.code}: no such section")
        return self

    @model_validator(mode="after")
    def _bands_cover_every_score_once(self) -> Self:
        if not self.bands:
            return self
        ends = (self.bands[0].low_half_points, self.bands[-1].high_half_points)
        if ends != (0, self.max_half_points):
            raise ValueError(f"{self.code}: the bands must run from 0 to {self.max_half_points}")
        for lower, upper in pairwise(self.bands):
            # A gap is allowed only where no score can fall, e.g. between 20 and 25 in Barthel.
            if upper.low_half_points <= lower.high_half_points:
                raise ValueError(f"{self.code}: bands overlap at {upper.low_half_points}")
        lost = [score for score in self._possible_scores() if self.band(score) is None]
        if lost:
            raise ValueError(f"{self.code}: no band holds {lost} half points")
        return self

    def _possible_scores(self) -> list[int]:
        sums = {0}
        for position in self.positions:
            sums = {total + option.half_points for total in sums for option in position.options}
        return sorted(sums)


class Score(Value):
    """The outcome of an instrument, with the version that makes it recomputable."""

    instrument: Identifier
    version: Line
    half_points: int
    band: Band | None = None

    @property
    def points(self) -> Decimal:
        """The score in points: exact, in steps of a half."""
        return points(self.half_points)


class IncompleteAnswers(InvalidInput):
    """Positions are unanswered: an unanswered position is not a zero, so there is no level."""

    def __init__(self, instrument: str, missing: tuple[str, ...]) -> None:
        detail = f"{instrument}: not answered: {', '.join(missing)}"
        super().__init__("incomplete-answers", detail, field="answers")
        self.instrument = instrument
        self.missing = missing


class UnknownAnswer(InvalidInput):
    """An answer names a position or an option that the instrument does not have."""

    def __init__(self, instrument: str, position: str, option: str) -> None:
        detail = f"{instrument} has no such position, or no such option at it"
        super().__init__("unknown-answer", detail, field=f"answers.{position}")
        self.instrument = instrument
        self.position = position
        self.option = option


def score(instrument: Instrument, answers: Mapping[str, str]) -> Score:
    """Add up the answers (position code to option code) and find the band.

    Raises UnknownAnswer at the first answer that does not exist, then IncompleteAnswers naming
    every position left out.
    """
    total = 0
    for position_code, option_code in answers.items():
        position = instrument.find_position(position_code)
        option = position.find_option(option_code) if position else None
        if option is None:
            raise UnknownAnswer(instrument.code, position_code, option_code)
        total += option.half_points
    missing = tuple(p.code for p in instrument.positions if p.code not in answers)
    if missing:
        raise IncompleteAnswers(instrument.code, missing)
    return Score(
        instrument=instrument.code,
        version=instrument.version,
        half_points=total,
        band=instrument.band(total),
    )
