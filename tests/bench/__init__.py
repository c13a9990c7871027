"""Benchmarks: compared side by side in one run, never asserted as times."""
