"""Settings of the simulators from the environment, by the names the local runner sets."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class PensionFundSettings(BaseSettings):
    """What the Pension Fund's stand-in needs: `OPORA_SIM_…`."""

    model_config = SettingsConfigDict(env_prefix="OPORA_SIM_", extra="ignore")

    callback_url: str = Field(default="http://127.0.0.1:8101", description="where intake answers")
    callback_token: SecretStr = Field(description="token by which intake knows the Pension Fund")
    seed: str = "opora"
    fail_share: float = Field(default=0.2, ge=0, le=1, description="requests refused once, by 503")
    double_share: float = Field(default=0.2, ge=0, le=1, description="requests answered twice")
    slowest_seconds: float = Field(default=2.0, ge=0, description="how late an answer may be")
    late_share: float = Field(default=0.0, ge=0, le=1, description="answered after late_seconds")
    late_seconds: float = Field(default=60.0, ge=0)
    differing_share: float = Field(
        default=0.0, ge=0, le=1, description="answered a second time with another sum"
    )
    negative_share: float = Field(default=0.0, ge=0, le=1, description="there is no such pensioner")
    garbled_share: float = Field(
        default=0.0, ge=0, le=1, description="first answered so that it cannot be read"
    )
    per_minute: int | None = Field(
        default=None, ge=1, description="requests taken within a minute; more are refused by 429"
    )


class HospitalSettings(BaseSettings):
    """What the hospital's stand-in needs; the secret is the one that intake signs with."""

    model_config = SettingsConfigDict(
        env_prefix="OPORA_SIM_", extra="ignore", populate_by_name=True
    )

    webhook_secret: SecretStr = Field(
        validation_alias="OPORA_WEBHOOK_SECRET", description="whsec_…, Standard Webhooks"
    )
    seed: str = "opora"
    fail_share: float = Field(default=0.1, ge=0, le=1, description="notices refused once, by 503")
