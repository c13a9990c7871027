"""Who may call which routes of the register."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

Reader = Annotated[
    Actor,
    allow(
        Role.REGISTRY_READER,
        Role.OPERATOR,
        Role.REGISTRAR,
        Role.SPECIALIST,
        Role.URGENT_HEAD,
        Role.CARE_ORGANIZER,
        Role.INSTITUTION_DIRECTOR,
        Role.AUTHORISED_BODY_HEAD,
        Role.COMPLAINT_OFFICER,
    ),
]
"""Readers of the district, and staff, who see the cases of their own organization (L 5.1).

The wider roles stand first: somebody with several acts in the first of them."""

DistrictReader = Annotated[Actor, allow(Role.REGISTRY_READER, Role.OPERATOR)]
"""Who sees everything of the district: its operations team, and regional systems (L 5.2)."""
