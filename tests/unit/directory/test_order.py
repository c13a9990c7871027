"""Lists of the directory and UUIDs of HSDS: in step with what is taken in, in order of ids."""

from __future__ import annotations

from services.directory.domain.organization import Organization, retire
from services.directory.domain.register import propose
from services.directory.hsds_ids import hsds_id
from services.directory.offer import Offer
from services.directory.snapshot import Snapshot
from tests.unit.directory.builders import NOW, at, card, organization, provider
from tests.unit.directory.offered import VOCABULARY, listing

FILED = {
    one: listing(id=one, organization="x-institution-01")
    for one in ("x-institution-01.rental", "x-institution-01.day")
}
ADDRESS = {"text": "г. Мыски, ул. Мира, д. 1", "municipality": "myski"}


def kept(name: str, **changes: object) -> Organization:
    found = organization(id=name, **changes)
    return found.model_copy(update={"id": name})


def offered() -> tuple[Snapshot, Offer]:
    snapshot = Snapshot()
    return snapshot, Offer(snapshot, FILED, VOCABULARY)


def test_services_are_listed_once_their_organization_is_known() -> None:
    snapshot, offer = offered()
    assert offer.order.services() == ()
    snapshot.take(organization(), 1)
    assert offer.order.services() == ("x-institution-01.day", "x-institution-01.rental")
    assert offer.order.of("x-institution-01") == list(offer.order.services())
    assert offer.order.located_services() == ()
    snapshot.take(organization(address=ADDRESS), 2)
    assert offer.order.located_services() == offer.order.services()


def test_organizations_are_listed_in_order_while_they_take_part() -> None:
    snapshot, offer = offered()
    for name in ("c", "a", "b"):
        snapshot.take(kept(name), 1)
    assert offer.order.organizations() == ("a", "b", "c")
    gone = kept("b")
    retire(gone, "Ликвидирована", at())
    snapshot.take(gone, 2)
    assert offer.order.organizations() == ("a", "c")
    assert offer.order.named("organization", hsds_id("organization", "b")) == "b"


def test_services_of_a_retired_organization_stay_listed_as_they_are_told_to_be_defunct() -> None:
    snapshot, offer = offered()
    found = organization()
    snapshot.take(found, 1)
    gone = found.model_copy(deep=True)
    retire(gone, "Ликвидирована", at())
    snapshot.take(gone, 2)
    assert len(offer.order.services()) == 2


def test_l_proposal_is_in_no_list() -> None:
    snapshot, offer = offered()
    proposal = propose(card(kind="provider", parent=None), provider(), at(NOW))
    snapshot.take(proposal, 1)
    assert (offer.order.organizations(), offer.order.services()) == ((), ())


def test_service_that_an_editor_lists_comes_in_at_its_place() -> None:
    snapshot, offer = offered()
    snapshot.take(organization(), 1)
    assert len(offer.order.services()) == 2
    entered = offer.begun(listing(id="x-institution-01.kitchen"))
    offer.take_service(entered, 1)
    assert offer.order.services()[1] == "x-institution-01.kitchen"


def test_uuid_names_a_record_of_its_own_kind_only() -> None:
    _, offer = offered()
    service = "x-institution-01.day"
    own, there = hsds_id("service", service), hsds_id("service_at_location", service)
    assert offer.order.named("service", own) == service
    assert offer.order.named("service_at_location", there) == service
    assert offer.order.named("service", there) is None
    assert offer.order.named("organization", own) is None
    assert offer.order.named("service", "day") is None


def test_lists_are_put_in_order_again_only_after_they_changed() -> None:
    snapshot, offer = offered()
    snapshot.take(organization(), 1)
    before = offer.order.services(), offer.order.organizations()
    snapshot.take(organization(name="МБУ «Забота»"), 2)
    assert offer.order.services() is before[0]
    assert offer.order.organizations() is before[1]
