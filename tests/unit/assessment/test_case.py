"""What may happen in which state, and who may know of a case."""

from collections.abc import Callable

import pytest

from contracts.errors import NotAllowedInState
from contracts.values import Actor
from services.assessment.domain import act, commission, opening, protocol, survey
from services.assessment.domain.case import ALLOWED, Action, Case, Status, involves
from services.assessment.domain.records import Signer
from tests.unit.assessment import stages
from tests.unit.assessment.stages import STAGES, at

LAWYER = stages.seat("lawyer", stages.LAWYER)

# Each with other particulars than the stages are made with: what is done again must show.
DOES: dict[Action, Callable[[Case], object]] = {
    Action.SCHEDULE_SURVEY: lambda case: survey.schedule_survey(
        case, stages.visit(44), at(stages.SPECIALIST), has_phone=True
    ),
    Action.COMPLETE_SURVEY: lambda case: survey.complete_survey(
        case, stages.sheet(), at(stages.SPECIALIST), has_phone=False
    ),
    Action.REOPEN: lambda case: opening.reopen(case, at(stages.SPECIALIST)),
    Action.ASSIGN_ORGANIZER: lambda case: survey.assign_organizer(
        case, "w-deputy", stages.WHY, at(stages.HEAD)
    ),
    Action.CONVENE_COMMISSION: lambda case: commission.convene_commission(
        case, stages.commission_of([*stages.seats(), LAWYER]), stages.WHY, at(stages.ORGANIZER)
    ),
    Action.FILL_SECTION: lambda case: stages.fill(case, "family", stages.PSYCHOLOGIST),
    Action.RECORD_QUESTIONNAIRE: lambda case: stages.score_case(case, 71),
    Action.SIGN_ACT: lambda case: act.sign_act(case, Signer.MEMBER, None, at(stages.CHAIR)),
    Action.RECORD_PROTOCOL: lambda case: protocol.record_protocol(
        case, stages.proposal_of(), at(stages.CHAIR)
    ),
}


def test_every_state_and_action_has_its_case() -> None:
    assert set(STAGES) == set(Status)
    assert set(DOES) == set(ALLOWED) == set(Action)


@pytest.mark.parametrize("status", Status)
def test_case_made_for_a_state_is_in_it(status: Status) -> None:
    assert STAGES[status]().status is status


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Action)
def test_action_is_done_where_allowed_and_refused_unchanged_elsewhere(
    status: Status, action: Action
) -> None:
    case = STAGES[status]()
    before = case.model_copy(deep=True)
    if status in ALLOWED[action]:
        DOES[action](case)
        assert case != before
        return
    with pytest.raises(NotAllowedInState) as refused:
        DOES[action](case)
    unsigned = action is Action.RECORD_PROTOCOL and status is Status.CONVENED
    assert refused.value.code == ("act-not-signed" if unsigned else "not-allowed-in-state")
    assert case == before


OUTSIDER = Actor(id="somebody", role="specialist", organization="r-institution-16")


@pytest.mark.parametrize(
    ("case", "actor", "known"),
    [
        (stages.surveyed(), stages.SPECIALIST, True),
        (stages.surveyed(), stages.CHAIR, True),  # staff of the authorised body
        (stages.surveyed(), stages.DOCTOR, False),  # of a hospital, not in a commission yet
        (stages.convened(), stages.DOCTOR, True),
        (stages.convened(), OUTSIDER, False),
        (stages.convened(), stages.LAWYER, False),
        (stages.convened(stages.seat("lawyer", stages.LAWYER)), stages.LAWYER, True),
        (stages.organized(), Actor(id=stages.ORGANIZER.id, role="care_organizer"), True),
        (stages.surveyed(), Actor(id=stages.ORGANIZER.id, role="care_organizer"), False),
        (Case(id="C-9"), stages.SPECIALIST, False),
        (Case(id="C-9"), Actor(id="nobody", role="specialist"), False),
    ],
)
def test_case_is_known_to_staff_who_serve_it_and_to_its_commission(
    case: Case, actor: Actor, known: bool
) -> None:
    assert involves(case, actor) is known


@pytest.mark.parametrize("reading", ["reference", "care_organizer"])
def test_case_that_lacks_what_is_read_says_so(reading: str) -> None:
    with pytest.raises(NotAllowedInState):
        getattr(Case(id="C-9"), reading)
