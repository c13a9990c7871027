"""What a card that an editor sends must fulfil (R 1.3)."""

from typing import Any

import pytest

from contracts.directory import (
    OrganizationCard,
)
from contracts.errors import InvalidInput
from services.directory.domain.card_rules import check_card
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
        check_card(card(**changes), parent)
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
    check_card(sent, parent)
