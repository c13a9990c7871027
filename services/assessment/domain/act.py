"""The needs assessment act: eleven sections, each by who may fill it, signed by all (R 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.assessment import ActSigned
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotFound, NotPermitted
from contracts.event import Event
from services.assessment.domain.case import Action, Case, Status, require
from services.assessment.domain.commission import (
    holds_seat,
    require_member,
    require_organizer,
)
from services.assessment.domain.records import CitizenProblem, FilledSection, Signature, Signer


def fill_section(
    case: Case, section: str, findings: str, problems: Sequence[CitizenProblem], at: Context
) -> list[Event]:
    """A member fills a section, or fills it anew, until the first signature (R 3.4.4).

    `physical_health` is the health worker's alone and `psychosocial_state` the psychologist's.
    No event: a section is no news to others.
    """
    require(case, Action.FILL_SECTION)
    rule = next((known for known in case.pack.act_sections if known.code == section), None)
    if rule is None:
        raise NotFound("section of the act")
    member = require_member(case, at.by, rule.clause)
    if at.by.role not in rule.roles or not holds_seat(case, member, at.by):
        raise NotPermitted(
            "role-may-not-fill",
            f"{section} is filled by: {', '.join(rule.roles)}",
            clause=rule.clause,
        )
    _require_unsigned(case)
    case.sections[section] = FilledSection(
        findings=findings, problems=tuple(problems), filled_by=at.by, filled_at=at.now
    )
    return []


def empty_sections(case: Case) -> list[str]:
    """Sections of the act that nobody has filled yet."""
    return [rule.code for rule in case.pack.act_sections if rule.code not in case.sections]


def missing_signatures(case: Case) -> list[str]:
    """Whose signature the act still lacks: seats of members, and the citizen."""
    if case.commission is None:
        return []
    signed = _members_signed(case)
    missing = [m.seat for m in case.commission.members if m.person not in signed]
    if all(signature.signer is Signer.MEMBER for signature in case.signatures):
        missing.append(Signer.CITIZEN)
    return missing


def sign_act(
    case: Case, signer: Signer, consents_to_transfer: bool | None, at: Context
) -> list[Event]:
    """One signature: a member's own, or the citizen's recorded by the organizer (R 3.4.6).

    With the last of them the act is signed.
    """
    require(case, Action.SIGN_ACT)
    empty = empty_sections(case)
    if empty:
        raise NotAllowedInState(
            "act-incomplete",
            f"an act is signed when it is filled; empty: {', '.join(empty)}",
            clause="R 3.4.4, 3.4.6",
        )
    if signer is Signer.MEMBER:
        _check_member_signs(case, at)
    else:
        _check_citizen_signs(case, consents_to_transfer, at)
    case.signatures.append(Signature(signer=signer, recorded_by=at.by, signed_at=at.now))
    if missing_signatures(case):
        return []
    case.stage = Status.ACT_SIGNED
    return [ActSigned(by=at.by, signatures=len(case.signatures))]


def _require_unsigned(case: Case) -> None:
    """After the first signature what is signed stays as it is (R 3.4.6)."""
    if case.signatures:
        raise NotAllowedInState(
            "act-signing-began", "the act has a signature already", clause="R 3.4.6"
        )


def _check_member_signs(case: Case, at: Context) -> None:
    member = require_member(case, at.by, "R 3.4.6")
    if not holds_seat(case, member, at.by):
        raise NotPermitted(
            "role-not-of-seat", f"the seat {member.seat} signs in its own role", clause="R 3.4.6"
        )
    if at.by.id in _members_signed(case):
        raise _already_signed()


def _check_citizen_signs(case: Case, consents_to_transfer: bool | None, at: Context) -> None:
    require_organizer(case, at.by, "R 3.4.6")
    if Signer.CITIZEN not in missing_signatures(case):
        raise _already_signed()
    if not consents_to_transfer:
        raise InvalidInput(
            "consent-missing",
            "the citizen signs with consent to use and pass on what was learned",
            field="consents_to_transfer",
            clause="R 3.4.6",
        )


def _members_signed(case: Case) -> set[str]:
    return {s.recorded_by.id for s in case.signatures if s.signer is Signer.MEMBER}


def _already_signed() -> NotAllowedInState:
    return NotAllowedInState("already-signed", "nobody signs twice", clause="R 3.4.6")
