"""Consent: what it is given to, by which text and how, and whether it covers what is to be done.

A consent is a citizen's; the life of one (given, withdrawn) is in `consenting.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, Field

from contracts.citizen import ConsentBasis, ConsentWay
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.regulation import RegulationPack
from contracts.regulation.entries import ConsentText
from contracts.values import Identifier, IsoDate, IsoDateTime, Line, Text, Value

SURVEY: Final = "survey"
TRANSFER: Final = "transfer"
COMMISSION: Final = "commission"
"""Where an application goes to (R 3.3.7)."""
PENSION_FUND: Final = "pension_fund_office"


class Coverage(StrEnum):
    """Whether a consent covers something, and if not, why."""

    COVERED = "covered"
    MISSING = "consent-missing"
    OUTDATED = "consent-outdated"
    TOO_NARROW = "consent-does-not-cover"


MAY_LEAVE = frozenset({Coverage.COVERED, Coverage.OUTDATED})


class ConsentScope(Value):
    """What a consent covers: by which text, for which purposes, to which kinds of bodies."""

    basis: ConsentBasis
    text_version: Line
    purposes: tuple[Identifier, ...]
    recipients: tuple[Identifier, ...]


class GivenConsent(Value):
    """What is handed in: consent, or why the specialist acts in the citizen's interest."""

    basis: ConsentBasis = ConsentBasis.WRITTEN_CONSENT
    text_version: Identifier
    text_sha256: str | None = Field(
        default=None,
        max_length=64,
        description="hash of the text that was signed, to be checked against ours",
    )
    purposes: tuple[Identifier, ...] | None = Field(
        default=None, description="what is consented to; all that the text names unless given"
    )
    recipients: tuple[Identifier, ...] | None = Field(
        default=None, description="kinds of bodies data may go to; all that the text names"
    )
    way: ConsentWay = ConsentWay.SIGNED_PAPER
    authority: Line | None = Field(
        default=None, description="the representative's authority: document, number, date"
    )
    given_on: IsoDate
    given_at: IsoDateTime | None = Field(default=None, description="the moment, where known")
    reason: Text | None = Field(default=None, description="why the citizen is unable to consent")
    legal_basis: Identifier | None = Field(
        default=None, description="ground in law to act without consent, a code of the pack"
    )


class Withdrawal(Value):
    """Consent taken back: when, who recorded it, and what the data are kept by, if anything."""

    at: AwareDatetime
    recorded_by: str
    other_basis: Identifier | None = None
    other_reason: Text | None = None


class ConsentRecord(ConsentScope):
    """A consent as it was recorded; kept for good, withdrawn or not (152-FZ 9.3)."""

    text_sha256: str | None = None
    way: ConsentWay | None = None
    authority: Line | None = None
    given_on: date
    given_at: AwareDatetime | None = None
    reason: Text | None = None
    legal_basis: Identifier | None = None
    recorded_at: AwareDatetime | None = None
    recorded_by: str | None = None
    withdrawn: Withdrawal | None = None
    citizen_id: str | None = Field(
        default=None,
        description="the card whose case it was given in, if that was joined to this one",
    )

    @property
    def scope(self) -> ConsentScope:
        """What it covers, without why and how: a case may keep that."""
        return ConsentScope(
            basis=self.basis,
            text_version=self.text_version,
            purposes=self.purposes,
            recipients=self.recipients,
        )


def text_of(pack: RegulationPack, version: str) -> ConsentText | None:
    """The text of a version; None where the pack knows none."""
    return next((text for text in pack.consent_texts if text.code == version), None)


def check_given(
    given: GivenConsent, pack: RegulationPack, at: Context, withdrawn: Withdrawal | None
) -> ConsentText:
    """Refuse what cannot stand as a consent, or as acting without one (R 3.3.7, 3.3.7.1).

    `withdrawn`: how a consent was taken back last, if one was; what was given before that ended
    with it.
    """
    _check_given_when(given, at)
    if withdrawn is not None:
        _check_given_after(given, withdrawn.at, at)
    text = text_of(pack, given.text_version)
    if text is None:
        known = ", ".join(text.code for text in pack.consent_texts)
        raise _invalid("unknown-consent-text", f"texts are: {known}", "text_version")
    if given.text_sha256 is not None and given.text_sha256 != text.sha256:
        raise _invalid("consent-text-differs", "another text was signed", "text_sha256")
    if given.given_on < text.in_force_from:
        raise _invalid(
            "consent-before-its-text",
            f"that text was in force from {text.in_force_from} on only",
            "given_on",
        )
    _check_scope(given, text)
    _check_way(given)
    _check_inability(given, pack)
    return text


def _check_given_when(given: GivenConsent, at: Context) -> None:
    """A consent was given by now, and its moment lies on its day."""
    future = "consent cannot be given in the future"
    if given.given_on > at.calendar.local_date(at.now):
        raise _invalid("consent-in-future", future, "given_on")
    if given.given_at is None:
        return
    if given.given_at > at.now:
        raise _invalid("consent-in-future", future, "given_at")
    if at.calendar.local_date(given.given_at) != given.given_on:
        raise _invalid("consent-on-another-day", "the moment lies on another day", "given_at")


def _check_given_after(given: GivenConsent, moment: datetime, at: Context) -> None:
    """A paper from before the withdrawal brings back nothing (152-FZ 9, 21)."""
    before = None
    if given.given_on < at.calendar.local_date(moment):
        before = "given_on"
    elif given.given_at is not None and given.given_at < moment:
        before = "given_at"
    if before is not None:
        raise _invalid(
            "consent-before-withdrawal",
            "consent was taken back since; ask for a new one",
            before,
            "152-FZ 9 (2), 21 (5)",
        )


def _check_scope(given: GivenConsent, text: ConsentText) -> None:
    for field, asked, named in (
        ("purposes", given.purposes, text.purposes),
        ("recipients", given.recipients, text.recipients),
    ):
        beyond = set(asked or ()) - set(named)
        if beyond or asked == ():
            raise _invalid(
                "consent-beyond-its-text",
                f"of this text may be consented to: {', '.join(named)}",
                field,
                "152-FZ 9 (4)",
            )
    if given.recipients and given.purposes is not None and TRANSFER not in given.purposes:
        raise _invalid(
            "recipients-without-transfer",
            "bodies are named, but no transfer is consented to",
            "recipients",
            "152-FZ 9 (4)",
        )


def _check_way(given: GivenConsent) -> None:
    if given.way is ConsentWay.REPRESENTATIVE and given.authority is None:
        raise _invalid(
            "authority-unproven",
            "who consents for the citizen proves their authority",
            "authority",
            "152-FZ 9 (1); R 2.6",
        )


def _check_inability(given: GivenConsent, pack: RegulationPack) -> None:
    grounds = [ground.code for ground in pack.processing_grounds if ground.for_inability]
    if given.basis is ConsentBasis.WRITTEN_CONSENT:
        if given.legal_basis is not None:
            raise _invalid(
                "consent-needs-no-ground", "a ground in law stands for a consent", "legal_basis"
            )
        return
    if given.reason is None:
        raise _invalid(
            "inability-unexplained",
            "record why the citizen is unable to consent",
            "reason",
            "R 3.3.7.1",
        )
    if given.legal_basis not in grounds:
        raise _invalid(
            "inability-without-ground",
            f"name the ground in law to act without consent: {', '.join(grounds)}",
            "legal_basis",
            "R 3.3.7.1; 152-FZ 6 (1)",
        )


def _invalid(code: str, detail: str, field: str, clause: str = "R 3.3.7") -> InvalidInput:
    return InvalidInput(code, detail, field=field, clause=clause)


def coverage(
    scope: ConsentScope | None,
    pack: RegulationPack,
    today: date,
    purpose: str,
    recipient: str | None = None,
) -> Coverage:
    """Whether a consent covers a purpose and, of a transfer, a kind of body (152-FZ 9.4).

    Where the citizen is unable to consent, the law is the ground and no text's version matters.
    """
    if scope is None:
        return Coverage.MISSING
    if scope.basis is ConsentBasis.INTEREST_OF_THE_UNABLE:
        return Coverage.COVERED
    newest = pack.consent_text(today)
    given = text_of(pack, scope.text_version)
    if given is None or given.in_force_from < newest.in_force_from:
        return Coverage.OUTDATED
    covered = purpose in scope.purposes and (recipient is None or recipient in scope.recipients)
    return Coverage.COVERED if covered else Coverage.TOO_NARROW


def may_ask(
    consent: ConsentScope | None, pack: RegulationPack, today: date, recipient: str
) -> bool:
    """Whether a signed request may still leave: consent was not taken back, nor narrowed since.

    A text renewed after the signature holds up nothing that was asked for under the earlier one.
    """
    return coverage(consent, pack, today, TRANSFER, recipient) in MAY_LEAVE


def require_may_ask(
    consent: ConsentScope | None, pack: RegulationPack, today: date, recipient: str
) -> None:
    """Refuse to let a signed request leave by hand where it may not by itself (152-FZ 9)."""
    if not may_ask(consent, pack, today, recipient):
        require_consent(consent, pack, today, TRANSFER, recipient)


def require_consent(
    scope: ConsentScope | None,
    pack: RegulationPack,
    today: date,
    purpose: str,
    recipient: str | None = None,
) -> None:
    """Refuse what the citizen's consent does not cover (R 3.3.7, 152-FZ 9)."""
    found = coverage(scope, pack, today, purpose, recipient)
    if found is Coverage.COVERED:
        return
    beyond = f"{purpose} to {recipient}" if recipient else purpose
    details = {
        Coverage.MISSING: "record the citizen's consent, or why they cannot give it, first",
        Coverage.OUTDATED: f"the text was renewed: {pack.consent_text(today).code}; ask anew",
        Coverage.TOO_NARROW: f"the consent does not cover {beyond}",
    }
    clause = "152-FZ 9 (4)" if found is Coverage.TOO_NARROW else "R 3.3.7"
    raise NotAllowedInState(found.value, details[found], clause=clause)
