"""The secret code of a case: intake gives it out, the registry recognises it by a slow hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

ROUNDS = 50_000
MOST_CODES = 10
"""Codes of further referrals that hold at a time besides the case's own: the latest."""
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


def hashed(code: str, case_number: str) -> str:
    """What may be known of a code: PBKDF2, salted with the case's number."""
    return hashlib.pbkdf2_hmac("sha256", code.encode(), case_number.encode(), ROUNDS).hex()


def matches(code: str, case_number: str, *expected: str) -> bool:
    """Whether this is a code of that case; takes as long for a wrong one."""
    given = hashed(code, case_number)
    return sum(hmac.compare_digest(given, known) for known in expected) > 0


def plain_number(typed: str) -> str:
    """A case's number as it is looked up, whatever the case of its letters, spaces typed into it,
    a long dash for a short one, or leading zeros left out."""
    composed = unicodedata.normalize("NFKC", typed).translate(DASHES)
    number = re.sub(r"\s+", "", composed).lower()
    parts = re.fullmatch(r"(.+/[0-9]{4}/)([0-9]{1,6})", number)
    return number if parts is None else f"{parts[1]}{parts[2]:0>6}"


def plain_code(typed: str) -> str:
    """A code without the spaces and hyphens typed in between."""
    composed = unicodedata.normalize("NFKC", typed).translate(DASHES)
    return re.sub(r"[\s-]+", "", composed)
