"""Pure rules of intake: no clock, no network, no framework."""
