"""The journal: every referral as it came, numbered without gaps, append-only (R 3.1.2)."""

from __future__ import annotations

import re

from pydantic import AwareDatetime, BaseModel, Field

from contracts.errors import NotAllowedInState
from contracts.referral import ReferralSays
from contracts.values import Actor, Identifier, Line, Text, Value
from services.intake.domain.priority import Priority
from services.intake.domain.records import EntryState, Onward, Returned
from services.intake.domain.referral_form import ReferralForm


class Placement(Value):
    """Where a referral ended up: whose card, which case, and whether it opened that case."""

    citizen_id: Identifier
    case_id: Identifier
    linked: bool
    number: Line | None = None
    """The case's; None where a version before this placed it."""


class Addition(Value):
    """When, by whom and from whom something was learned that the entry had lacked."""

    at: AwareDatetime
    recorded_by: str
    source: Line
    fields: tuple[str, ...]


class Correction(Value):
    """What is entered anew instead of a line, by whom, when and why; the line itself stays."""

    form: ReferralForm
    reason: Text
    at: AwareDatetime
    by: Actor


WAITING = frozenset({EntryState.TO_FORWARD, EntryState.SET_ASIDE})
"""States of a line at a body or MFC whose referral may still be passed on."""

PRESENT = WAITING | {EntryState.ENTERED, EntryState.ENDED}
"""States of a line that its journal still answers for: completed and corrected here."""


class JournalEntry(BaseModel):
    """One line of the journal of one institution, body or MFC, and year."""

    id: str
    institution: str
    authorised_body: str
    year: int
    number: int
    source_key: str
    fingerprint: str
    form: ReferralForm
    original: str | None = Field(default=None, description="what was posted, as it was posted")
    said: ReferralSays | None = Field(
        default=None, description="what a content-rich referral says besides, for assessment"
    )
    received_at: AwareDatetime
    entered_at: AwareDatetime | None = Field(
        default=None, description="when the referral was entered; None of a line before this"
    )
    recorded_by: Actor = Field(description="who took it in, for which organization")
    requester: str | None = None
    pack: str
    missing: list[str] = Field(default_factory=list)
    additions: list[Addition] = Field(default_factory=list)
    same_as: str | None = Field(
        default=None, description="a citizen known before who turned out to be the same person"
    )
    case_candidate: str
    citizen_candidate: str
    placed: Placement | None = None
    place_at: AwareDatetime | None = None
    taken_in: bool = Field(
        default=False, description="in the journal of a body or MFC, which passes it on (R 3.1.2)"
    )
    onward: Onward | None = Field(default=None, description="who serves the address, if one does")
    ended: str | None = Field(
        default=None, description="why the case ended before the body or MFC passed it on"
    )
    set_aside: bool = Field(
        default=False, description="the citizen declines while the body or MFC has it (R 3.3.7.2)"
    )
    passed_on: str | None = Field(default=None, description="the line in the institution's journal")
    passed_to: str | None = None
    forwarded_from: str | None = Field(default=None, description="the line of the sender's journal")
    sender: str | None = Field(default=None, description="the body or MFC that passed it on")
    returned: Returned | None = None
    corrects: str | None = Field(default=None, description="the line this one stands in place of")
    correction: Correction | None = None
    of_another: bool = Field(
        default=False, description="its correction says that it is about somebody else (L 5.1)"
    )
    first: str | None = Field(
        default=None,
        description="of a line that was placed anew: the line by which its case knows the referral",
    )
    corrected_by: str | None = Field(default=None, description="the line that stands in its place")
    found_by: dict[str, str] = Field(
        default_factory=dict, description="keyed hashes by which it is looked for, by kind"
    )

    @property
    def state(self) -> EntryState:
        """How this line stands; what came last counts."""
        if self.correction is not None:
            return EntryState.CORRECTED
        if self.returned is not None:
            return EntryState.RETURNED
        if not self.taken_in:
            return EntryState.ENTERED
        if self.passed_on:
            return EntryState.FORWARDED
        if self.ended:
            return EntryState.ENDED
        return EntryState.SET_ASIDE if self.set_aside else EntryState.TO_FORWARD

    @property
    def in_danger(self) -> bool:
        """Whether it is looked at the same day: a danger was told of, or its sender says that it
        cannot wait (R 3.1.7)."""
        return self.form.in_danger or (self.form.priority or Priority.ROUTINE).is_danger

    @property
    def incomplete(self) -> bool:
        """Whether it is listed until it is completed (R 3.1.2)."""
        return bool(self.missing) and self.state in PRESENT

    @property
    def journal_number(self) -> str:
        """The number a person writes down."""
        return f"{self.institution}/{self.year}/{self.number:06d}"

    @property
    def in_doubt(self) -> bool:
        """Whether its citizen may be known by id only: the entry lacks what recognises people."""
        return self.placed is not None or bool(self.missing)

    @property
    def referral(self) -> str:
        """The id by which cases know the referral, whatever lines came to stand in its place."""
        return self.first or self.id

    @property
    def elsewhere(self) -> bool:
        """Whether another organization may have its case: it was passed on, or joined one."""
        joined = self.placed is not None and self.placed.linked
        return joined or self.taken_in or self.forwarded_from is not None

    @property
    def register_key(self) -> str:
        """The journal this entry stands in."""
        return f"{self.institution}-{self.year}"


def entry_id(institution: str, year: int, number: int) -> str:
    """The id is the number, so that the store itself forbids a number twice."""
    return f"J-{institution}-{year}-{number:06d}"


def number_of(line: str) -> str:
    """The number of a line as a person writes it down, from the line's id."""
    institution, year, number = line.removeprefix("J-").rsplit("-", 2)
    return f"{institution}/{year}/{number}"


NOBODYS = "J-nobodys"
"""The id of no line."""


def line_of(number: str) -> str:
    """Id of the line of a number, as `plain_number` writes it; NOBODYS of one that is none."""
    parts = re.fullmatch(r"([a-z][a-z0-9_.-]{0,99})/([0-9]{4})/([0-9]{6,9})", number)
    return entry_id(parts[1], int(parts[2]), int(parts[3])) if parts else NOBODYS


def require_present(entry: JournalEntry) -> None:
    """Refuse to change a line that its journal no longer answers for (R 3.1.2)."""
    if entry.state not in PRESENT:
        raise NotAllowedInState(
            f"entry-{entry.state}",
            f"this line of the journal is {entry.state}: what changes is said of the line that"
            " stands in its place",
            field="id",
            clause="R 3.1.2",
        )


def may_see(entry: JournalEntry, by: Actor) -> bool:
    """The institution, its authorised body, and who took the referral in for them or passed it on
    (R 3.1.2)."""
    if by.organization is None:
        return False
    return by.organization in {
        entry.institution,
        entry.authorised_body,
        entry.recorded_by.organization,
        entry.sender,
    }
