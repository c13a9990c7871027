"""UUIDs for HSDS, made from our ids: the same record has the same one on every replica, always."""

from __future__ import annotations

from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

OURS = uuid5(NAMESPACE_URL, "urn:opora:directory")


@lru_cache(maxsize=400_000)
def hsds_id(kind: str, *parts: str) -> str:
    """The UUID of a record: of its kind and what names it within that."""
    return str(uuid5(OURS, "/".join((kind, *parts))))
