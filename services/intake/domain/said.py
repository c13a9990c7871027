"""What a case is by the word of its referrals: in danger, in a hospital, how pressing it is
(R 3.1.7, 3.3.3).

It is kept referral by referral and found from those alone, so that what one brought goes with it
when it leaves. Nothing else sets these fields of a case.
"""

from __future__ import annotations

from collections.abc import Collection

from services.intake.domain.case import Case
from services.intake.domain.linked import Said
from services.intake.domain.priority import most_pressing


def said_in(case: Case) -> dict[str, Said]:
    """By referral. One of a case that was stored before this was kept is taken to have said what
    its case says."""
    if case.said is not None:
        return case.said
    opening = Said(in_danger=case.in_danger, in_hospital=case.in_hospital, priority=case.priority)
    further = {
        link.entry_id: Said(in_danger=link.in_danger, in_hospital=link.in_hospital)
        for link in case.linked
    }
    return further if case.opening is None else {case.opening: opening, **further}


def analysed_in(case: Case) -> list[str]:
    """The referrals whose analysis runs, or ran last: by these there is danger (R 3.1.7)."""
    if case.analysed is not None:
        return case.analysed
    return [case.opening] if case.opening is not None else []


def hear(case: Case, referral: str, said: Said, *, analysed: bool) -> None:
    """A referral is in the case, and this is what it says. `analysed`: its danger is decided on by
    the analysis that runs; else by who looks at it first."""
    known, analysis = said_in(case), analysed_in(case)
    case.said = {**known, referral: said}
    case.analysed = [*analysis, referral] if analysed else analysis
    _derive(case)


def unsay(case: Case, referrals: Collection[str]) -> None:
    """What these said counts no more: they left, or were sent in error."""
    case.analysed = [one for one in analysed_in(case) if one not in referrals]
    case.said = {one: said for one, said in said_in(case).items() if one not in referrals}
    _derive(case)


def analyse(case: Case, referrals: Collection[str]) -> None:
    """The danger of these, and of no others, is what the analysis decides on (R 3.1.3)."""
    case.said, case.analysed = said_in(case), list(referrals)
    _derive(case)


def say_where(case: Case, *, in_hospital: bool) -> None:
    """A person says whether the citizen lies in a hospital, whatever the referrals said until now
    (R 3.3.3)."""
    case.said, case.analysed = (
        {
            one: said.model_copy(update={"in_hospital": in_hospital})
            for one, said in said_in(case).items()
        },
        analysed_in(case),
    )
    _derive(case)


def _derive(case: Case) -> None:
    said, analysed = said_in(case), analysed_in(case)
    case.in_danger = any(one.in_danger for key, one in said.items() if key in analysed)
    case.in_hospital = any(one.in_hospital for one in said.values())
    case.priority = most_pressing(*(one.priority for one in said.values()))
