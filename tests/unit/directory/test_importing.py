"""What an imported file would do: every fault by line, field and rule, nothing half-done."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.directory import OrganizationKind
from contracts.errors import InvalidInput, NotAllowedInState
from contracts.territory import municipalities, regions
from services.directory.adapters.data_files import read_rows
from services.directory.domain.appendix import Appendix
from services.directory.domain.correction import Correction, correct
from services.directory.domain.import_file import CSV, JSON, read_file
from services.directory.domain.import_job import (
    ALLOWED,
    AcceptedCorrection,
    Decision,
    Import,
    ImportAction,
    ImportPart,
    ImportStatus,
    apply,
    corrected,
    enter_imported,
    finish,
    is_offered,
    preview,
    take_imported,
)
from services.directory.domain.import_order import (
    CardOutline,
    PartOutline,
    RowOutline,
    depths,
    in_order,
)
from services.directory.domain.importing import Known, Outcome, PlannedRow, RowState, plan
from services.directory.domain.loading import enter_row, take_row
from services.directory.domain.organization import Organization, change, retire
from services.directory.domain.quality import RULES
from services.directory.domain.register import propose
from tests.unit.directory.builders import EDITOR, NOW, at, card, provider

BY = at(by=EDITOR)
FILES = Path(__file__).parents[3] / "services" / "directory" / "data"
APPENDIX = Appendix(read_rows(), municipalities(), regions())
OURS = "r-institution-15"


@pytest.fixture
def known() -> Known:
    """The directory as it is after its files were loaded."""
    organizations = {
        key: (1, enter_row(row, APPENDIX.cards[key], at())[0]) for key, row in APPENDIX.rows.items()
    }
    return Known(organizations, APPENDIX.gazetteer, municipalities(), regions(), NOW)


def planned(known: Known, text: str, media_type: str = CSV) -> list[PlannedRow]:
    return plan(*read_file(text.encode(), media_type, None), known)


def of(known: Known, key: str) -> Organization:
    return known.organizations[key][1]


def rules(row: PlannedRow) -> list[tuple[str, str]]:
    return [(fault.field, fault.rule) for fault in row.faults]


HEADER = "key;kind;region;name;phone;address;email;municipality;serves;parent;hours"
GOOD = (
    "x-dom-1;institution;RU-KEM;МБУ «Тёплый дом»;(38456) 3-00-01;"
    "652500, г. Ленинск-Кузнецкий, ул. Мира, 1;dom@example.org;leninsk-kuznetsky;"
    "leninsk-kuznetsky;r-authorised-body-07;MO-TH 9:00-18:00 (12:00-13:00) | FR 09:00-17:00"
)


def test_good_row_gives_the_whole_card(known: Known) -> None:
    (row,) = planned(known, f"{HEADER}\n{GOOD}\n")
    assert (row.state, row.faults) == (RowState.NEW, [])
    assert row.card is not None
    card = row.card.model_dump(mode="json")
    assert (card["phones"], card["source"]) == (["+73845630001"], "import, line 2")
    assert card["address"]["street"] == "Мира"
    assert [entry["days"] for entry in card["hours"]] == [["MO", "TU", "WE", "TH"], ["FR"]]
    assert card["hours"][0]["lunch_from"] == "12:00:00"


def changed(**cells: str) -> str:
    values = dict(zip(HEADER.split(";"), GOOD.split(";"), strict=True)) | cells
    return ";".join(values.values())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"key": "7"}, [("key", "row.string_pattern_mismatch")]),
        ({"key": ""}, [("key", "row.value_missing")]),
        ({"kind": "bank"}, [("kind", "row.enum")]),
        ({"name": ""}, [("name", "row.string_type")]),
        ({"region": "RU-TOM"},
         [("municipality", "card.foreign-municipality"), ("region", "card.unknown-region"),
          ("serves", "card.foreign-municipality"), ("parent", "card.foreign-parent")]),
        ({"serves": "tomsk"}, [("serves", "card.unknown-municipality")]),
        ({"serves": "/b"}, [("serves", "row.serves")]),
        ({"serves": "kemerovo///: 1-5"}, [("serves", "row.serves")]),
        ({"serves": "kemerovo///ул. Мира: с 1 по 5"}, [("serves", "row.serves")]),
        ({"serves": "kemerovo///ул. Мира: 9-1"}, [("serves", "card.houses-not-in-order")]),
        ({"municipality": "nowhere"}, [("municipality", "card.unknown-municipality")]),
        ({"municipality": "nowhere", "serves": ""},
         [("municipality", "card.unknown-municipality")]),
        ({"municipality": "nowhere", "hours": "пн", "region": "RU-QQQ", "parent": "nobody"},
         [("hours", "row.hours"), ("municipality", "card.unknown-municipality"),
          ("region", "card.unknown-region"), ("serves", "card.foreign-municipality"),
          ("parent", "card.unknown-parent")]),
        ({"kind": "bank", "serves": "tomsk", "name": ""},
         [("kind", "row.enum"), ("name", "row.string_type"),
          ("serves", "card.unknown-municipality")]),
        ({"region": "", "serves": "tomsk"},
         [("region", "row.value_missing"), ("serves", "card.unknown-municipality")]),
        ({"name": "МБУ \u2028 «Дом»"}, [("name", "row.several_lines")]),
        ({"key": "X-1", "parent": "nobody"},
         [("key", "row.key"), ("parent", "card.unknown-parent")]),
        ({"serves": "kemerovo/Приморский район"}, [("serves", "card.unknown-city-district")]),
        ({"hours": "с 9 до 18"}, [("hours", "row.hours")]),
        ({"hours": "MO-XX 09:00-18:00"}, [("hours", "row.hours")]),
        ({"hours": "MO 25:00-26:00"}, [("hours", "row.time_parsing")] * 2),
        ({"hours": "MO 09:00-10:00 (11:00-12:00)"}, [("hours", "card.lunch-not-in-hours")]),
        ({"parent": "nobody"}, [("parent", "card.unknown-parent"),]),
        ({"parent": ""}, [("parent", "card.parent-required")]),
        ({"name": "я" * 301}, [("name", "row.string_too_long")]),
        ({"phone": "1" * 301}, [("printed_phone", "row.string_too_long")]),
        ({"address": "ул. Мира, " + "1" * 300}, [("text", "row.string_too_long")]),
        ({"kind": "bank", "serves": "/b", "hours": "?"},
         [("serves", "row.serves"), ("hours", "row.hours"), ("kind", "row.enum")]),
    ],
)  # fmt: skip
def test_broken_row_names_every_fault_and_its_neighbours_are_offered(
    known: Known, cells: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    second = changed(key="x-dom-2", name="МБУ «Второй дом»")
    third = changed(key="x-dom-3", name="МБУ «Третий дом»")
    text = f"{HEADER}\n{second}\n{changed(**cells)}\n{third}\n"
    first, broken, last = planned(known, text)
    assert [first.state, broken.state, last.state] == [
        RowState.NEW, RowState.BROKEN, RowState.NEW
    ]  # fmt: skip
    assert broken.line == 3
    structural = [pair for pair in rules(broken) if pair[1].startswith(("row.", "card."))]
    assert [(field.split(".")[0], rule) for field, rule in structural] == expected
    assert all(fault.reason_ru and fault.reason_en for fault in broken.faults)


def test_r_3_1_2_table_brings_streets_and_houses(known: Known) -> None:
    """R 3.1.2: the column has the grammar of the list: from, to, odd or even, open at an end."""
    served = "yurga///ул. Мира: odd 1-15, even, 20-, -4, 12/1 | kemerovo"
    (row,) = planned(known, f"{HEADER}\n{changed(serves=served)}\n")
    assert (row.state, row.faults, row.card is not None) == (RowState.NEW, [], True)
    assert row.card is not None
    street, city = row.card.model_dump(mode="json", exclude_none=True)["serves"]
    assert city == {"municipality": "kemerovo", "houses": []}
    assert street == {
        "municipality": "yurga",
        "street": "ул. Мира",
        "houses": [
            {"parity": "odd", "first": "1", "last": "15"},
            {"parity": "even"},
            {"parity": "all", "first": "20"},
            {"parity": "all", "last": "4"},
            {"parity": "all", "first": "12/1", "last": "12/1"},
        ],
    }
    whole = changed(serves="yurga//Юрга/ул. Мира")
    (row,) = planned(known, f"{HEADER}\n{whole}\n")
    assert row.card is not None
    assert (row.card.serves[0].settlement, row.card.serves[0].houses) == ("Юрга", ())


def test_new_row_that_no_place_finds_is_told_so(known: Known) -> None:
    """The municipality it is printed for is not one that it serves."""
    (row,) = planned(known, f"{HEADER}\n{changed(serves='', address='')}\n")
    assert (row.state, ("serves", "row.serves_nobody") in rules(row)) == (RowState.NEW, True)


def test_text_of_several_lines_breaks_its_row_of_a_list(known: Known) -> None:
    item = {"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "МФЦ\nk3;mfc"}}
    (row,) = planned(known, json.dumps([item | {"note": "а\nб"}]), JSON)
    assert rules(row) == [("note", "row.several_lines"), ("name", "row.several_lines")]


def test_parents_that_answer_to_one_another_are_refused(known: Known) -> None:
    one = changed(key="x-one", kind="authorised_body", parent="x-two")
    other = changed(key="x-two", kind="authorised_body", parent="x-one")
    for row in planned(known, f"{HEADER}\n{one}\n{other}\n"):
        assert ("parent", "card.parent-cycle") in rules(row)


def test_key_that_stands_twice_breaks_both_rows(known: Known) -> None:
    rows = planned(known, f"{HEADER}\n{GOOD}\n{changed(key='x-2')}\n{GOOD}\n")
    assert [row.state for row in rows] == [RowState.BROKEN, RowState.NEW, RowState.BROKEN]
    assert rows[0].faults[0].reason_en == "The key stands in several rows: 1, 3."


def test_surplus_and_lacking_cells_break_their_row(known: Known) -> None:
    one, other = planned(known, f"{HEADER}\n{GOOD};1\nx-2;mfc;RU-KEM;МФЦ\n")
    assert rules(one) == [("row", "row.too_many_cells")]
    assert rules(other) == [("row", "row.too_few_cells")]


def shipped() -> Iterator[Any]:
    for path in sorted(FILES.glob("*.json")):
        if not path.stem.startswith("example"):
            yield path


def test_r_appendix_1_shipped_files_give_the_shipped_faults_and_change_nothing(
    known: Known,
) -> None:
    """The quality rules apply to an imported file exactly as to the shipped one: all of them."""
    found: Counter[tuple[str, str, str]] = Counter()
    for path in shipped():
        rows = planned(known, path.read_text(encoding="utf-8"), JSON)
        assert {row.state for row in rows} == {RowState.UNCHANGED}
        found.update((str(row.key), f.field, f.rule) for row in rows for f in row.faults)
    assert found == Counter((f.row_key, f.field, f.code) for f in APPENDIX.faults)
    used = {rule for _, _, rule in found}
    assert len(used) >= 20 <= len(RULES)


def test_faulty_phone_is_offered_as_printed_with_its_proposal(known: Known) -> None:
    (row,) = planned(known, f"{HEADER}\n{changed(phone='38456) 3-00-01')}\n")
    assert row.state is RowState.NEW
    assert row.card is not None
    assert (row.card.phones, row.card.printed_phone) == ((), "38456) 3-00-01")
    (fault,) = [fault for fault in row.faults if fault.rule == "phone.unbalanced_bracket"]
    assert (fault.field, fault.proposal) == ("phone", "(38456) 3-00-01")


PARTIAL = "key;kind;region;name;phone\n"


def test_columns_that_are_not_there_leave_what_is_there(known: Known) -> None:
    before = of(known, OURS).card
    text = f"{PARTIAL}{OURS};institution;RU-KEM;{before.name};(38456) 3-99-99\n"
    (row,) = planned(known, text)
    assert (row.state, row.fields, row.seen_version) == (RowState.CHANGED, ("phones",), 1)
    assert row.card == before.model_copy(update={"phones": ("+73845639999",)})
    assert {fault.field for fault in row.faults} <= {"phone", "name"}


def test_empty_cell_empties_the_field(known: Known) -> None:
    before = of(known, OURS).card
    (row,) = planned(known, f"{PARTIAL}{OURS};institution;RU-KEM;{before.name};\n")
    assert row.card is not None
    assert row.card.phones == ()
    assert ("phone", "phone.missing") in rules(row)


def test_field_that_an_editor_changed_waits_for_a_person(known: Known) -> None:
    present = of(known, OURS)
    edited = present.card.model_copy(update={"phones": ("+73845631111",)})
    change(present, edited, "Проверено звонком", BY)
    text = f"{PARTIAL}{OURS};institution;RU-KEM;{present.card.name};(38456) 3-99-99\n"
    (row,) = planned(known, text)
    assert (row.state, row.conflict) == (RowState.CONFLICT, "edited: phones")


def test_r_1_3_retired_organization_is_not_imported_anew(known: Known) -> None:
    """R 1.3: it takes part no more, and no overruling could apply the row."""
    retire(of(known, OURS), "Ликвидировано", BY)
    found, (row,) = imported(known, f"{PARTIAL}{OURS};institution;RU-KEM;МБУ;(38456) 3-9\n")
    assert (row.state, row.conflict, rules(row)[0]) == (
        RowState.BROKEN, None, ("key", "row.retired")
    )  # fmt: skip
    assert "take its retirement back" in row.faults[0].reason_en
    row.state, row.conflict = RowState.CONFLICT, "retired"  # previewed by a version before
    with pytest.raises(InvalidInput) as wrong:
        apply(found, [row], [], [row.number], "Письмо № 5", BY)
    assert (wrong.value.code, wrong.value.field) == ("organization-retired", "overrule")


def test_key_of_a_proposal_is_not_imported(known: Known) -> None:
    asked = card(id="provider-7", kind="provider", parent=None)
    known.organizations["provider-7"] = (1, propose(asked, provider(), BY))  # type: ignore[index]
    (row,) = planned(known, f"{PARTIAL}provider-7;provider;RU-KEM;ООО;(38456) 3-99-99\n")
    assert (row.state, rules(row)[0]) == (RowState.BROKEN, ("key", "row.not_in_the_register"))


def test_row_with_broken_quotes_is_broken_and_its_neighbours_are_offered(known: Known) -> None:
    broken = changed(key="x-dom-2", name='"МБУ "Юг""')
    first, second, third = planned(known, f"{HEADER}\n{GOOD}\n{broken}\n{changed(key='x-3')}\n")
    assert [first.state, second.state, third.state] == [
        RowState.NEW, RowState.BROKEN, RowState.NEW
    ]  # fmt: skip
    assert (rules(second), second.key) == ([("row", "row.quotes")], "x-dom-2")


def test_r_1_3_list_brings_breaks_seasons_and_shorter_days(known: Known) -> None:
    """R 1.3, S: everything a card's hours can say comes in a list."""
    summer = {
        "days": ["MO", "FR"], "opens": "10:00", "closes": "19:00",
        "breaks": [{"begins": "15:00", "ends": "15:15"}],
        "valid_from": "2027-06-01", "valid_to": "2027-08-31",
    }  # fmt: skip
    item = {
        "key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "МФЦ"},
        "hours": [summer], "preholiday_minutes": 60,
        "closures": [{"first": "2027-02-01", "last": "2027-02-05", "reason": "ремонт"}],
        "serves": [{"municipality": "yurga", "street": "ул. Мира", "houses": [{"first": "2"}]}],
    }  # fmt: skip
    (row,) = planned(known, json.dumps([item]), JSON)
    assert (row.state, row.card is not None) == (RowState.NEW, True)
    assert row.card is not None
    shown = row.card.model_dump(mode="json")
    (hours,) = shown["hours"]
    assert hours["breaks"] == [{"begins": "15:00:00", "ends": "15:15:00"}]
    assert (hours["valid_from"], hours["valid_to"]) == ("2027-06-01", "2027-08-31")
    assert (shown["preholiday_minutes"], len(shown["closures"])) == (60, 1)
    found, _ = imported(known, f"{HEADER}\n{GOOD}\n")
    entered, _ = enter_imported(found, row, row, BY)
    known.organizations["x-1"] = (1, entered)  # type: ignore[index]
    (later,) = planned(known, json.dumps([item | {"preholiday_minutes": 30}]), JSON)
    assert (later.state, later.fields) == (RowState.CHANGED, ("preholiday_minutes",))
    (wrong,) = planned(known, json.dumps([item | {"key": "x-2", "preholiday_minutes": 999}]), JSON)
    assert rules(wrong)[0][0] == "preholiday_minutes"


@pytest.mark.parametrize("kind", ["provider", "volunteer"])
def test_l_1_2_2_2_imported_provider_goes_to_its_register(known: Known, kind: str) -> None:
    """L 1.2.2.2, 3.9: a file holds no INN, OGRN and services, so none is published by it."""
    text = f"{HEADER}\n{changed(key='x-new', kind=kind, parent='')}\n"
    (row,) = planned(known, text)
    assert (row.state, ("kind", "card.kind-of-a-register") in rules(row)) == (RowState.BROKEN, True)
    (row,) = planned(known, f"{PARTIAL}{OURS};{kind};RU-KEM;МБУ;(38456) 3-99-99\n")
    assert row.state is RowState.BROKEN
    (row,) = planned(known, f"{PARTIAL}l-provider-01;provider;RU-KEM;ООО;(38456) 3-99-99\n")
    assert row.state is RowState.CHANGED
    made, (row,) = imported(known, f"{HEADER}\n{GOOD}\n")
    assert row.card is not None
    row.card = row.card.model_copy(update={"kind": OrganizationKind(kind)})
    with pytest.raises(InvalidInput) as wrong:  # previewed by a version before
        enter_imported(made, row, row, BY)
    assert wrong.value.code == "kind-of-a-register"


def test_parent_may_come_with_the_file_and_goes_before(known: Known) -> None:
    body = changed(key="x-body", kind="authorised_body", name="Управление", parent="r-department")
    rows = planned(known, f"{HEADER}\n{changed(parent='x-body')}\n{body}\n")
    assert [row.state for row in rows] == [RowState.NEW, RowState.NEW]
    assert in_order([outline(rows)]) == [("part", {2}), ("part", {1})]


def outline(rows: list[PlannedRow], part: str = "part") -> PartOutline:
    """The rows as they are read once they are stored."""
    state = ImportPart(id=part, import_id="import-1", number=1, rows=rows).model_dump(mode="json")
    return PartOutline.model_validate(state)


def test_rows_are_done_part_by_part_and_no_row_twice() -> None:
    """R 1.3: whom others answer to goes before, in whichever part it lies."""
    parts = [
        PartOutline(id="p1", rows=[below(1, "a", "c"), below(2, "b")]),
        PartOutline(id="p2", rows=[below(3, "c", "d"), below(4, "d", "r-department")]),
    ]
    assert in_order(parts) == [("p1", {2}), ("p2", {4}), ("p2", {3}), ("p1", {1})]
    parts[1].rows[1].outcome = Outcome.APPLIED
    parts[0].rows[1].outcome = Outcome.LEFT_OUT
    assert in_order(parts) == [("p2", {3}), ("p1", {1})]
    for row in (*parts[0].rows, *parts[1].rows):
        row.outcome = Outcome.APPLIED
    assert in_order(parts) == []


def below(number: int, key: str, parent: str | None = None) -> RowOutline:
    return RowOutline(number=number, key=key, card=CardOutline(parent=parent))


def test_order_of_a_long_chain_and_of_a_circle_is_found() -> None:
    count = 5_000
    rows = [below(number, f"x-{number}", f"x-{number - 1}") for number in range(count)]
    assert depths(reversed(rows)) == {number: number for number in range(count)}
    circle = [below(0, "x-0", f"x-{count - 1}"), *rows[1:]]
    assert len(depths(circle)) == count


class Looked(dict[str, tuple[int, Organization]]):
    """The organizations, counting how often one is looked for."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


def test_whom_a_row_answers_to_is_looked_for_once_however_long_the_chain(known: Known) -> None:
    count = 200
    rows = (
        f"x-{n};authorised_body;RU-KEM;Управление {n};{f'x-{n - 1}' if n else 'r-department'}\n"
        for n in range(count)
    )
    looked = Looked(known.organizations)
    text = "key;kind;region;name;parent\n" + "".join(rows)
    found = planned(replace(known, organizations=looked), text)
    assert Counter(row.state for row in found) == {RowState.NEW: count}
    assert looked.looks < 5 * count


def test_example_and_unknown_field_of_a_list_are_refused(known: Known) -> None:
    item = '{"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "МФЦ"}'
    one, other = planned(known, f'[{item}, "provenance": "example"}},\n7]', JSON)
    assert rules(one) == [("provenance", "row.provenance")]
    assert rules(other) == [("row", "row.empty")]
    (bare,) = planned(known, '[{"key": "x-1", "kind": "bank", "printed": 7}]', JSON)
    assert rules(bare) == [
        ("kind", "row.enum"),
        ("region", "row.value_missing"),
        ("printed", "row.model_type"),
    ]
    (unknown,) = planned(known, f'[{item}, "fax": "1"}}]', JSON)
    assert rules(unknown) == [("fax", "row.unknown_field")]


def imported(known: Known, text: str) -> tuple[Import, list[PlannedRow]]:
    facts, cells = read_file(text.encode(), CSV, None)
    rows = plan(facts, cells, known)
    made, parts = preview("import-1", facts, rows, "m", BY)
    assert [row for part in parts for row in part.rows] == rows
    return made, rows


DO = {
    ImportAction.APPLY: lambda found: apply(found, [], [], [], "Письмо № 5", BY),
    ImportAction.FINISH: lambda found: finish(found, {}, BY),
}


@pytest.mark.parametrize("status", ImportStatus)
@pytest.mark.parametrize("action", ImportAction)
def test_r_1_3_every_action_on_an_import_in_every_state(
    known: Known, action: ImportAction, status: ImportStatus
) -> None:
    found, _ = imported(known, f"{HEADER}\n{GOOD}\n")
    found.status = status
    if status in ALLOWED[action]:
        assert DO[action](found) == []
        return
    with pytest.raises(NotAllowedInState):
        DO[action](found)


def test_rows_of_a_list_on_one_line_are_told_apart(known: Known) -> None:
    item = '{"key": "x-%d", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "МФЦ"}}'
    rows = planned(known, f"[{item % 1}, {item % 2}, 7]", JSON)
    assert [(row.number, row.line, row.key) for row in rows] == [
        (1, 1, "x-1"),
        (2, 1, "x-2"),
        (3, 1, None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[{"key": "x-\\ud800", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "М"}}]',
        '[{"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "\\ud800"}}]',
        '[{"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": NaN}}]',
        '[{"key": ["x"], "kind": {}, "region": 1, "printed": [], "serves": 7, "hours": null}]',
        f'[{{"key": "x-1", "printed": {"[" * 300}{"]" * 300}}}]',
        '[{"\\u0000": "x"}]',
        '[{"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "М", "name": 1}}]',
        '[{"key": "x-1", "kind": "mfc", "region": "RU-KEM", "printed": {"name": "М"},'
        ' "preholiday_minutes": "60"}]',
    ],
)
def test_odd_element_is_a_broken_row_that_can_be_kept(known: Known, text: str) -> None:
    (row,) = planned(known, text, JSON)
    assert row.state is RowState.BROKEN
    assert row.faults
    assert row.model_dump_json().encode()


def test_proposal_is_applied_only_where_it_was_accepted(known: Known) -> None:
    other = changed(key="x-dom-2", name="МБУ «Второй дом»", phone="38456) 3-00-02")
    text = f"{HEADER}\n{changed(phone='38456) 3-00-01')}\n{other}\n"
    found, rows = imported(known, text)
    accepted = AcceptedCorrection(row=1, rule="phone.unbalanced_bracket", field="phone")
    apply(found, rows, [accepted], [], "Письмо № 5", BY)
    decision = Decision.of(found)
    cards = [corrected(decision, row, APPENDIX.gazetteer).card for row in rows]
    assert [card.phones for card in cards if card] == [("+73845630001",), ()]
    assert all(is_offered(decision, row) for row in rows)


@pytest.mark.parametrize(
    ("corrections", "overruled", "code"),
    [
        ([(1, "phone.missing", "phone")], [], "no-such-proposal"),
        ([(9, "phone.unbalanced_bracket", "phone")], [], "no-such-proposal"),
        ([(1, "phone.unbalanced_bracket", "phone")] * 2, [], "one-correction-per-field"),
        ([], [1], "no-such-conflict"),
        ([], [9], "no-such-conflict"),
    ],
)
def test_r_1_3_decision_on_what_is_not_there_is_refused(
    known: Known, corrections: list[tuple[int, str, str]], overruled: list[int], code: str
) -> None:
    found, rows = imported(known, f"{HEADER}\n{changed(phone='38456) 3-00-01')}\n")
    accepted = [
        AcceptedCorrection(row=row, rule=rule, field=field) for row, rule, field in corrections
    ]
    with pytest.raises(InvalidInput) as wrong:
        apply(found, rows, accepted, overruled, "Письмо № 5", BY)
    assert wrong.value.code == code
    assert found.status is ImportStatus.PREVIEWED


def test_imported_row_leaves_its_text_and_is_edited_from_there(known: Known) -> None:
    present = of(known, OURS)
    text = f"{PARTIAL}{OURS};institution;RU-KEM;{present.card.name};38456) 3-99-99\n"
    found, (row,) = imported(known, text)
    apply(found, [row], [], [], "Письмо № 5", BY)
    (event,) = take_imported(present, found, row, row, BY)
    assert event.model_dump()["reason"] == "import import-1, row 1, line 2: Письмо № 5"
    assert present.printed_row is not None
    assert present.printed_row.printed.phone == "38456) 3-99-99"
    assert not present.is_edited("phones", "printed_phone")
    again = planned(known, text)
    assert again[0].state is RowState.UNCHANGED


def taken(known: Known, key: str, text: str) -> PlannedRow:
    """The row of a file, applied where it waits for nobody."""
    found, (row,) = imported(known, text)
    version, present = known.organizations[key]
    if row.state is RowState.CHANGED:
        take_imported(present, found, row, row, BY)
        known.organizations[key] = (version + 1, present)  # type: ignore[index]
    return row


def test_r_1_3_import_of_other_columns_does_not_forget_what_an_editor_changed(
    known: Known,
) -> None:
    """R 1.3: what a person decided with a reason is undone by a person only."""
    present = of(known, OURS)
    name = present.card.name
    phone = f"{PARTIAL}{OURS};institution;RU-KEM;{name};(38456) 3-99-99\n"
    hours = f"key;kind;region;name;hours\n{OURS};institution;RU-KEM;{name};MO 09:00-17:00\n"
    change(present, present.card.model_copy(update={"phones": ("+73845631111",)}), "Звонок", BY)
    assert taken(known, OURS, hours).state is RowState.CHANGED
    assert present.is_edited("phones")
    row = taken(known, OURS, phone)
    assert (row.state, row.conflict) == (RowState.CONFLICT, "edited: phones")
    assert present.card.phones == ("+73845631111",)
    change(present, present.card.model_copy(update={"hours": ()}), "Уточнено", BY)
    again = taken(known, OURS, hours)
    assert (again.state, again.conflict) == (RowState.CONFLICT, "edited: hours")


def test_file_that_changes_what_no_import_spoke_of_is_no_editor(known: Known) -> None:
    present = of(known, OURS)
    row, name = APPENDIX.rows[OURS], present.card.name
    taken(known, OURS, f"{PARTIAL}{OURS};institution;RU-KEM;{name};(38456) 3-99-99\n")
    newer = APPENDIX.cards[OURS].model_copy(update={"website": "dom.example.org"})
    take_row(present, row, newer, at())
    assert present.card.website == "dom.example.org"
    assert not present.is_edited("website", "phones")


def test_r_appendix_1_import_of_other_columns_keeps_the_faults_of_what_is_printed(
    known: Known,
) -> None:
    """R appendix 1: its faults stay in the report until a person has decided on them."""
    key = "r-authorised-body-07"
    present = of(known, key)
    before = {fault.code for fault in APPENDIX.faults_of(key)}
    head = f"{key};authorised_body;RU-KEM;{present.card.name}"
    for day in ("MO", "TU"):
        row = taken(known, key, f"key;kind;region;name;hours\n{head};{day} 09:00-17:00\n")
        assert {fault.field for fault in row.faults} <= {"name"}
        found = APPENDIX.faults_in(present)
        assert {fault.code for fault in found} == before
        (phone,) = [fault for fault in found if fault.code == "phone.unbalanced_bracket"]
        assert phone.place == APPENDIX.rows[key].source
    correction = Correction(rule=phone.code, field="phone")
    correct(present, [correction], found, APPENDIX.gazetteer, "Проверено звонком", BY)
    assert present.card.phones
    row = taken(known, key, f"{PARTIAL}{head};(38456) 3-99-99\n")
    assert row.conflict == "edited: phones"


def test_id_with_capitals_is_refused_as_no_case_is_found_by_it(known: Known) -> None:
    """The id is part of a case's number, which people type in small letters (R 3.7.3)."""
    text = json.dumps(
        [
            {
                "key": "Institution-77",
                "kind": "institution",
                "region": "RU-KEM",
                "printed": {"name": "Комплексный центр"},
            }
        ]
    )
    (row,) = planned(known, text, JSON)
    assert ("key", "row.key") in rules(row)
