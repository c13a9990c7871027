"""Use cases of interagency requests: which case one is in, who is addressed, what came back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.commands import Request, get_visible
from chassis.document import Answered, Document
from chassis.store import AlreadyExists
from contracts.errors import InvalidInput, NotAllowedInState, NotFound
from contracts.event import Event
from contracts.regulation import load_pack
from contracts.values import Actor, Identifier, Line
from services.intake.commands import change_case
from services.intake.domain.answering import OUTSIDE, keep_garbled, may_answer, record_answer
from services.intake.domain.case import Case
from services.intake.domain.interagency import Addressee, find_request
from services.intake.domain.journal import entry_id
from services.intake.domain.requests import Answer, InteragencyRequest, OutgoingNumber, RequestWay
from services.intake.intake import Intake
from services.intake.recording import record

OF_CASE = re.compile(r"R[0-9a-f]{8}-([A-Za-z][A-Za-z0-9_.-]{0,80})")
OURS = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,99})/([0-9]{4})/([0-9]{1,9})/([0-9]{1,3})")
WHAT = "interagency request"


def request_id(case_id: str, chance: str) -> str:
    """A fresh id of a request; it names its case, so that an answer needs no search."""
    return f"R{chance[-8:]}-{case_id}"


async def case_of_request(intake: Intake, request_id: str) -> str:
    """The case an interagency request was made for; one from before the ids told is looked up."""
    named = OF_CASE.fullmatch(request_id)
    if named is not None:
        return named[1]
    found = await intake.cases.find_one(request_id=request_id)
    if found is None:
        raise NotFound(WHAT)
    return found.id


async def get_request_of(
    intake: Intake, request_id: str, by: Actor
) -> tuple[Document[Case], InteragencyRequest]:
    """A request with its case, for those who serve the case."""
    case_id = await case_of_request(intake, request_id)
    document = await get_visible(
        intake.cases, case_id, lambda case: case.ref is not None and _serves(case, by), WHAT
    )
    request = find_request(document.state, request_id)
    if request is None:
        raise NotFound(WHAT)
    return document, request


def _serves(case: Case, by: Actor) -> bool:
    return case.reference.is_served_by(by.organization)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a request is to go to, as the caller says it; what is left out is found."""

    kind: str
    way: RequestWay | None
    body: Identifier | None
    name: Line | None
    address: Line | None


async def addressee_of(intake: Intake, asked: Asked, pack: str) -> Addressee:
    """Whom to ask and by which way: electronically where the body has a gateway for it and the
    parties agreed, else on paper (R 3.2.2)."""
    kinds = {kind.code: kind for kind in load_pack(pack).interagency_kinds}
    kind = kinds.get(asked.kind)
    if kind is None:
        raise InvalidInput(
            "unknown-kind", f"kinds are: {', '.join(kinds)}", field="kind", clause="R 3.2.1"
        )
    body = asked.body or (None if asked.name else intake.gateways.office_of(asked.kind))
    reached = body is not None and intake.gateways.reaches(body, asked.kind)
    way = asked.way
    if way is None:
        way = RequestWay.ELECTRONIC if reached and kind.electronic else RequestWay.PAPER
    if way is RequestWay.ELECTRONIC and not reached:
        raise InvalidInput(
            "no-gateway", "this body takes no electronic requests; send it on paper", field="way"
        )
    if body is None and (asked.name is None or asked.address is None):
        raise InvalidInput(
            "addressee-missing",
            "name the body by its id in the directory, or by name and address",
            field="addressed_body",
            clause="210-FZ 7.2 (2)",
        )
    if body is not None and not reached:
        await _check_known(intake, body, kind.addressed_kind)
    return Addressee(body=body or "unlisted", way=way, name=asked.name, address=asked.address)


async def _check_known(intake: Intake, body: str, wanted: str | None) -> None:
    copy = await intake.organizations.get(body)
    if copy is None or not copy.state.kind:
        raise InvalidInput(
            "addressee-unknown", "the directory has no such body", field="addressed_body"
        )
    if wanted is not None and copy.state.kind != wanted:
        raise InvalidInput(
            "addressee-of-another-kind",
            f"a request of this kind goes to a body of the kind {wanted}",
            field="addressed_body",
            clause="R 3.2.1",
        )


async def give_number(
    intake: Intake, document: Document[Case], request_id: str, number: str
) -> None:
    """Claim a number of the institution's outgoing register for a request; once (R 3.2.2).

    It stands before the case knows of it: should we die in between, the repetition finds its own.
    """
    institution = document.state.reference.institution
    claimed = intake.outgoing_numbers.blank(number_id(institution, number))
    claimed.state = OutgoingNumber(
        id=claimed.id,
        institution=institution,
        number=number,
        case_id=document.id,
        request_id=request_id,
    )
    try:
        await intake.outgoing_numbers.save(claimed)
    except AlreadyExists:
        known = await intake.outgoing_numbers.get(claimed.id)
        if known is None or known.state.request_id != request_id:
            raise NotAllowedInState(
                "outgoing-number-taken",
                "this outgoing number belongs to another request",
                field="outgoing_number",
            ) from None


def number_id(institution: str, number: str) -> str:
    """What an outgoing number of an institution is found by, however it is spaced or cased."""
    plain = re.sub(r"\s+", "", number).upper()
    return "N" + hashlib.sha256(f"{institution}\n{plain}".encode()).hexdigest()[:40]


def institution_of(by: Actor, number: str) -> str:
    """Whose outgoing number it is: the caller's own, or, to another body, as it says itself."""
    ours = OURS.fullmatch(number.strip())
    if by.role in OUTSIDE:
        return ours[1] if ours else "-"
    return by.organization or "-"


async def request_of_number(intake: Intake, institution: str, number: str) -> tuple[str, str]:
    """Case and request of an outgoing number: one that was given by hand, or ours."""
    given = await intake.outgoing_numbers.get(number_id(institution, number))
    if given is not None:
        return given.state.case_id, given.state.request_id
    ours = OURS.fullmatch(number.strip())
    entry = None
    if ours is not None and ours[1] == institution:
        entry = await intake.journal.get(entry_id(ours[1], int(ours[2]), int(ours[3])))
    case_id = entry.state.placed.case_id if entry is not None and entry.state.placed else None
    case = await intake.cases.get(case_id) if case_id else None
    known = case.state.every_request if case is not None else []
    for request in known:
        if request.outgoing_number == number.strip() and case is not None:
            return case.id, request.id
    raise NotFound(WHAT)


async def take_answer(
    intake: Intake, case_id: str, request_id: str, request: Request, by: Actor, answer: Answer
) -> Answered:
    """An answer, from the body that was asked or from paper (R 3.2.2)."""
    return await change_case(
        intake,
        case_id,
        request,
        by,
        lambda case, at: record_answer(case, request_id, answer, at),
        visible=may_answer,
        what=WHAT,
    )


async def set_aside(
    intake: Intake, case_id: str, request_id: str, by: Actor, body: bytes, reasons: list[str]
) -> None:
    """An answer that cannot be read is kept aside, whoever may answer it; others learn nothing."""
    at = intake.service.at(by)
    fingerprint = hashlib.sha256(body).hexdigest()
    text = body.decode("utf-8", errors="replace")
    document = await get_visible(intake.cases, case_id, lambda case: may_answer(case, by), WHAT)
    if not keep_garbled(document.state, request_id, fingerprint, reasons, text, at):
        return  # it was kept before

    def decide(case: Case) -> Sequence[Event]:
        keep_garbled(case, request_id, fingerprint, reasons, text, at)
        return ()

    await record(
        intake.service.commands,
        intake.cases,
        case_id,
        at,
        decide,
        visible=lambda case: may_answer(case, by),
        what=WHAT,
    )
