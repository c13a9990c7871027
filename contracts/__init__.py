"""What the services say to each other: events, value types, dated regulation.

Imports pydantic and the standard library only, so that any party can read the contracts
without taking on the rest of Opora.
"""
