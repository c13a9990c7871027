"""What a card that an editor sends must fulfil (R 1.3)."""

from typing import Any

import pytest

from contracts.directory import (
    OrganizationCard,
)
from contracts.errors import InvalidInput
from services.directory.domain.card_rules import above_of, check_card
from services.directory.domain.organization import (
    Organization,
    Status,
)
from tests.unit.directory.builders import NOW, card

BODY = Organization(
    id="r-authorised-body-07",
    card=card(id="r-authorised-body-07", kind="authorised_body", parent="r-department"),
    changed_at=NOW,
)
RETIRED = BODY.model_copy(update={"status": Status.RETIRED})
HOSPITAL = Organization(
    id="h", card=card(id="h", kind="medical_organization", parent=None), changed_at=NOW
)
DAY: dict[str, Any] = {"days": ["MO"], "opens": "09:00", "closes": "17:00"}


@pytest.mark.parametrize(
    ("changes", "parent", "code", "field"),
    [
        ({"region": "RU-TOM"}, BODY, "unknown-region", "card.region"),
        (
            {"address": {"text": "Томск", "municipality": "tomsk"}},
            BODY,
            "unknown-municipality",
            "card.address.municipality",
        ),
        ({"serves": [{"municipality": "tomsk"}]}, BODY, "unknown-municipality", "card.serves"),
        (
            {"serves": [{"municipality": "kemerovo", "city_district": "Лунный"}]},
            BODY,
            "unknown-city-district",
            "card.serves",
        ),
        ({"serves": [{"settlement": "Мундыбаш"}]}, BODY, "municipality-missing", "card.serves"),
        ({"serves": [{"municipality": "belovo", "settlement": "пгт"}]}, BODY,
         "settlement-without-name", "card.serves"),
        ({"serves": [{"municipality": "belovo", "settlement": "г. Юрга"}]}, BODY,
         "foreign-settlement", "card.serves"),
        ({"serves": [{"municipality": "belovo", "settlement": "Шерегеш"}]}, BODY,
         "foreign-settlement", "card.serves"),
        ({"serves": [{"municipality": "guryevsky-rayon", "street": "ул. Ленина"}]}, BODY,
         "settlement-missing", "card.serves"),
        ({"serves": [{"municipality": "yurga", "street": "Ленина, 5"}]}, BODY,
         "house-in-street", "card.serves"),
        ({"address": {"text": "г. Юрга, ул. Мира, 1", "municipality": "belovo"}}, BODY,
         "address-contradicts-municipality", "card.address.municipality"),
        ({"address": {"text": "г. Томск, ул. Мира, 1", "municipality": "belovo"}}, BODY,
         "address-contradicts-municipality", "card.address.municipality"),
        ({"address": {"text": "Москва, ул. Мира, 1", "municipality": "belovo"}}, BODY,
         "address-contradicts-municipality", "card.address.municipality"),
        ({"region": "RU-MOW", "serves": [],
          "address": {"text": "г. Юрга, ул. Мира, 1", "municipality": "yurga"}}, BODY,
         "foreign-municipality", "card.address.municipality"),
        ({"serves": [{}], "region": None}, BODY, "region-missing", "card.region"),
        ({"region": "RU-MOW"}, BODY, "foreign-municipality", "card.serves"),
        ({}, None, "unknown-parent", "card.parent"),
        ({}, RETIRED, "unknown-parent", "card.parent"),
        ({"id": "r-authorised-body-07"}, BODY, "unknown-parent", "card.parent"),
        ({"parent": None}, None, "parent-required", "card.parent"),
        ({"parent": "h"}, HOSPITAL, "parent-required", "card.parent"),
        ({"hours": [DAY | {"days": []}]}, BODY, "hours-not-in-order", "card.hours"),
        ({"hours": [DAY | {"closes": "09:00"}]}, BODY, "hours-not-in-order", "card.hours"),
        ({"hours": [DAY | {"opens": "09:00+03:00"}]}, BODY, "hours-not-in-minutes", "card.hours"),
        ({"hours": [DAY | {"closes": "09:00:30"}]}, BODY, "hours-not-in-minutes", "card.hours"),
        ({"hours": [DAY | {"lunch_from": "12:00"}]}, BODY, "lunch-not-in-hours", "card.hours"),
        (
            {"hours": [DAY | {"lunch_from": "12:00", "lunch_to": "12:00"}]},
            BODY,
            "lunch-not-in-hours",
            "card.hours",
        ),
        (
            {"hours": [DAY | {"lunch_from": "09:00", "lunch_to": "10:00"}]},
            BODY,
            "lunch-not-in-hours",
            "card.hours",
        ),
        ({"hours": [DAY, DAY | {"opens": "16:59", "closes": "18:00"}]}, BODY, "hours-overlap",
         "card.hours"),
    ],
)  # fmt: skip
def test_r_1_3_card_others_could_not_work_with_is_refused(
    changes: dict[str, Any], parent: Organization | None, code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_card(card(**changes), [parent] if parent is not None else [])
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("sent", "parent"),
    [
        (card(), BODY),
        (card(serves=[{"municipality": "kemerovo", "city_district": "Рудничный район"}]), BODY),
        (card(serves=[{}]), BODY),
        (card(hours=[DAY | {"lunch_from": "12:00", "lunch_to": "13:00"}]), BODY),
        (card(hours=[DAY, DAY | {"opens": "17:00", "closes": "18:00"}]), BODY),
        (card(kind="mfc", parent=None, region=None), None),
    ],
)
def test_card_that_is_in_order_passes(sent: OrganizationCard, parent: Organization | None) -> None:
    check_card(sent, [parent] if parent is not None else [])


def answering(key: str, parent: str | None, **changes: Any) -> Organization:
    """A body that answers to somebody."""
    made = card(id=key, kind="authorised_body", parent=parent, **changes)
    return Organization(id=key, card=made, changed_at=NOW)


def test_r_1_3_nobody_answers_to_one_that_answers_to_it() -> None:
    known = {
        one.id: one for one in (answering("a", "b"), answering("b", "c"), answering("c", None))
    }
    sent = answering("c", "a").card
    above = above_of(sent.parent, known.get)
    assert [one.id for one in above] == ["a", "b", "c"]
    with pytest.raises(InvalidInput) as refused:
        check_card(sent, above, known["c"].card)
    assert (refused.value.code, refused.value.field) == ("parent-cycle", "card.parent")


def test_ring_that_was_stored_once_is_walked_once() -> None:
    known = {one.id: one for one in (answering("a", "b"), answering("b", "a"))}
    assert [one.id for one in above_of("a", known.get)] == ["a", "b"]


def test_r_1_3_parent_of_another_region_is_refused() -> None:
    moscow = answering("m-department", None, region="RU-MOW", serves=[{}])
    with pytest.raises(InvalidInput) as refused:
        check_card(card(parent="m-department"), [moscow])
    assert (refused.value.code, refused.value.field) == ("foreign-parent", "card.parent")


@pytest.mark.parametrize("above", [[], [RETIRED]])
def test_r_1_3_parent_that_nobody_touched_is_not_judged_anew(above: list[Organization]) -> None:
    """Else a phone could not be corrected of whoever answers to one that was retired."""
    check_card(card(phones=["+73845600001"]), above, card())
    for changes in ({"parent": "r-authorised-body-08"}, {"kind": "mfc"}):
        with pytest.raises(InvalidInput):
            check_card(card(**changes), above, card())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Центр\nk3;mfc;RU-KEM"}, "card.name"),
        ({"printed_phone": "7\r8"}, "card.printed_phone"),
        ({"address": {"text": "ул. Мира,\n1"}}, "card.address"),
        ({"serves": [{"municipality": "kemerovo", "street": "ул.\u2028Мира"}]}, "card.serves"),
    ],
)
def test_r_1_3_text_of_several_lines_is_refused_where_it_comes_in(
    changes: dict[str, Any], field: str
) -> None:
    """What was stored with one before stays, until somebody touches it."""
    sent = card(**changes)
    with pytest.raises(InvalidInput) as refused:
        check_card(sent, [BODY], card())
    assert (refused.value.code, refused.value.field) == ("several-lines", field)
    check_card(sent, [BODY], sent)


@pytest.mark.parametrize(
    "changes",
    [
        {"serves": [{"municipality": "belovo", "settlement": "пгт Инской"}]},
        {"serves": [{"municipality": "yashkinsky-rayon", "settlement": "с. Сосновка"}]},
        {"serves": [{"municipality": "guryevsky-rayon", "settlement": "Урск", "street": "Мира"}]},
        {"serves": [{"municipality": "yurga", "street": "ул. 50 лет Октября"}]},
        {"serves": [{"municipality": "yurga", "street": "3-й микрорайон"}]},
        {"serves": [{"municipality": "yurga", "street": "1-я Линия"}]},
        {"address": {"text": "ул. Мира, 1", "municipality": "belovo"}},
        {"address": {"text": "с. Сосновка, ул. Мира, 1", "municipality": "yashkinsky-rayon"}},
        {"address": {"text": "Юргинский район, г. Юрга", "municipality": "yurga"}},
    ],
)
def test_r_1_3_place_that_contradicts_nothing_is_taken(changes: dict[str, Any]) -> None:
    check_card(card(**changes), [BODY])


@pytest.mark.parametrize(
    "changes",
    [
        {"serves": [{"municipality": "guryevsky-rayon", "street": "ул. Ленина"}]},
        {"address": {"text": "г. Юрга, ул. Мира, 1", "municipality": "belovo"}},
    ],
)
def test_place_that_stays_as_it_was_entered_holds_up_no_other_change(
    changes: dict[str, Any],
) -> None:
    check_card(card(**changes, phones=["+73845100002"]), [BODY], before=card(**changes))
