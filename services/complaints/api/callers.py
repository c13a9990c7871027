"""Who may call which routes of complaints."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

Recorder = Annotated[Actor, allow(Role.REGISTRAR, Role.COMPLAINT_OFFICER)]
"""Whoever may register a complaint that arrived (R 5.3)."""

Officer = Annotated[Actor, allow(Role.COMPLAINT_OFFICER)]
"""The official authorised to examine complaints (R 5.5)."""

Reader = Annotated[
    Actor,
    allow(
        Role.COMPLAINT_OFFICER,
        Role.REGISTRAR,
        Role.AUTHORISED_BODY_HEAD,
        Role.INSTITUTION_DIRECTOR,
    ),
]
"""Staff of the bodies concerned and of the department."""
