"""Registration: what a complaint must hold, when it is registered, how long it may take."""

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.complaints import ComplaintRegistered
from contracts.directory import OrganizationKind
from contracts.errors import InvalidInput
from services.complaints.domain.registration import (
    ComplaintForm,
    check_form,
    examiner_of,
    register_complaint,
)
from tests.unit.complaints.conftest import (
    BODY,
    COMPLAINANT,
    INSTITUTION,
    MONDAY,
    PACK,
    REF,
    REPRESENTATIVE,
    at,
    form,
    refused_with,
    registered,
)


def check(checked: ComplaintForm) -> None:
    check_form(checked, PACK, at().now)


def event_of(moment: str = MONDAY, **changes: Any) -> ComplaintRegistered:
    _, [event] = register_complaint(form(**changes), REF, BODY, 12, "key:1", at(moment))
    assert isinstance(event, ComplaintRegistered)
    return event


@pytest.mark.parametrize(
    ("ground", "term"),
    [
        ("late_registration", "complaint"),
        ("late_service", "complaint"),
        ("undue_documents", "complaint"),
        ("documents_not_accepted", "complaint-short"),
        ("unlawful_refusal", "complaint"),
        ("undue_payment", "complaint"),
        ("errors_not_corrected", "complaint-short"),
    ],
)
def test_r_5_2_and_5_5_each_of_the_seven_grounds_has_its_term(ground: str, term: str) -> None:
    check(form(ground=ground))
    opened = [deadline.code for deadline in event_of(ground=ground).opened]
    assert opened == ["complaint-registration", term]
    running = registered(ground=ground).terms.running
    assert [watched.deadline.code for watched in running] == [term]


def test_r_5_2_there_are_seven_grounds_and_no_other_is_taken() -> None:
    assert len(PACK.complaint_grounds) == 7
    with pytest.raises(InvalidInput) as failure:
        check(form(ground="bad_weather"))
    assert refused_with(failure) == ("unknown-ground", "ground", "R 5.2")


@pytest.mark.parametrize(
    ("arrived", "met"),
    [
        (None, True),
        ("2026-03-02T00:00+07:00", True),
        ("2026-03-02T12:00+07:00", True),
        ("2026-03-01T23:59+07:00", False),
        ("2026-03-01T17:00+00:00", True),  # the same local midnight, said in another zone
        ("2026-02-27T16:00+07:00", False),
    ],
)
def test_r_5_3_registration_on_the_day_of_arrival_meets_its_term(
    arrived: str | None, met: bool
) -> None:
    check(form(received_at=arrived))
    [closed] = event_of(received_at=arrived).closed
    assert (closed.code, closed.met) == ("complaint-registration", met)


def test_r_5_3_last_moment_of_the_local_day_is_in_time_and_the_next_is_late() -> None:
    arrived = "2026-03-02T09:00+07:00"
    last = event_of("2026-03-02T23:59:59+07:00", received_at=arrived)
    late = event_of("2026-03-03T00:00:01+07:00", received_at=arrived)
    assert [last.closed[0].met, late.closed[0].met] == [True, False]


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (MONDAY, None),
        ("2026-03-02T12:00:01+07:00", "received-in-future"),
        ("9999-12-31T23:59:59-12:00", "received-in-future"),
        ("2013-10-03T00:00:00+00:00", None),
        ("2013-10-02T23:59:59+00:00", "received-before-the-regulation"),
        ("0001-01-01T00:00:00+14:00", "received-before-the-regulation"),
    ],
)
def test_r_5_3_complaint_arrives_neither_in_the_future_nor_before_the_regulation(
    moment: str, code: str | None
) -> None:
    checked = form(received_at=moment)
    if code is None:
        check(checked)
        assert registered(received_at=moment).received_at == datetime.fromisoformat(moment)
        return
    with pytest.raises(InvalidInput) as failure:
        check(checked)
    assert refused_with(failure) == (code, "received_at", "R 5.3")


def test_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="received_at"):
        form(received_at="2026-03-02T12:00")


@pytest.mark.parametrize("channel", ["post", "mfc", "internet", "site", "portal", "in_person"])
def test_r_5_4_complaint_comes_by_one_of_six_ways(channel: str) -> None:
    assert registered(channel=channel).channel == channel


def test_r_5_4_other_way_is_refused() -> None:
    with pytest.raises(ValidationError, match="channel"):
        form(channel="phone")


def without(name: str) -> dict[str, Any]:
    return {"complainant": {key: value for key, value in COMPLAINANT.items() if key != name}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body": None}, "body"),
        ({"decision_or_action": None}, "decision_or_action"),
        ({"arguments": None}, "arguments"),
        (without("name"), "complainant.name"),
        (without("address"), "complainant.address"),
        (without("phone"), "complainant.phone"),
    ],
)
def test_r_5_4_2_missing_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as failure:
        check(form(**changes))
    assert refused_with(failure) == ("complaint-field-missing", field, "R 5.4.2")


@pytest.mark.parametrize(
    "reached", [{"phone": "+73845600031"}, {"phone": None, "email": "eremina@example.org"}]
)
def test_r_5_4_2_phone_or_email_is_enough(reached: dict[str, Any]) -> None:
    check(form(complainant=COMPLAINANT | reached))


@pytest.mark.parametrize("name", ["decision_or_action", "arguments"])
def test_r_5_4_2_blank_text_is_no_text(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        form(**{name: "  "})


@pytest.mark.parametrize(
    "kind", ["power_of_attorney", "corporate_power_of_attorney", "appointment_decision"]
)
def test_r_5_4_3_representative_proves_authority_in_one_of_three_ways(kind: str) -> None:
    assert len(PACK.authority_proofs) == 3
    check(form(representative=REPRESENTATIVE | {"proof": {"kind": kind}}))


@pytest.mark.parametrize(
    ("proof", "code", "field"),
    [
        (None, "authority-unproven", "representative.proof"),
        ({"kind": "promise"}, "unknown-proof", "representative.proof.kind"),
    ],
)
def test_r_5_4_3_representative_without_proof_is_refused(
    proof: dict[str, str] | None, code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as failure:
        check(form(representative=REPRESENTATIVE | {"proof": proof}))
    assert refused_with(failure) == (code, field, "R 5.4.3")


def test_r_5_4_3_nobody_represents_the_nameless() -> None:
    with pytest.raises(InvalidInput) as failure:
        check(form(complainant=None, representative=REPRESENTATIVE))
    assert refused_with(failure) == ("complaint-field-missing", "complainant.name", "R 5.4.2")


@pytest.mark.parametrize(
    ("complainant", "nameless"),
    [
        (None, True),
        ({}, True),
        ({"phone": "+73845600031"}, True),
        (COMPLAINANT, False),
    ],
)
def test_r_5_4_6_complaint_without_name_and_address_is_taken_as_nameless(
    complainant: dict[str, Any] | None, nameless: bool
) -> None:
    check(form(complainant=complainant))
    complaint = registered(complainant=complainant)
    assert complaint.nameless is nameless
    assert [watched.deadline.code for watched in complaint.terms.running] == ["complaint"]


@pytest.mark.parametrize(
    ("ground", "moment", "due"),
    [
        ("late_service", MONDAY, date(2026, 3, 24)),  # 9 March is off
        ("documents_not_accepted", MONDAY, date(2026, 3, 10)),
        ("documents_not_accepted", "2026-03-01T23:59+07:00", date(2026, 3, 6)),
        ("documents_not_accepted", "2025-12-26T10:00+07:00", date(2026, 1, 14)),
        ("documents_not_accepted", "2027-02-15T10:00+07:00", date(2027, 2, 20)),  # a Saturday
        ("undue_payment", "2026-04-24T10:00+07:00", date(2026, 5, 19)),
    ],
)
def test_r_5_5_term_runs_from_registration_in_working_days(
    ground: str, moment: str, due: date
) -> None:
    examination = event_of(moment, ground=ground, received_at="2025-12-01T10:00+07:00").opened[1]
    assert examination.due_on == due
    assert examination.started_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("kind", "examiner"),
    [
        (OrganizationKind.DEPARTMENT, "some-body"),
        (OrganizationKind.AUTHORISED_BODY, "some-body"),
        (OrganizationKind.INSTITUTION, "some-body"),
        (OrganizationKind.MFC, BODY),
    ],
)
def test_r_5_5_2_body_examines_itself_and_the_authorised_body_an_mfc(
    kind: OrganizationKind, examiner: str
) -> None:
    assert examiner_of("some-body", kind, REF) == examiner


@pytest.mark.parametrize(
    "kind",
    [
        OrganizationKind.COORDINATION_CENTRE,
        OrganizationKind.MEDICAL_ORGANIZATION,
        OrganizationKind.PENSION_FUND_OFFICE,
        OrganizationKind.PROVIDER,
    ],
)
def test_r_5_1_complaint_of_a_body_that_gives_no_such_service_is_refused(
    kind: OrganizationKind,
) -> None:
    with pytest.raises(InvalidInput) as failure:
        examiner_of(INSTITUTION, kind, REF)
    assert refused_with(failure) == ("not-a-body-of-the-service", "body", "R 5.1")


def test_complaint_is_its_line_in_the_register_of_body_and_local_year() -> None:
    complaint, _ = register_complaint(form(), REF, BODY, 12, "key:1", at("2026-12-31T17:00+00:00"))
    assert complaint.id == "Z-r-authorised-body-07-2027-000012"
    assert complaint.register_number == "r-authorised-body-07/2027/000012"
    assert complaint.register_key == "r-authorised-body-07-2027"


def test_event_names_the_case_and_holds_no_personal_data() -> None:
    event = event_of(official={"name": "Жуков И. И."}, representative=REPRESENTATIVE)
    assert (event.case_id, event.citizen_id, event.body) == ("Ccase1", "Pcitizen1", BODY)
    assert event.number == "r-authorised-body-07/2026/000012"
    said = event.model_dump_json()
    secrets = ("Ерём", "Земцова", "+7384", "Жуков", "три недели", "Обследование")
    assert not any(secret in said for secret in secrets)
