"""The act: who fills which section, who signs, and when it is signed (R 3.4.4, 3.4.6)."""

import pytest

from contracts.assessment import ActSigned
from contracts.errors import InvalidInput, NotAllowedInState, NotFound, NotPermitted
from contracts.values import Actor
from services.assessment.domain.act import (
    empty_sections,
    fill_section,
    missing_signatures,
    sign_act,
)
from services.assessment.domain.case import Status
from services.assessment.domain.records import CitizenProblem, Signer
from tests.unit.assessment import stages
from tests.unit.assessment.stages import NOW, at

SECTIONS = [rule.code for rule in stages.PACK.act_sections]
LAWYER_SEAT = stages.seat("lawyer", stages.LAWYER)
EVERYBODY = (*stages.MEMBERS, stages.LAWYER)
RESERVED = {
    "physical_health": stages.DOCTOR,
    "psychosocial_state": stages.PSYCHOLOGIST,
    "conclusion": stages.CHAIR,
}


def test_act_has_its_eleven_sections_r_3_4_4() -> None:
    assert len(SECTIONS) == 11
    assert empty_sections(stages.convened()) == SECTIONS
    assert empty_sections(stages.filled()) == []


@pytest.mark.parametrize("by", EVERYBODY, ids=lambda by: by.role)
@pytest.mark.parametrize("section", SECTIONS)
def test_section_is_filled_by_those_the_pack_allows_r_3_4_4(section: str, by: Actor) -> None:
    case = stages.convened(LAWYER_SEAT)
    before = case.model_copy(deep=True)
    if by == RESERVED.get(section, by):
        problems = [CitizenProblem(problem="Не моется сам", measures=("Помощь при мытье",))]
        assert fill_section(case, section, "Установлено.", problems, at(by)) == []
        filled = case.sections[section]
        assert (filled.filled_by, filled.filled_at) == (by, NOW)
        assert filled.problems == tuple(problems)
        return
    with pytest.raises(NotPermitted) as refused:
        stages.fill(case, section, by)
    assert (refused.value.code, refused.value.clause) == ("role-may-not-fill", "R 3.4.4")
    assert case == before


@pytest.mark.parametrize(
    ("by", "code"),
    [
        # a health worker, but not of this commission
        (Actor(id="h-other", role="health_worker"), "not-a-member"),
        # the member, acting in a role that is not their seat's
        (stages.PSYCHOLOGIST.model_copy(update={"role": "health_worker"}), "role-may-not-fill"),
    ],
)
def test_physical_health_is_filled_by_this_commissions_health_worker_r_3_4_4(
    by: Actor, code: str
) -> None:
    case = stages.convened()
    with pytest.raises(NotPermitted) as refused:
        stages.fill(case, "physical_health", by)
    assert (refused.value.code, refused.value.clause) == (code, "R 3.4.4")
    assert case.sections == {}


def test_section_the_act_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound):
        stages.fill(stages.convened(), "hobbies")


def test_section_is_filled_anew_until_the_first_signature_r_3_4_6() -> None:
    case = stages.filled()
    fill_section(case, "family", "Сын переехал к ней.", [], at(stages.PSYCHOLOGIST))
    assert case.sections["family"].findings == "Сын переехал к ней."
    assert case.sections["family"].filled_by == stages.PSYCHOLOGIST
    sign_act(case, Signer.MEMBER, None, at(stages.DOCTOR))
    with pytest.raises(NotAllowedInState) as refused:
        stages.fill(case, "family")
    assert (refused.value.code, refused.value.clause) == ("act-signing-began", "R 3.4.6")


@pytest.mark.parametrize("empty", SECTIONS)
def test_act_with_an_empty_section_is_not_signed_r_3_4_6(empty: str) -> None:
    case = stages.filled()
    del case.sections[empty]
    with pytest.raises(NotAllowedInState) as refused:
        sign_act(case, Signer.MEMBER, None, at(stages.CHAIR))
    assert refused.value.code == "act-incomplete"
    assert refused.value.detail.endswith(f": {empty}")
    assert case.signatures == []


@pytest.mark.parametrize("citizen", [Signer.CITIZEN, Signer.REPRESENTATIVE])
def test_act_is_signed_with_the_last_of_all_signatures_r_3_4_6(citizen: Signer) -> None:
    case = stages.filled(LAWYER_SEAT)
    assert missing_signatures(case) == [
        "chair",
        "care_organizer",
        "health_worker",
        "psychologist",
        "lawyer",
        "citizen",
    ]
    assert sign_act(case, citizen, True, at(stages.ORGANIZER)) == []
    for member in EVERYBODY[:-1]:
        assert sign_act(case, Signer.MEMBER, None, at(member)) == []
    assert missing_signatures(case) == ["lawyer"]
    (event,) = sign_act(case, Signer.MEMBER, None, at(stages.LAWYER))
    assert isinstance(event, ActSigned)
    assert event.signatures == 6
    assert case.status is Status.ACT_SIGNED


def test_act_is_not_signed_without_the_citizen_r_3_4_6() -> None:
    case = stages.filled()
    for member in stages.MEMBERS:
        assert sign_act(case, Signer.MEMBER, None, at(member)) == []
    assert missing_signatures(case) == ["citizen"]
    assert case.status is Status.CONVENED


@pytest.mark.parametrize(
    ("signer", "by"), [(Signer.MEMBER, stages.CHAIR), (Signer.CITIZEN, stages.ORGANIZER)]
)
def test_nobody_signs_twice_r_3_4_6(signer: Signer, by: Actor) -> None:
    case = stages.filled()
    sign_act(case, signer, True, at(by))
    again = Signer.REPRESENTATIVE if signer is Signer.CITIZEN else signer
    with pytest.raises(NotAllowedInState) as refused:
        sign_act(case, again, True, at(by))
    assert (refused.value.code, refused.value.clause) == ("already-signed", "R 3.4.6")
    assert len(case.signatures) == 1


@pytest.mark.parametrize("consent", [None, False])
def test_citizen_signs_with_consent_to_pass_the_information_on_r_3_4_6(
    consent: bool | None,
) -> None:
    case = stages.filled()
    with pytest.raises(InvalidInput) as refused:
        sign_act(case, Signer.CITIZEN, consent, at(stages.ORGANIZER))
    assert (refused.value.code, refused.value.clause) == ("consent-missing", "R 3.4.6")
    assert refused.value.field == "consents_to_transfer"
    assert case.signatures == []


@pytest.mark.parametrize(
    ("signer", "by", "code"),
    [
        (Signer.CITIZEN, stages.CHAIR, "not-the-assigned-organizer"),
        (Signer.MEMBER, stages.LAWYER, "not-a-member"),
        (
            Signer.MEMBER,
            stages.CHAIR.model_copy(update={"role": "psychologist"}),
            "role-not-of-seat",
        ),
    ],
)
def test_signatures_are_given_by_those_they_are_of_r_3_4_6(
    signer: Signer, by: Actor, code: str
) -> None:
    case = stages.filled()
    with pytest.raises(NotPermitted) as refused:
        sign_act(case, signer, True, at(by))
    assert (refused.value.code, refused.value.clause) == (code, "R 3.4.6")
    assert case.signatures == []


def test_case_without_a_commission_lacks_no_signature() -> None:
    assert missing_signatures(stages.organized()) == []
