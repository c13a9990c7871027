"""Two citizens become one, and two again (L 5.1); their open cases: `joined_cases.py`.

The survivor's document notes what was taken over from the joined one, so that it can be given back.
Every step may be done twice. The order of the steps is in `joining.py` of the service.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.citizen import CitizenCardChanged, CitizensJoined, CitizensParted
from contracts.context import Context
from contracts.event import Event
from contracts.values import CitizenCard
from services.intake.domain.case import Case
from services.intake.domain.citizen import Citizen, Joining, change_card, missing_parts
from services.intake.domain.consenting import (
    ERASURE,
    acts_of,
    goes_otherwise,
    have_told,
    hold,
    state_of,
    told,
)
from services.intake.domain.joined_cases import rank
from services.intake.domain.joint_consent import apart, joint, settle_erasure


@dataclass(frozen=True, slots=True)
class OpenCases:
    """The two citizens' open cases as they are stored; None where there is none, or it is over."""

    survivors: Case | None
    theirs: Case | None

    def ending(self) -> Case | None:
        """Of two open ones that which is joined to the other; None where not both are open."""
        if self.survivors is None or self.theirs is None or self.survivors.id == self.theirs.id:
            return None
        return max(self.survivors, self.theirs, key=rank)


def joining_of(survivor: Citizen, pair: str) -> Joining | None:
    """What was noted when a pair was joined; None before that, and after it was undone."""
    return next((joining for joining in survivor.joinings if joining.pair == pair), None)


def take_over(
    survivor: Citizen, other: Citizen, pair: str, cases: OpenCases, at: Context
) -> list[Event]:
    """The survivor's card is completed, and holds the consents of both (152-FZ 9); of two open
    cases one goes on (L 5.1)."""
    known = joining_of(survivor, pair)
    joined = _take_consents(survivor, other, pair, at)
    if known is not None and known.theirs == other.open_case:
        return joined
    if known is not None:  # a referral about the other one came in between
        _give_back(survivor, other, known, at)
    before = survivor.card
    ending = cases.ending()
    goes_on = cases.survivors if ending is cases.theirs else cases.theirs
    note = Joining(
        pair=pair,
        citizen=other.id,
        completed=tuple(missing_parts(survivor.card, other.card)),
        consent_taken=other.consent is not None and survivor.consent == other.consent,
        theirs=other.open_case,
        case_before=survivor.open_case,
        served_before=survivor.served,
        joined_case=ending.id if ending else None,
        into_case=goes_on.id if ending and goes_on else None,
    )
    survivor.joinings.append(note)
    survivor.served = survivor.served or other.served
    _complete(survivor, other, at)
    if cases.theirs is not None and (ending is None or ending is cases.survivors):
        take_case(survivor, cases.theirs.id)
    changed = [CitizenCardChanged(by=at.by, card=survivor.card)] if survivor.card != before else []
    return [*changed, *joined]


def _take_consents(survivor: Citizen, other: Citizen, pair: str, at: Context) -> list[Event]:
    """What the person did last decides for every case of theirs, and for the term to erase. Said
    again only if one of the two acted in between."""
    known, before = joining_of(survivor, pair), state_of(survivor)
    mine, theirs = acts_of(survivor), acts_of(other)
    if known is not None:
        mine, theirs = apart(survivor.consents, other)
    hold(survivor, joint(mine, theirs, at))
    opened, closed = settle_erasure(survivor, at)
    now = state_of(survivor)
    if other.cases_to_tell or goes_otherwise(before, now) or goes_otherwise(state_of(other), now):
        have_told(survivor, [*survivor.case_ids, *other.case_ids], at)
    if known is not None and now == before:
        return []
    return [
        CitizensJoined(
            by=at.by,
            survivor=survivor.id,
            joined=other.id,
            pair=pair,
            consented=survivor.consent is not None,
            opened=opened,
            closed=closed,
        )
    ]


def take_case(survivor: Citizen, case_id: str) -> None:
    """The case is the survivor's open one from here on; the one before stays theirs."""
    before = [known for known in survivor.case_ids if known != case_id]
    survivor.earlier_cases, survivor.open_case = list(dict.fromkeys(before)), case_id


def _complete(survivor: Citizen, other: Citizen, at: Context) -> None:
    lacking = missing_parts(survivor.card, other.card)
    if lacking:
        change_card(survivor, survivor.card.model_copy(update=lacking), at)


def join(other: Citizen, survivor: str, pair: str, at: Context) -> list[Event]:
    """The joined one points to the survivor from here on, with whom the term to erase runs, and
    who tells the cases how the consent stands."""
    if other.joined_to is not None:
        return []
    other.joined_to, other.joined_by = survivor, pair
    told(other)
    closed = other.terms.close(ERASURE, at=at.now)
    return [CitizensJoined(by=at.by, survivor=survivor, joined=other.id, pair=pair, closed=closed)]


def release(survivor: Citizen, other: Citizen, pair: str, at: Context) -> list[Event]:
    """The survivor gives back what was taken over, unless it has become their own since."""
    known = joining_of(survivor, pair)
    if known is None:
        return []
    before, went_by = survivor.card, state_of(survivor)
    _give_back(survivor, other, known, at)
    hold(survivor, apart(survivor.consents, other)[0])
    if goes_otherwise(went_by, state_of(survivor)):
        have_told(survivor, survivor.case_ids, at)
    opened, closed = settle_erasure(survivor, at)
    changed = [CitizenCardChanged(by=at.by, card=survivor.card)] if survivor.card != before else []
    parted = CitizensParted(
        by=at.by,
        survivor=survivor.id,
        parted=other.id,
        pair=pair,
        consented=survivor.consent is not None,
        opened=opened,
        closed=closed,
    )
    return [*changed, parted]


def _give_back(survivor: Citizen, other: Citizen, known: Joining, at: Context) -> None:
    survivor.joinings = [one for one in survivor.joinings if one.pair != known.pair]
    fields = [
        name
        for name in known.completed
        if getattr(survivor.card, name) == getattr(other.card, name)
    ]
    if fields:
        kept = survivor.card.model_dump(exclude=set(fields), exclude_none=True)
        change_card(survivor, CitizenCard.model_validate(kept), at)
    taken = {known.theirs, known.into_case} - {None}
    if survivor.open_case in taken and survivor.open_case != known.case_before:
        survivor.open_case = known.case_before
        if known.case_before in survivor.earlier_cases:
            survivor.earlier_cases.remove(known.case_before)
    if survivor.served and not known.served_before and other.served:
        survivor.served = False


def part(other: Citizen, survivor: Citizen, pair: str, at: Context) -> list[Event]:
    """The joined one stands for itself again, with the open case it had, which went by the
    survivor's consent meanwhile and goes by its own from here on (152-FZ 9)."""
    if other.joined_by != pair:
        return []
    hold(other, apart(survivor.consents, other)[1])
    if goes_otherwise(state_of(survivor), state_of(other)):
        have_told(other, other.case_ids, at)
    other.joined_to, other.joined_by = None, None
    opened, closed = settle_erasure(other, at)
    return [
        CitizensParted(
            by=at.by,
            survivor=survivor.id,
            parted=other.id,
            pair=pair,
            parted_consented=other.consent is not None,
            opened=opened,
            closed=closed,
        )
    ]
