"""Settings of the register."""

from pydantic import Field

from chassis.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """What the register needs besides what every service needs."""

    status_per_address: int = Field(
        default=20, ge=1, description="public questions per minute from one client address"
    )
    status_per_number: int = Field(
        default=10, ge=1, description="public questions per ten minutes about one case number"
    )
