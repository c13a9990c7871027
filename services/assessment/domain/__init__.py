"""Pure rules of assessment: no clock, no network, no framework."""
