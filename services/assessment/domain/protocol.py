"""The protocol: the commission argues for service or refusal, and the need is assessed (R 3.4)."""

from __future__ import annotations

from contracts.assessment import NeedsAssessed, Proposal, ProtocolRecorded
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState, NotPermitted
from contracts.event import Event
from contracts.regulation import RegulationPack
from services.assessment.domain.case import Action, Case, Status, require
from services.assessment.domain.commission import CHAIR, holds_seat, require_member
from services.assessment.domain.opening import COMMISSION_TERM
from services.assessment.domain.records import Protocol
from services.assessment.domain.typization import (
    deciding_instrument,
    deciding_questionnaire,
    level_of,
)


def record_protocol(case: Case, protocol: Protocol, at: Context) -> list[Event]:
    """The chair records what the commission proposes and why (R 3.4.7–3.4.9).

    Ends the commission's term (R 3.4.10) and the assessment. An unsigned act cannot be concluded.
    The level is the score's (L 2.1, 3.3), whatever is proposed: the head may enrol against a
    proposal of refusal, and a complaint may annul the refusal (R 3.6.1, 5.8).
    """
    if case.status is Status.CONVENED:
        raise NotAllowedInState(
            "act-not-signed",
            "an act that not everybody has signed cannot be concluded",
            clause="R 3.4.6",
        )
    require(case, Action.RECORD_PROTOCOL)
    member = require_member(case, at.by, "R 3.4.1")
    if member.seat != CHAIR or not holds_seat(case, member, at.by):
        raise NotPermitted(
            "not-the-chair", "only the chair of this commission records it", clause="R 3.4.1"
        )
    if protocol.proposal is Proposal.SERVICE:
        check_draft_plan(case.pack, protocol)
        check_level(case)
    else:
        check_grounds(case.pack, protocol)
    case.protocol, case.stage = protocol, Status.ASSESSED
    return [
        ProtocolRecorded(by=at.by, proposal=protocol.proposal),
        _assessed(case, protocol.proposal, at),
    ]


def check_draft_plan(pack: RegulationPack, protocol: Protocol) -> None:
    """A proposal of service is confirmed by a draft plan (R 3.4.9)."""
    if not protocol.draft_plan:
        raise InvalidInput(
            "draft-plan-missing",
            "a proposal of service comes with a draft plan",
            field="draft_plan",
            clause="R 3.4.9",
        )
    services = {service.code for service in pack.services}
    for index, proposed in enumerate(protocol.draft_plan):
        if proposed.service not in services:
            raise InvalidInput(
                "unknown-service",
                "the pack's list has no such service",
                field=f"draft_plan.{index}.service",
                clause="R 3.4.9",
            )
    if protocol.refusal_grounds:
        raise InvalidInput(
            "grounds-without-refusal",
            "a proposal of service has no grounds for refusal",
            field="refusal_grounds",
            clause="R 3.4.8",
        )


def check_grounds(pack: RegulationPack, protocol: Protocol) -> None:
    """A proposal of refusal names its grounds (R 3.4.8)."""
    known = {ground.code for ground in pack.refusal_grounds}
    if not protocol.refusal_grounds:
        raise InvalidInput(
            "refusal-ground-missing",
            f"name a ground: {', '.join(sorted(known))}",
            field="refusal_grounds",
            clause="R 3.4.8",
        )
    if set(protocol.refusal_grounds) - known:
        raise InvalidInput(
            "unknown-refusal-ground",
            f"grounds are: {', '.join(sorted(known))}",
            field="refusal_grounds",
            clause="R 3.4.8",
        )
    if protocol.draft_plan:
        raise InvalidInput(
            "draft-plan-with-refusal",
            "a proposal of refusal has no draft plan",
            field="draft_plan",
            clause="R 3.4.9",
        )


def check_level(case: Case) -> None:
    """Without a level there is no service to propose (L 3.3)."""
    questionnaire = deciding_questionnaire(case)
    if questionnaire is None:
        raise NotAllowedInState(
            "not-scored", "record the care-need questionnaire first", clause="L 2.1"
        )
    if level_of(case.pack, questionnaire.score) is None:
        band = questionnaire.score.band
        raise InvalidInput(
            "no-level",
            f"{questionnaire.score.points} points give no level of care need"
            + (f" ({band.label_en}, {band.label_ru})" if band else ""),
            field="proposal",
            clause="L 3.3",
        )


def _assessed(case: Case, proposal: Proposal, at: Context) -> NeedsAssessed:
    instrument = deciding_instrument(case.pack)
    used = deciding_questionnaire(case)
    level = level_of(case.pack, used.score) if used else None
    return NeedsAssessed(
        by=at.by,
        case=case.reference,
        proposal=proposal,
        organizer=case.care_organizer,
        instrument=instrument.code,
        instrument_version=used.version if used else instrument.version,
        group=level.group if level else None,
        level=level.level if level else None,
        weekly_minutes_from=level.weekly_hours_min * 60 if level else 0,
        weekly_minutes_to=level.weekly_hours_max * 60 if level else 0,
        days_per_week=level.days_per_week_max if level else 0,
        closed=case.terms.close(COMMISSION_TERM, at=at.now),
    )
