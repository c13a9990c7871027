"""The commission: who must sit in it, and who of it acts (R 3.4.1, 3.4.2)."""

from __future__ import annotations

from contracts.assessment import CommissionConvened
from contracts.context import Context
from contracts.errors import InvalidInput, NotPermitted
from contracts.event import Event
from contracts.regulation import RegulationPack
from contracts.roles import Role
from contracts.values import Actor
from services.assessment.domain.case import Action, Case, Status, require
from services.assessment.domain.records import Commission, Member
from services.assessment.domain.replacing import keep_replaced

CHAIR = "chair"
ORGANIZER = "care_organizer"


def check_seats(pack: RegulationPack, commission: Commission) -> None:
    """Every required seat is taken (R 3.4.1, 3.4.2)."""
    taken = {member.seat for member in commission.members}
    missing = [seat for seat in pack.commission.required if seat.code not in taken]
    if missing:
        raise InvalidInput(
            "seat-missing",
            "the commission lacks: " + ", ".join(seat.code for seat in missing),
            field="members",
            clause=missing[0].clause,
        )


def check_members(pack: RegulationPack, commission: Commission) -> None:
    """The required seats are taken once, further ones at need, nobody sits twice (R 3.4.2)."""
    required = {seat.code for seat in pack.commission.required}
    known = required | {seat.code for seat in pack.commission.further}
    for index, member in enumerate(commission.members):
        before = commission.members[:index]
        code, field = "", "seat"
        if member.seat not in known:
            code = "unknown-seat"
        elif member.seat in required & {other.seat for other in before}:
            code = "seat-taken-twice"
        elif member.person in {other.person for other in before}:
            code, field = "person-twice", "person"
        if code:
            raise InvalidInput(
                code,
                f"seats are: {', '.join(sorted(known))}; nobody sits twice, and each of"
                f" {', '.join(sorted(required))} sits once",
                field=f"members.{index}.{field}",
                clause="R 3.4.2",
            )


def check_holders(case: Case, commission: Commission) -> None:
    """The organizer's seat is the named one's; the chair is of the authorised body."""
    for index, member in enumerate(commission.members):
        if member.seat == ORGANIZER and member.person != case.organizer:
            raise InvalidInput(
                "seat-not-the-organizer",
                "the care organizer's seat is the assigned care organizer's",
                field=f"members.{index}.person",
                clause="R 3.3.12, 3.4.2",
            )
        if member.seat == CHAIR and member.organization != case.reference.authorised_body:
            raise InvalidInput(
                "chair-not-of-authorised-body",
                "the head of the authorised body, or a worker named by it, takes the chair",
                field=f"members.{index}.organization",
                clause="R 3.4.1",
            )


def convene_commission(
    case: Case, commission: Commission, reason: str | None, at: Context
) -> list[Event]:
    """The care organizer calls the commission together (R 3.3.13, 3.3.15, 3.4.1, 3.4.2).

    It may be called anew, with other members, until the protocol. Once the act bears a signature
    that takes a reason, and all sign it anew (R 3.4.6).
    """
    require(case, Action.CONVENE_COMMISSION)
    require_organizer(case, at.by, "R 3.3.15")
    check_seats(case.pack, commission)
    check_members(case.pack, commission)
    check_holders(case, commission)
    if case.signatures:
        keep_replaced(case, reason, at, "R 3.4.6", commission=True)
    case.commission, case.stage = commission, Status.CONVENED
    return [
        CommissionConvened(
            by=at.by,
            seats=tuple(member.seat for member in commission.members),
            meeting_at=commission.meeting_at,
            independent_members=commission.independent_members,
        )
    ]


def require_organizer(case: Case, by: Actor, clause: str) -> None:
    """Only the care organizer who was named for this case."""
    if by.id != case.organizer:
        raise NotPermitted(
            "not-the-assigned-organizer",
            "only the care organizer assigned to this case may do this",
            clause=clause,
        )


def require_member(case: Case, by: Actor, clause: str) -> Member:
    """The member of this commission who acts."""
    member = case.commission.find_member(by.id) if case.commission else None
    if member is None:
        raise NotPermitted(
            "not-a-member", "only members of this commission may do this", clause=clause
        )
    return member


def holds_seat(case: Case, member: Member, by: Actor) -> bool:
    """Whether the member acts in the role their seat is for; anybody else is just named so."""
    return by.role == seat_role(case.pack, member.seat)


def seat_role(pack: RegulationPack, seat: str) -> Role | None:
    """The role that holds a seat."""
    seats = (*pack.commission.required, *pack.commission.further)
    return next((known.role for known in seats if known.code == seat), None)
