"""Settings of care planning."""

from chassis.settings import ServiceSettings


class CareplanSettings(ServiceSettings):
    """Care planning needs what every service needs, and no more."""
