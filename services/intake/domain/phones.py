"""Telephone numbers as people say them: «8 (384-56) 5-34-21, доб. 3», several in one line."""

from __future__ import annotations

from typing import Final

import phonenumbers

from contracts.values import Telephone, is_phone

REGION: Final = "RU"
AT_MOST: Final = 5
E164: Final = phonenumbers.PhoneNumberFormat.E164


def phones_in(text: str) -> tuple[Telephone, ...]:
    """Every number in a text, in the order they stand there; each with how it was said.

    A number without its area code is none: it would be somebody else's in another town. Nor is one
    with more digits than E.164 has.
    """
    found = phonenumbers.PhoneNumberMatcher(text, REGION, phonenumbers.Leniency.POSSIBLE)
    numbers = [
        Telephone(said=match.raw_string, number=number, extension=match.number.extension)
        for match in found
        if is_phone(number := phonenumbers.format_number(match.number, E164))
    ]
    return tuple(numbers[:AT_MOST])
