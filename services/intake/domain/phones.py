"""Telephone numbers as people say them: «8 (384-56) 5-34-21, доб. 3», several in one line."""

from __future__ import annotations

from typing import Final

import phonenumbers

from contracts.values import Telephone

REGION: Final = "RU"
AT_MOST: Final = 5


def phones_in(text: str) -> tuple[Telephone, ...]:
    """Every number in a text, in the order they stand there; each with how it was said.

    A number without its area code is none: it would be somebody else's in another town.
    """
    found = phonenumbers.PhoneNumberMatcher(text, REGION, phonenumbers.Leniency.POSSIBLE)
    numbers = [
        Telephone(
            said=match.raw_string,
            number=phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
            extension=match.number.extension,
        )
        for match in found
    ]
    return tuple(numbers[:AT_MOST])
