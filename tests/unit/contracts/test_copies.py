"""Copies of citizens follow who was joined to whom, each by its own stream (L 5.1)."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.citizen import (
    CitizensJoined,
    CitizensParted,
    ConsentGiven,
    ConsentWithdrawn,
)
from contracts.copies import CitizenCopy, followed
from contracts.terms import ClosedTerm, Deadline
from contracts.values import SYSTEM

JOINED = CitizensJoined(by=SYSTEM, survivor="P1", joined="P2", pair="P1-P2", consented=True)
PARTED = CitizensParted(by=SYSTEM, survivor="P1", parted="P2", pair="P1-P2")
DUE = datetime(2026, 12, 25, 17, tzinfo=UTC)
TERM = Deadline(
    code="consent-erasure",
    clause="152-FZ 21 (5)",
    length=30,
    unit="calendar_days",
    started_at=datetime(2026, 11, 25, tzinfo=UTC),
    due_on=DUE.date(),
    due_at=DUE,
    warn_at=DUE,
    pack="kuzbass-2013",
)


def test_each_half_of_a_joining_learns_its_part() -> None:
    survivor, joined = CitizenCopy(id="P1"), CitizenCopy(id="P2")
    for copy in (survivor, joined):
        copy.keep(JOINED)
    assert (survivor.joined, survivor.survivor, survivor.consented) == (["P2"], None, True)
    assert (joined.joined, joined.survivor, joined.consented) == ([], "P1", False)
    for copy in (survivor, joined):
        copy.keep(PARTED)
    assert (survivor.joined, survivor.consented, joined.survivor) == ([], False, None)


def test_the_term_to_erase_is_known_until_a_new_consent_152_fz_21() -> None:
    copy = CitizenCopy(id="P1", consented=True)
    copy.keep(ConsentWithdrawn(by=SYSTEM, opened=(TERM,)))
    assert (copy.consented, copy.erase_by) == (False, DUE)
    copy.keep(
        ConsentGiven(by=SYSTEM, basis="written_consent", text_version="v", given_on=DUE.date())
    )
    assert (copy.consented, copy.erase_by) == (True, None)


def test_the_term_to_erase_goes_with_who_is_joined_152_fz_21() -> None:
    ended = ClosedTerm(code=TERM.code, due_at=DUE, closed_at=DUE)
    survivor, joined = CitizenCopy(id="P1"), CitizenCopy(id="P2", erase_by=DUE)
    survivor.keep(JOINED.model_copy(update={"consented": False, "opened": (TERM,)}))
    joined.keep(JOINED.model_copy(update={"closed": (ended,)}))
    assert (survivor.erase_by, joined.erase_by) == (DUE, None)
    survivor.keep(PARTED.model_copy(update={"closed": (ended,)}))
    joined.consented = True
    joined.keep(PARTED.model_copy(update={"opened": (TERM,), "parted_consented": False}))
    assert (survivor.erase_by, joined.erase_by, joined.consented) == (None, DUE, False)


async def test_an_id_leads_to_the_last_survivor_that_is_known() -> None:
    copies = {
        "P3": CitizenCopy(id="P3", survivor="P2"),
        "P2": CitizenCopy(id="P2", survivor="P1"),
        "P1": CitizenCopy(id="P1"),
        "P9": CitizenCopy(id="P9", survivor="P8"),
    }

    async def find(citizen_id: str) -> CitizenCopy | None:
        return copies.get(citizen_id)

    assert await followed(find, "P3") is copies["P1"]
    assert await followed(find, "P9") is copies["P9"]  # the survivor was not heard of yet
    assert await followed(find, "P7") is None
