"""Who may call which routes of assessment."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

Specialist = Annotated[Actor, allow(Role.SPECIALIST)]
"""Who makes the primary survey (R 3.3.2)."""

Appointer = Annotated[Actor, allow(Role.URGENT_HEAD, Role.INSTITUTION_DIRECTOR)]
"""Who names the care organizer (R 3.3.12)."""

Reopener = Annotated[Actor, allow(Role.SPECIALIST, Role.URGENT_HEAD)]
"""To whom a citizen who had declined may turn (R 3.3.7.2)."""

Organizer = Annotated[Actor, allow(Role.CARE_ORGANIZER)]

Chair = Annotated[Actor, allow(Role.COMMISSION_CHAIR)]

MEMBERS = (
    Role.CARE_ORGANIZER,
    Role.COMMISSION_CHAIR,
    Role.HEALTH_WORKER,
    Role.PSYCHOLOGIST,
    Role.COMMISSION_MEMBER,
)
STAFF = (
    Role.SPECIALIST,
    Role.URGENT_HEAD,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
)

Member = Annotated[Actor, allow(*MEMBERS)]
"""Roles that sit in a commission (R 3.4.1, 3.4.2); whether in this one, the case says."""

Reader = Annotated[Actor, allow(*STAFF, *MEMBERS)]
"""Staff of the institution and its authorised body, and members of the commission."""
