"""What a data file does to an organization (R 1.3)."""

from datetime import timedelta

from contracts.directory import (
    OrganizationChanged,
    OrganizationPublished,
)
from contracts.event import Event
from contracts.territory import Gazetteer, municipalities, regions
from services.directory.domain.loading import enter_row, is_up_to_date, take_row
from services.directory.domain.organization import (
    Organization,
    Status,
    change,
    publish,
    retire,
)
from services.directory.domain.reading import read_card
from services.directory.domain.rows import SourceRow
from tests.unit.directory.builders import EDITOR, NOW, at, card, row

GAZETTEER = Gazetteer(municipalities(), regions())
LATER = at(NOW + timedelta(days=1), EDITOR)


def loaded(printed_row: SourceRow) -> Organization:
    found, _ = enter_row(printed_row, read_card(printed_row, (), GAZETTEER), at())
    return found


def reload(found: Organization, printed_row: SourceRow) -> list[Event]:
    return take_row(found, printed_row, read_card(printed_row, (), GAZETTEER), LATER)


def test_new_row_is_published() -> None:
    read = read_card(row(), (), GAZETTEER)
    found, events = enter_row(row(), read, at())
    assert events == [OrganizationPublished(by=at().by, card=read)]
    assert is_up_to_date(found, row(), read)


def test_changed_row_names_the_changed_fields() -> None:
    found = loaded(row())
    new = row(printed={"phone": "(38456) 3-00-09", "name": "МБУ «Забота»"})
    assert not is_up_to_date(found, new, read_card(new, (), GAZETTEER))
    (event,) = reload(found, new)
    assert isinstance(event, OrganizationChanged)
    assert event.reason == "data file changed: name, phones"
    assert (event.card.phones, event.card.name) == (("+73845630009",), "МБУ «Забота»")
    assert event.card == found.card == found.loaded


def test_changed_printed_text_alone_is_a_change_too() -> None:
    found = loaded(row())
    (event,) = reload(found, row(note="Сверено с источником"))
    assert isinstance(event, OrganizationChanged)
    assert event.reason == "data file changed: printed text"


def test_r_1_3_what_a_person_changed_is_not_undone_by_a_newer_file() -> None:
    found = loaded(row())
    change(found, found.card.model_copy(update={"name": "МБУ «Надежда»"}), "Приказ № 7", LATER)
    (event,) = reload(found, row(printed={"name": "МБУ «Забота»", "email": "z@example.org"}))
    assert isinstance(event, OrganizationChanged)
    assert event.reason == "data file changed: name, emails; kept as edited: name"
    assert (event.card.name, event.card.emails) == ("МБУ «Надежда»", ("z@example.org",))


def test_row_of_a_retired_organization_does_not_bring_it_back() -> None:
    found = loaded(row())
    retire(found, "Ликвидировано", LATER)
    new = row(printed={"name": "МБУ «Забота»"})
    assert reload(found, new) == []
    assert found.status is Status.RETIRED
    assert is_up_to_date(found, new, read_card(new, (), GAZETTEER))


def test_row_with_the_key_of_a_persons_own_entry_does_not_speak_for_it() -> None:
    found, _ = publish(card(name="МБУ «Своё»"), "Приказ № 15", LATER)
    assert reload(found, row()) == []
    assert found.card.name == "МБУ «Своё»"
