"""HTTP routes of assessment, by noun."""
