"""The organization: its states, what may happen in which, and how an editor changes it (R 1.3)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel, Field

from contracts.context import Context
from contracts.directory import OrganizationCard, OrganizationKind, OrganizationRetired
from contracts.errors import InvalidInput, NotAllowedInState, require_allowed
from contracts.event import Event
from contracts.values import Actor
from services.directory.domain import telling
from services.directory.domain.actions import ALLOWED, PUBLISHED, Action
from services.directory.domain.changed import (
    CHANGES_KEPT,
    CardChange,
    ChangedField,
    card_change,
    changed_fields,
    created,
)
from services.directory.domain.quality_survey import listed
from services.directory.domain.register_entry import Amendment, RegisterEntry, Status
from services.directory.domain.rows import ImportedRow, SourceRow
from services.directory.domain.versions import (
    ARCHIVED_AFTER,
    Announcement,
    Held,
    Version,
    Withdrawal,
    differing,
)

__all__ = ["ALLOWED", "Action", "Organization", "Status", "change", "publish", "retire"]


PROPOSED_KINDS = frozenset({OrganizationKind.PROVIDER, OrganizationKind.VOLUNTEER})
"""Kinds that are entered by the register alone: proposed, checked, published (L 1.2.2.2, 3.9)."""


class Organization(BaseModel):
    """Everything the directory keeps of one organization.

    `status` is stored as published or retired only: a proposal takes no part yet, and a replica
    that does not know the register reads it as one that takes part no longer.
    """

    id: str
    status: Status = Status.PUBLISHED
    card: OrganizationCard
    loaded: OrganizationCard | None = Field(
        default=None, description="the card as last read from a data file; an edit departs from it"
    )
    row: SourceRow | None = Field(default=None, description="the row of the data file, as printed")
    files: int = Field(default=0, description="number of the file set that row was read from")
    reason: str | None = Field(default=None, description="why it was last changed or retired")
    changed_at: AwareDatetime
    held: Held | None = None
    edition: int = 1
    unarchived: list[Version] = []
    archive_at: AwareDatetime | None = None
    announced: list[Announcement] = []
    withdrawals: list[Withdrawal] = []
    imported: ImportedRow | None = None
    entry: RegisterEntry | None = Field(default=None, description="its entry in a register (L)")
    amendment: Amendment | None = Field(
        default=None, description="a correction of that entry since it was published (L)"
    )
    changes: list[CardChange] = Field(
        default=[], description="the latest changes as text; nothing before the first one"
    )

    @property
    def standing(self) -> Status:
        """Its state, those of a proposal and of an amendment included."""
        if self.status is Status.PUBLISHED and self.amendment is not None and self.amendment.waits:
            return self.amendment.stage
        stage = self.entry.stage if self.entry is not None else None
        return self.status if stage is None else stage

    @property
    def listed_status(self) -> Status:
        """The state it is listed by: one whose entry is amended takes part as before."""
        return self.status if self.standing in PUBLISHED else self.standing

    @property
    def is_proposal(self) -> bool:
        """Whether it was never published: it is nobody's but the register's."""
        return self.standing in {Status.PROPOSED, Status.CHECKED, Status.REFUSED}

    @property
    def municipality(self) -> str:
        """Code of the municipality it is listed under; empty for one of a whole region."""
        served = next((place.municipality for place in self.card.serves if place.municipality), "")
        return served or (self.card.address.municipality if self.card.address else None) or ""

    @property
    def municipalities(self) -> frozenset[str]:
        """Codes of all municipalities it serves; of one that names none, that of its address."""
        served = frozenset(place.municipality for place in self.card.serves if place.municipality)
        return served or frozenset({self.municipality} - {""})

    @property
    def printed_row(self) -> SourceRow | None:
        """The row that was taken in last: of an imported file or of a data file."""
        return self.imported.row if self.imported is not None else self.row

    @property
    def taken_in(self) -> OrganizationCard | None:
        """What was last taken in of each field, of files or of imports; None: a person's own."""
        return self.imported.card if self.imported is not None else self.loaded

    @property
    def present(self) -> Version:
        """The present card as a version."""
        known = self.held if self.held and self.held.recorded_at == self.changed_at else None
        return Version(
            id=f"{self.id}.v{self.edition}",
            organization=self.id,
            edition=self.edition,
            status=self.status,
            card=self.card,
            valid_from=known.valid_from if known else self.changed_at,
            author=known.by if known else None,
            reason=self.reason,
            fields=known.fields if known else (),
        )

    @property
    def public_changes(self) -> list[CardChange]:
        """The latest changes, the first being that it was entered or published, if it is known.

        What was proposed before a publication is the register's.
        """
        entry, card = self.entry, self.card
        if entry is not None and entry.decided_at is not None:
            after = [change for change in self.changes if change.at > entry.decided_at]
            names = [one for change in after for one in change.fields if one.field == "name"]
            name = names[0].before if names else card.name
            return [created(name, entry.decided_at, entry.decided_by, 0), *after]
        if self.edition == 1:
            return [created(card.name, self.present.valid_from, self.present.author, 1)]
        return self.changes

    def is_edited(self, *fields: str) -> bool:
        """Whether a person has departed from what was taken in, in one of these fields."""
        taken = self.taken_in
        if taken is None:
            return False
        return any(getattr(self.card, name) != getattr(taken, name) for name in fields)


def require(organization: Organization, action: Action) -> None:
    """Refuse what the table does not allow in this state."""
    require_allowed(ALLOWED, action, organization.standing, "organization", clause="R 1.3")


def require_enterable(card: OrganizationCard, before: OrganizationCard | None = None) -> None:
    """Refuse what would make a provider or volunteers' organization of one that nobody checked."""
    if card.kind in PROPOSED_KINDS and (before is None or before.kind is not card.kind):
        where = "/providers" if card.kind is OrganizationKind.PROVIDER else "/volunteers"
        raise InvalidInput(
            "kind-of-a-register",
            f"one of this kind is proposed by POST {where}, checked and then published",
            field="card.kind",
            clause="L 1.2.2.2, 3.9",
        )


def publish(card: OrganizationCard, reason: str, at: Context) -> tuple[Organization, list[Event]]:
    """Enter an organization that the data files do not hold, with the reason (R 1.3)."""
    require_enterable(card)
    organization = enter(card, at)
    organization.reason = reason
    return organization, telling.published(card, at.by, reason)


def enter(card: OrganizationCard, at: Context) -> Organization:
    """An organization that is new here."""
    held = Held(recorded_at=at.now, valid_from=at.now, by=at.by)
    return Organization(id=card.id, card=card, changed_at=at.now, held=held)


def change(
    organization: Organization, card: OrganizationCard, reason: str, at: Context
) -> list[Event]:
    """Replace the card; the reason travels with it (R 1.3)."""
    require(organization, Action.CHANGE)
    require_enterable(card, organization.card)
    return replace(organization, card, reason, at)


def replace(
    organization: Organization, card: OrganizationCard, reason: str, at: Context
) -> list[Event]:
    """Put a new card in the place of the present one, whoever decided it."""
    if card == organization.card:
        raise InvalidInput("nothing-changed", "the card is the present one", field="card")
    before = organization.card
    succeed(organization, card, reason, at)
    return telling.changed(before, card, reason, at.by)


def retire(
    organization: Organization, reason: str, at: Context, answering: Sequence[str] = ()
) -> list[Event]:
    """Take an organization out of the directory; its record stays readable (R 1.3).

    `answering` are those that take part and answer to it: they are given another parent first, for
    whoever asks who serves an address is told whom an institution answers to (R 3.1.2).
    """
    require(organization, Action.RETIRE)
    if answering:
        raise NotAllowedInState(
            "others-answer-to-it",
            f"give them another parent first: {listed(answering)}",
            clause="R 1.3, 3.1.2",
        )
    succeed(organization, organization.card, reason, at)
    gone = ChangedField(field="status", before=Status.PUBLISHED, after=Status.RETIRED)
    _note(organization, card_change("retire", (gone,), at.now, at.by, organization.edition))
    organization.status = Status.RETIRED
    organization.announced, waiting = [], organization.amendment
    if waiting is not None and waiting.waits:  # who proposed it reads why nothing came of it
        waiting.stage, waiting.refusal = Status.REFUSED, reason
    return [OrganizationRetired(by=at.by, reason=reason)]


def reinstate(
    organization: Organization, card: OrganizationCard, reason: str, at: Context
) -> list[Event]:
    """Take back a retirement, with the reason; from here on it takes part again (R 1.3)."""
    require(organization, Action.REINSTATE)
    require_enterable(card, organization.card)
    succeed(organization, card, reason, at)
    back = ChangedField(field="status", before=Status.RETIRED, after=Status.PUBLISHED)
    _note(organization, card_change("reinstate", (back,), at.now, at.by, organization.edition))
    organization.status = Status.PUBLISHED
    return telling.published(card, at.by, reason)


def note_change(organization: Organization, at: Context) -> None:
    """Something else than the card has changed: other replicas see it, and who made the card what
    it is stays known."""
    organization.changed_at, held = at.now, organization.held
    if held is not None:
        organization.held = held.model_copy(update={"recorded_at": at.now})


def succeed(
    organization: Organization,
    card: OrganizationCard,
    reason: str | None,
    at: Context,
    valid_from: AwareDatetime | None = None,
    by: Actor | None = None,
) -> None:
    """Make a card the present one; the one before it is kept as a version, in the same write.

    It holds from `valid_from` on, or from now, and from no moment before the one it replaces did.
    """
    before = organization.present
    begins = max(valid_from or at.now, before.valid_from)
    organization.unarchived.append(before.model_copy(update={"valid_until": begins}))
    organization.archive_at = organization.archive_at or at.now + ARCHIVED_AFTER
    organization.held = Held(
        recorded_at=at.now,
        valid_from=begins,
        by=by or at.by,
        fields=differing(organization.card, card),
    )
    if before.edition == 1:
        entered = created(before.card.name, before.valid_from, before.author, 1)
        organization.changes = [entered]
    organization.edition += 1
    fields = changed_fields(organization.card, card)
    if fields:
        _note(
            organization,
            card_change("update", fields, begins, by or at.by, organization.edition),
        )
    organization.card, organization.reason, organization.changed_at = card, reason, at.now


def _note(organization: Organization, change: CardChange) -> None:
    organization.changes = [*organization.changes, change][-CHANGES_KEPT:]
