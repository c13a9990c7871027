"""Faults on real servers: each first proves that its fault took place."""
