"""A complaint is registered the day it arrives, by its form; its term runs from then on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from pydantic import Field

from contracts.case import CaseRef
from contracts.complaints import ComplaintRegistered
from contracts.context import Context
from contracts.directory import OrganizationKind
from contracts.errors import InvalidInput
from contracts.event import Event
from contracts.regulation import RegulationPack
from contracts.values import Identifier, IsoDateTime, Text, Value
from services.complaints.domain.complaint import Complaint, complaint_id, is_nameless
from services.complaints.domain.records import Channel, Complainant, Official, Representative

COMPLAINED_OF = frozenset(
    {
        OrganizationKind.DEPARTMENT,
        OrganizationKind.AUTHORISED_BODY,
        OrganizationKind.INSTITUTION,
        OrganizationKind.MFC,
    }
)
"""The bodies that take part in giving the service (R 5, title; 5.5.2)."""


class ComplaintForm(Value):
    """What a complaint says. What R 5.4.2 asks for is checked by rule, so that the clause is told.

    A complaint without the complainant's name and address is taken all the same: it is examined,
    but not answered (R 5.4.6).
    """

    case_id: Identifier
    received_at: IsoDateTime | None = Field(
        default=None, description="when it arrived, if it is registered later than that"
    )
    channel: Channel
    ground: Identifier = Field(description="one of the seven grounds of the pack (R 5.2)")
    body: Identifier | None = Field(
        default=None, description="directory id of the body complained of"
    )
    official: Official | None = None
    complainant: Complainant | None = None
    decision_or_action: Text | None = None
    arguments: Text | None = None
    representative: Representative | None = None


def check_form(form: ComplaintForm, pack: RegulationPack, now: datetime) -> None:
    """Refuse what may not be registered; the error names the field and the clause."""
    if form.received_at is not None and form.received_at > now:
        raise InvalidInput(
            "received-in-future",
            "a complaint cannot have arrived in the future",
            field="received_at",
            clause="R 5.3",
        )
    begin = datetime.combine(pack.in_force_from, time.min, UTC)
    if form.received_at is not None and form.received_at < begin:
        raise InvalidInput(
            "received-before-the-regulation",
            f"complaints are taken under this regulation since {pack.in_force_from}",
            field="received_at",
            clause="R 5.3",
        )
    grounds = [rule.code for rule in pack.complaint_grounds]
    if form.ground not in grounds:
        raise InvalidInput(
            "unknown-ground", f"grounds are: {', '.join(grounds)}", field="ground", clause="R 5.2"
        )
    missing = _missing_fields(form)
    if missing:
        raise InvalidInput(
            "complaint-field-missing",
            f"a complaint must hold {', '.join(missing)}",
            field=missing[0],
            clause="R 5.4.2",
        )
    _check_authority(form, pack)


def _missing_fields(form: ComplaintForm) -> list[str]:
    """Which fields of R 5.4.2 the complaint lacks, by their paths."""
    required: dict[str, object] = {
        "body": form.body,
        "decision_or_action": form.decision_or_action,
        "arguments": form.arguments,
    }
    complainant = form.complainant
    if complainant is not None and not is_nameless(complainant):
        required |= {
            "complainant.name": complainant.name,
            "complainant.address": complainant.address,
            "complainant.phone": complainant.phone or complainant.email,
        }
    elif form.representative is not None:  # nobody represents the nameless
        required["complainant.name"] = None
    return [name for name, value in required.items() if value is None]


def _check_authority(form: ComplaintForm, pack: RegulationPack) -> None:
    """A representative adds proof of authority, one of three kinds (R 5.4.3)."""
    if form.representative is None:
        return
    proof, kinds = form.representative.proof, [kind.code for kind in pack.authority_proofs]
    if proof is None:
        raise InvalidInput(
            "authority-unproven",
            f"a representative adds one of: {', '.join(kinds)}",
            field="representative.proof",
            clause="R 5.4.3",
        )
    if proof.kind not in kinds:
        raise InvalidInput(
            "unknown-proof",
            f"proofs of authority are: {', '.join(kinds)}",
            field="representative.proof.kind",
            clause="R 5.4.3",
        )


def examiner_of(body: str, kind: OrganizationKind, ref: CaseRef) -> str:
    """Who examines: the body itself; for an MFC the authorised body it works for (R 5.5.2)."""
    if kind not in COMPLAINED_OF:
        raise InvalidInput(
            "not-a-body-of-the-service",
            f"complaints are of: {', '.join(sorted(COMPLAINED_OF))}",
            field="body",
            clause="R 5.1",
        )
    return ref.authorised_body if kind is OrganizationKind.MFC else body


def register_complaint(
    form: ComplaintForm,
    ref: CaseRef,
    examiner: str,
    number: int,
    source_key: str,
    at: Context,
) -> tuple[Complaint, Sequence[Event]]:
    """Enter a checked complaint under the next number of the register (R 5.3).

    The term of registration ends with the day of arrival, so here it is met or missed at once;
    the term of examination begins (R 5.5).
    """
    year = at.calendar.local_date(at.now).year
    said = form.model_dump(exclude={"case_id", "received_at"})
    complaint = Complaint(
        **said,  # validated once more: what R 5.4.2 asks for must be there by now
        id=complaint_id(examiner, year, number),
        examiner=examiner,
        year=year,
        number=number,
        source_key=source_key,
        pack=ref.pack,
        case_id=ref.case_id,
        case_number=ref.number,
        citizen_id=ref.citizen_id,
        institution=ref.institution,
        authorised_body=ref.authorised_body,
        received_at=form.received_at or at.now,
        registered_at=at.now,
        registered_by=at.by.id,
    )
    return complaint, [_registered(complaint, at)]


def _registered(complaint: Complaint, at: Context) -> ComplaintRegistered:
    pack = complaint.regulation
    arrival = at.deadline(pack, "complaint-registration", complaint.received_at)
    examination = at.deadline(pack, complaint.rule.term)
    return ComplaintRegistered(
        by=at.by,
        case_id=complaint.case_id,
        number=complaint.register_number,
        ground=complaint.ground,
        body=complaint.body,
        citizen_id=complaint.citizen_id,
        opened=complaint.terms.open(arrival, examination),
        closed=complaint.terms.close(arrival.code, at=at.now),
    )
