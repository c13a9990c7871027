"""Referrals: how one comes, where it goes, and what it says of the citizen besides who they are.

What a content-rich referral says (`ReferralSays`) is for those who assess. It is the sender's word,
not an assessment of ours. Codes and figures only: no name, no text that a person typed. Where it
was said in words, or on paper, it is kept with the journal entry.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.case import CaseRef
from contracts.event import CaseEvent
from contracts.intake import CASE
from contracts.values import Identifier, Line, Value


class Channel(StrEnum):
    """How a referral came (R 3.1.1, L 2.1, S)."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    WRITTEN = "written"
    MFC = "mfc"
    PORTAL = "portal"
    MEDICAL_ORGANIZATION = "medical_organization"
    MUNICIPAL_BODY = "municipal_body"
    ORGANIZATION = "organization"
    THIRD_PERSON = "third_person"


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,99}$")]
"""A code of somebody's code system."""

System = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""The address or OID of a code system."""

DeadCode = Annotated[
    str,
    Field(description="hash of the code its applicant was told, which opens nothing any more"),
]


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


class ReferralRegistered(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение внесено в журнал",
    en="Referral registered in the journal",
):
    """A referral opened a case. The status code's hash lets a citizen ask where the case stands."""

    case: CaseRef
    journal_number: Line
    received_at: AwareDatetime
    channel: Channel
    in_hospital: bool = False
    home_care_asked: bool = False
    incomplete: bool = False
    requester: Identifier | None = None
    status_code_hash: str
    said: ReferralSays | None = None
    to_forward: bool = Field(
        default=False,
        description="an authorised body or MFC took it in and passes it on; until then the case is"
        " theirs, and `case.institution` names them",
    )


class ReferralForwarded(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение передано в учреждение",
    en="Referral forwarded to the institution",
):
    """The body that took it in passed it on; `case` is the reference as it is from here on."""

    case: CaseRef
    sender: Identifier


class ReturnReason(StrEnum):
    """Why an institution returns what was forwarded to it; the words stay in intake."""

    ANOTHER_SERVES = "another_serves"
    """Another institution serves this address."""
    ADDRESS_WRONG = "address_wrong"
    """The address is not that of the citizen, or there is none such."""
    LIVES_ELSEWHERE = "lives_elsewhere"
    """The citizen has moved."""
    OTHER = "other"


class ReferralReturned(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.2",
    ru="Обращение возвращено: передано не по адресу",
    en="Referral returned by the institution",
):
    """It was forwarded to the wrong institution and is with the sender again, to be forwarded
    anew; only before triage. `case` is the reference as it is from here on."""

    case: CaseRef
    institution: Identifier
    reason: ReturnReason


class ReferralLinked(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Повторное обращение присоединено к делу",
    en="Further referral linked to the case",
):
    """A second referral about the same citizen: kept in the journal, no second case.

    `to_review`: the case was triaged or set aside already, so a person looks at what is new in it.
    """

    journal_number: Line
    received_at: AwareDatetime
    channel: Channel
    requester: Identifier | None = None
    said: ReferralSays | None = None
    in_danger: bool = False
    in_hospital: bool = False
    to_review: bool = False
    status_code_hash: str = Field(
        default="",
        description="of a further code for the case's number, told to who applied this time",
    )


class CorrectedReceipt(Value):
    """When a referral was received, if that was recorded wrongly; terms count from the receipt."""

    journal_number: Line
    before: AwareDatetime = Field(description="as it was said until now")
    received_at: AwareDatetime
    opened_case: bool = Field(description="the case was opened by it, and counts from it")


class CircumstancesCorrected(
    CaseEvent,
    stream=CASE,
    clause="R 3.3.3",
    ru="Исправлены сведения, с которыми заведено дело",
    en="What the case was opened by is corrected",
):
    """What the case was opened by was wrong, and is so from here on; the survey's term follows.

    With `receipt` it is the moment from which terms count (R 3.1.8, 3.3.2): those in `opened` run
    anew, and what ran before them has lapsed.
    """

    in_hospital: bool
    home_care_asked: bool
    receipt: CorrectedReceipt | None = None


class ReviewOutcome(StrEnum):
    """What follows from a further referral about a citizen whose case is triaged (R 3.1.3)."""

    NOTHING_NEW = "nothing_new"
    """The case goes on as it stands."""
    URGENT_HELP = "urgent_help"
    """Help is given the same day (R 3.1.7)."""
    ANALYSIS_ANEW = "analysis_anew"
    """The five questions are answered again, and the code is assigned anew."""


class ReferralsReviewed(
    CaseEvent,
    stream=CASE,
    clause="R 3.1.3",
    ru="Повторное обращение рассмотрено",
    en="Further referral reviewed",
):
    """A person has looked at what came in besides; why they decided so stays in intake."""

    outcome: ReviewOutcome
    journal_numbers: tuple[Line, ...]


class ReferralWithdrawn(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Обращение отозвано отправителем",
    en="Referral withdrawn by its sender",
):
    """Its sender took a referral back; why is kept in intake. The case goes on where another
    referral, or what was done since, stands on its own; else it is closed in the same step."""

    journal_number: Line
    requester: Identifier
    in_error: bool = False
    case_goes_on: bool
    dead_code_hash: DeadCode = ""


class ReferralsParted(
    CaseEvent,
    stream=CASE,
    clause="L 5.1",
    ru="Обращения возвращены в отдельное дело",
    en="Referrals parted from the case",
):
    """Two citizens were parted again: the referrals go back to the case that was joined to this. Or
    a line was corrected and speaks of somebody else: its referral is in that one's case."""

    journal_numbers: tuple[Line, ...]
    into: Identifier
    dead_code_hash: DeadCode = ""
