"""HTTP routes of care planning, by noun."""
