"""The organizations in memory: who serves an address, however many come in meanwhile (R 3.1.2)."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from contracts.territory import AddressQuery, index_of, municipalities
from services.directory.astray import Astray
from services.directory.domain.organization import Organization, Status
from services.directory.domain.versions import Announcement
from services.directory.snapshot import Snapshot
from tests.unit.directory.builders import EDITOR, NOW, card

MANY = 5000
QUESTIONS = (
    AddressQuery(text="г. Кемерово, Рудничный район, пр. Мира, 6"),
    AddressQuery(municipality="kemerovo"),
    AddressQuery(municipality="kemerovo", street="пр. Ленина", house="12"),
    AddressQuery(municipality="kemerovo", street="пр. Ленина"),
    AddressQuery(municipality="yurga"),
    AddressQuery(municipality="tashtagol", settlement="Шерегеш"),
)
HOUSES = [{"first": "2", "last": "20"}]
PLACES: tuple[list[dict[str, Any]], ...] = (
    [{"municipality": "kemerovo"}],
    [{"municipality": "kemerovo", "city_district": "Рудничный район"}, {"municipality": "yurga"}],
    [{"municipality": "kemerovo", "city_district": "Кировский район"}],
    [
        {
            "municipality": "kemerovo",
            "street": "пр. Ленина",
            "houses": [{"first": "2", "last": "20"}],
        }
    ],
    [{"municipality": "kemerovo", "street": "пр. Ленина"}, {"municipality": "tashtagol"}],
    [{"municipality": "tashtagol", "settlement": "Шерегеш"}],
    [{}],
    [],
)


def of(number: int, places: list[dict[str, Any]], **changes: Any) -> Organization:
    kind = changes.pop("kind", "mfc")
    made = card(id=f"x-{number:04}", kind=kind, parent=None, serves=places)
    return Organization(id=made.id, card=made, changed_at=NOW, **changes)


@pytest.mark.parametrize("seed", range(5))
def test_r_3_1_2_index_kept_step_by_step_answers_as_one_made_anew(seed: int) -> None:
    """R 3.1.2: whatever was entered, changed and retired, and in whatever order."""
    dice = random.Random(seed)
    snapshot, known = Snapshot(), dict[str, Organization]()
    for version in range(1, 200):
        number = dice.randrange(12)
        status = dice.choice((Status.PUBLISHED, Status.PUBLISHED, Status.RETIRED))
        kind = dice.choice(("mfc", "institution", "culture"))
        taken = of(number, dice.choice(PLACES), status=status, kind=kind)
        snapshot.take(taken, version)
        known[taken.id] = taken
    anew = index_of(
        item.card for _, item in sorted(known.items()) if item.status is Status.PUBLISHED
    )
    for question in QUESTIONS:
        assert snapshot.who_serves(question) == anew.who_serves(question)


def test_organization_is_in_the_list_of_every_municipality_it_serves() -> None:
    snapshot = Snapshot()
    snapshot.take(of(1, [{"municipality": "kemerovo"}, {"municipality": "belovo"}]), 1)
    snapshot.take(of(2, [{"municipality": "belovo", "settlement": "Инской"}, {}]), 1)

    def listed(code: str) -> list[tuple[str, int]]:
        return [(found.id, found.version) for found in snapshot.of_municipality(code)]

    assert listed("belovo") == [("x-0001", 1), ("x-0002", 1)]
    assert listed("kemerovo") == [("x-0001", 1)]
    snapshot.take(of(1, [{"municipality": "yurga"}]), 2)
    assert (listed("kemerovo"), listed("belovo")) == ([], [("x-0002", 1)])
    assert listed("yurga") == [("x-0001", 2)]


def test_lookups_while_organizations_come_in_wait_for_no_index() -> None:
    """One lookup with 5,000 organizations took 0.3 s after each that was taken in."""
    snapshot, codes = Snapshot(), [item.code for item in municipalities()]
    for number in range(MANY):
        snapshot.take(of(number, [{"municipality": codes[number % len(codes)]}]), 1)
    snapshot.who_serves(QUESTIONS[0])
    began = time.process_time()
    for number in range(100):
        snapshot.take(of(number, [{"municipality": codes[number % 7]}]), 2)
        snapshot.who_serves(QUESTIONS[0])
    assert time.process_time() - began < 3


def test_r_1_3_who_answers_to_one_is_known_and_who_is_announced_to() -> None:
    """R 1.3: also after they were given another parent, or were retired themselves."""
    snapshot = Snapshot()
    first, second, third = (of(number, []) for number in range(3))
    first.card = first.card.model_copy(update={"parent": "body"})
    second.card = second.card.model_copy(update={"parent": "body"})
    announced = Announcement(
        id="A-1", card=first.card, fields=("parent",), reason="Приказ", by=EDITOR, made_at=NOW,
        valid_from=NOW,
    )  # fmt: skip
    third.announced = [announced]
    for one in (first, second, third):
        snapshot.take(one, 1)
    assert snapshot.answering_to("body") == ["x-0000", "x-0001", "x-0002"]
    snapshot.take(first.model_copy(update={"status": Status.RETIRED}), 2)
    snapshot.take(of(1, []), 2)
    assert snapshot.answering_to("body") == ["x-0002"]
    assert snapshot.answering_to("nobody") == []


def test_r_1_3_who_answers_to_a_retired_body_is_told_by_the_metrics() -> None:
    """R 1.3, 3.1.2: both were decided in one moment, by two replicas."""
    snapshot = Snapshot()
    body, office = card(id="x-body", parent=None), card(parent="x-body")
    snapshot.take(Organization(id="x-body", card=body, changed_at=NOW), 1)
    snapshot.take(Organization(id=office.id, card=office, changed_at=NOW), 1)
    (family,) = Astray(snapshot).collect()
    assert family.samples == []
    gone = Organization(id="x-body", card=body, changed_at=NOW, status=Status.RETIRED)
    snapshot.take(gone, 2)
    (family,) = Astray(snapshot).collect()
    assert [sample.labels for sample in family.samples] == [{"organization": office.id}]
