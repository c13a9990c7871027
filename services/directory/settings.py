"""Settings of the directory."""

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings


class DirectorySettings(ServiceSettings):
    """What the directory needs besides what every service needs."""

    directory_data: Path | None = Field(
        default=None, description="folder of data files; without it those that come with Opora"
    )
    refresh_seconds: float = Field(
        default=2.0, gt=0, description="how often other replicas' changes are looked for"
    )
    further_kinds: bool = Field(
        default=True,
        description="whether organizations of kinds that came later are entered; off while replicas"
        " that do not know them are still running",
    )
