"""HTTP routes of complaints, by noun."""
