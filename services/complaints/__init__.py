"""Complaints: registration, examination, decision, answer, remedy."""
