"""Who may call which routes of care planning."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

Organizer = Annotated[Actor, allow(Role.CARE_ORGANIZER)]
"""The named person who plans the care (R 3.3.12, 3.5)."""

PlanParty = Annotated[Actor, allow(Role.CARE_ORGANIZER, Role.PROVIDER)]
"""Who answers for executors: organizations for themselves, the organizer for persons (R 3.5.3)."""

Issuer = Annotated[Actor, allow(Role.CARE_ORGANIZER, Role.REGISTRAR)]
"""Who writes what leaves the institution: the programme, the refusal notice (L 2.4, R 3.6.4)."""

Head = Annotated[Actor, allow(Role.AUTHORISED_BODY_HEAD)]
"""Who decides (R 3.6.1)."""

Director = Annotated[Actor, allow(Role.INSTITUTION_DIRECTOR)]
"""Who orders the enrolment (R 3.6.3)."""

_STAFF = (
    Role.REGISTRAR,
    Role.SPECIALIST,
    Role.CARE_ORGANIZER,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
)

Reader = Annotated[Actor, allow(*_STAFF)]
"""Staff of the institution and of its authorised body."""

PlanReader = Annotated[Actor, allow(*_STAFF, Role.PROVIDER)]
"""Staff, and the organizations that the plan names as executors."""
