"""Directory: organizations, territories, hours; reports the faults of its sources."""
