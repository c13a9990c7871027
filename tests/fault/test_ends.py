"""What counts as the same end: what every document is, and what each stream says, in its order."""

from __future__ import annotations

from typing import Any

from tests.fault.ends import End, end_of, places
from tests.fault.mortal import Place, Reached

ONE, OTHER, NEW, NEWER = (f"C{number:032x}" for number in range(1, 5))
KNOWN = frozenset({ONE, OTHER})


def document(about: str, **state: Any) -> dict[str, Any]:
    return {"_id": about, "rev": 7, "state": state}


def event(about: str, number: int, word: str = "closed") -> dict[str, Any]:
    trace = f"r{number:024x}"
    stream = f"intake.case.{about}"
    return {"correlationid": trace, "id": f"{stream}:{number}", "stream": stream, "data": word}


def end(*said: dict[str, Any], stored: tuple[dict[str, Any], ...] = ()) -> End:
    return end_of(stored, said, None, {}, KNOWN)


def test_order_between_streams_is_no_difference() -> None:
    assert end(event(ONE, 1), event(OTHER, 9)) == end(event(OTHER, 9), event(ONE, 1))


def test_order_within_a_stream_is_a_difference() -> None:
    first, second = event(ONE, 1, "linked"), event(ONE, 2)
    assert end(first, second) != end(second, first)


def test_event_more_or_another_one_is_a_difference() -> None:
    said = event(ONE, 1)
    assert end(said, event(ONE, 2)) != end(said)
    assert end(event(ONE, 1, "declined")) != end(said)
    assert end(event(OTHER, 1)) != end(said), "another document said it"


def test_documents_that_changed_places_are_a_difference() -> None:
    elder, younger = document(ONE, joined_to=None), document(OTHER, joined_to=ONE)
    swapped = (document(OTHER, joined_to=None), document(ONE, joined_to=OTHER))
    assert end(stored=(elder, younger)) == end(stored=(younger, elder))
    assert end(stored=(elder, younger)) != end(stored=swapped)


def test_ids_that_were_made_up_are_no_difference() -> None:
    assert end(event(NEW, 1), event(ONE, 2)) == end(event(ONE, 2), event(NEWER, 1))
    assert end(stored=(document(NEW, of=NEW),)) != end(stored=(document(NEW, of=NEWER),))


def test_places_name_known_documents_and_count_every_time() -> None:
    trail = [Reached("after-save", f"cases/{about}/2") for about in (ONE, NEW, ONE, NEWER)]
    assert list(places(trail, {}, KNOWN)) == [
        Place("after-save", f"cases/{ONE}/2", 1),
        Place("after-save", "cases/*/2", 1),
        Place("after-save", f"cases/{ONE}/2", 2),
        Place("after-save", "cases/*/2", 2),
    ]
