"""Settings of intake."""

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings


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
    webhook_url: str | None = Field(default=None, description="where medical organizations listen")
    webhook_secret: SecretStr | None = Field(default=None, description="whsec_…, Standard Webhooks")
