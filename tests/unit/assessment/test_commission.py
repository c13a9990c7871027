"""Who must sit in the commission (R 3.4.1, 3.4.2)."""

from datetime import timedelta

import pytest

from contracts.assessment import CommissionConvened
from contracts.errors import InvalidInput, NotPermitted
from services.assessment.commands import convened_summary
from services.assessment.domain.act import sign_act
from services.assessment.domain.case import Status
from services.assessment.domain.commission import convene_commission, seat_role
from services.assessment.domain.records import Member, Signer
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, at, commission_of, seat, seats

REQUIRED = [(rule.code, rule.clause) for rule in stages.PACK.commission.required]


@pytest.mark.parametrize(("missing", "clause"), REQUIRED)
def test_commission_that_lacks_a_seat_names_it_r_3_4_1_3_4_2(missing: str, clause: str) -> None:
    case = stages.organized()
    others = [member for member in seats() if member.seat != missing]
    with pytest.raises(InvalidInput) as refused:
        convene_commission(case, commission_of(others), None, at(stages.ORGANIZER))
    assert (refused.value.code, refused.value.clause) == ("seat-missing", clause)
    assert refused.value.detail.endswith(f": {missing}")
    assert refused.value.field == "members"
    assert case.status is Status.ORGANIZER_ASSIGNED


CHAIR, ORGANIZER, DOCTOR, PSYCHOLOGIST = seats()
LAWYER = seat("lawyer", stages.LAWYER)
STRANGER = LAWYER.model_copy(update={"person": "x-stranger"})


@pytest.mark.parametrize(
    ("members", "refused", "field"),
    [
        ([*seats(), LAWYER.model_copy(update={"seat": "astrologer"})], "unknown-seat", "4.seat"),
        (
            [*seats(), STRANGER.model_copy(update={"seat": "psychologist"})],
            "seat-taken-twice",
            "4.seat",
        ),
        ([*seats(), LAWYER.model_copy(update={"person": "h-nurse"})], "person-twice", "4.person"),
        (
            [CHAIR, ORGANIZER.model_copy(update={"person": "w-other"}), DOCTOR, PSYCHOLOGIST],
            "seat-not-the-organizer",
            "1.person",
        ),
        (
            [
                CHAIR.model_copy(update={"organization": stages.INSTITUTION}),
                ORGANIZER,
                DOCTOR,
                PSYCHOLOGIST,
            ],
            "chair-not-of-authorised-body",
            "0.organization",
        ),
        (seats(), None, ""),
        ([*seats(), LAWYER], None, ""),
        ([*seats(), LAWYER, STRANGER], None, ""),  # at need, more than one of a kind
    ],
)
def test_seats_are_taken_once_by_those_they_are_for_r_3_4_1_3_4_2(
    members: list[Member], refused: str | None, field: str
) -> None:
    case = stages.organized()
    if refused is None:
        (event,) = convene_commission(case, commission_of(members), None, at(stages.ORGANIZER))
        assert isinstance(event, CommissionConvened)
        assert event.seats == tuple(member.seat for member in members)
        assert event.meeting_at == NOW + timedelta(days=2)
        assert case.status is Status.CONVENED
        return
    with pytest.raises(InvalidInput) as failure:
        convene_commission(case, commission_of(members), None, at(stages.ORGANIZER))
    assert failure.value.code == refused
    assert failure.value.field == f"members.{field}"
    assert failure.value.clause is not None


@pytest.mark.parametrize("from_home_care", [0, 1, 3, 4])
def test_commission_shows_how_independent_it_is_r_3_4_2(from_home_care: int) -> None:
    case = stages.organized()
    members = [
        member.model_copy(update={"from_home_care": index < from_home_care})
        for index, member in enumerate(seats())
    ]
    (event,) = convene_commission(case, commission_of(members), None, at(stages.ORGANIZER))
    assert isinstance(event, CommissionConvened)
    assert event.independent_members == 4 - from_home_care
    answer = convened_summary(case)
    assert answer["independent_members"] == 4 - from_home_care
    warnings = [(warning["code"], warning["clause"]) for warning in answer["warnings"]]
    assert warnings == ([("no-independent-member", "R 3.4.2")] if from_home_care == 4 else [])


def test_only_the_assigned_organizer_convenes_r_3_3_15() -> None:
    case = stages.organized()
    other = stages.ORGANIZER.model_copy(update={"id": "w-other"})
    with pytest.raises(NotPermitted) as refused:
        convene_commission(case, commission_of(seats()), None, at(other))
    assert (refused.value.code, refused.value.clause) == ("not-the-assigned-organizer", "R 3.3.15")


@pytest.mark.parametrize("days", [1, 5])
def test_organizer_sets_the_time_the_commission_meets_r_3_3_13(days: int) -> None:
    """The organizer of the case and nobody else; the time is told, and may be set anew."""
    case = stages.organized()
    meeting = commission_of(seats()).model_copy(update={"meeting_at": NOW + timedelta(days=days)})
    for by in (stages.CHAIR, stages.HEAD):
        with pytest.raises(NotPermitted):
            convene_commission(case, meeting, None, at(by))
        assert case.commission is None
    (event,) = convene_commission(case, meeting, None, at(stages.ORGANIZER))
    assert isinstance(event, CommissionConvened)
    assert event.meeting_at == NOW + timedelta(days=days)
    later = meeting.model_copy(update={"meeting_at": NOW + timedelta(days=7)})
    (again,) = convene_commission(case, later, None, at(stages.ORGANIZER))
    assert isinstance(again, CommissionConvened)
    assert again.meeting_at == NOW + timedelta(days=7)
    assert case.commission == later


def test_commission_is_called_anew_without_a_reason_until_the_first_signature_r_3_4_6() -> None:
    case = stages.filled()
    larger = commission_of([*seats(), LAWYER])
    convene_commission(case, larger, None, at(stages.ORGANIZER))
    assert (case.commission, case.replaced) == (larger, [])
    sign_act(case, Signer.MEMBER, None, at(stages.DOCTOR))
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        convene_commission(case, commission_of(seats()), None, at(stages.ORGANIZER))
    assert (refused.value.code, refused.value.field) == ("reason-missing", "reason")
    assert refused.value.clause == "R 3.4.6"
    assert case == before


def test_seat_that_the_pack_does_not_know_has_no_role() -> None:
    assert seat_role(stages.PACK, "astrologer") is None
    assert seat_role(stages.PACK, "district_doctor") == "commission_member"
