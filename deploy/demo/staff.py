"""Everyone who takes part in the main job, each with the token of their own role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chassis import clock
from contracts.roles import Role
from deploy.demo.office import Office, Wire

INSTITUTION = "r-institution-15"
AUTHORISED_BODY = "r-authorised-body-07"
HOSPITAL = "l-medical-organization-01"
PROVIDER = INSTITUTION
"""Home care is given by the institution itself (R 3.6.3)."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The desks of Leninsk-Kuznetsky."""

    hospital: Office
    registrar: Office
    body_registrar: Office
    """Takes referrals in at the authorised body, which passes them on."""
    urgent_head: Office
    specialist: Office
    organizer: Office
    chair: Office
    health_worker: Office
    psychologist: Office
    head: Office
    director: Office
    executor: Office
    officer: Office
    reader: Office
    operator: Office
    now: clock.Now = clock.now
    """What they take for the present moment."""


def subject_of(role: Role) -> str:
    """The token subject of the one person who acts in a role here."""
    return f"demo-{role}"


class Issuer(Protocol):
    """Whoever gives out tokens, such as a running system."""

    def token(self, role: str, /, *, org: str | None = None, subject: str | None = None) -> str:
        """An access token for a role."""


def hire(issuer: Issuer, wire: Wire, now: clock.Now = clock.now) -> Staff:
    """Tokens for everyone."""

    def desk(role: Role, organization: str) -> Office:
        return Office(wire, issuer.token(role, org=organization, subject=subject_of(role)))

    return Staff(
        hospital=desk(Role.MEDICAL_ORGANIZATION, HOSPITAL),
        registrar=desk(Role.REGISTRAR, INSTITUTION),
        body_registrar=desk(Role.REGISTRAR, AUTHORISED_BODY),
        urgent_head=desk(Role.URGENT_HEAD, INSTITUTION),
        specialist=desk(Role.SPECIALIST, INSTITUTION),
        organizer=desk(Role.CARE_ORGANIZER, INSTITUTION),
        chair=desk(Role.COMMISSION_CHAIR, AUTHORISED_BODY),
        health_worker=desk(Role.HEALTH_WORKER, HOSPITAL),
        psychologist=desk(Role.PSYCHOLOGIST, AUTHORISED_BODY),
        head=desk(Role.AUTHORISED_BODY_HEAD, AUTHORISED_BODY),
        director=desk(Role.INSTITUTION_DIRECTOR, INSTITUTION),
        executor=desk(Role.PROVIDER, PROVIDER),
        officer=desk(Role.COMPLAINT_OFFICER, AUTHORISED_BODY),
        reader=desk(Role.REGISTRY_READER, AUTHORISED_BODY),
        operator=desk(Role.OPERATOR, AUTHORISED_BODY),
        now=now,
    )
