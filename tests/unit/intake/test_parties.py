"""Who refers, who applies, who needs care; spoken or written (R 3.1.1, 3.1.2, 5.4.3, L 2.1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.values import CitizenCard
from services.intake.domain.parties import (
    REPRESENTATIVES,
    Applicant,
    ApplyingAs,
    Authority,
    AuthorityKind,
    spoken,
)
from services.intake.domain.referral_form import check_form, settled_form
from tests.unit.intake.sample import CARD, CLINIC, NEIGHBOUR, NOON, form

TODAY = date(2026, 2, 2)
EITHER = [channel for channel in Channel if spoken(channel, None) is None]


def refused(code: str, field: str, clause: str, **changed: Any) -> None:
    with pytest.raises(InvalidInput) as failure:
        check_form(form(**changed), NOON, TODAY)
    told = failure.value
    assert (told.code, told.field, told.clause) == (code, field, clause)


@pytest.mark.parametrize(
    ("channel", "oral"),
    [
        (Channel.PHONE, True),
        (Channel.WRITTEN, False),
        (Channel.PORTAL, False),
        (Channel.MEDICAL_ORGANIZATION, False),
    ],
)
def test_channel_that_decides_says_whether_it_was_spoken_r_3_1_1(
    channel: Channel, oral: bool
) -> None:
    told = form(channel=channel, oral=None, referrer=CLINIC)
    assert check_form(told, NOON, TODAY) == []
    assert settled_form(told).oral is oral


@pytest.mark.parametrize("oral", [True, False])
@pytest.mark.parametrize("channel", EITHER)
def test_where_the_channel_may_be_either_it_is_said_r_3_1_1(channel: Channel, oral: bool) -> None:
    named = {"referrer": CLINIC if channel is not Channel.THIRD_PERSON else NEIGHBOUR}
    refused("manner-missing", "oral", "R 3.1.1", channel=channel, oral=None, **named)
    told = form(channel=channel, oral=oral, **named)
    assert check_form(told, NOON, TODAY) == []
    assert settled_form(told).oral is oral


def test_channels_that_may_be_either_are_these() -> None:
    assert set(EITHER) == {
        Channel.IN_PERSON,
        Channel.MFC,
        Channel.MUNICIPAL_BODY,
        Channel.ORGANIZATION,
        Channel.THIRD_PERSON,
    }


@pytest.mark.parametrize(
    ("channel", "oral"),
    [(Channel.PHONE, False), (Channel.WRITTEN, True), (Channel.PORTAL, True)],
)
def test_what_contradicts_its_channel_is_refused_r_3_1_1(channel: Channel, oral: bool) -> None:
    refused("manner-contradicts-channel", "oral", "R 3.1.1", channel=channel, oral=oral)


def test_phone_call_in_danger_is_oral_though_nobody_said_so_r_3_1_2() -> None:
    told = form(channel=Channel.PHONE, oral=None, in_danger=True, contact=None)
    assert check_form(told, NOON, TODAY) == ["contact"]


@pytest.mark.parametrize(
    "channel", [Channel.MUNICIPAL_BODY, Channel.ORGANIZATION, Channel.MEDICAL_ORGANIZATION]
)
def test_organization_that_refers_is_named_l_2_1(channel: Channel) -> None:
    refused("referrer-missing", "referrer", "L 2.1", channel=channel, oral=False)
    refused(
        "referrer-missing", "referrer", "L 2.1", channel=channel, oral=False, referrer=NEIGHBOUR
    )
    for named in ({"referrer": CLINIC}, {"contact": CLINIC}):
        assert check_form(form(channel=channel, oral=False, **named), NOON, TODAY) == []


def test_third_person_that_refers_is_a_person_l_2_1() -> None:
    third = {"channel": Channel.THIRD_PERSON, "oral": True}
    refused("referrer-missing", "referrer", "L 2.1", contact=CLINIC, **third)
    assert check_form(form(contact=CLINIC, referrer=NEIGHBOUR, **third), NOON, TODAY) == []


def test_organization_that_sends_by_its_own_system_is_known_by_its_token_l_2_2() -> None:
    told = form(channel=Channel.MEDICAL_ORGANIZATION, oral=False)
    assert check_form(told, NOON, TODAY, from_organization=True) == []


def test_three_roles_may_be_three_persons_r_3_1_1() -> None:
    guardian = NEIGHBOUR.model_copy(update={"phone": "+73845600044"})
    told = form(
        citizen=CARD,
        referrer=CLINIC,
        applicant=Applicant(
            acting_as=ApplyingAs.LEGAL_REPRESENTATIVE, person=guardian, authority=authority()
        ),
    )
    assert check_form(told, NOON, TODAY) == []
    assert (told.citizen, told.referrer, told.contact) == (CARD, CLINIC, NEIGHBOUR)


def authority(**changed: Any) -> Authority:
    values: dict[str, Any] = {
        "kind": AuthorityKind.POWER_OF_ATTORNEY,
        "number": "42 АА 1234567",
        "issued_on": TODAY,
    }
    return Authority(**{**values, **changed})


def test_proofs_of_authority_are_the_three_of_r_5_4_3() -> None:
    assert [str(kind) for kind in AuthorityKind] == [
        "power_of_attorney",
        "sealed_power_of_attorney",
        "decision_on_office",
    ]


@pytest.mark.parametrize("kind", AuthorityKind)
@pytest.mark.parametrize("acting_as", sorted(REPRESENTATIVES))
def test_representative_is_taken_with_any_of_the_three_r_5_4_3(
    acting_as: ApplyingAs, kind: AuthorityKind
) -> None:
    applicant = Applicant(acting_as=acting_as, person=NEIGHBOUR, authority=authority(kind=kind))
    assert check_form(form(applicant=applicant), NOON, TODAY) == []


@pytest.mark.parametrize(
    ("shown", "code", "field"),
    [
        (None, "authority-missing", "applicant.authority"),
        (authority(number=None), "authority-missing", "applicant.authority.number"),
        (authority(issued_on=None), "authority-missing", "applicant.authority.issued_on"),
        (
            authority(issued_on=TODAY + timedelta(days=1)),
            "authority-in-future",
            "applicant.authority.issued_on",
        ),
        (
            authority(issued_on=date(2020, 1, 1), valid_until=TODAY - timedelta(days=1)),
            "authority-expired",
            "applicant.authority.valid_until",
        ),
        (
            authority(valid_until=TODAY - timedelta(days=1)),
            "authority-ends-before-it-begins",
            "applicant.authority.valid_until",
        ),
    ],
)
@pytest.mark.parametrize("acting_as", sorted(REPRESENTATIVES))
def test_representative_without_a_proof_that_holds_is_refused_r_5_4_3(
    acting_as: ApplyingAs, shown: Authority | None, code: str, field: str
) -> None:
    applicant = Applicant(acting_as=acting_as, person=NEIGHBOUR, authority=shown)
    refused(code, field, "R 5.4.3", applicant=applicant)


def test_proof_that_runs_out_today_still_holds_r_5_4_3() -> None:
    applicant = Applicant(
        acting_as=ApplyingAs.AUTHORISED_PERSON,
        person=NEIGHBOUR,
        authority=authority(valid_until=TODAY),
    )
    assert check_form(form(applicant=applicant), NOON, TODAY) == []


@pytest.mark.parametrize("acting_as", [a for a in ApplyingAs if a is not ApplyingAs.CITIZEN])
def test_who_applies_for_another_is_named_r_3_1_1(acting_as: ApplyingAs) -> None:
    applicant = Applicant(acting_as=acting_as, authority=authority())
    refused("applicant-unknown", "applicant.person", "R 3.1.1", applicant=applicant)


def test_interested_person_applies_without_authority_r_3_1_1() -> None:
    applicant = Applicant(acting_as=ApplyingAs.INTERESTED_PERSON, person=NEIGHBOUR)
    assert check_form(form(applicant=applicant), NOON, TODAY) == []
    pretending = applicant.model_copy(update={"authority": authority()})
    refused(
        "interested-person-represents-nobody",
        "applicant.authority",
        "R 5.4.3",
        applicant=pretending,
    )


def test_citizen_who_applies_needs_no_other_person_r_3_1_1() -> None:
    assert check_form(form(applicant=Applicant(acting_as=ApplyingAs.CITIZEN)), NOON, TODAY) == []
    twofold = Applicant(acting_as=ApplyingAs.CITIZEN, person=NEIGHBOUR)
    refused("citizen-applies-in-person", "applicant.acting_as", "R 3.1.1", applicant=twofold)


@pytest.mark.parametrize(
    ("received", "code"),
    [
        (date(1941, 3, 7), "received-before-birth"),
        (date(2013, 10, 2), "received-too-early"),
        (date(2013, 10, 3), None),
    ],
)
def test_impossible_day_of_receipt_is_refused_r_3_1_2(received: date, code: str | None) -> None:
    told = form(
        received_at=NOON.replace(year=received.year, month=received.month, day=received.day)
    )
    if code is None:
        assert check_form(told, NOON, TODAY) == []
        return
    with pytest.raises(InvalidInput) as failure:
        check_form(told, NOON, TODAY)
    assert (failure.value.code, failure.value.field) == (code, "received_at")


def test_receipt_of_one_whose_birth_date_is_unknown_is_taken_in_danger_r_3_1_2() -> None:
    told = form(citizen=CitizenCard(address=CARD.address), in_danger=True, received_at=NOON)
    assert check_form(told, NOON, TODAY) == ["citizen.name", "citizen.birth_date"]
