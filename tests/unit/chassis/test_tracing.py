"""Ids that a caller sends are carried on if they are fit, and replaced if they are not."""

import pytest

from chassis.tracing import TRACEPARENT, begin, current, use

PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def test_fit_ids_are_carried_on() -> None:
    trace = begin("r-1:2.x_y", "cause-1", PARENT)
    assert (trace.correlation_id, trace.causation_id) == ("r-1:2.x_y", "cause-1")
    assert trace.traceparent == PARENT


@pytest.mark.parametrize("unfit", [None, "", " ", "a b", "a\n", "-a", "Анна", "a" * 129, "a;b"])
def test_unfit_ids_are_replaced(unfit: str | None) -> None:
    trace = begin(unfit, unfit, unfit)
    assert trace.correlation_id != unfit
    assert trace.causation_id == trace.correlation_id
    assert TRACEPARENT.fullmatch(trace.traceparent or "")


@pytest.mark.parametrize(
    "unfit", [PARENT + "\n", PARENT[:-1], PARENT.upper(), "01" + PARENT[2:], PARENT + "-x"]
)
def test_malformed_traceparent_is_replaced(unfit: str) -> None:
    trace = begin("r1", None, unfit)
    assert trace.traceparent != unfit
    assert TRACEPARENT.fullmatch(trace.traceparent or "")


def test_trace_holds_within_its_block_only() -> None:
    with use(begin("outer")):
        with use(begin("inner")):
            assert current().correlation_id == "inner"
        assert current().correlation_id == "outer"
