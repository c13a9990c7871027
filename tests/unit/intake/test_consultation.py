"""A consultation is recorded and closed (R 3.1.6 б)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.errors import InvalidInput, NotAllowedInState
from contracts.intake import CaseClosed
from contracts.triage import TriageCode
from services.intake.domain.case import Status
from services.intake.domain.consultation import Advice, close_consultation
from services.intake.domain.records import Entered
from tests.unit.intake.sample import ADVICE, triaged, when

DIRECTED = ADVICE.model_copy(update={"directed_to": ("l-medical-organization-01", "hospital-03")})
KNOWN = {"l-medical-organization-01", "hospital-03"}


def test_consultation_keeps_what_was_asked_and_answered_and_where_one_was_directed_r_3_1_6_b() -> (
    None
):
    """R 3.1.6 б."""
    case = triaged(TriageCode.CONSULTATION)
    (event,) = close_consultation(case, DIRECTED, when(role="specialist"), KNOWN)
    assert isinstance(event, CaseClosed)
    assert (case.status, event.reason) == (Status.CLOSED, "consultation_given")
    kept = case.consultation
    assert kept is not None
    assert (kept.asked, kept.answered) == (ADVICE.asked, ADVICE.answered)
    assert kept.directed_to == DIRECTED.directed_to
    assert kept.given == Entered(at=when().now, by="test:specialist")
    assert ADVICE.asked not in event.model_dump_json()


def test_only_a_consultation_is_closed_so_r_3_1_6_b() -> None:
    """R 3.1.6 б."""
    case = triaged()
    with pytest.raises(NotAllowedInState) as refused:
        close_consultation(case, ADVICE, when())
    assert (refused.value.code, refused.value.clause) == ("not-a-consultation", "R 3.1.6 б")
    assert case.consultation is None


@pytest.mark.parametrize("known", [set[str](), {"hospital-03"}])
def test_nobody_is_directed_to_who_takes_no_part_r_3_1_6_b(known: set[str]) -> None:
    """R 3.1.6 б."""
    case = triaged(TriageCode.CONSULTATION)
    with pytest.raises(InvalidInput) as refused:
        close_consultation(case, DIRECTED, when(), known)
    assert (refused.value.code, refused.value.field) == (
        "organization-takes-no-part",
        "directed_to.0",
    )
    assert (case.status, case.consultation) == (Status.TRIAGED, None)


@pytest.mark.parametrize("field", ["asked", "answered"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_empty_consultation_is_none_r_3_1_6_b(field: str, text: str | None) -> None:
    """R 3.1.6 б."""
    with pytest.raises(ValidationError):
        Advice.model_validate({**ADVICE.model_dump(), field: text})
