"""Settings of intake."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from chassis.settings import ServiceSettings
from contracts.values import Identifier
from services.intake.adapters.gateways import GatewaySettings, read_gateways
from services.intake.adapters.partners import Listener, Partner, Partners, read_partners
from services.intake.domain.interagency import CERTIFICATE


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
    pension_fund_per_minute: int = Field(
        default=50, ge=1, le=100_000, description="requests a minute that its gateway takes"
    )
    gateways: Path | None = Field(
        default=None,
        description="JSON file of further gateways: a list of kind, office, url, token, per_minute",
    )
    attachments_url: str = Field(
        default="var/attachments",
        description="where attachments lie: a folder, or file:///… or s3://bucket/prefix",
    )
    webhook_url: str | None = Field(
        default=None, description="where a medical organization listens"
    )
    webhook_secret: SecretStr | None = Field(default=None, description="whsec_…, Standard Webhooks")
    webhook_organization: Identifier | None = Field(
        default=None, description="directory id of the one medical organization that listens there"
    )
    partners: Path | None = Field(
        default=None, description="JSON file with the settings of medical organizations"
    )
    outgoing_loopback: bool = Field(
        default=False,
        description="whether this machine's own addresses may be called, by http too",
    )
    _partners: Partners = PrivateAttr(default_factory=Partners)

    institutions: Annotated[frozenset[Identifier], NoDecode] = Field(
        default=frozenset(),
        description="directory ids of the institutions of this district, with commas between them;"
        " none: those of the whole region",
    )

    status_per_address: int = Field(
        default=20, ge=1, description="public requests per minute from one client address"
    )
    status_per_number: int = Field(
        default=10, ge=1, description="public requests per ten minutes with one case number"
    )

    @field_validator("institutions", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @cached_property
    def every_gateway(self) -> tuple[GatewaySettings, ...]:
        """The Pension Fund's gateway, and those of the file."""
        default = GatewaySettings(
            kind=CERTIFICATE,
            office=self.pension_fund_office,
            url=self.pension_fund_url,
            token=self.pension_fund_token,
            per_minute=self.pension_fund_per_minute,
        )
        return default, *(read_gateways(self.gateways) if self.gateways else ())

    @model_validator(mode="after")
    def _gateways_can_be_read(self) -> Self:
        named = [(one.kind, one.office) for one in self.every_gateway]
        if len(set(named)) != len(named):
            raise ValueError("OPORA_GATEWAYS: a kind and office stand there twice")
        return self

    @field_validator("partners", mode="before")
    @classmethod
    def _none_is_none(cls, value: object) -> object:
        """A variable that is set to nothing names no file."""
        return None if value == "" else value

    @model_validator(mode="after")
    def _listener_is_whole(self) -> Self:
        parts = (self.webhook_url, self.webhook_secret, self.webhook_organization)
        if None in parts and any(part is not None for part in parts):
            raise ValueError(
                "OPORA_WEBHOOK_URL, OPORA_WEBHOOK_SECRET and OPORA_WEBHOOK_ORGANIZATION go together"
            )
        return self

    @model_validator(mode="after")
    def _partners_are_right(self) -> Self:
        known = read_partners(self.partners) if self.partners else Partners()
        if self.webhook_organization is not None:
            known = known.with_one_more(self._listener())
        plain = [
            partner.organization
            for partner in known.listeners()
            if partner.webhook and not partner.webhook.url.startswith("https:")
        ]
        if plain and not self.outgoing_loopback:
            raise ValueError(f"webhooks are called by https: {', '.join(plain)}")
        self._partners = known
        return self

    def all_partners(self) -> Partners:
        """Those of the file, and the one that the three variables name."""
        return self._partners

    def _listener(self) -> Partner:
        """The one medical organization of the three variables, as a partner."""
        try:
            listener = Listener.model_validate(
                {"url": self.webhook_url, "secrets": (self.webhook_secret,)}
            )
        except ValidationError as failure:
            error = failure.errors(include_input=False, include_url=False)[0]
            name = "OPORA_WEBHOOK_URL" if error["loc"][0] == "url" else "OPORA_WEBHOOK_SECRET"
            raise ValueError(f"{name}: {error['msg']}") from None
        return Partner(organization=self.webhook_organization or "", webhook=listener)
