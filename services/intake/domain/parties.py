"""Who stands behind a referral: who refers, who applies, who needs care (R 3.1.1, 3.1.2, 5.4.3).

Three roles, possibly three persons. The citizen is who needs care; the referrer brings the
information; the applicant asks for the service, be it the citizen or somebody for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field

from contracts.errors import InvalidInput
from contracts.referral import Channel
from contracts.values import Contact, ContactKind, IsoDate, Line, Value

SPOKEN: Mapping[Channel, bool] = {
    Channel.PHONE: True,
    Channel.WRITTEN: False,
    Channel.PORTAL: False,
}
"""Channels that say by themselves whether the referral was spoken (R 3.1.1)."""

USUALLY_WRITTEN = frozenset({Channel.MEDICAL_ORGANIZATION})
"""A medical organization refers electronically unless something else is said (L 2.2)."""


def spoken(channel: Channel, oral: bool | None) -> bool | None:
    """Whether a referral was spoken: as was said, else as the channel says; None if neither."""
    if oral is not None:
        return oral
    return False if channel in USUALLY_WRITTEN else SPOKEN.get(channel)


class ApplyingAs(StrEnum):
    """Who applies (R 3.1.1)."""

    CITIZEN = "citizen"
    LEGAL_REPRESENTATIVE = "legal_representative"
    AUTHORISED_PERSON = "authorised_person"
    INTERESTED_PERSON = "interested_person"


REPRESENTATIVES = frozenset({ApplyingAs.LEGAL_REPRESENTATIVE, ApplyingAs.AUTHORISED_PERSON})
"""Who acts in the citizen's name and proves it (R 5.4.3)."""


class AuthorityKind(StrEnum):
    """The three kinds of proof of a representative's authority (R 5.4.3)."""

    POWER_OF_ATTORNEY = "power_of_attorney"
    """Доверенность, drawn up by the law: for natural persons."""
    SEALED_POWER_OF_ATTORNEY = "sealed_power_of_attorney"
    """Доверенность with the seal and signed by the head, or whom the head empowered: for legal
    persons."""
    DECISION_ON_OFFICE = "decision_on_office"
    """A copy of the decision on appointment or election, or the order of appointment, by which
    somebody acts without a power of attorney (a guardian, the head of an institution)."""


class Authority(Value):
    """Proof of a representative's authority (R 5.4.3); number and date are asked for by rule."""

    kind: AuthorityKind
    number: Line | None = None
    issued_on: IsoDate | None = None
    issued_by: Line | None = None
    valid_until: IsoDate | None = None


class Applicant(Value):
    """Who applies for the citizen's care, and by which right (R 3.1.1, 5.4.3)."""

    acting_as: ApplyingAs
    person: Contact | None = Field(
        default=None, description="who it is and how to reach them, unless the citizen applies"
    )
    authority: Authority | None = Field(
        default=None, description="proof of authority, of representatives"
    )


def check_manner(channel: Channel, oral: bool | None) -> bool:
    """Whether it was spoken or written; refused where nothing says it, or two things differ."""
    decided = SPOKEN.get(channel)
    if decided is not None and oral is not None and oral != decided:
        raise _wrong(
            "manner-contradicts-channel",
            f"what came by {channel} is {'spoken' if decided else 'written'}; leave `oral` out",
            "oral",
            "R 3.1.1",
        )
    manner = spoken(channel, oral)
    if manner is None:
        raise _wrong(
            "manner-missing",
            f"what came by {channel} may be spoken or written: say which",
            "oral",
            "R 3.1.1",
        )
    return manner


REFERRERS: Mapping[Channel, ContactKind] = {
    Channel.MUNICIPAL_BODY: ContactKind.ORGANIZATION,
    Channel.ORGANIZATION: ContactKind.ORGANIZATION,
    Channel.MEDICAL_ORGANIZATION: ContactKind.ORGANIZATION,
    Channel.THIRD_PERSON: ContactKind.PERSON,
}
"""Channels in which it is known what kind of party refers (L 2.1, S)."""


def check_referrer(channel: Channel, referrer: Contact | None, contact: Contact | None) -> None:
    """Who refers is known: an organization where one does, a person where one does.

    Where nobody is named as the referrer, it is the contact of the journal (R 3.1.2).
    """
    wanted, named = REFERRERS.get(channel), referrer or contact
    if wanted is None or named is None or named.kind is wanted:
        return
    raise _wrong(
        "referrer-missing",
        f"what came by {channel} was brought by {_A[wanted]}: name it as `referrer`",
        "referrer",
        "L 2.1",
    )


_A = {ContactKind.ORGANIZATION: "an organization", ContactKind.PERSON: "a person"}


def check_applicant(applicant: Applicant | None, today: date) -> None:
    """A representative is known by name and proves the authority (R 3.1.1, 5.4.3)."""
    if applicant is None:
        return
    if applicant.acting_as is ApplyingAs.CITIZEN:
        if applicant.person is not None or applicant.authority is not None:
            raise _wrong(
                "citizen-applies-in-person",
                "the citizen applies: that needs no other person and no authority",
                "applicant.acting_as",
                "R 3.1.1",
            )
        return
    if applicant.person is None:
        raise _wrong(
            "applicant-unknown", "say who applies for the citizen", "applicant.person", "R 3.1.1"
        )
    if applicant.acting_as in REPRESENTATIVES:
        _check_authority(applicant.authority, today)
    elif applicant.authority is not None:
        raise _wrong(
            "interested-person-represents-nobody",
            "an interested person has no authority to show; a representative has",
            "applicant.authority",
            "R 5.4.3",
        )


def _check_authority(authority: Authority | None, today: date) -> None:
    known = authority or Authority(kind=AuthorityKind.POWER_OF_ATTORNEY)
    missing = {
        "applicant.authority": authority,
        "applicant.authority.number": known.number,
        "applicant.authority.issued_on": known.issued_on,
    }
    for field, value in missing.items():
        if value is None:
            raise _wrong(
                "authority-missing",
                "a representative shows a proof of authority, with its number and date",
                field,
                "R 5.4.3",
            )
    if known.issued_on is not None and known.issued_on > today:
        raise _wrong(
            "authority-in-future",
            "the proof of authority bears a date in the future",
            "applicant.authority.issued_on",
            "R 5.4.3",
        )
    if known.valid_until is not None and known.valid_until < (known.issued_on or today):
        raise _wrong(
            "authority-ends-before-it-begins",
            "the authority ends before the day it was issued on",
            "applicant.authority.valid_until",
            "R 5.4.3",
        )
    if known.valid_until is not None and known.valid_until < today:
        raise _wrong(
            "authority-expired",
            "the proof of authority has run out",
            "applicant.authority.valid_until",
            "R 5.4.3",
        )


def _wrong(code: str, detail: str, field: str, clause: str) -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause=clause)
