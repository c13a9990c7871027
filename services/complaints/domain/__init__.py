"""Pure rules of complaints: no clock, no network, no framework."""
