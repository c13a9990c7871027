"""Settings from the environment (`OPORA_…`). An incomplete set refuses to start and says why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chassis.nodes import parse_nodes
from contracts.values import IsoDate

MOVED = {"off": False, "working": True}


class ServiceSettings(BaseSettings):
    """What every service needs to start."""

    model_config = SettingsConfigDict(env_prefix="OPORA_", extra="ignore")

    amqp_url: SecretStr = Field(
        description="RabbitMQ, amqp://user:password@host:port/vhost; of a cluster all its nodes, "
        "with commas: amqp://user:password@host:port,host:port,host:port/vhost"
    )
    mongo_url: SecretStr = Field(description="MongoDB, mongodb://host")
    district: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="code of the district served")
    time_zone: str = Field(default="Asia/Novokuznetsk", description="IANA zone of the district")
    jwks_file: Path = Field(description="public keys of the identity provider (a JWKS)")
    issuer: str = Field(description="`iss` of the identity provider's tokens")
    audience: str = Field(default="opora", description="`aud` our tokens are made for")
    database_prefix: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    log_level: str = "INFO"
    moved_days: Annotated[dict[IsoDate, bool], NoDecode] = Field(
        default={},
        description="days that are off or working against the official calendar, with commas"
        " between them: 2028-11-06=off,2028-11-11=working",
    )

    @field_validator("amqp_url")
    @classmethod
    def _names_nodes(cls, url: SecretStr) -> SecretStr:
        parse_nodes(url.get_secret_value())
        return url

    @field_validator("moved_days", mode="before")
    @classmethod
    def _days(cls, value: object) -> object:
        """From «day=off» and «day=working» to whether a day is working."""
        if not isinstance(value, str):
            return value
        named = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        if any(kind not in MOVED for _, _, kind in named):
            raise ValueError("each is written as 2028-11-06=off or 2028-11-11=working")
        if len({day for day, _, _ in named}) != len(named):
            raise ValueError("a day stands there twice")
        return {day: MOVED[kind] for day, _, kind in named}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(f"{name} is no IANA time zone") from unknown
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.time_zone)


T = TypeVar("T", bound=ServiceSettings)


class SettingsIncomplete(SystemExit):
    """The environment lacks settings, or one is wrong; the message names each."""


def load(settings: type[T]) -> T:
    """Settings from the environment, or an end with a list of what is missing or wrong."""
    try:
        return settings()
    except ValidationError as failure:
        lines = [f"  {_variable(error['loc'])}: {error['msg']}" for error in failure.errors()]
        print("Cannot start, settings are incomplete:", *lines, sep="\n", file=sys.stderr)
        raise SettingsIncomplete("\n".join(lines)) from None


def _variable(location: tuple[int | str, ...]) -> str:
    """The variable an error is about; a rule over several of them is about none."""
    return f"OPORA_{str(location[0]).upper()}" if location else "settings"
