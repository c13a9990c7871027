"""Events about the citizen: the one door through which personal data leaves intake."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from contracts.event import Event, TermDueSoonFact, TermMissedFact
from contracts.terms import ClosedTerm, Deadline
from contracts.values import CitizenCard, Identifier

CITIZEN = "intake.citizen"


class ConsentBasis(StrEnum):
    """Why personal data may be used: consent, or the interest of one unable to give it."""

    WRITTEN_CONSENT = "written_consent"
    INTEREST_OF_THE_UNABLE = "interest_of_the_unable"


class ConsentWay(StrEnum):
    """How consent was given (152-FZ 9.4; R 3.3.7)."""

    SIGNED_PAPER = "signed_paper"
    ELECTRONIC_SIGNATURE = "electronic_signature"
    REPRESENTATIVE = "representative"


class CitizenRegistered(
    Event,
    stream=CITIZEN,
    clause="R 3.1.2",
    ru="Гражданин внесён в систему",
    en="Citizen registered",
):
    """A citizen is known for the first time; carries the whole card."""

    card: CitizenCard


class CitizenCardChanged(
    Event,
    stream=CITIZEN,
    clause="R 3.1.2",
    ru="Карточка гражданина изменена",
    en="Citizen card changed",
):
    """The card was corrected or completed; carries the whole new card."""

    card: CitizenCard


class ConsentGiven(
    Event,
    stream=CITIZEN,
    clause="R 3.3.7",
    ru="Получено согласие на обследование и передачу данных",
    en="Consent given",
):
    """Consent to survey and transfer of personal data, or the reason why one acts without."""

    basis: ConsentBasis
    text_version: Identifier
    given_on: date
    text_sha256: str | None = None
    purposes: tuple[Identifier, ...] = ()
    recipients: tuple[Identifier, ...] = ()
    way: ConsentWay | None = None
    legal_basis: Identifier | None = None
    closed: tuple[ClosedTerm, ...] = ()


class ConsentWithdrawn(
    Event, stream=CITIZEN, clause="152-FZ 9", ru="Согласие отозвано", en="Consent withdrawn"
):
    """The citizen took the consent back; processing stops.

    `opened` is the term within which the data are to be erased (152-FZ 21.5), `other_basis` what
    they are kept by instead, if there is such a ground.
    """

    opened: tuple[Deadline, ...] = ()
    other_basis: Identifier | None = None


class ErasureDueSoon(
    TermDueSoonFact,
    stream=CITIZEN,
    clause="152-FZ 21",
    ru="Истекает срок уничтожения персональных данных",
    en="Erasure due soon",
):
    """The term to erase the data of a citizen who withdrew consent is about to run out."""


class ErasureMissed(
    TermMissedFact,
    stream=CITIZEN,
    clause="152-FZ 21",
    ru="Пропущен срок уничтожения персональных данных",
    en="Erasure missed",
):
    """The data of a citizen who withdrew consent were not erased in the term."""


class CitizensJoined(
    Event,
    stream=CITIZEN,
    clause="L 5.1",
    ru="Карточки одного гражданина объединены",
    en="Citizens joined",
):
    """A person decided that two citizens are one; said on the streams of both.

    The survivor goes on; whatever named the joined one means the survivor. `consented` is how the
    survivor's consent stands from here on; `opened` and `closed` is the term to erase of the
    citizen on whose stream it is said (152-FZ 21.5).
    """

    survivor: Identifier
    joined: Identifier
    pair: Identifier
    consented: bool = False
    opened: tuple[Deadline, ...] = ()
    closed: tuple[ClosedTerm, ...] = ()


class CitizensParted(
    Event,
    stream=CITIZEN,
    clause="L 5.1",
    ru="Объединение карточек отменено",
    en="Citizens parted",
):
    """The joining was undone; said on the streams of both. `consented` is the survivor's again.

    `parted_consented` is how the parted one's consent stands, where it is said on that stream;
    `opened` and `closed` is the term to erase of the citizen on whose stream it is said
    (152-FZ 21.5).
    """

    survivor: Identifier
    parted: Identifier
    pair: Identifier
    consented: bool = False
    parted_consented: bool | None = None
    opened: tuple[Deadline, ...] = ()
    closed: tuple[ClosedTerm, ...] = ()


class CitizenErased(
    Event, stream=CITIZEN, clause="152-FZ 21", ru="Данные гражданина удалены", en="Citizen erased"
):
    """Personal data are to be erased everywhere."""
