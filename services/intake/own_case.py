"""Finding a case by its number, and by its number and secret code (M, R 2.14, 3.7.3).

A wrong number and a wrong code are answered alike, after the same work and the same time, and
count alike.
"""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from chassis.limits import Evenly
from contracts.errors import InvalidInput, NotFound
from contracts.roles import Role
from contracts.status_code import plain_code, plain_number
from contracts.values import Actor
from services.intake.domain.appointments import CaseKey
from services.intake.domain.case import Case, involves
from services.intake.domain.journal import NOBODYS, line_of
from services.intake.domain.linked import coded_entries
from services.intake.intake import Intake

NOBODYS_CASE = "C-nobodys"


async def own_case(intake: Intake, number: str, code: str, address: str) -> CaseKey:
    """The case whose number and code somebody at an address has shown; raises TooMany,
    or NotFound for any that do not belong together."""
    now: datetime = intake.now()
    asked = plain_number(number)
    intake.limits.check(address, asked, now)
    evenly = Evenly()
    case = await _case_of(intake, asked)
    same_code = _holds(intake, case, plain_code(code).encode())
    if case is None or plain_number(case.reference.number) != asked or not same_code:
        await evenly.wait()
        raise NotFound("case with this number and code")
    intake.limits.trust(address, asked, now)
    return _key_of(case)


def _holds(intake: Intake, case: Case | None, code: bytes) -> bool:
    """Whether it is the case's code, or that of a further referral; all are compared."""
    entry = case.entry_id if case is not None else NOBODYS
    issue = case.status_code_issue if case is not None else 0
    expected = [intake.identity.status_code(entry, issue)]
    further = coded_entries(case.linked) if case is not None else []
    expected += [intake.identity.status_code(known) for known in further]
    return sum(compare_digest(known.encode(), code) for known in expected) > 0


async def case_for(
    intake: Intake, by: Actor, case_id: str | None, number: str | None
) -> CaseKey | None:
    """The case that staff name, if they may know of it: by id, or by number as the citizen told it.
    The call centre takes any citizen's number (S)."""
    if case_id is not None and number is not None:
        raise InvalidInput(
            "one-way-to-name-a-case", "name the case by id or by number", field="case_number"
        )
    if case_id is not None:
        return _key_of((await intake.get_case(case_id, by)).state)
    if number is None:
        return None
    case = await _case_of(intake, plain_number(number))
    if case is None or not (by.role == Role.CALL_CENTRE or involves(case, by)):
        raise InvalidInput(
            "unknown-case", "no case has this number", field="case_number", clause="S"
        )
    return _key_of(case)


async def _case_of(intake: Intake, number: str) -> Case | None:
    """The case a journal number belongs to; always two reads, whatever is there."""
    entry = await intake.journal.get(line_of(number))
    placed = entry.state.placed if entry is not None else None
    found = await intake.cases.get(placed.case_id if placed is not None else NOBODYS_CASE)
    return found.state if found is not None and found.state.ref is not None else None


def _key_of(case: Case) -> CaseKey:
    ref = case.reference
    return CaseKey(
        case_id=ref.case_id,
        citizen_id=ref.citizen_id,
        number=ref.number,
        institution=ref.institution,
    )
