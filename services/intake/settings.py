"""Settings of intake."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from chassis.settings import ServiceSettings
from contracts.values import Identifier


class IntakeSettings(ServiceSettings):
    """What intake needs besides what every service needs."""

    identity_key: SecretStr = Field(
        min_length=16, description="secret of the keyed hashes by which a person is recognised"
    )
    pension_fund_url: str = Field(description="address of the Pension Fund's gateway")
    pension_fund_token: SecretStr = Field(description="token the Pension Fund gave us")
    pension_fund_office: str = Field(
        default="example-pension-fund-office-01", description="directory id of the office addressed"
    )
    status_per_address: int = Field(
        default=20, ge=1, description="public requests per minute from one client address"
    )
    status_per_number: int = Field(
        default=10, ge=1, description="public requests per ten minutes with one case number"
    )
    webhook_url: str | None = Field(
        default=None, description="where a medical organization listens"
    )
    webhook_secret: SecretStr | None = Field(default=None, description="whsec_…, Standard Webhooks")
    webhook_organization: Identifier | None = Field(
        default=None, description="directory id of the one medical organization that listens there"
    )

    institutions: Annotated[frozenset[Identifier], NoDecode] = Field(
        default=frozenset(),
        description="directory ids of the institutions of this district, with commas between them;"
        " none: those of the whole region",
    )

    @field_validator("institutions", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _listener_is_whole(self) -> Self:
        parts = (self.webhook_url, self.webhook_secret, self.webhook_organization)
        if None in parts and any(part is not None for part in parts):
            raise ValueError(
                "OPORA_WEBHOOK_URL, OPORA_WEBHOOK_SECRET and OPORA_WEBHOOK_ORGANIZATION go together"
            )
        return self
