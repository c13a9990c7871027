"""The statutory terms that intake runs in a case, by their codes in the regulation pack.

The answers of other bodies have codes of their own, which stand with each kind of request in the
pack (`InteragencyKind.answer_term`); that of the pension certificate is also a worklist's own.
"""

from __future__ import annotations

from typing import Final

FORWARDING_TERM: Final = "referral-forwarding"
"""To pass on to the institution what another body took in (R 3.1.2, 5.5.2)."""
ANALYSIS_TERM: Final = "referral-analysis"
"""To analyse a referral and assign its code (R 3.1.8)."""
URGENT_TERM: Final = "urgent-measures"
"""To help whoever is in danger, the same day (R 3.1.7)."""
SENDING_TERM: Final = "interagency-request"
"""To send the requests to other bodies (R 3.2.4)."""
ANSWER_TERM: Final = "interagency-answer"
"""For the Pension Fund to answer (210-FZ 7.2)."""
