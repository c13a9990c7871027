"""The secret code of a case: intake gives it out, the registry recognises it by a slow hash."""

from __future__ import annotations

import hashlib
import hmac

ROUNDS = 50_000


def hashed(code: str, case_number: str) -> str:
    """What may be known of a code: PBKDF2, salted with the case's number."""
    return hashlib.pbkdf2_hmac("sha256", code.encode(), case_number.encode(), ROUNDS).hex()


def matches(code: str, case_number: str, expected: str) -> bool:
    """Whether this is the code of that case; takes as long for a wrong one."""
    return hmac.compare_digest(hashed(code, case_number), expected)
