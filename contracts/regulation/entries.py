"""The entries a regulation pack is made of: what the law lists, each with its title and clause."""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.roles import Role
from contracts.terms import Unit
from contracts.values import Identifier, Line, Text, Value


class Entry(Value):
    """One item of a list of the regulation."""

    code: Identifier
    title_ru: Line
    title_en: Line
    clause: Line


class AnswerKind(StrEnum):
    """How a question is answered."""

    ONE_OF = "one_of"
    """Exactly one option."""
    ANY_OF = "any_of"
    """Any number of options; an empty list is an answer ("no"), a missing one is not."""


class Choice(Value):
    """An option of a triage question."""

    code: Identifier
    title_ru: Line
    title_en: Line


class TriageQuestion(Entry):
    """A question that must be answered before triage (R 3.1.3)."""

    kind: AnswerKind
    options: tuple[Choice, ...] = Field(min_length=1)


class Triage(Value):
    """Codes, questions and grounds of triage (R 3.1.3, 3.1.6, 3.1.7)."""

    rule_version: Line = Field(description="kept with every proposal of a code")
    codes: tuple[Entry, ...]
    questions: tuple[TriageQuestion, ...]
    immediate_grounds: tuple[Entry, ...] = Field(description="when the code is `immediate`")
    reasons: tuple[Entry, ...] = Field(
        description="why each other code is proposed, and why each code is not"
    )


class FollowUp(Value):
    """How long a case may lie in a worklist of intake where the regulation sets no term.

    Ours, not the law's: a region may set others. Counted from the last thing that happened in the
    case, so it says: look at it again if nothing moves for so long.
    """

    worklist: Identifier
    code: Identifier
    title_ru: Line
    title_en: Line
    length: int = Field(ge=0)
    unit: Unit
    reason_ru: Line = Field(description="why there is no statutory term, and why this length")
    reason_en: Line

    @property
    def clause(self) -> str:
        """What stands where a statutory term names its clause."""
        return "ours"


class JournalField(Value):
    """A field the journal entry must hold (R 3.1.2)."""

    field: Identifier
    title_ru: Line
    title_en: Line
    clause: Line


class Requirement(StrEnum):
    """When a document is needed."""

    ALWAYS = "always"
    WHEN_BENEFITS = "when_benefits"
    WHEN_REPRESENTED = "when_represented"
    WHEN_RELATIVES_CANNOT_CARE = "when_relatives_cannot_care"


class DocumentSource(StrEnum):
    """Where a document comes from."""

    CITIZEN = "citizen"
    INTERAGENCY = "interagency"
    INSTITUTION = "institution"
    RELATIVES = "relatives"


class RequiredDocument(Entry):
    """A document of the package (R 2.6, 3.3.9, 3.3.14)."""

    required: Requirement
    source: DocumentSource

    @property
    def may_be_asked_of_citizen(self) -> bool:
        """Demanding any other document is itself a ground for complaint (R 5.2)."""
        return self.source is DocumentSource.CITIZEN


class InteragencyKind(Entry):
    """A kind of interagency request: which document it fetches, of whom, on which ground and in
    which term (R 3.2, 210-FZ 7.1, 7.2)."""

    document: Identifier
    addressed_ru: Line = Field(description="the kind of body that has it")
    addressed_kind: Identifier | None = Field(
        default=None, description="its kind in the directory, if the directory has such bodies"
    )
    service_ru: Line
    legal_ground: Line
    data_needed_ru: Line
    answer_term: Identifier
    electronic: bool = Field(description="whether the parties agreed on electronic requests")


class ConsentText(Entry):
    """A text that citizens consent to, in one version; `code` is that version (152-FZ 9.4).

    `purposes` and `recipients` are what it consents to: no consent given by it covers more.
    """

    in_force_from: date = Field(description="it replaces the earlier ones from this day on")
    purposes: tuple[Identifier, ...]
    recipients: tuple[Identifier, ...] = Field(description="kinds of bodies data may go to")
    text_ru: Text
    sha256: str = Field(description="of the Russian text in UTF-8")

    @model_validator(mode="after")
    def _hash_is_of_the_text(self) -> Self:
        if hashlib.sha256(self.text_ru.encode()).hexdigest() != self.sha256:
            raise ValueError(f"{self.code}: the hash is of another text")
        return self


class ProcessingGround(Entry):
    """A ground in law to process personal data without consent, or after it was withdrawn."""

    for_inability: bool = Field(description="of somebody unable to consent (R 3.3.7.1)")


class ActSection(Entry):
    """A section of the needs assessment act and who may fill it (R 3.4.4)."""

    roles: tuple[Role, ...] = Field(min_length=1)


class Seat(Entry):
    """A seat in the commission and the role that holds it (R 3.4.1, 3.4.2)."""

    role: Role


class Commission(Value):
    """Who sits in the commission for the assessment of need (R 3.4.1, 3.4.2)."""

    required: tuple[Seat, ...]
    further: tuple[Seat, ...] = Field(description="at need")
    independence_ru: Text
    independence_en: Text
    independence_clause: Line


class FunctionalGroup(Value):
    """A functional group of typization; groups 3 to 5 are the levels of care need (L 3.3)."""

    group: int = Field(ge=1, le=5)
    level: int | None = Field(default=None, ge=1, le=3)
    title_ru: Line
    title_en: Line
    clause: Line
    note: Line | None = None


class CareLevel(Value):
    """A level of care need with its weekly limits: no plan exceeds what the level allows."""

    level: int = Field(ge=1, le=3)
    group: int = Field(ge=1, le=5)
    title_ru: Line
    title_en: Line
    weekly_hours_min: int
    weekly_hours_max: int
    days_per_week_max: int = Field(ge=1, le=7)
    clause: Line
    provenance: Line


class CareService(Value):
    """A service of the catalogue. `minutes` is the usual length of one visit."""

    code: Identifier
    kind: Identifier
    title_ru: Line
    title_en: Line
    guaranteed: bool = Field(description="guaranteed by the state; else additional (R 3.5.2)")
    minutes: int = Field(gt=0)


class ComplaintGround(Entry):
    """A ground for complaint (R 5.2) and the term its examination may take (R 5.5)."""

    term: Identifier


class ReplyPart(Entry):
    """A mandatory part of the answer to a complaint (R 5.10)."""

    only_when_satisfied: bool = False


class ComplaintOutcome(Entry):
    """How a complaint may end: satisfied in one of four forms, or refused (R 5.7)."""

    satisfied: bool


class AppealStep(Entry):
    """An authority in the chain of appeal, in order (R 5.4.1, 5.13)."""

    order: int = Field(ge=1)
