"""Terms of care planning are watched by a running service (R 3.5.5)."""

from contracts.careplan import TermDueSoon, TermMissed
from tests.service.careplan.bureau import Bureau
from tests.service.stack import INSTITUTION


async def test_planning_that_is_late_is_said_once_each(bureau: Bureau) -> None:
    """R 3.5.5: due soon on the third working day, missed when it is over."""
    desk = await bureau.planning()
    (term,) = (await bureau.careplan.cases.get(desk.case_id)).state.terms.running
    spy = bureau.stack.spy
    async with bureau.costs(writes=1, published=1):
        bureau.clock.now = term.deadline.warn_at
        soon = await spy.wait_for(TermDueSoon, desk.case_id)
    assert (soon.term.code, soon.institution) == ("care-plan", INSTITUTION)
    async with bureau.costs(writes=1, published=1):
        bureau.clock.now = term.deadline.due_at
        missed = await spy.wait_for(TermMissed, desk.case_id)
    assert missed.term == term.deadline
    await bureau.app.state.service.sweeper.sweep()
    assert desk.published() == ["planning-opened", "term-due-soon", "term-missed"]
    view = await desk.view()
    assert [running["code"] for running in view["terms"]] == ["care-plan"]
