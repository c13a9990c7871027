"""Unit tests of intake: every rule by its clause, without clock, network or store."""
