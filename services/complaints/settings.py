"""Settings of complaints."""

from chassis.settings import ServiceSettings


class ComplaintsSettings(ServiceSettings):
    """Complaints need nothing besides what every service needs."""
