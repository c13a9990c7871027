"""Registry: the regional register: citizens, timelines, terms, the system's log."""
