"""The citizen: one card per person with its history, and the one case that is open for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise

from pydantic import AwareDatetime, BaseModel, Field

from contracts.citizen import CitizenCardChanged, CitizenRegistered, ConsentBasis
from contracts.context import Context
from contracts.errors import InvalidInput
from contracts.event import Event
from contracts.terms import TermBook
from contracts.values import CitizenCard, Gender, Line, Text, Value
from services.intake.domain.consent import ConsentRecord
from services.intake.domain.referral_form import check_birth

EMPTY = (None, Gender.UNKNOWN, ())
"""What a card says nothing by."""

COMPARED_AFTER = timedelta(seconds=1)
"""When a new or changed card is compared with those that are alike: not while somebody waits."""


class Consent(Value):
    """The consent that stands, in short; `consents` has it in full (R 3.3.7, 3.3.7.1)."""

    basis: ConsentBasis
    text_version: Line
    given_on: date
    reason: Text | None = Field(default=None, description="why the citizen is unable to consent")


class CardVersion(Value):
    """The card from a moment on: who changed it, by which referral or for which reason."""

    at: AwareDatetime
    recorded_by: str
    card: CitizenCard
    entry: str | None = None
    reason: Text | None = None


class Joining(Value):
    """Another citizen who was joined to this one, and what was taken over from them (L 5.1)."""

    pair: str
    citizen: str
    completed: tuple[str, ...] = Field(default=(), description="fields of the card")
    consent_taken: bool = False
    theirs: str | None = Field(default=None, description="the open case they had")
    case_before: str | None = None
    served_before: bool = False
    joined_case: str | None = Field(default=None, description="the one of two that ended")
    into_case: str | None = None


class Citizen(BaseModel):
    """What intake keeps of one person. `open_case` is the fact "one open case per citizen".

    `name_birth` holds a keyed hash and a place behind it: of those who share the hash each has
    another, so the store refuses two that were taken in without having seen each other.
    """

    id: str
    card: CitizenCard = CitizenCard()
    history: list[CardVersion] = Field(default_factory=list)
    registered_at: AwareDatetime | None = None
    snils_key: str | None = None
    person_key: str | None = None
    name_birth: str | None = None
    name_home: str | None = None
    birth_home: str | None = None
    compare_at: AwareDatetime | None = None
    consent: Consent | None = None
    consents: list[ConsentRecord] = Field(default_factory=list)
    terms: TermBook = Field(default_factory=TermBook)
    tell_at: AwareDatetime | None = None
    cases_to_tell: list[str] = Field(default_factory=list)
    open_case: str | None = None
    earlier_cases: list[str] = Field(default_factory=list)
    served: bool = Field(default=False, description="an earlier case ended with an enrolment")
    joined_to: str | None = None
    joined_by: str | None = Field(default=None, description="the pair by which it was joined")
    joinings: list[Joining] = Field(default_factory=list)

    @property
    def case_ids(self) -> list[str]:
        """The cases there were, the open one last."""
        return [*self.earlier_cases, *([self.open_case] if self.open_case else [])]


def next_wake(citizen: Citizen) -> datetime | None:
    """When the citizen wants to be looked at: to be compared, a case to be told, a term's alarm."""
    moments = [citizen.compare_at, citizen.tell_at, citizen.terms.next_alarm()]
    return min((moment for moment in moments if moment is not None), default=None)


def register_citizen(
    citizen: Citizen, card: CitizenCard, at: Context, entry: str | None = None
) -> list[Event]:
    """A person is known for the first time."""
    citizen.card, citizen.registered_at = card, at.now
    _remember_card(citizen, at, entry=entry)
    return [CitizenRegistered(by=at.by, card=card)]


def complete_card(
    citizen: Citizen, card: CitizenCard, at: Context, entry: str | None = None
) -> list[Event]:
    """Fill what the card lacks; what it holds is not overwritten by a later referral."""
    known = citizen.card.model_dump(exclude_none=True, exclude_defaults=True)
    merged = CitizenCard.model_validate({**card.model_dump(exclude_none=True), **known})
    return change_card(citizen, merged, at, entry=entry)


def correct_card(
    citizen: Citizen, card: CitizenCard, reason: str, at: Context, today: date
) -> list[Event]:
    """A person corrects the card, and says why; what it held stays in its history (R 3.1.2)."""
    check_birth(card, today, "card")
    for field in ("name", "birth_date", "address"):
        if getattr(card, field) is None and getattr(citizen.card, field) is not None:
            raise InvalidInput(
                "card-field-missing",
                "what the card must hold is corrected, never taken out",
                field=f"card.{field}",
                clause="R 3.1.2",
            )
    if card == citizen.card:
        raise InvalidInput(
            "nothing-corrected", "the card says so already", field="card", clause="R 3.1.2"
        )
    return change_card(citizen, card, at, reason=reason)


def change_card(
    citizen: Citizen,
    card: CitizenCard,
    at: Context,
    *,
    entry: str | None = None,
    reason: str | None = None,
) -> list[Event]:
    """The citizen's card is this from now on: from which entry, or why. Nothing, if it was this."""
    if card == citizen.card:
        return []
    citizen.card = card
    _remember_card(citizen, at, entry=entry, reason=reason)
    return [CitizenCardChanged(by=at.by, card=card)]


def _remember_card(
    citizen: Citizen, at: Context, *, entry: str | None = None, reason: str | None = None
) -> None:
    """The card as it stands now joins its history: by whom, from which entry, or why."""
    citizen.history.append(
        CardVersion(at=at.now, recorded_by=at.by.id, card=citizen.card, entry=entry, reason=reason)
    )


def without(citizen: Citizen, lines: Collection[str]) -> CitizenCard:
    """The card without what these lines of the journal filled in where it lacked something, so far
    as that still stands; what they began the card with is its own."""
    filled: dict[str, bool] = {}
    for before, after in pairwise(citizen.history):
        for field in CitizenCard.model_fields:
            old = getattr(before.card, field)
            if getattr(after.card, field) != old:
                filled[field] = old in EMPTY and after.entry in lines
    nothing = CitizenCard()
    taken = {field: getattr(nothing, field) for field, theirs in filled.items() if theirs}
    return citizen.card.model_copy(update=taken)


def take_out(citizen: Citizen, lines: Collection[str], at: Context) -> list[Event]:
    """Take back what lines that turned out to be about somebody else filled in (L 5.1)."""
    return change_card(citizen, without(citizen, lines), at)


def found_otherwise(citizen: Citizen, keys: Mapping[str, str]) -> bool:
    """Whether the citizen is found by other keys than these from now on."""
    name_birth = (citizen.name_birth or "").partition(":")[0] or None
    known = (name_birth, citizen.name_home, citizen.birth_home)
    return known != (keys.get("name_birth"), keys.get("name_home"), keys.get("birth_home"))


def take_sound_keys(citizen: Citizen, keys: Mapping[str, str], place: int, at: Context) -> None:
    """Have the citizen found by what the card says now, and compared with those who are alike.

    `place` is the next one among those who share the `name_birth` key.
    """
    shared = keys.get("name_birth")
    if shared is None or not (citizen.name_birth or "").startswith(f"{shared}:"):
        citizen.name_birth = f"{shared}:{place:04d}" if shared is not None else None
    citizen.name_home, citizen.birth_home = keys.get("name_home"), keys.get("birth_home")
    citizen.compare_at = at.now + COMPARED_AFTER


def missing_parts(card: CitizenCard, other: CitizenCard) -> dict[str, object]:
    """What one card lacks and another one has."""
    return {
        field: getattr(other, field)
        for field in CitizenCard.model_fields
        if getattr(card, field) in EMPTY and getattr(other, field) not in EMPTY
    }


def claim_case(
    citizen: Citizen, candidate: str, *, present_is_over: bool, served: bool = False
) -> bool:
    """Make the candidate the open case where none is open; whether that was so (L 5.1)."""
    if citizen.open_case == candidate or (citizen.open_case and not present_is_over):
        return False
    if citizen.open_case is not None:
        citizen.earlier_cases.append(citizen.open_case)
        citizen.served = citizen.served or served
    citizen.open_case = candidate
    return True
