"""The services as they are: what makes the application of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import FastAPI

from services.assessment.main import create_app as assessment
from services.careplan.main import create_app as careplan
from services.complaints.main import create_app as complaints
from services.directory.main import create_app as directory
from services.intake.main import create_app as intake
from services.registry.main import create_app as registry

MAKERS: Mapping[str, Callable[..., FastAPI]] = {
    "intake": intake,
    "assessment": assessment,
    "careplan": careplan,
    "complaints": complaints,
    "directory": directory,
    "registry": registry,
}
