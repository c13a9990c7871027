"""HTTP routes of intake, by noun."""
