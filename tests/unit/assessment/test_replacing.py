"""Nothing waits for a person who is gone (R 3.3.12, 3.4.1, 3.4.2, 3.4.6)."""

import pytest

from contracts.assessment import ActSigned, NeedsAssessed, OrganizerAssigned
from contracts.errors import InvalidInput, NotPermitted
from services.assessment.domain.act import missing_signatures, sign_act
from services.assessment.domain.case import Case, Status, involves
from services.assessment.domain.commission import convene_commission
from services.assessment.domain.protocol import record_protocol
from services.assessment.domain.records import Member, Signer
from services.assessment.domain.survey import assign_organizer
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, STAGES, WHY, at

DEPUTY = stages.ORGANIZER.model_copy(update={"id": "w-deputy"})
SECOND_CHAIR = stages.CHAIR.model_copy(update={"id": "b-second-chair"})
BEGUN = (Status.CONVENED, Status.ACT_SIGNED, Status.ASSESSED)


def seats_with(*new: Member) -> list[Member]:
    """The four required seats, some of them taken by others."""
    taken = {member.seat: member for member in (*stages.seats(), *new)}
    return list(taken.values())


def sign_all(case: Case) -> list[object]:
    """Everybody of the commission signs, and the citizen; the events of the last."""
    for member in case.commission.members if case.commission else ():
        who = next(p for p in (*stages.MEMBERS, DEPUTY, SECOND_CHAIR) if p.id == member.person)
        sign_act(case, Signer.MEMBER, None, at(who))
    organizer = DEPUTY if case.organizer == DEPUTY.id else stages.ORGANIZER
    return list(sign_act(case, Signer.CITIZEN, True, at(organizer)))


@pytest.mark.parametrize(
    ("status", "left_in"),
    [
        (Status.CONVENED, Status.ORGANIZER_ASSIGNED),
        (Status.ACT_SIGNED, Status.ACT_SIGNED),
        (Status.ASSESSED, Status.ASSESSED),
    ],
)
def test_another_organizer_takes_over_until_the_procedure_has_ended_r_3_3_12(
    status: Status, left_in: Status
) -> None:
    case = STAGES[status]()
    running, sections = case.terms.model_copy(deep=True), dict(case.sections)
    (event,) = assign_organizer(case, DEPUTY.id, WHY, at(stages.HEAD))
    assert isinstance(event, OrganizerAssigned)
    assert (event.organizer, event.opened, event.closed) == (DEPUTY.id, (), ())
    assert (case.organizer, case.status, case.terms) == (DEPUTY.id, left_in, running)
    assert (case.sections, involves(case, DEPUTY)) == (sections, True)
    (kept,) = case.replaced
    assert (kept.organizer, kept.reason) == (stages.ORGANIZER.id, WHY)
    assert (kept.replaced_by, kept.replaced_at) == (stages.HEAD, NOW)
    assert (kept.commission is None) is (status is not Status.CONVENED)


@pytest.mark.parametrize("status", BEGUN)
@pytest.mark.parametrize(
    ("named", "reason", "rule"),
    [
        (DEPUTY.id, None, ("reason-missing", "reason")),
        (stages.ORGANIZER.id, WHY, ("organizer-already-assigned", "organizer")),
    ],
)
def test_who_takes_over_is_another_and_it_is_said_why_r_3_3_12(
    status: Status, named: str, reason: str | None, rule: tuple[str, str]
) -> None:
    case = STAGES[status]()
    before = case.model_copy(deep=True)
    with pytest.raises(InvalidInput) as refused:
        assign_organizer(case, named, reason, at(stages.HEAD))
    assert (refused.value.code, refused.value.field) == rule
    assert refused.value.clause == "R 3.3.12"
    assert case == before


def test_who_takes_over_calls_the_commission_anew_and_it_concludes_r_3_3_15() -> None:
    case = stages.filled()
    stages.score_case(case, 60)
    sign_act(case, Signer.MEMBER, None, at(stages.ORGANIZER))
    signed = list(case.signatures)
    assign_organizer(case, DEPUTY.id, WHY, at(stages.HEAD))
    assert (case.replaced[0].signatures, case.signatures) == (tuple(signed), [])
    anew = stages.commission_of(seats_with(stages.seat("care_organizer", DEPUTY)))
    with pytest.raises(NotPermitted):
        convene_commission(case, anew, None, at(stages.ORGANIZER))
    convene_commission(case, anew, None, at(DEPUTY))
    (closed,) = sign_all(case)
    assert isinstance(closed, ActSigned)
    assert closed.signatures == 5
    _, assessed = record_protocol(case, stages.proposal_of(), at(stages.CHAIR))
    assert isinstance(assessed, NeedsAssessed)
    assert assessed.organizer == DEPUTY.id


@pytest.mark.parametrize("signatures", [1, 5])
def test_commission_called_anew_signs_the_act_anew_r_3_4_6(signatures: int) -> None:
    """The chair is gone before the protocol (R 3.4.1): what was filled in stays."""
    case = stages.filled() if signatures == 1 else stages.signed()
    if signatures == 1:
        sign_act(case, Signer.MEMBER, None, at(stages.DOCTOR))
    void, commission, sections = list(case.signatures), case.commission, dict(case.sections)
    anew = stages.commission_of(seats_with(stages.seat("chair", SECOND_CHAIR)))
    convene_commission(case, anew, WHY, at(stages.ORGANIZER))
    assert (case.status, case.commission, case.sections) == (Status.CONVENED, anew, sections)
    assert len(missing_signatures(case)) == 5
    (kept,) = case.replaced
    assert (kept.commission, list(kept.signatures)) == (commission, void)
    assert (kept.reason, kept.organizer) == (WHY, stages.ORGANIZER.id)
    sign_all(case)
    with pytest.raises(NotPermitted):
        record_protocol(case, stages.proposal_of(stages.Proposal.REFUSAL), at(stages.CHAIR))
    record_protocol(case, stages.proposal_of(stages.Proposal.REFUSAL), at(SECOND_CHAIR))
    assert case.status is Status.ASSESSED
