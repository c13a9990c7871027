"""An imported file: what it is read as, and what refuses it as a whole (R 1.3)."""

import codecs
import json

import pytest

from contracts.errors import InvalidInput
from services.directory.domain.import_file import COLUMNS, CSV, JSON, MAX_ROWS, Cells, read_file

HEADER = "key;kind;region;name;phone"
ROW = "x-dom-1;provider;RU-KEM;ООО «Дом»;(3842) 75-00-01"
TABLE = f"{HEADER}\n{ROW}\n"


def refused(content: bytes, media_type: str = CSV, charset: str | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as wrong:
        read_file(content, media_type, charset)
    assert wrong.value.clause == "R 1.3"
    return wrong.value


@pytest.mark.parametrize(
    ("content", "charset", "encoding", "marked"),
    [
        (TABLE.encode(), None, "utf-8", False),
        (TABLE.encode(), "UTF-8", "utf-8", False),
        (codecs.BOM_UTF8 + TABLE.encode(), None, "utf-8", True),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8", "utf-8", True),
        (TABLE.encode("cp1251"), "windows-1251", "windows-1251", False),
        (TABLE.encode("cp1251"), '"cp1251"', "windows-1251", False),
    ],
)
def test_encoding_that_was_read_is_said(
    content: bytes, charset: str | None, encoding: str, marked: bool
) -> None:
    facts, (row,) = read_file(content, CSV, charset)
    assert (facts.encoding, facts.byte_order_mark) == (encoding, marked)
    assert row.values["name"] == "ООО «Дом»"


@pytest.mark.parametrize(
    ("content", "charset", "code", "said"),
    [
        (TABLE.encode("cp1251"), None, "encoding-differs", "line 2 is not utf-8"),
        (TABLE.encode("cp1251"), "utf-8", "encoding-differs", "charset=windows-1251"),
        (codecs.BOM_UTF8 + TABLE.encode(), "windows-1251", "encoding-contradicts", "UTF-8"),
        (TABLE.encode("utf-16"), None, "encoding-unknown", "UTF-16"),
        (TABLE.encode(), "koi8-r", "encoding-unknown", "windows-1251"),
        (b"", None, "file-empty", "nothing"),
        (b" \r\n\n", None, "file-empty", "nothing"),
        (codecs.BOM_UTF8, None, "file-empty", "nothing"),
        (HEADER.encode(), None, "rows-missing", "no row"),
        (f"{HEADER}\n;;;;\n".encode(), None, "rows-missing", "no row"),
        (b"key;kind;region\nx;y;z\n", None, "column-missing", "line 1: name"),
        (f"{HEADER};fax\n{ROW};1\n".encode(), None, "column-unknown", "column 6 is none of key"),
        (f"\n\n{HEADER};name\n{ROW};1\n".encode(), None, "column-repeated", "line 3: name"),
        (f'key;kind;region;"name\n{ROW}'.encode(), None, "quotes-broken", "line 1"),
        (f'"key"x;kind\n{ROW}'.encode(), None, "quotes-broken", "line 1"),
        (f"{HEADER}\n{ROW}\0\n".encode(), None, "not-a-table", "zero byte"),
        (
            f"{HEADER}\n{f'{ROW}{chr(10)}' * (MAX_ROWS + 1)}".encode(),
            None,
            "too-many-rows",
            "10000",
        ),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_line_and_rule(
    content: bytes, charset: str | None, code: str, said: str
) -> None:
    wrong = refused(content, charset=charset)
    assert wrong.code == code
    assert said in wrong.detail


def test_unknown_column_is_named_by_its_place_and_not_by_what_it_says() -> None:
    """A file without a header begins with data."""
    assert "Дом" not in refused(f"{ROW}\n{ROW}\n".encode()).detail


@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_delimiter_is_told_by_the_header(mark: str) -> None:
    header, row = HEADER.replace(";", mark), ROW.replace(";", mark)
    facts, rows = read_file(f"{header}\n{row}".encode(), CSV, None)
    assert (facts.delimiter, facts.rows, rows[0].values["kind"]) == (mark, 1, "provider")


def test_rows_know_their_line() -> None:
    text = f"{HEADER}\r\n{ROW}\r\n\r\nx-2;provider;RU-KEM;ООО;\r\nx-3;;;;;;\r\nx-4;mfc\r\n"
    _, rows = read_file(text.encode(), CSV, None)
    assert [row.line for row in rows] == [2, 4, 5, 6]
    assert (rows[2].values["surplus"], rows[2].missing) == (["", ""], 0)
    assert rows[3].missing == 3


@pytest.mark.parametrize(
    "closing",
    [
        'k4;mfc;RU-KEM;МФЦ «Юг»";1',
        'k4;mfc;RU-KEM;"МФЦ «Юг»";1',
        "k4;mfc;RU-KEM;МФЦ «Юг»;1",
    ],
)
def test_forgotten_quote_swallows_none_of_the_rows_behind_it(closing: str) -> None:
    """They were published as one name, or were gone, and no report named them."""
    text = f'{HEADER}\nk1;mfc;RU-KEM;А;1\nk2;mfc;RU-KEM;"Центр;1\nk3;mfc;RU-KEM;Б;1\n{closing}\n'
    _, rows = read_file(text.encode(), CSV, None)
    assert [row.values["key"] for row in rows] == ["k1", "k2", "k3", "k4"]
    assert [row.wrong for row in rows] == [None, "quotes", None, None]
    assert not any("\n" in str(row.values) for row in rows)


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ('"МФЦ "Юг""', "quotes"),
        ('"МФЦ "Юг', "quotes"),
        ('"О"О', "quotes"),
        ("я" * 200_000, "cell_too_long"),
        (f'"{"я" * 200_000}"', "cell_too_long"),
    ],
)
def test_row_that_cannot_be_told_into_cells_is_its_own_fault(cell: str, wrong: str) -> None:
    """The commonest slip in Russian names refused the whole file, as did one long cell."""
    bad = f"x-2;provider;RU-KEM;{cell};(38456) 3-00-01;;"
    _, rows = read_file(f"{HEADER}\n{ROW}\n{bad}\n{ROW}\n".encode(), CSV, None)
    assert [row.wrong for row in rows] == [None, wrong, None]
    assert (rows[1].line, rows[1].values) == (3, {"key": "x-2"})
    assert rows[2].values == rows[0].values


def test_long_text_of_a_list_is_the_fault_of_its_element() -> None:
    text = json.dumps([{"key": "a", "note": "я" * 200_000}, {"key": "b"}])
    _, rows = read_file(text.encode(), JSON, None)
    assert [(row.wrong, row.values["key"]) for row in rows] == [("cell_too_long", "a"), (None, "b")]


def test_every_known_column_is_taken() -> None:
    facts, _ = read_file(f"{','.join(COLUMNS)}\nx\n".encode(), CSV, None)
    assert facts.columns == list(COLUMNS)


def test_list_of_objects_is_read_with_lines() -> None:
    text = json.dumps([{"key": "a"}, {"key": "b", "note": "два\nстрока"}, 7], indent=1)
    facts, rows = read_file(text.encode(), JSON, None)
    assert rows == [
        Cells(number=1, line=2, values={"key": "a"}),
        Cells(number=2, line=5, values={"key": "b", "note": "два\nстрока"}),
        Cells(number=3, line=9, values={}),
    ]
    assert (facts.delimiter, facts.columns) == (None, ["key", "note"])


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{}", "not-a-list", "a list"),
        ("[", "json-malformed", "line 1"),
        ("[]", "rows-missing", "no row"),
        ('[{"key": "a"},\n{"key": }]', "json-malformed", "line 2"),
        ('[{"key": "a"},\n]', "json-malformed", "line 2"),
        ('[{"key": "a"}\n{"key": "b"}]', "json-malformed", "line 2"),
        ('[{"key": "a"}]\n x', "json-malformed", "line 2"),
        ("[" * 100_000, "json-malformed", "line 1"),
    ],
)
def test_malformed_list_is_refused_with_its_line(text: str, code: str, said: str) -> None:
    wrong = refused(text.encode(), JSON)
    assert wrong.code == code
    assert said in wrong.detail


def test_other_formats_are_refused() -> None:
    wrong = refused(TABLE.encode(), "application/vnd.ms-excel")
    assert (wrong.code, wrong.field) == ("format-unknown", "Content-Type")
