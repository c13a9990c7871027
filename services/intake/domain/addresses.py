"""Where an address lies, as far as intake has to know: in the region, or outside (R 3.1.1)."""

from __future__ import annotations

from collections.abc import Collection

from contracts.errors import InvalidInput
from contracts.territory import gazetteer, query_of
from contracts.values import Address


def is_outside(address: Address, ours: Collection[str]) -> bool:
    """Whether the address names a region or rayon that is not among ours (ISO 3166-2 codes).

    What the address leaves open is not held against it.
    """
    location = gazetteer().locate(query_of(address))
    if location.elsewhere is not None:
        return True
    return bool(ours) and location.region is not None and location.region not in ours


def require_inside(address: Address | None, ours: Collection[str]) -> None:
    """Refuse an address outside the region, by that name and without repeating it."""
    if address is not None and is_outside(address, ours):
        raise InvalidInput(
            "address-outside-region",
            "this address lies outside the region, or names a town not in the directory; the"
            " referral belongs to the social services of the place where the citizen lives",
            field="citizen.address",
            clause="R 3.1.1",
        )
