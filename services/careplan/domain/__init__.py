"""Pure rules of care planning: no clock, no network, no framework."""
