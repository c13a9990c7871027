"""Settings of assessment."""

from chassis.settings import ServiceSettings


class AssessmentSettings(ServiceSettings):
    """What assessment needs: nothing besides what every service needs."""
