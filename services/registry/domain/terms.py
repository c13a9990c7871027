"""The terms of a case as the register hears of them: opened, ended, due soon, late.

Openings and endings are kept side by side and paired when they are looked at. Two complaints about
one case may run the same term to the same day; paired on arrival, which ending belongs to which
opening would depend on whose stream is heard first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.event import CaseEvent, Event, TermDueSoonFact, TermMissedFact
from contracts.regulation import UnknownPack, UnknownTerm, load_pack
from contracts.terms import ClosedTerm, Deadline
from contracts.values import Identifier, Value


class TermState(StrEnum):
    """How a term stands at a moment."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    LATE = "late"
    MET = "met"
    CLOSED_LATE = "closed_late"
    LAPSED = "lapsed"


Key = tuple[str, str, datetime]


MANY_DOCUMENTS = "complaints"
"""The one service that may have several documents about a case, and so the same term several
times at once; in any other, starting a term anew means that the earlier one lapsed."""


OF_FURTHER_REFERRALS = {("intake", "referral-analysis"), ("intake", "urgent-measures")}
"""By these a further referral is looked at, also in a case that has ended."""


class OpenedTerm(Value):
    """A term that a service started; `nth` of those it started, in the order of its stream."""

    service: Identifier
    deadline: Deadline
    nth: int

    @property
    def key(self) -> Key:
        """What an ending of it is recognised by."""
        return self.service, self.deadline.code, self.deadline.due_at

    @property
    def outlives_the_case(self) -> bool:
        """Whether it still runs when the case is over, until its service ends it."""
        further = (self.service, self.deadline.code) in OF_FURTHER_REFERRALS
        return further or self.service == MANY_DOCUMENTS


class EndedTerm(Value):
    """A term that a service ended."""

    service: Identifier
    term: ClosedTerm

    @property
    def key(self) -> Key:
        """What its opening is recognised by."""
        return self.service, self.term.code, self.term.due_at


class MissedTerm(Value):
    """A term whose service has said that it ran out."""

    service: Identifier
    code: Identifier
    due_at: AwareDatetime

    @property
    def key(self) -> Key:
        """Which term is meant."""
        return self.service, self.code, self.due_at


class Term(Value):
    """One term of a case, with its ending if there is one. An ending may lack its opening: a
    newer writer opened it with an event this register does not know yet."""

    service: Identifier
    code: Identifier
    due_at: AwareDatetime
    deadline: Deadline | None = None
    closed_at: AwareDatetime | None = None
    missed: bool = False
    lapsed: bool = Field(default=False, description="it lost its object and nobody said so")

    @property
    def running(self) -> bool:
        """Whether something has still to be done."""
        return self.closed_at is None and not self.lapsed

    def state(self, now: datetime) -> TermState:
        """Met up to the due moment itself, missed from it on: as `TermBook` and `ClosedTerm` say.

        A term said to be missed is late whatever this machine's clock shows.
        """
        if self.closed_at is not None:
            return TermState.MET if self.closed_at <= self.due_at else TermState.CLOSED_LATE
        if self.lapsed:
            return TermState.LAPSED
        if self.missed or now >= self.due_at:
            return TermState.LATE
        return TermState.DUE_SOON if now >= self.warn_at else TermState.RUNNING

    def late_by(self, now: datetime) -> timedelta | None:
        """How long after its due moment it was closed, or has run since."""
        over = (self.closed_at or now) - self.due_at
        return over if self.state(now) in {TermState.LATE, TermState.CLOSED_LATE} else None

    @property
    def warn_at(self) -> datetime:
        """From here on it counts as due soon."""
        return self.deadline.warn_at if self.deadline else self.due_at

    @property
    def due_on(self) -> date | None:
        """The last day of the term in the district, as its deadline says."""
        return self.deadline.due_on if self.deadline else None


class Ledger(BaseModel):
    """Every opening and ending heard of, each list in an order of its own content."""

    opened: list[OpenedTerm] = Field(default_factory=list)
    ended: list[EndedTerm] = Field(default_factory=list)
    missed: list[MissedTerm] = Field(default_factory=list)

    def take(self, service: str, event: Event) -> None:
        """Take over what an event says of terms."""
        if isinstance(event, CaseEvent):
            self._open(service, event.opened)
            ended = [EndedTerm(service=service, term=term) for term in event.closed]
            self.ended = sorted([*self.ended, *ended], key=_order)
        elif isinstance(event, TermDueSoonFact | TermMissedFact):
            named = (service, event.term.code, event.term.due_at)
            if named not in {term.key for term in self.opened}:
                self._open(service, [event.term])
            if isinstance(event, TermMissedFact):
                missed = MissedTerm(service=service, code=event.term.code, due_at=event.term.due_at)
                self.missed = sorted({*self.missed, missed}, key=_order)

    def _open(self, service: str, deadlines: Iterable[Deadline]) -> None:
        opened = list(self.opened)
        for deadline in deadlines:
            before = sum(term.service == service for term in opened)
            nth = 0 if service == MANY_DOCUMENTS else before + 1
            opened.append(OpenedTerm(service=service, deadline=deadline, nth=nth))
        self.opened = sorted(opened, key=_order)

    def terms(self, *, over: bool = False) -> list[Term]:
        """Every term, the earliest due first.

        A service that drops a term because the citizen declined, or because the case is over, does
        not always say so: an earlier start of the same term, and what ran when the case ended,
        has lapsed. Complaints run on when the case is over, and so does what intake has still to do
        about a further referral (R 3.1.3): it says when that ends.
        """
        closed, alone = self._endings()
        missed = {term.key for term in self.missed}
        latest = {(term.service, term.deadline.code): 0 for term in self.opened}
        for term in self.opened:
            code = term.service, term.deadline.code
            latest[code] = max(latest[code], term.nth)
        terms = [
            Term(
                service=opening.service,
                code=opening.deadline.code,
                due_at=opening.deadline.due_at,
                deadline=opening.deadline,
                closed_at=closed.get(place),
                missed=opening.key in missed,
                lapsed=(over and not opening.outlives_the_case)
                or opening.nth < latest[opening.service, opening.deadline.code],
            )
            for place, opening in enumerate(self.opened)
        ]
        terms += [
            Term(
                service=end.service,
                code=end.term.code,
                due_at=end.term.due_at,
                closed_at=end.term.closed_at,
            )
            for end in alone
        ]
        return sorted(terms, key=lambda term: (term.due_at, term.service, term.code))

    def _endings(self) -> tuple[dict[int, datetime], list[EndedTerm]]:
        """When each opening, by its place, was ended; and the endings that lack their opening.

        Of like openings the one last started before it is meant: an earlier one that was not ended
        by then had been dropped without a word. Of two complaints' the first.
        """
        closed: dict[int, datetime] = {}
        alone: list[EndedTerm] = []
        for end in self.ended:
            like = [
                (place, opening)
                for place, opening in enumerate(self.opened)
                if opening.key == end.key and place not in closed
            ]
            begun = [
                place
                for place, opening in like
                if opening.service != MANY_DOCUMENTS
                and opening.deadline.started_at < end.term.closed_at
            ]
            if like:
                closed[begun[-1] if begun else like[0][0]] = end.term.closed_at
            else:
                alone.append(end)
        return closed, alone


def _order(
    term: OpenedTerm | EndedTerm | MissedTerm,
) -> tuple[datetime, str, str, int, datetime, str]:
    service, code, due_at = term.key
    nth, then = 0, due_at
    if isinstance(term, OpenedTerm):
        nth, then = term.nth, term.deadline.started_at
    elif isinstance(term, EndedTerm):
        then = term.term.closed_at
    return due_at, service, code, nth, then, term.model_dump_json()


class TermTitle(Value):
    """What a term is called, and the clause that sets it."""

    ru: str
    en: str
    clause: str | None = None


def title_of(code: str, pack: str | None) -> TermTitle:
    """The title from the regulation pack; a pack or term not known here is shown by its code."""
    try:
        rule = load_pack(pack or "").term(code)
    except (UnknownPack, UnknownTerm):
        return TermTitle(ru=code, en=code)
    return TermTitle(ru=rule.title_ru, en=rule.title_en, clause=rule.clause)
