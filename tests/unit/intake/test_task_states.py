"""The life of a Task: every state × state, and what the requester may do (Gravity, L 5.1)."""

from __future__ import annotations

from itertools import product

import pytest

from services.intake.domain.task_states import (
    NEXT,
    REQUESTERS,
    ForbiddenTransition,
    TaskStatus,
    follows,
    require_transition,
)

S = TaskStatus
ARROWS = """
draft > requested
requested > received accepted rejected cancelled
received > accepted rejected cancelled
accepted > in-progress on-hold cancelled completed failed
in-progress > completed failed on-hold cancelled
on-hold > in-progress cancelled completed failed
"""
"""As the guide draws it, and base R4's `received` in between."""
DRAWN = {
    (line.split(" > ")[0], after)
    for line in ARROWS.strip().splitlines()
    for after in line.split(" > ")[1].split()
}
PAIRS = list(product(TaskStatus, TaskStatus))


def test_table_names_every_state() -> None:
    assert set(NEXT) == set(TaskStatus)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_life_cycle_is_that_of_the_guide(before: TaskStatus, after: TaskStatus) -> None:
    drawn = (before.value, after.value) in DRAWN
    in_error = after is S.ENTERED_IN_ERROR and before is not S.ENTERED_IN_ERROR
    assert follows(before, after) is (drawn or in_error)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_requester_may_do_what_is_theirs_and_else_both_states_are_named(
    before: TaskStatus, after: TaskStatus
) -> None:
    if after in REQUESTERS and follows(before, after):
        require_transition(before, after)
        return
    with pytest.raises(ForbiddenTransition) as refused:
        require_transition(before, after)
    assert refused.value.field == "Task.status"
    assert refused.value.clause == "L 5.1"
    assert f"from {before} to {after}" in refused.value.detail
    expected = "transition-forbidden" if after in REQUESTERS else "transition-not-the-requesters"
    assert refused.value.code == expected
