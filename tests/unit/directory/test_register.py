"""The registers of providers and of volunteers' organizations (L 1.2.2.2, 3.9)."""

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.directory import (
    OrganizationChanged,
    OrganizationPublished,
    OrganizationPublishedV2,
    Ownership,
)
from contracts.errors import InvalidInput, NotAllowedInState
from services.directory.api.register_views import ParticularsForm
from services.directory.domain.organization import (
    Organization,
    Status,
    change,
    enter,
    publish,
    retire,
)
from services.directory.domain.register import (
    CheckResult,
    NumberTaken,
    amend,
    check,
    missing_checks,
    needed_checks,
    numbers_shared,
    propose,
    publish_entry,
    refuse,
    reinstate_beside,
)
from services.directory.domain.register_entry import CheckItem
from services.directory.stores import ORGANIZATIONS
from tests.unit.directory.builders import EDITOR, at, card, provider

BY = at(by=EDITOR)
CARD = card(kind="provider", parent=None)


def proposed(kind: str = "provider", **claims: Any) -> Organization:
    return propose(card(kind=kind, parent=None), provider(**claims), BY)


def passed(*items: CheckItem) -> list[CheckResult]:
    return [CheckResult(item=item, passed=True) for item in items]


HOURS = [{"days": ["MO"], "opens": "09:00", "closes": "17:00"}]
ALL = (CheckItem.LEGAL_ENTITY, CheckItem.SERVICES, CheckItem.TERRITORY, CheckItem.CONTACTS)


def test_l_proposal_is_nobodys_until_published() -> None:
    found = proposed()
    assert (found.standing, found.status) == (Status.PROPOSED, Status.RETIRED)
    assert found.is_proposal
    assert ORGANIZATIONS.index(found)["status"] == "proposed"
    check(found, passed(*ALL), BY)
    assert found.standing is Status.CHECKED
    (event,) = publish_entry(found, "Внесён в реестр", BY)
    assert isinstance(event, OrganizationPublished)
    assert event.card.ownership is Ownership.PRIVATE
    assert (found.standing, found.is_proposal) == (Status.PUBLISHED, False)
    assert ORGANIZATIONS.index(found)["form"] == "private"


def test_l_3_9_volunteers_organization_is_told_by_version_2() -> None:
    found = proposed("volunteer", form="ngo", inn=None, ogrn=None, services=[], volunteers=40)
    check(found, passed(CheckItem.LEGAL_ENTITY, CheckItem.TERRITORY, CheckItem.CONTACTS), BY)
    (event,) = publish_entry(found, "Соглашение № 7", BY)
    assert isinstance(event, OrganizationPublishedV2)


@pytest.mark.parametrize("left_out", ALL)
def test_l_entry_is_published_only_when_every_item_passed(left_out: CheckItem) -> None:
    found = proposed()
    check(found, passed(*[item for item in ALL if item is not left_out]), BY)
    assert missing_checks(found) == [left_out]
    with pytest.raises(NotAllowedInState):
        publish_entry(found, "Внесён в реестр", BY)


def test_claimed_capacity_is_checked_too() -> None:
    assert CheckItem.CAPACITY in needed_checks(
        proposed(capacity=30).entry,  # type: ignore[arg-type]
        CARD.kind,
    )
    found = proposed(capacity=30)
    check(found, passed(*ALL), BY)
    assert missing_checks(found) == [CheckItem.CAPACITY]


def test_last_check_of_an_item_stands_and_every_one_is_kept() -> None:
    found = proposed()
    check(found, passed(*ALL), BY)
    failed = CheckResult(item=CheckItem.CONTACTS, passed=False, note="Не отвечают")
    check(found, [failed], BY)
    assert found.standing is Status.PROPOSED
    assert found.entry is not None
    assert [item.passed for item in found.entry.checks] == [True] * 4 + [False]
    assert found.entry.checks[-1].by == EDITOR


def test_what_does_not_pass_says_why() -> None:
    with pytest.raises(InvalidInput) as wrong:
        check(proposed(), [CheckResult(item=CheckItem.CONTACTS, passed=False)], BY)
    assert (wrong.value.code, wrong.value.field) == ("note-missing", "results.note")


def test_l_refused_entry_is_amended_and_looked_at_anew() -> None:
    found = proposed()
    check(found, passed(*ALL), BY)
    refuse(found, "Лицензия отозвана", BY)
    assert (found.standing, found.reason) == (Status.REFUSED, "Лицензия отозвана")
    amend(found, CARD, provider(services=["Уход на дому", "Сиделка"]), "Новая лицензия", BY)
    assert found.standing is Status.PROPOSED
    assert missing_checks(found) == list(ALL)


def checked(key: str = "x-1", kind: str = "provider", **claims: Any) -> Organization:
    found = propose(card(id=key, kind=kind, parent=None), provider(**claims), BY)
    check(found, passed(*CheckItem), BY)
    return found


def published(key: str, **claims: Any) -> Organization:
    found = checked(key, **claims)
    publish_entry(found, "Внесён", BY)
    return found


SAME_INN, SAME_OGRN = {"ogrn": "1024200000010"}, {"inn": "4212000137"}


@pytest.mark.parametrize("claims", [{}, SAME_INN, SAME_OGRN])
def test_l_1_2_2_2_two_of_one_number_are_not_published_unless_a_person_says_why(
    claims: dict[str, str],
) -> None:
    """L 1.2.2.2, 3.9: one provider is one entry; a branch is named as one."""
    there, found = published("x-1"), checked("x-2", **claims)
    with pytest.raises(NumberTaken) as wrong:
        publish_entry(found, "Внесён", BY, [there])
    assert (wrong.value.status, wrong.value.code) == (409, "number-already-published")
    assert (wrong.value.field, wrong.value.clause) == ("particulars.inn", "L 1.2.2.2, 3.9")
    assert "x-1" in wrong.value.detail
    assert found.standing is Status.CHECKED
    publish_entry(found, "Внесён", BY, [there], "Филиал в Юрге")
    assert found.entry is not None
    assert (found.standing, found.entry.despite) == (Status.PUBLISHED, "Филиал в Юрге")


def test_l_1_2_2_2_published_entry_is_amended_checked_and_published_again() -> None:
    """L 1.2.2.2: INN, legal form, services and capacity could never be corrected."""
    found = published("x-1")
    found.card = found.card.model_copy(update={"hours": card(hours=HOURS).hours})
    own, hours = card(id="x-1", kind="provider", parent=None), found.card.hours
    claims = provider(inn="4212000137", legal_form="АНО", capacity=12)
    assert amend(found, own.model_copy(update={"name": "АНО «Дом»"}), claims, "Устав", BY) == []
    assert (found.standing, found.status) == (Status.AMENDED, Status.PUBLISHED)
    assert ORGANIZATIONS.index(found)["status"] == "published"
    assert ORGANIZATIONS.index(found)["amendment"] == "amended"
    assert (found.card.name, found.entry and found.entry.particulars.legal_form) == (
        "МБУ «Тёплый дом»", "ООО",
    )  # fmt: skip
    assert set(missing_checks(found)) == set(ALL) | {CheckItem.CAPACITY}
    with pytest.raises(NotAllowedInState):
        publish_entry(found, "Проверено", BY)
    check(found, passed(*CheckItem), BY)
    assert ORGANIZATIONS.index(found)["amendment"] == "amendment_checked"
    (event,) = publish_entry(found, "Проверено", BY)
    assert isinstance(event, OrganizationChanged)
    assert (event.card.name, event.card.hours) == ("АНО «Дом»", hours)
    assert found.entry is not None
    assert (found.standing, found.entry.particulars) == (Status.PUBLISHED, claims)
    assert (found.amendment, ORGANIZATIONS.index(found)["amendment"]) == (None, "")
    assert ORGANIZATIONS.index(found)["published_inn"] == "providers/4212000137"


def test_amendment_that_leaves_the_card_alone_is_heard_by_nobody_else() -> None:
    found = published("x-1")
    own = card(id="x-1", kind="provider", parent=None)
    amend(found, own, provider(capacity=7), "Расширились", BY)
    moved = found.card.model_copy(update={"phones": ("+73845699999",)})
    change(found, moved, "Новый номер", BY)
    check(found, passed(*CheckItem), BY)
    assert publish_entry(found, "Проверено", BY) == []
    assert found.card.phones == ("+73845699999",)


def test_refused_amendment_leaves_the_entry_as_it_was_published() -> None:
    found = published("x-1")
    own = card(id="x-1", kind="provider", parent=None)
    amend(found, own, provider(capacity=7), "Расширились", BY)
    refuse(found, "Не подтверждено", BY)
    assert (found.standing, missing_checks(found)) == (Status.PUBLISHED, [])
    assert found.amendment is not None
    assert (found.amendment.stage, found.amendment.refusal) == (Status.REFUSED, "Не подтверждено")
    assert found.reason == "Внесён"
    amend(found, own, provider(capacity=8), "Акт № 2", BY)
    assert found.standing is Status.AMENDED


def test_l_1_2_2_2_amended_number_of_another_published_one_is_refused() -> None:
    there, found = published("x-1"), published("x-2", inn="4212000137", ogrn="1024200000010")
    own = card(id="x-2", kind="provider", parent=None)
    amend(found, own, provider(ogrn="1024200000010"), "Опечатка", BY)
    check(found, passed(*CheckItem), BY)
    assert numbers_shared(found, there) == ["inn"]
    with pytest.raises(NumberTaken):
        publish_entry(found, "Проверено", BY, [there])
    publish_entry(found, "Проверено", BY, [there], "Филиал в Юрге")
    assert found.entry is not None
    assert (found.entry.despite, found.entry.claims_numbers) == ("Филиал в Юрге", False)
    amend(found, own, provider(ogrn="1024200000010", capacity=3), "Уточнено", BY)
    check(found, passed(*CheckItem), BY)
    publish_entry(found, "Проверено", BY, [there])
    assert found.entry.despite == "Филиал в Юрге"


def test_claims_of_several_lines_are_refused() -> None:
    with pytest.raises(InvalidInput) as wrong:
        proposed(legal_form="ООО\nИП")
    assert (wrong.value.code, wrong.value.field) == ("several-lines", "particulars")


def test_number_of_one_retired_proposed_or_of_the_other_register_is_free() -> None:
    gone = published("x-1")
    retire(gone, "Ликвидировано", BY)
    others = [gone, checked("x-2"), published("x-3", kind="volunteer", services=[])]
    publish_entry(found := checked("x-4"), "Внесён", BY, others)
    assert found.standing is Status.PUBLISHED


def test_published_number_is_unique_in_the_store_while_it_is_published() -> None:
    found = checked()
    claimed = ("published_inn", "published_ogrn")
    assert not set(claimed) & ORGANIZATIONS.index(found).keys()
    publish_entry(found, "Внесён", BY)
    index = ORGANIZATIONS.index(found)
    assert [index[name] for name in claimed] == ["providers/4212000120", "providers/1024200000000"]
    assert tuple(ORGANIZATIONS.unique) == claimed
    retire(found, "Ликвидировано", BY)
    assert not set(claimed) & ORGANIZATIONS.index(found).keys()


def test_amending_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nothing-changed"):
        amend(proposed(), CARD, provider(), "—", BY)


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"inn": "4212000121"}, "inn"),
        ({"inn": "42120001"}, "inn"),
        ({"ogrn": "1024200000001"}, "ogrn"),
        ({"inn": "421200012384"}, "inn"),
        ({"form": "federal"}, "form"),
        ({"capacity": -1}, "capacity"),
    ],
)
def test_number_whose_check_digit_does_not_fit_is_refused(
    claims: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as wrong:
        ParticularsForm.model_validate(provider().model_dump() | claims)
    assert [error["loc"] for error in wrong.value.errors()] == [(field,)]


SOLE_TRADER = {"inn": "421200012383", "ogrn": "316421200012342"}


def test_sole_trader_has_the_longer_numbers() -> None:
    assert proposed(**SOLE_TRADER).standing is Status.PROPOSED


@pytest.mark.parametrize(
    ("sent", "claims", "code", "field"),
    [
        ({}, {"inn": SOLE_TRADER["inn"]}, "inn-and-ogrn-differ", "particulars.ogrn"),
        ({}, {"inn": None}, "inn-missing", "particulars.inn"),
        ({}, {"ogrn": None}, "ogrn-missing", "particulars.ogrn"),
        ({}, {"services": []}, "services-missing", "particulars.services"),
        ({}, {"volunteers": 3}, "not-a-volunteers-organization", "particulars.volunteers"),
        ({"phones": []}, {}, "contact-missing", "card.phones"),
        ({"serves": []}, {}, "territory-missing", "card.serves"),
    ],
)
def test_l_incomplete_proposal_is_refused(
    sent: dict[str, Any], claims: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as wrong:
        propose(card(kind="provider", parent=None, **sent), provider(**claims), BY)
    assert (wrong.value.code, wrong.value.field, wrong.value.clause) == (
        code,
        field,
        "L 1.2.2.2, 3.9",
    )


def test_organization_that_was_never_proposed_is_in_no_register() -> None:
    found = enter(CARD, BY)
    with pytest.raises(NotAllowedInState):
        missing_checks(found)


def test_l_1_2_2_2_retirement_refuses_an_amendment_that_waits() -> None:
    """L 1.2.2.2: who proposed it reads why nothing came of it."""
    found = published("x-1")
    own = card(id="x-1", kind="provider", parent=None)
    amend(found, own, provider(capacity=7), "Расширились", BY)
    retire(found, "Ликвидирован", BY)
    assert found.standing is Status.RETIRED
    assert found.amendment is not None
    assert (found.amendment.stage, found.amendment.refusal) == (Status.REFUSED, "Ликвидирован")
    assert ORGANIZATIONS.index(found)["amendment"] == ""


def test_r_1_3_one_in_no_register_has_no_number_that_another_has() -> None:
    found, _ = publish(card(), "Приказ", BY)
    retire(found, "Ошибка", BY)
    with pytest.raises(NotAllowedInState, match="not-in-a-register"):
        reinstate_beside(found, card(), "Ошибка", "Филиал", BY)
