"""Tokens and settings of the simulated district."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chassis.settings import ServiceSettings
from deploy.demo.staff import HOSPITAL
from deploy.runner.tokens import AUDIENCE, ISSUER, Credentials
from deploy.services import DISTRICT
from services.assessment.settings import AssessmentSettings
from services.careplan.settings import CareplanSettings
from services.complaints.settings import ComplaintsSettings
from services.directory.settings import DirectorySettings
from services.intake.settings import IntakeSettings
from services.registry.settings import RegistrySettings
from tests.simulation.places import FUND, HOOK

OFFICE = "example-pension-fund-office-01"
KINDS: dict[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "assessment": AssessmentSettings,
    "careplan": CareplanSettings,
    "complaints": ComplaintsSettings,
    "directory": DirectorySettings,
    "registry": RegistrySettings,
}


class District:
    """Gives out tokens; its keys are made at the first use and gone with the process."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[Any, ...], str] = {}

    @cached_property
    def _credentials(self) -> Credentials:
        directory = Path(tempfile.mkdtemp(prefix="opora-simulation-"))
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
        return Credentials(directory)

    @property
    def jwks_file(self) -> Path:
        """Public keys."""
        return self._credentials.jwks_file

    def token(self, *roles: str, org: str | None = None, subject: str | None = None) -> str:
        """A token of the district."""
        asked = (*roles, org, subject)
        if asked not in self._tokens:
            self._tokens[asked] = self._credentials.token(
                *roles, org=org, district=DISTRICT, subject=subject
            )
        return self._tokens[asked]


CREDENTIALS = District()


@cache
def settings_of(service: str) -> ServiceSettings:
    """Settings of one service; the addresses in them lead nowhere."""
    own: dict[str, dict[str, Any]] = {
        "intake": {
            "identity_key": "a key of the simulation",
            "pension_fund_url": FUND,
            "pension_fund_token": "nobody checks it",
            "webhook_url": HOOK,
            "outgoing_loopback": True,
            "webhook_secret": "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgYSB3ZWJob29rISE=",
            "webhook_organization": HOSPITAL,
        },
        "directory": {"refresh_seconds": 3600.0},
    }
    return KINDS[service](
        amqp_url="amqp://nowhere/",
        mongo_url="mongodb://nowhere/",
        district=DISTRICT,
        jwks_file=CREDENTIALS.jwks_file,
        issuer=ISSUER,
        audience=AUDIENCE,
        log_level="CRITICAL",
        **own.get(service, {}),
    )
