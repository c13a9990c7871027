"""Who may call which routes of the directory. Organizations are public: reading needs no token."""

from typing import Annotated

from chassis.http import allow
from contracts.roles import Role
from contracts.values import Actor

Editor = Annotated[Actor, allow(Role.DIRECTORY_EDITOR)]
"""Who keeps the directory."""

QualityReader = Annotated[Actor, allow(Role.DIRECTORY_EDITOR, Role.REGISTRY_READER, Role.OPERATOR)]
"""Who may see what is wrong in the sources."""

Proposer = Annotated[Actor, allow(Role.DIRECTORY_EDITOR, Role.PROVIDER)]
"""Who may propose an entry to a register: the provider itself, or an editor. A provider sees and
amends only what its organization proposed."""
