"""What a content-rich referral says besides: scales, diagnoses, consent, a contact, the hospital.

Read for those who assess: codes and figures. Texts and names stay in the original, which is kept.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from contracts.referral import AttachmentSaid, ConditionSaid, ConsentSaid, ReferralSays
from contracts.regulation import RegulationPack
from contracts.values import Contact, ContactKind
from services.intake.adapters.fhir_bundle import Part, Posted
from services.intake.adapters.fhir_parsing import fail, make, parse, word
from services.intake.adapters.fhir_patient import address_of, full_name, phone_of
from services.intake.adapters.fhir_resources import (
    Concept,
    RelatedPerson,
    ServiceRequest,
    moment_of,
)
from services.intake.adapters.fhir_scales import scales

CORE = {"Patient", "Organization", "ServiceRequest", "Task"}
INPATIENT = {"IMP", "ACUTE", "NONAC"}
NO_STAY = {"planned", "finished", "cancelled", "entered-in-error"}
NOT_TRUE = {"refuted", "entered-in-error"}
PAST = {"inactive", "remission", "resolved"}
MAX_CONDITIONS = 50
MANDATORY: dict[str, tuple[str, ...]] = {
    "QuestionnaireResponse": ("status",),
    "Consent": ("status", "scope", "category"),
    "DocumentReference": ("status", "content"),
}
"""Elements that FHIR asks for, of resources that would say nothing without them."""
_CONDITION: TypeAdapter[ConditionSaid] = TypeAdapter(ConditionSaid)


def says(
    posted: Posted, pack: RegulationPack, attachments: tuple[AttachmentSaid, ...]
) -> ReferralSays | None:
    """Everything besides; None where there is nothing. Raises InvalidInput by the path."""
    for part in posted.all():
        for name in MANDATORY.get(part.kind, ()):
            if part.resource.get(name) in (None, [], {}, ""):
                fail(f"{part.path}.{name}", "is asked for by FHIR R4")
    consent, on = _consent(posted)
    kinds = tuple(sorted({part.kind for part in posted.all()} - CORE))
    if not kinds:
        return None
    return ReferralSays(
        scales=scales(posted, pack),
        conditions=_conditions(posted),
        consent=consent,
        consent_on=on,
        contact_person=bool(posted.of("RelatedPerson")),
        attachments=attachments,
        resources=kinds,
    )


def _conditions(posted: Posted) -> tuple[ConditionSaid, ...]:
    """Codes of what the citizen has; what is past, refuted or sent in error is left out."""
    found: dict[ConditionSaid, None] = {}
    for part in posted.of("Condition"):
        status = parse(Concept, part.resource.get("verificationStatus") or {}, part.path)
        course = parse(Concept, part.resource.get("clinicalStatus") or {}, part.path)
        codes = {coding.code for coding in (*status.coding, *course.coding)}
        if codes & (NOT_TRUE | PAST):
            continue
        concept = parse(Concept, part.resource.get("code") or {}, f"{part.path}.code")
        for coding in concept.coding:
            try:
                said = _CONDITION.validate_python({"system": coding.system, "code": coding.code})
            except ValidationError:
                continue  # a coding without its system or code is kept in the original
            found[said] = None
    return tuple(found)[:MAX_CONDITIONS]


def _consent(posted: Posted) -> tuple[ConsentSaid | None, date | None]:
    """Whether the citizen agrees, as the sender has it; the latest word counts."""
    told: list[tuple[str, bool]] = []
    for part in posted.of("Consent"):
        if word(part.resource.get("status")) not in {"active", "rejected"}:
            continue
        provision = part.resource.get("provision")
        kind = provision.get("type") if isinstance(provision, dict) else None
        if kind is not None and word(kind) not in {"permit", "deny"}:
            fail(f"{part.path}.provision.type", "is permit or deny")
        denied = part.resource["status"] == "rejected" or kind == "deny"
        given = part.resource.get("dateTime")
        if given is not None and not _is_day(given):
            fail(f"{part.path}.dateTime", "is a date that exists")
        told.append((str(given or ""), denied))
    if not told:
        return None, None
    day, denied = max(told)  # on one day the refusal counts
    said = ConsentSaid.DENY if denied else ConsentSaid.PERMIT
    return said, date.fromisoformat(day[:10]) if len(day) >= 10 else None


def _is_day(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    if "T" in text:
        return moment_of(text) is not None
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def in_hospital(posted: Posted, request: ServiceRequest, owner: Part) -> bool:
    """Whether the citizen lies in the hospital now (R 3.3.3).

    An encounter that is named says so, unless it is sent along and has ended, or is no stay.
    """
    if request.encounter is not None:
        named = posted.find(request.encounter, owner, "Encounter")
        return named is None or _is_stay(named.resource)
    return any(_is_stay(part.resource) for part in posted.of("Encounter"))


def _is_stay(encounter: dict[str, Any]) -> bool:
    kind = encounter.get("class")
    code = kind.get("code") if isinstance(kind, dict) else None
    return word(encounter.get("status")) not in NO_STAY and (
        code is None or word(code) in INPATIENT
    )


def contact_of(
    posted: Posted, organization: str, organization_name: str, path: str, now: datetime
) -> Contact:
    """Who is to be turned to (R 3.1.2): a relative who was named, else the organization."""
    for part in posted.of("RelatedPerson"):
        related = parse(RelatedPerson, part.resource, part.path)
        name = full_name(related.name, part.path, now)
        over = related.period is not None and not related.period.holds(now)
        if name is None or over or related.active is False:
            continue
        return make(
            Contact,
            {"organization_name": f"{path}.requester", "organization_id": f"{path}.requester"},
            kind=ContactKind.PERSON,
            name=name,
            phone=phone_of(related.telecom, now),
            address=address_of(related.address, part.path, now),
            organization_name=organization_name[:300],
            organization_id=organization,
        )
    return make(
        Contact,
        {"organization_name": f"{path}.requester", "organization_id": f"{path}.requester"},
        kind=ContactKind.ORGANIZATION,
        organization_name=organization_name,
        organization_id=organization,
    )
