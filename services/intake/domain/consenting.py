"""Consent in the course of time: given, withdrawn, the term to erase, and what a case makes of it.

The consent is the citizen's, the work stands in the case: the citizen's document notes which case
has to be told and stays due until it was, so a consent taken back stops that work whoever died.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.citizen import (
    ConsentBasis,
    ConsentGiven,
    ConsentWithdrawn,
    ErasureDueSoon,
    ErasureMissed,
)
from contracts.context import Context
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.event import Event, sound
from contracts.regulation import RegulationPack, load_pack
from contracts.regulation.loading import FIRST_PACK
from services.intake.domain.actions import Status
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, Consent
from services.intake.domain.consent import (
    SURVEY,
    TRANSFER,
    ConsentRecord,
    ConsentScope,
    GivenConsent,
    Withdrawal,
    check_given,
    text_of,
)
from services.intake.domain.declining import resume, set_aside
from services.intake.domain.dispatching import hold_request, release_request

ERASURE = "consent-erasure"


@dataclass(frozen=True, slots=True)
class ConsentState:
    """How a citizen's consent stands: what their cases are told, and go by."""

    scope: ConsentScope | None
    withdrawn: datetime | None
    """When it was taken back, where it is not there for that reason, and not for want of one."""
    withdrawals: frozenset[datetime] = frozenset()
    """Every time the citizen took a consent back."""


def state_of(citizen: Citizen) -> ConsentState:
    """How the consent stands by now."""
    standing = standing_consent(citizen)
    taken_back = [known.withdrawn.at for known in citizen.consents if known.withdrawn is not None]
    return ConsentState(
        scope=standing.scope if standing is not None else None,
        withdrawn=max(taken_back, default=None) if standing is None else None,
        withdrawals=frozenset(taken_back),
    )


def goes_otherwise(before: ConsentState, now: ConsentState) -> bool:
    """Whether cases that went by the one have to be told of the other."""
    return (before.scope, before.withdrawn) != (now.scope, now.withdrawn)


def standing_consent(citizen: Citizen) -> ConsentRecord | None:
    """The consent that is in force: the one given last, unless it was withdrawn."""
    if citizen.consent is None:
        return None
    if citizen.consents and citizen.consents[-1].withdrawn is None:
        return citizen.consents[-1]
    return _as_once_recorded(citizen.consent)


def acts_of(citizen: Citizen) -> list[ConsentRecord]:
    """Every consent of a citizen; the last one is in force, unless it was withdrawn."""
    standing = standing_consent(citizen)
    once = [] if standing is None or standing in citizen.consents else [standing]
    return [*citizen.consents, *once]


def hold(citizen: Citizen, consents: list[ConsentRecord]) -> None:
    """These are the citizen's consents; the last one is in force, unless it was withdrawn."""
    citizen.consents, citizen.consent = consents, None
    if consents and consents[-1].withdrawn is None:
        in_short = consents[-1].model_dump(include=set(Consent.model_fields))
        citizen.consent = Consent(**in_short)


def _as_once_recorded(consent: Consent) -> ConsentRecord:
    """A consent of the time when only its text was recorded: it covers what that text names."""
    pack = load_pack(FIRST_PACK)
    text = text_of(pack, consent.text_version) or pack.consent_text(consent.given_on)
    return ConsentRecord(
        **consent.model_dump(), purposes=(SURVEY, TRANSFER), recipients=text.recipients
    )


def give_consent(
    citizen: Citizen,
    given: GivenConsent,
    pack: RegulationPack,
    at: Context,
    card: str | None = None,
    case_to_tell: str | None = None,
) -> list[Event]:
    """Record consent, or why one acts without it (R 3.3.7, 3.3.7.1, 152-FZ 9).

    A term to erase that ran since an earlier consent was withdrawn ends with it, and every case
    is told that goes by a consent or was set aside. `card` is the citizen of the case it was given
    in, who may have been joined to this one.
    """
    ended = [known.withdrawn for known in citizen.consents if known.withdrawn is not None]
    text = check_given(given, pack, at, max(ended, key=lambda one: one.at, default=None))
    purposes = text.purposes if given.purposes is None else given.purposes
    named = text.recipients if given.recipients is None else given.recipients
    record = ConsentRecord(
        **given.model_dump(exclude={"purposes", "recipients", "text_sha256"}),
        purposes=purposes,
        recipients=named if TRANSFER in purposes else (),
        text_sha256=text.sha256,
        recorded_at=at.now,
        recorded_by=at.by.id,
        citizen_id=card if card != citizen.id else None,
    )
    if case_to_tell is not None or state_of(citizen).withdrawn is not None:
        have_told(citizen, [case_to_tell, *citizen.case_ids], at)
    hold(citizen, [*acts_of(citizen), record])
    return [
        ConsentGiven(
            by=at.by,
            basis=record.basis,
            text_version=record.text_version,
            given_on=record.given_on,
            text_sha256=record.text_sha256,
            purposes=record.purposes,
            recipients=record.recipients,
            way=record.way,
            legal_basis=record.legal_basis,
            closed=citizen.terms.close(ERASURE, at=at.now),
        )
    ]


def withdraw_consent(
    citizen: Citizen,
    pack: RegulationPack,
    at: Context,
    *,
    case_id: str | None = None,
    other_basis: str | None = None,
    other_reason: str | None = None,
) -> list[Event]:
    """The citizen takes the consent back, and every one given before: processing stops
    (152-FZ 9.2).

    The data are to be erased within thirty days (152-FZ 21.5), unless the law has another ground
    to keep them, which is then named and explained. A withdrawal needs no reason and no leave.
    """
    standing = standing_consent(citizen)
    if standing is None or standing.basis is not ConsentBasis.WRITTEN_CONSENT:
        raise NotAllowedInState(
            "no-consent-to-withdraw", "no consent of this citizen is in force", clause="152-FZ 9"
        )
    _check_other_basis(pack, other_basis, other_reason)
    withdrawal = Withdrawal(
        at=at.now, recorded_by=at.by.id, other_basis=other_basis, other_reason=other_reason
    )
    hold(citizen, [_taken_back(known, withdrawal) for known in acts_of(citizen)])
    have_told(citizen, [case_id, *citizen.case_ids], at)
    due = () if other_basis else (at.deadline(pack, ERASURE),)
    opened = citizen.terms.open(*due)
    return [ConsentWithdrawn(by=at.by, opened=opened, other_basis=other_basis)]


def _taken_back(known: ConsentRecord, withdrawal: Withdrawal) -> ConsentRecord:
    if known.withdrawn is not None or known.basis is not ConsentBasis.WRITTEN_CONSENT:
        return known
    return known.model_copy(update={"withdrawn": withdrawal})


def _check_other_basis(pack: RegulationPack, basis: str | None, reason: str | None) -> None:
    known = [ground.code for ground in pack.processing_grounds]
    if basis is not None and basis not in known:
        raise InvalidInput(
            "unknown-legal-basis",
            f"grounds are: {', '.join(known)}",
            field="other_basis",
            clause="152-FZ 9 (2)",
        )
    if (basis is None) != (reason is None):
        raise InvalidInput(
            "other-basis-unexplained",
            "a ground to keep the data is named together with why it holds",
            field="other_basis" if basis is None else "other_reason",
            clause="152-FZ 9 (2)",
        )


def have_told(citizen: Citizen, cases: Iterable[str | None], at: Context) -> None:
    """Have these cases told how the consent stands now; until they know, the citizen is due."""
    wanted = [*citizen.cases_to_tell, *(case for case in cases if case is not None)]
    citizen.cases_to_tell = list(dict.fromkeys(wanted))
    citizen.tell_at = at.now if citizen.cases_to_tell else None


def told(citizen: Citizen) -> None:
    """Every case that had to know of the consent knows of it."""
    citizen.cases_to_tell, citizen.tell_at = [], None


def sound_erasure(citizen: Citizen, at: Context) -> list[Event]:
    """The alarms of the term to erase that are due (152-FZ 21.5); it runs with the survivor, where
    the citizen was joined to one."""
    if citizen.joined_to is not None:
        citizen.terms.close(ERASURE, at=at.now)
        return []
    return sound(citizen.terms, ErasureDueSoon, ErasureMissed, at)


def needs_telling(case: Case) -> bool:
    """Whether a new consent changes what this case may do."""
    goes_by_one = case.consent is not None or case.application is not None
    return goes_by_one or case.consent_withdrawn


def learn_consent(case: Case, known: ConsentState, at: Context) -> list[Event]:
    """How the citizen's consent stands by now: the case goes by it from here on (152-FZ 9).

    Taken back, it sets the case aside as a decline does: nothing leaves, no term runs, and it can
    be taken up again once there is a new consent; one that has ended notes it, should it go on
    after all. What is enrolled goes on under its contract, and so does what began since. If there
    never was a consent, only what went by another one's is set aside.
    """
    anothers = case.consent_withdrawn and case.taken_back_at not in {None, *known.withdrawals}
    if known.scope is not None:
        case.consent = known.scope if needs_telling(case) else None
        events = _let_go_on(case, at) if anothers else []
        case.consent_withdrawn, case.taken_back_at = False, None
        if case.status is Status.APPLICATION_REGISTERED:
            release_request(case, at)
        return events
    if case.consent is None and _does_not_concern(case, known.withdrawn):
        return _let_go_on(case, at) if anothers else []
    case.consent = None
    hold_request(case)
    if case.enrolled:
        return []
    case.consent_withdrawn, case.taken_back_at = True, known.withdrawn
    return set_aside(case, at)


def _does_not_concern(case: Case, withdrawn: datetime | None) -> bool:
    """Whether a case without a consent began after one was taken back, or none ever was."""
    return withdrawn is None or (case.received_at is not None and case.received_at > withdrawn)


def _let_go_on(case: Case, at: Context) -> list[Event]:
    """It was set aside because somebody else took a consent back, who was held for its citizen."""
    case.consent_withdrawn, case.taken_back_at = False, None
    aside = any(decline.consent_withdrawn for decline in case.declines[-1:])
    return resume(case, at) if aside and case.status is Status.DECLINED else []
