"""Events about the citizen: the one door through which personal data leaves intake."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from contracts.event import Event
from contracts.values import CitizenCard, Identifier

CITIZEN = "intake.citizen"


class ConsentBasis(StrEnum):
    """Why personal data may be used: consent, or the interest of one unable to give it."""

    WRITTEN_CONSENT = "written_consent"
    INTEREST_OF_THE_UNABLE = "interest_of_the_unable"


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


class ConsentWithdrawn(
    Event, stream=CITIZEN, clause="152-FZ 9", ru="Согласие отозвано", en="Consent withdrawn"
):
    """The citizen took the consent back; processing stops."""


class CitizenErased(
    Event, stream=CITIZEN, clause="152-FZ 21", ru="Данные гражданина удалены", en="Citizen erased"
):
    """Personal data are to be erased everywhere."""
