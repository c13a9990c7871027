"""The echo as a program of its own: a test sees its process end and a successor go on."""

from __future__ import annotations

import os

from fastapi import FastAPI

from chassis.settings import ServiceSettings, load
from tests.service.chassis.sample import EchoService


def create_app() -> FastAPI:
    """The application; everything about it comes from the environment."""
    return EchoService(load(ServiceSettings), os.environ["SERVICE"]).app
