"""What a content-rich referral says of a citizen besides who they are: for those who assess.

It is the sender's word, not an assessment of ours. Codes and figures only: no name, no text that
a person typed. Where it was said in words, or on paper, it is kept with the journal entry.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.values import Identifier, Value

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,99}$")]
"""A code of somebody's code system."""

System = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""The address or OID of a code system."""


class ScoreSaid(Value):
    """The score of one position of a scale."""

    position: Identifier
    score: int = Field(ge=0)


class ScaleSaid(Value):
    """A scale as the sender filled it: codes of its positions, scores, sum and band.

    `total` is ours, added up anew, and there is none of a scale with positions left out, unless
    the sender gave the sum alone.
    """

    instrument: Identifier
    version: str
    scores: tuple[ScoreSaid, ...] = ()
    missing: tuple[Identifier, ...] = ()
    total: int | None = Field(default=None, ge=0)
    band_ru: str | None = None
    band_en: str | None = None
    on: date | None = None


class ConditionSaid(Value):
    """A diagnosis or problem, as coded by the sender."""

    system: System
    code: Code


class ConsentSaid(StrEnum):
    """What the sender says of the citizen's consent; ours is recorded by ourselves (R 3.3.7)."""

    PERMIT = "permit"
    DENY = "deny"


class AttachmentSaid(Value):
    """A document that came with the referral: where intake keeps it, or that it was named only."""

    id: Identifier | None = None
    media_type: Code
    size: int | None = Field(default=None, ge=0, description="bytes")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    kind: ConditionSaid | None = Field(default=None, description="code of the kind of document")


class ReferralSays(Value):
    """Everything besides, as far as it can be told without naming anybody."""

    scales: tuple[ScaleSaid, ...] = ()
    conditions: tuple[ConditionSaid, ...] = ()
    consent: ConsentSaid | None = None
    consent_on: date | None = None
    contact_person: bool = False
    attachments: tuple[AttachmentSaid, ...] = ()
    resources: tuple[Identifier, ...] = Field(
        default=(), description="kinds of resources that intake keeps with the referral"
    )
