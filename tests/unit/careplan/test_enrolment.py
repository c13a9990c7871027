"""Contract, order, refusal notice: how the procedure ends (R 3.6.2–3.6.4)."""

import pytest

from contracts.careplan import ContractConcluded, Enrolled, Refused, ServiceForm
from contracts.roles import Role
from services.careplan.domain.case import Status
from services.careplan.domain.enrolment import conclude_contract, enrol, send_refusal_notice
from services.careplan.domain.records import Delivery
from tests.unit.careplan.made import (
    BODY,
    HANDOVER,
    INSTITUTION,
    KNOWN,
    MUSEUM,
    PROVIDER,
    at,
    in_status,
    refused,
    rule_of,
)

DIRECTOR = Role.INSTITUTION_DIRECTOR


def test_the_contract_says_what_was_handed_over() -> None:
    """R 3.6.2."""
    case = in_status(Status.DECIDED_ENROL)
    (event,) = conclude_contract(case, "Д-12", True, HANDOVER, at())
    assert event == ContractConcluded(by=at().by, number="Д-12", handed_over=HANDOVER)
    assert case.status is Status.CONTRACTED
    assert case.contract is not None


@pytest.mark.parametrize(
    ("missing", "clause"),
    [
        ("care_plan_copy", "R 3.6.2 а"),
        ("services_and_tariffs", "R 3.6.2 б"),
        ("complaint_procedure", "R 3.6.2 в"),
        ("rules_of_conduct", "R 3.6.2 г"),
    ],
)
def test_each_piece_must_be_handed_over(missing: str, clause: str) -> None:
    """R 3.6.2 а–г: the one that is missing is named, with its clause."""
    case = in_status(Status.DECIDED_ENROL)
    given = [code for code in HANDOVER if code != missing]
    met = refused(lambda: conclude_contract(case, "Д-12", True, given, at()))
    assert rule_of(met) == ("handover-incomplete", "handed_over", clause)
    assert met.detail == f"not handed over: {missing}"
    assert case.contract is None


def test_all_that_is_missing_is_named() -> None:
    case = in_status(Status.DECIDED_ENROL)
    met = refused(lambda: conclude_contract(case, "Д-12", True, [], at()))
    assert met.detail == f"not handed over: {', '.join(HANDOVER)}"


def test_a_contract_is_signed_and_hands_over_what_the_regulation_knows() -> None:
    case = in_status(Status.DECIDED_ENROL)
    met = refused(lambda: conclude_contract(case, "Д-12", False, HANDOVER, at()))
    assert rule_of(met) == ("contract-unsigned", "signed_by_citizen", "R 3.6.2")
    met = refused(lambda: conclude_contract(case, "Д-12", True, [*HANDOVER, "calendar"], at()))
    assert rule_of(met) == ("unknown-handover", "handed_over.4", "R 3.6.2")


@pytest.mark.parametrize("provider", [PROVIDER, INSTITUTION])
def test_the_order_enrols_and_ends_the_procedure(provider: str) -> None:
    """R 3.6.3: by the director of the institution; nothing is due any more."""
    case = in_status(Status.CONTRACTED)
    (event,) = enrol(case, "П-44", provider, KNOWN, at(DIRECTOR))
    assert event == Enrolled(
        by=at(DIRECTOR).by, order_number="П-44", form=ServiceForm.HOME, level=2, provider=provider
    )
    assert case.status is Status.ENROLLED
    assert case.terms.running == []


@pytest.mark.parametrize("provider", ["l-nobody", MUSEUM, BODY])
def test_only_a_provider_of_the_directory_is_enrolled_with(provider: str) -> None:
    case = in_status(Status.CONTRACTED)
    met = refused(lambda: enrol(case, "П-44", provider, KNOWN, at(DIRECTOR)))
    assert rule_of(met) == ("unknown-provider", "provider", "R 3.6.3")
    assert case.order is None


def test_the_refusal_notice_names_the_grounds() -> None:
    """R 3.6.4."""
    case = in_status(Status.DECIDED_REFUSE)
    (event,) = send_refusal_notice(case, "У-5", Delivery.PORTAL, at(Role.REGISTRAR))
    assert isinstance(event, Refused)
    assert (event.notice_number, event.grounds) == ("У-5", ("not_in_need",))
    assert case.status is Status.REFUSED
    assert case.decision is not None
    assert case.decision.notice is not None
    assert case.decision.notice.sent_by is Delivery.PORTAL
