"""Who may call which routes of intake."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor
from services.intake.domain.consultations import CONSULTING

Referrer = Annotated[Actor, allow(Role.MEDICAL_ORGANIZATION, Role.REGISTRAR, Role.CALL_CENTRE)]
"""Whoever may push a referral: staff, a medical organization, who is called by phone (R 3.1.1)."""

Hospital = Annotated[Actor, allow(Role.MEDICAL_ORGANIZATION)]

Registrar = Annotated[Actor, allow(Role.REGISTRAR)]
"""The authorised worker of the institution (R 3.1.2)."""

UrgentHead = Annotated[Actor, allow(Role.URGENT_HEAD)]
"""Who assigns triage codes (R 3.1.6)."""

Frontline = Annotated[Actor, allow(Role.REGISTRAR, Role.SPECIALIST, Role.URGENT_HEAD)]
"""Who deals with the citizen: questions, consent, documents."""

Assigner = Annotated[Actor, allow(Role.REGISTRAR, Role.URGENT_HEAD, Role.INSTITUTION_DIRECTOR)]
"""Who says whose case it is."""

Signer = Annotated[Actor, allow(Role.INSTITUTION_DIRECTOR, Role.REGISTRAR)]
"""The head, or a person authorised by order (R 3.2.2)."""

ANSWERING = (Role.PENSION_FUND, Role.AGENCY, Role.REGISTRAR)

Answering = Annotated[Actor, allow(*ANSWERING)]
"""The system of the body that was asked, or who records its answer on paper (R 3.2.2)."""

Requesting = Annotated[
    Actor,
    allow(Role.REGISTRAR, Role.SPECIALIST, Role.URGENT_HEAD, Role.INSTITUTION_DIRECTOR),
]
"""Staff of the institution who work at its interagency requests (R 3.2)."""

Matcher = Annotated[Actor, allow(Role.REGISTRAR, Role.AUTHORISED_BODY_HEAD)]
"""Who decides whether two citizens are one: whoever keeps the journal, and the body above."""

Booking = Annotated[Actor, allow(Role.CALL_CENTRE, Role.REGISTRAR)]
"""Who books appointments for citizens (S)."""

Receiving = Annotated[Actor, allow(Role.SPECIALIST, Role.REGISTRAR)]
"""Who receives citizens, and records whether they came (S)."""

AppointmentReader = Annotated[
    Actor,
    allow(Role.CALL_CENTRE, Role.REGISTRAR, Role.SPECIALIST, Role.INSTITUTION_DIRECTOR),
]
"""The call centre sees every bureau's appointments, a bureau's staff its own (S)."""

BureauKeeper = Annotated[Actor, allow(Role.INSTITUTION_DIRECTOR, Role.REGISTRAR)]
"""Who says how a bureau receives (S)."""

Consulting = Annotated[Actor, allow(*CONSULTING)]
"""Who consults, and records it (S, R 3.1.4)."""

_STAFF = (
    Role.REGISTRAR,
    Role.SPECIALIST,
    Role.URGENT_HEAD,
    Role.CARE_ORGANIZER,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
)

Reader = Annotated[Actor, allow(*_STAFF)]
"""Staff of the institution and of its authorised body."""

EntryReader = Annotated[Actor, allow(*_STAFF, Role.CALL_CENTRE)]
"""Staff, and the call centre what it has taken in itself."""


def own_records(by: Actor) -> dict[str, str]:
    """The query of a reader's lists: their institution's records, or their authorised body's."""
    field = "authorised_body" if by.role == Role.AUTHORISED_BODY_HEAD else "institution"
    return {field: by.organization or "-"}
