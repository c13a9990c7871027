"""The first pack says what the regulation says, and no pack contradicts itself."""

import json
from datetime import date

import pytest
from pydantic import ValidationError

from contracts.regulation import (
    FIRST_PACK,
    NoPackInForce,
    RegulationPack,
    UnknownPack,
    UnknownTerm,
    load_pack,
    pack_in_force,
)
from contracts.regulation.entries import AnswerKind, DocumentSource, Requirement
from contracts.roles import Role

PACK = load_pack(FIRST_PACK)
COMMISSION_ROLES = {
    Role.CARE_ORGANIZER,
    Role.COMMISSION_CHAIR,
    Role.COMMISSION_MEMBER,
    Role.HEALTH_WORKER,
    Role.PSYCHOLOGIST,
}

# What each list must hold, in the order of the clause.
LISTS = {
    "R 3.3.5 survey_sections": (
        "problems biography housing_and_means family self_care_and_mobility emotional_state"
    ),
    "R 3.3.8 survey_outcomes": "urgent_help commission combined_with_commission declined",
    "R 3.4.4 act_sections": (
        "biography family self_care physical_health living_environment psychosocial_state "
        "social_contacts means leisure additional conclusion"
    ),
    "R 3.6.1 package_documents": (
        "needs_assessment_act medical_certificate protocol care_plan application"
    ),
    "R 3.6.1 service_forms": "home semi_residential residential urgent",
    "R 3.6.2 enrolment_handover": (
        "care_plan_copy services_and_tariffs complaint_procedure rules_of_conduct"
    ),
    "R 5.2 complaint_grounds": (
        "late_registration late_service undue_documents documents_not_accepted unlawful_refusal "
        "undue_payment errors_not_corrected"
    ),
    "R 5.4.3 authority_proofs": (
        "power_of_attorney corporate_power_of_attorney appointment_decision"
    ),
    "R 5.7 complaint_outcomes": ("decision_annulled error_corrected money_returned other refused"),
    "R 5.10 complaint_reply_parts": (
        "body_and_official number_date_place applicant grounds decision remedy_terms appeal"
    ),
    "R 5.11 complaint_refusal_grounds": "court_decision authority_not_proved already_decided",
    "R 5.12 complaint_no_answer_grounds": "abusive unreadable",
    "R 5.13 appeal_chain": "authorised_body department_head deputy_governor",
    "210-FZ 7.2 interagency_request_fields": (
        "requesting_body addressed_body service legal_ground data_needed return_contact sent_on "
        "signatory"
    ),
    "874n service_kinds": (
        "social_domestic medical psychological pedagogical labour legal communication urgent"
    ),
    "731 answer_sources": "said document request observation refused",
}


def altered(**changes: object) -> str:
    """The first pack as JSON, with some fields replaced."""
    return json.dumps({**json.loads(PACK.model_dump_json()), **changes})


@pytest.mark.parametrize(("name", "codes"), LISTS.items(), ids=LISTS.keys())
def test_list_holds_what_the_clause_lists(name: str, codes: str) -> None:
    listed = getattr(PACK, name.rsplit(maxsplit=1)[-1])
    assert [entry.code for entry in listed] == codes.split()


def test_r_3_1_6_four_triage_codes() -> None:
    codes = [entry.code for entry in PACK.triage.codes]
    assert codes == ["immediate", "consultation", "initial_assessment", "reassessment"]
    assert PACK.triage.rule_version
    assert len(PACK.triage.immediate_grounds) == 2


def test_r_3_1_3_five_questions_with_options() -> None:
    options = {q.code: [o.code for o in q.options] for q in PACK.triage.questions}
    assert options == {
        "danger_to_life": ["own_life", "others_lives"],
        "household": ["relatives_in_locality", "lives_alone"],
        "cause": ["illness", "injury", "other"],
        "mental_changes": [
            "behaviour",
            "memory_loss",
            "disorientation",
            "anxiety",
            "depression",
            "other",
        ],
        "substance_abuse": ["alcohol", "drugs"],
    }
    assert {q.kind for q in PACK.triage.questions} == {AnswerKind.ANY_OF}


def test_r_3_1_2_journal_fields() -> None:
    fields = [entry.field for entry in PACK.journal_fields]
    assert fields == ["received_at", "address", "name", "birth_date", "problems", "contact"]


def test_r_2_6_documents_and_where_they_come_from() -> None:
    by_code = {document.code: document for document in PACK.documents}
    assert {code for code, d in by_code.items() if d.required is Requirement.ALWAYS} == {
        "application",
        "identity",
        "family_composition",
        "medical_certificate",
        "pension_certificate",
        "information_sheet",
    }
    assert by_code["benefits_proof"].required is Requirement.WHEN_BENEFITS
    assert by_code["representative_authority"].required is Requirement.WHEN_REPRESENTED


def test_r_5_2_pension_certificate_may_never_be_asked_of_the_citizen() -> None:
    fetched = [d for d in PACK.documents if d.source is DocumentSource.INTERAGENCY]
    assert [d.code for d in fetched] == ["pension_certificate"]
    assert not fetched[0].may_be_asked_of_citizen


def test_r_3_4_4_who_may_fill_each_of_the_eleven_sections() -> None:
    roles = {section.code: set(section.roles) for section in PACK.act_sections}
    assert len(roles) == 11
    assert roles.pop("physical_health") == {Role.HEALTH_WORKER}
    assert roles.pop("psychosocial_state") == {Role.PSYCHOLOGIST}
    assert roles.pop("conclusion") == {Role.COMMISSION_CHAIR}
    assert all(allowed == COMMISSION_ROLES for allowed in roles.values())


def test_r_3_4_2_seats_of_the_commission() -> None:
    assert {seat.code: seat.role for seat in PACK.commission.required} == {
        "chair": Role.COMMISSION_CHAIR,
        "care_organizer": Role.CARE_ORGANIZER,
        "health_worker": Role.HEALTH_WORKER,
        "psychologist": Role.PSYCHOLOGIST,
    }
    further = [seat.code for seat in PACK.commission.further]
    assert further == ["lawyer", "psychiatrist", "district_doctor", "police_officer", "housing"]
    assert {seat.role for seat in PACK.commission.further} == {Role.COMMISSION_MEMBER}
    assert PACK.commission.independence_clause == "R 3.4.2"


def test_l_3_3_groups_three_to_five_are_levels_one_to_three() -> None:
    mapping = {group.group: group.level for group in PACK.groups}
    assert mapping == {1: None, 2: None, 3: 1, 4: 2, 5: 3}


def test_l_3_1_weekly_limits_of_the_levels() -> None:
    hours = {level.level: (level.weekly_hours_min, level.weekly_hours_max) for level in PACK.levels}
    assert hours == {1: (11, 14), 2: (18, 21), 3: (25, 28)}
    assert {level.days_per_week_max for level in PACK.levels} == {7}


def test_r_5_5_only_two_grounds_have_the_short_term() -> None:
    short = [g.code for g in PACK.complaint_grounds if g.term == "complaint-short"]
    assert short == ["documents_not_accepted", "errors_not_corrected"]
    assert {PACK.term(ground.term).length for ground in PACK.complaint_grounds} == {5, 15}


def test_r_5_10_remedy_terms_are_told_only_when_satisfied() -> None:
    conditional = [part.code for part in PACK.complaint_reply_parts if part.only_when_satisfied]
    assert conditional == ["remedy_terms"]
    assert [o.code for o in PACK.complaint_outcomes if not o.satisfied] == ["refused"]


def test_service_catalogue_covers_every_kind_and_is_marked_an_example() -> None:
    assert {s.kind for s in PACK.services} == {kind.code for kind in PACK.service_kinds}
    assert 25 <= len(PACK.services) <= 40
    assert {s.guaranteed for s in PACK.services} == {True, False}
    assert PACK.services_provenance == "example, to be replaced by the region's list"


def test_instruments_say_where_they_come_from() -> None:
    assert set(PACK.instruments) == {"barthel", "lawton-iadl", "care-need-2026"}
    assert not PACK.instruments["care-need-2026"].official
    assert "Unofficial" in PACK.instruments["care-need-2026"].provenance
    assert PACK.instruments["care-need-2026"].experts == 2


def test_unknown_pack_and_term_are_named() -> None:
    with pytest.raises(UnknownPack, match="tomsk-2031"):
        load_pack("tomsk-2031")
    with pytest.raises(UnknownTerm, match="tea-break"):
        PACK.term("tea-break")


def test_pack_is_loaded_once() -> None:
    assert load_pack(FIRST_PACK) is PACK


def test_pack_in_force_from_its_first_day_on() -> None:
    assert pack_in_force(date(2013, 10, 3)) is PACK
    assert pack_in_force(date(2026, 2, 5)) is PACK
    with pytest.raises(NoPackInForce, match="2013-10-02"):
        pack_in_force(date(2013, 10, 2))


def test_pack_survives_a_round_trip_and_cannot_be_changed() -> None:
    assert RegulationPack.model_validate_json(altered(), strict=True) == PACK
    with pytest.raises(ValidationError, match="frozen"):
        PACK.code = "other"  # type: ignore[misc]


GROUND = {"code": "g", "title_ru": "о", "title_en": "g", "clause": "R 5.2", "term": "no-such-term"}
SERVICE = {"code": "s", "kind": "magic", "title_ru": "у", "title_en": "s", "guaranteed": True}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"in_force_from": 20131003}, "in_force_from"),
        ({"complaint_grounds": [GROUND]}, "no-such-term"),
        ({"services": [{**SERVICE, "minutes": 5}]}, "no kind 'magic'"),
        ({"terms": [json.loads(PACK.terms[0].model_dump_json())] * 2}, "listed twice"),
        ({"levels": []}, "groups and levels"),
    ],
    ids=["extra field", "wrong type", "unknown term", "unknown kind", "duplicate", "levels"],
)
def test_contradictory_pack_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RegulationPack.model_validate_json(altered(**changes), strict=True)
