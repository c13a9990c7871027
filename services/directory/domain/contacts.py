"""Reading printed phones and e-mails, as far as they are certain.

A value that cannot be read with certainty is None, never a guess: a wrong phone number sends an old
person's relatives to a stranger (R appendix 1 has typing errors; see quality.py).
"""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

_BRACKETED_PHONE: Final = re.compile(
    r"(?:(?:8|\+7)[ -]?)?\((\d+(?:-\d+)*)\)\s*(\d{1,3}(?:-\d{2}){1,2})"
)
_LONG_PHONE: Final = re.compile(r"(?:8|\+7)[ -]?\(?(\d{3})\)?[ -](\d{3}-\d{2}-\d{2})")
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{2,}"
)
COUNTRY: Final = 7
NATIONAL_DIGITS: Final = 10
"""How many digits a Russian number has after the country code."""


def phone_digits(printed: str) -> tuple[str, str] | None:
    """(area code, subscriber digits) as printed, brackets balanced or not; None without one.

    A hyphenated leading 8, as in «(8-34-73)», is the trunk prefix and not part of the code.
    """
    long = _LONG_PHONE.fullmatch(printed.strip())
    if long:
        return long.group(1), re.sub(r"\D", "", long.group(2))
    area, bracket, local = printed.partition(")")
    if not bracket:
        return None
    area = re.sub(r"^[\s(]*(?:8|\+7)(?:[\s-]+\(?|\()", "", area)
    return re.sub(r"\D", "", area), re.sub(r"\D", "", local)


def parse_phone(printed: str | None) -> str | None:
    """A printed phone → E.164, or None when brackets, grouping, count or code leave a doubt."""
    text = (printed or "").strip()
    if not (_BRACKETED_PHONE.fullmatch(text) or _LONG_PHONE.fullmatch(text)):
        return None
    national = "".join(phone_digits(text) or ())
    if len(national) != NATIONAL_DIGITS:
        return None
    number = phonenumbers.PhoneNumber(country_code=COUNTRY, national_number=int(national))
    if not phonenumbers.is_valid_number_for_region(number, "RU"):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_email(printed: str | None) -> str | None:
    """A printed e-mail when it is valid as it stands, else None; spaces are not taken out."""
    text = (printed or "").strip()
    return text if _EMAIL.fullmatch(text) else None
