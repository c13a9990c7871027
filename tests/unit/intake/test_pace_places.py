"""Places in the queues of those who are asked electronically (R 3.2.4)."""

from __future__ import annotations

from contracts.regulation import load_pack
from services.intake.domain.pace import PLACES, places_of
from services.intake.domain.requests import InteragencyRequest
from services.intake.stores import CASES
from tests.unit.intake.sample import requested


def to(body: str, number: int = 1) -> InteragencyRequest:
    request = requested().request
    assert request is not None
    return request.model_copy(update={"id": f"R{number}", "addressed_body": body})


def test_every_kind_that_leaves_electronically_has_a_place_r_3_2_4() -> None:
    case = requested()
    kinds = load_pack(case.reference.pack).interagency_kinds
    assert sum(kind.electronic for kind in kinds) <= len(PLACES)


def test_each_body_has_a_place_of_its_own_r_3_2_4() -> None:
    assert places_of([]) == [None, None]
    assert places_of([to("a", 1), to("a", 2)]) == [to("a", 1), None]
    assert places_of([to("a", 1), to("a", 2), to("b", 3)]) == [to("a", 1), to("b", 3)]


def test_case_stands_in_both_queues_at_once_r_3_2_4() -> None:
    case = requested()
    assert case.request is not None
    case.requests.append(to("other-office", 2))
    listed = CASES.index(case)
    assert listed["send_to"] == case.request.addressed_body
    assert (listed["send_to_2"], listed["send_attempt_2"]) == ("other-office", "R2:0")
    assert listed["send_at_2"] == listed["send_at"]
