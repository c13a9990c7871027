"""Who may call which routes of the register."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

_STAFF = (
    Role.REGISTRAR,
    Role.SPECIALIST,
    Role.URGENT_HEAD,
    Role.CARE_ORGANIZER,
    Role.INSTITUTION_DIRECTOR,
    Role.AUTHORISED_BODY_HEAD,
    Role.COMPLAINT_OFFICER,
)

Reader = Annotated[Actor, allow(Role.REGISTRY_READER, Role.OPERATOR, *_STAFF)]
"""Readers of the district, and staff, who see the cases of their own organization (L 5.1).

The wider roles stand first: somebody with several acts in the first of them."""

CardReader = Annotated[Actor, allow(Role.REGISTRY_READER, *_STAFF)]
"""Who may see a citizen's card: not the operator, who runs the system and needs nobody's data."""

DistrictReader = Annotated[Actor, allow(Role.REGISTRY_READER, Role.OPERATOR)]
"""Who sees everything of the district: its operations team, and regional systems (L 5.2)."""
