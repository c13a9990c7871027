"""The protocol: service with a draft plan and a level, or refusal with grounds (R 3.4.6–3.4.10)."""

from typing import Any

import pytest

from contracts.assessment import NeedsAssessed, Proposal, ProtocolRecorded
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.values import Actor
from services.assessment.domain.case import Status
from services.assessment.domain.protocol import record_protocol
from services.assessment.domain.records import ProposedService
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, at

SERVICE, REFUSAL = Proposal.SERVICE, Proposal.REFUSAL
BATHING = ProposedService(service="bathing")


@pytest.mark.parametrize(
    ("half_points", "group", "level", "minutes"),
    [
        (31, 3, 1, (660, 840)),
        (52, 3, 1, (660, 840)),
        (53, 4, 2, (1080, 1260)),
        (70, 4, 2, (1080, 1260)),
        (71, 5, 3, (1500, 1680)),
        (110, 5, 3, (1500, 1680)),
    ],
)
def test_proposal_of_service_says_what_the_level_allows_l_3_1_l_3_3(
    half_points: int, group: int, level: int, minutes: tuple[int, int]
) -> None:
    case = stages.signed(half_points)
    recorded, assessed = record_protocol(case, stages.proposal_of(), at(stages.CHAIR))
    assert isinstance(recorded, ProtocolRecorded)
    assert recorded.proposal is SERVICE
    assert isinstance(assessed, NeedsAssessed)
    assert (assessed.group, assessed.level, assessed.days_per_week) == (group, level, 7)
    assert (assessed.weekly_minutes_from, assessed.weekly_minutes_to) == minutes
    assert (assessed.instrument, assessed.instrument_version) == ("care-need-2026", "2026")
    assert (assessed.case, assessed.organizer) == (stages.REF, stages.ORGANIZER.id)
    assert case.status is Status.ASSESSED


@pytest.mark.parametrize("kind", Proposal)
def test_meeting_ends_in_one_protocol_r_3_4_7(kind: Proposal) -> None:
    """It keeps what the meeting concluded, is told as recorded, and is not drawn up twice."""
    case = stages.signed()
    concluded = stages.proposal_of(kind)
    recorded, _ = record_protocol(case, concluded, at(stages.CHAIR))
    assert isinstance(recorded, ProtocolRecorded)
    assert (recorded.proposal, type(recorded).clause) == (kind, "R 3.4.7")
    assert case.protocol == concluded
    with pytest.raises(NotAllowedInState) as refused:
        record_protocol(case, stages.proposal_of(Proposal.SERVICE), at(stages.CHAIR))
    assert refused.value.code == "not-allowed-in-state"
    assert case.protocol == concluded


def test_protocol_ends_the_commissions_term_r_3_4_10() -> None:
    case = stages.signed()
    _, assessed = record_protocol(case, stages.proposal_of(), at(stages.CHAIR))
    assert isinstance(assessed, NeedsAssessed)
    assert [(term.code, term.closed_at) for term in assessed.closed] == [("commission", NOW)]
    assert case.terms.running == []


@pytest.mark.parametrize("half_points", [0, 30])
def test_service_without_a_level_is_refused_naming_the_band_l_3_3(half_points: int) -> None:
    case = stages.signed(half_points)
    with pytest.raises(InvalidInput) as refused:
        record_protocol(case, stages.proposal_of(), at(stages.CHAIR))
    assert (refused.value.code, refused.value.clause) == ("no-level", "L 3.3")
    assert "Уровень не устанавливается" in refused.value.detail
    assert case.status is Status.ACT_SIGNED


def test_service_without_a_score_is_refused_l_2_1() -> None:
    with pytest.raises(NotAllowedInState) as refused:
        record_protocol(stages.signed(None), stages.proposal_of(), at(stages.CHAIR))
    assert (refused.value.code, refused.value.clause) == ("not-scored", "L 2.1")


@pytest.mark.parametrize(
    ("half_points", "group", "level", "minutes"),
    [
        (None, None, None, (0, 0)),
        (30, None, None, (0, 0)),
        (60, 4, 2, (1080, 1260)),
        (71, 5, 3, (1500, 1680)),
    ],
)
def test_proposal_of_refusal_says_the_level_of_the_score_too_l_2_1_l_3_3(
    half_points: int | None, group: int | None, level: int | None, minutes: tuple[int, int]
) -> None:
    """Typization gives the level, the protocol only argues (R 3.4.8): the head may enrol all the
    same (R 3.6.1), and a complaint may annul the refusal (R 5.8)."""
    case = stages.signed(half_points)
    recorded, assessed = record_protocol(case, stages.proposal_of(REFUSAL), at(stages.CHAIR))
    assert isinstance(recorded, ProtocolRecorded)
    assert isinstance(assessed, NeedsAssessed)
    assert recorded.proposal is assessed.proposal is REFUSAL
    assert (assessed.group, assessed.level) == (group, level)
    assert (assessed.weekly_minutes_from, assessed.weekly_minutes_to) == minutes
    assert assessed.days_per_week == (7 if level else 0)
    assert (assessed.instrument, assessed.instrument_version) == ("care-need-2026", "2026")


@pytest.mark.parametrize(
    ("kind", "changed", "code", "field", "clause"),
    [
        (SERVICE, {"draft_plan": ()}, "draft-plan-missing", "draft_plan", "R 3.4.9"),
        (
            SERVICE,
            {"draft_plan": (BATHING, ProposedService(service="massage"))},
            "unknown-service",
            "draft_plan.1.service",
            "R 3.4.9",
        ),
        (
            SERVICE,
            {"refusal_grounds": ("not_in_need",)},
            "grounds-without-refusal",
            "refusal_grounds",
            "R 3.4.8",
        ),
        (REFUSAL, {"refusal_grounds": ()}, "refusal-ground-missing", "refusal_grounds", "R 3.4.8"),
        (
            REFUSAL,
            {"refusal_grounds": ("not_in_need", "no_money")},
            "unknown-refusal-ground",
            "refusal_grounds",
            "R 3.4.8",
        ),
        (REFUSAL, {"draft_plan": (BATHING,)}, "draft-plan-with-refusal", "draft_plan", "R 3.4.9"),
    ],
)
def test_proposal_comes_with_what_confirms_it(
    kind: Proposal, changed: dict[str, Any], code: str, field: str, clause: str
) -> None:
    case = stages.signed()
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        record_protocol(case, stages.proposal_of(kind, **changed), at(stages.CHAIR))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.clause == clause
    assert case == before


@pytest.mark.parametrize("kind", Proposal)
def test_unsigned_act_cannot_be_concluded_r_3_4_6(kind: Proposal) -> None:
    with pytest.raises(NotAllowedInState) as refused:
        record_protocol(stages.filled(), stages.proposal_of(kind), at(stages.CHAIR))
    assert (refused.value.code, refused.value.clause) == ("act-not-signed", "R 3.4.6")


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (Actor(id="b-other-chair", role="commission_chair"), "not-a-member"),
        (stages.ORGANIZER, "not-the-chair"),
        (stages.CHAIR.model_copy(update={"role": "psychologist"}), "not-the-chair"),
    ],
)
def test_protocol_is_the_chairs_who_chairs_this_commission_r_3_4_1(by: Actor, code: str) -> None:
    case = stages.signed()
    with pytest.raises(NotPermitted) as refused:
        record_protocol(case, stages.proposal_of(), at(by))
    assert (refused.value.code, refused.value.clause) == (code, "R 3.4.1")
    assert case.status is Status.ACT_SIGNED
