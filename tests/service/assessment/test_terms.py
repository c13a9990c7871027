"""Terms that run out are said, once, at their time (R 3.3.3, 3.3.16)."""

from datetime import datetime

from contracts.assessment import TermDueSoon, TermMissed
from tests.service.assessment.office import Office
from tests.service.assessment.people import (
    HEAD,
    ORGANIZER,
    ZONE,
)
from tests.service.stack import INSTITUTION


async def _move_to(office: Office, day: int, hour: int = 9) -> None:
    office.clock.now = datetime(2026, 3, day, hour, 0, tzinfo=ZONE)
    office.app.state.service.sweeper.nudge()


async def test_terms_of_a_forgotten_case_sound_in_turn(office: Office) -> None:
    spy = office.stack.spy
    desk = await office.open(in_hospital=True)
    async with office.costs(writes=1, published=1):
        await _move_to(office, 6)
        soon = await spy.wait_for(TermDueSoon, desk.case_id)
    assert (soon.term.code, soon.institution) == ("primary-survey-hospital", INSTITUTION)
    async with office.costs(writes=1, published=1):
        await _move_to(office, 7)
        missed = await spy.wait_for(TermMissed, desk.case_id)
    assert (missed.term.code, missed.term.clause) == ("primary-survey-hospital", "R 3.3.3")
    assert missed.institution == INSTITUTION
    async with office.costs(writes=1, published=1):
        await _move_to(office, 12)
        soon = await spy.wait_for(TermDueSoon, desk.case_id, count=2)
    assert (soon.term.code, soon.term.clause) == ("survey-stage", "R 3.3.16")


async def test_commissions_term_sounds_too_r_3_4_10(office: Office) -> None:
    office.clock.now = datetime(2026, 3, 4, 14, 0, tzinfo=ZONE)
    spy = office.stack.spy
    desk = await office.open()
    await desk.to_surveyed()
    await desk.do("organizer", HEAD, {"organizer": ORGANIZER.id})
    await _move_to(office, 19)
    soon = await spy.wait_for(TermDueSoon, desk.case_id)
    assert (soon.term.code, soon.term.clause) == ("commission", "R 3.4.10")
    assert office.said(desk.case_id).count("assessment.term-due-soon.v1") == 1
