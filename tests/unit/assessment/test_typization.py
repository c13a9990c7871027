"""Questionnaires: complete, by two experts, recomputable (L 2.1, 3.3)."""

import pytest

from contracts.errors import InvalidInput, NotPermitted
from contracts.regulation import IncompleteAnswers, UnknownAnswer
from contracts.values import Actor
from services.assessment.domain.records import Answer
from services.assessment.domain.typization import (
    deciding_instrument,
    deciding_questionnaire,
    level_of,
    recomputed,
    record_questionnaire,
)
from tests.unit.assessment import stages
from tests.unit.assessment.stages import EXPERTS, NOW, answers, at

CARE_NEED = "care-need-2026"


@pytest.mark.parametrize(
    ("half_points", "level"),
    [(0, None), (30, None), (31, 1), (52, 1), (53, 2), (70, 2), (71, 3), (110, 3)],
)
def test_score_gives_the_level_of_its_band_l_3_3(half_points: int, level: int | None) -> None:
    case = stages.convened()
    stages.score_case(case, half_points)
    kept = deciding_questionnaire(case)
    assert kept is not None
    assert kept.score.half_points == half_points
    found = level_of(stages.PACK, kept.score)
    assert (found.level if found else None) == level
    assert recomputed(stages.PACK, kept) == kept.score


@pytest.mark.parametrize("position", [p.code for p in stages.instrument().positions])
def test_unanswered_position_is_no_zero_and_gives_no_level_l_2_1(position: str) -> None:
    case = stages.convened()
    incomplete = {code: answer for code, answer in answers(60).items() if code != position}
    with pytest.raises(IncompleteAnswers) as refused:
        record_questionnaire(case, CARE_NEED, incomplete, EXPERTS, at(stages.ORGANIZER))
    assert refused.value.code == "incomplete-answers"
    assert refused.value.missing == (position,)
    assert case.questionnaires == {}


def test_every_unanswered_position_is_named() -> None:
    with pytest.raises(IncompleteAnswers) as refused:
        record_questionnaire(stages.convened(), CARE_NEED, {}, EXPERTS, at(stages.ORGANIZER))
    assert all(p.code in refused.value.detail for p in stages.instrument().positions)


def test_questionnaire_keeps_what_makes_it_recomputable_l_2_1() -> None:
    case = stages.convened()
    given = answers(60)
    assert record_questionnaire(case, CARE_NEED, given, EXPERTS, at(stages.ORGANIZER)) == []
    kept = case.questionnaires[CARE_NEED]
    assert (kept.instrument, kept.version) == (CARE_NEED, "2026")
    assert kept.answers == given
    assert kept.experts == EXPERTS
    assert (kept.recorded_by, kept.recorded_at) == (stages.ORGANIZER, NOW)


def test_score_of_another_version_is_not_recomputed() -> None:
    case = stages.convened()
    stages.score_case(case, 60)
    older = case.questionnaires[CARE_NEED].model_copy(update={"version": "2021"})
    gone = case.questionnaires[CARE_NEED].model_copy(update={"instrument": "care-need-2021"})
    assert recomputed(stages.PACK, older) is None
    assert recomputed(stages.PACK, gone) is None


@pytest.mark.parametrize(
    ("experts", "refused"),
    [
        ((), True),
        (("w-organizer",), True),
        (("w-organizer", "w-organizer"), True),
        (("w-organizer", "h-nurse"), False),
        (("w-organizer", "h-nurse", "h-nurse"), True),
        (("w-organizer", "h-nurse", "w-psychologist"), False),
    ],
)
def test_two_different_experts_at_once_l_2_1(experts: tuple[str, ...], refused: bool) -> None:
    case = stages.convened()
    if not refused:
        record_questionnaire(case, CARE_NEED, answers(60), experts, at(stages.ORGANIZER))
        assert case.questionnaires[CARE_NEED].experts == experts
        return
    with pytest.raises(InvalidInput) as failure:
        record_questionnaire(case, CARE_NEED, answers(60), experts, at(stages.ORGANIZER))
    assert (failure.value.code, failure.value.field) == ("experts-missing", "experts")


@pytest.mark.parametrize(
    ("code", "experts", "field"),
    [
        (CARE_NEED, ("k-expert", "h-nurse"), "experts.0"),
        (CARE_NEED, ("h-nurse", "k-expert"), "experts.1"),
        (CARE_NEED, ("h-nurse", "w-organizer", "x-lawyer"), "experts.2"),  # no lawyer sits in it
        ("barthel", ("k-expert",), "experts.0"),
        (CARE_NEED, ("h-nurse", "w-organizer"), None),
        (CARE_NEED, ("h-nurse", "w-psychologist"), None),  # who records need not be an expert
        ("barthel", ("h-nurse",), None),
    ],
)
def test_experts_are_members_who_sit_in_the_commission_l_2_1(
    code: str, experts: tuple[str, ...], field: str | None
) -> None:
    case = stages.convened()
    points = 200 if code == "barthel" else 60
    if field is None:
        record_questionnaire(case, code, answers(points, code), experts, at(stages.ORGANIZER))
        assert case.questionnaires[code].experts == experts
        return
    with pytest.raises(InvalidInput) as refused:
        record_questionnaire(case, code, answers(points, code), experts, at(stages.ORGANIZER))
    assert (refused.value.code, refused.value.field) == ("expert-not-in-commission", field)
    assert refused.value.clause == "L 2.1"
    assert case.questionnaires == {}


@pytest.mark.parametrize(
    ("by", "allowed"),
    [
        (stages.ORGANIZER, True),
        (stages.DOCTOR, True),  # a member and one of the experts
        (stages.CHAIR, False),  # a member, no expert
        (Actor(id="k-expert", role="psychologist"), False),  # an expert, no member
        (stages.ORGANIZER.model_copy(update={"id": "w-other"}), False),
    ],
)
def test_questionnaire_is_recorded_by_the_organizer_or_an_expert_member_l_2_1(
    by: Actor, allowed: bool
) -> None:
    case = stages.convened()
    experts = ("h-nurse", "w-psychologist") if allowed else ("h-nurse", "k-expert")
    if allowed:
        record_questionnaire(case, CARE_NEED, answers(60), experts, at(by))
        assert case.questionnaires[CARE_NEED].recorded_by == by
        return
    with pytest.raises(NotPermitted) as refused:
        record_questionnaire(case, CARE_NEED, answers(60), experts, at(by))
    assert (refused.value.code, refused.value.clause) == ("not-an-expert", "L 2.1")


def test_answer_says_where_it_comes_from_l_2_1() -> None:
    guessed = {**answers(60), "cook": Answer(option="none", source="rumour")}
    with pytest.raises(InvalidInput) as refused:
        record_questionnaire(stages.convened(), CARE_NEED, guessed, EXPERTS, at(stages.ORGANIZER))
    assert refused.value.code == "unknown-answer-source"
    assert refused.value.field == "answers.cook.source"


def test_answer_the_instrument_does_not_have_is_refused() -> None:
    wrong = {**answers(60), "cook": Answer(option="often", source="said")}
    with pytest.raises(UnknownAnswer) as refused:
        record_questionnaire(stages.convened(), CARE_NEED, wrong, EXPERTS, at(stages.ORGANIZER))
    assert refused.value.field == "answers.cook"


def test_instrument_the_pack_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        record_questionnaire(stages.convened(), "mood", {}, EXPERTS, at(stages.ORGANIZER))
    assert (refused.value.code, refused.value.field) == ("unknown-instrument", "instrument")


def test_barthel_is_kept_and_does_not_decide() -> None:
    case = stages.convened()
    assert deciding_instrument(stages.PACK).code == CARE_NEED
    independent = answers(200, "barthel")
    record_questionnaire(case, "barthel", independent, ("h-nurse",), at(stages.DOCTOR))
    assert deciding_questionnaire(case) is None
    stages.score_case(case, 60)
    assert set(case.questionnaires) == {"barthel", CARE_NEED}
    assert level_of(stages.PACK, case.questionnaires["barthel"].score) is None


def test_questionnaire_is_recorded_anew_until_the_protocol() -> None:
    case = stages.signed(31)
    stages.score_case(case, 71)
    kept = deciding_questionnaire(case)
    assert kept is not None
    assert kept.score.half_points == 71
