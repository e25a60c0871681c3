"""Reading a CSV of people: what goes in, and every reason why something does not."""

import gc
import resource
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as some

from accounts import people_csv, rules
from accounts.errors import ImportUnreadable
from accounts.people_csv import MAX_ROWS, Parsed, parse

HEADER = "name,username,email\n"
ADA = "Ada Lovelace,ada,ada@example.org\n"


def read(text: str | bytes) -> Parsed:
    """Parse as an upload: Django's files split their lines at CR, LF and CRLF."""
    return parse(SimpleUploadedFile("people.csv", text.encode() if isinstance(text, str) else text))


def only_refusal(row: str) -> tuple[Any, ...]:
    """The one refusal of a file with this one row."""
    parsed = read(HEADER + row + "\n")
    assert parsed.accepted == []
    (refusal,) = parsed.refused
    return refusal


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ADA,
        "\ufeff" + HEADER + ADA,
        (HEADER + ADA).replace("\n", "\r\n"),
        (HEADER + ADA).replace("\n", "\r"),
        (HEADER + ADA).replace(",", ";"),
        (HEADER + ADA).replace(",", "\t"),
        HEADER + ADA.rstrip("\n"),
        "\n\n" + HEADER + "\n,,\n" + ADA + "\n",
        "E-Mail,USER NAME,Name\nada@example.org,ADA,  Ada Lovelace \n",
        'name,username,email\n"Ada Lovelace","ada","ada@example.org"\n',
        '"name";"username";"email"\n"Ada Lovelace";ada;ada@example.org\n',
    ],
)
def test_usual_ways_to_write_the_same_file_all_read(text: str) -> None:
    parsed = read(text)
    assert [row[1:] for row in parsed.accepted] == [("Ada Lovelace", "ada", "ada@example.org")]
    assert parsed.refused == []


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    text = (
        HEADER
        + "\n"
        + ADA
        + 'Eve,,eve@example.org\n"Bob, the builder",bob,bob@example.org\nMallory,m m,m@example.org\n'
    )
    parsed = read(text)
    assert [row[0] for row in parsed.accepted] == [3, 5]
    assert [row[:2] for row in parsed.refused] == [(4, "username"), (6, "username")]


@pytest.mark.parametrize(
    ("row", "field", "value", "code"),
    [
        (",ada,ada@example.org", "name", "", "missing"),
        ("Ada,,ada@example.org", "username", "", "missing"),
        ("Ada,ada,", "email", "", "missing"),
        ("Ada,ada,   ", "email", "   ", "missing"),
        (f"{'x' * 121},ada,ada@example.org", "name", "x" * 59 + "…", "too_long"),
        (f"Ada,{'a' * 61},ada@example.org", "username", "a" * 59 + "…", "too_long"),
        (f"Ada,ada,{'a' * 250}@example.org", "email", "a" * 59 + "…", "too_long"),
        ("Ada,ada lovelace,ada@example.org", "username", "ada lovelace", "username"),
        ("Ada,.ada,ada@example.org", "username", ".ada", "username"),
        ("Ada,ада,ada@example.org", "username", "ада", "username"),
        ("Ada,ada,ada.example.org", "email", "ada.example.org", "email"),
        ("Ada,ada,ada@", "email", "ada@", "email"),
        ("Ada,ada,a@b@example.org", "email", "a@b@example.org", "email"),
        ("=cmd|' /C calc'!A0,ada,ada@example.org", "name", "=cmd|' /C calc'!A0", "formula"),
        ("+1234,ada,ada@example.org", "name", "+1234", "formula"),
        ("-1+1,ada,ada@example.org", "name", "-1+1", "formula"),
        ("@SUM(A1),ada,ada@example.org", "name", "@SUM(A1)", "formula"),
        ("  =1,ada,ada@example.org", "name", "  =1", "formula"),
        ('"\tAda",ada,ada@example.org', "name", "�Ada", "formula"),
        ("Ada,=ada,ada@example.org", "username", "=ada", "formula"),
        ("Ada,ada,=ada@example.org", "email", "=ada@example.org", "formula"),
        ("A\0da,ada,ada@example.org", "name", "A�da", "invisible"),
        ('"Ada\nBcc: all@example.org",ada,ada@example.org', "name", "Ada�Bcc: all@example.org", "invisible"),
        ("A\u202eda,ada,ada@example.org", "name", "A�da", "invisible"),
        ("A\u2028da,ada,ada@example.org", "name", "A�da", "invisible"),
        ("Ada,ada", "", "2 / 3", "columns"),
        ("Ada,ada,ada@example.org,more", "", "4 / 3", "columns"),
        ('"Ada"x,ada,ada@example.org', "", '"Ada"x,ada,ada@example.org�', "quotes"),
        ('"Ada,ada,ada@example.org', "", '"Ada,ada,ada@example.org�', "quotes"),
        (f"{'x' * 10_001},ada,ada@example.org", "", "x" * 59 + "…", "row_too_long"),
    ],
)
def test_a_bad_row_is_named_with_line_field_value_and_reason(row: str, field: str, value: str, code: str) -> None:
    assert only_refusal(row) == (2, field, value, code)
    assert rules.reason_text(code, field)
    assert "%(" not in rules.reason_text(code, field)


def test_every_bad_value_of_a_row_is_named() -> None:
    parsed = read(HEADER + ",a b,nonsense\n")
    assert [(field, code) for _line, field, _value, code in parsed.refused] == [
        ("name", "missing"),
        ("username", "username"),
        ("email", "email"),
    ]


def test_the_second_of_two_alike_names_the_line_of_the_first() -> None:
    parsed = read(
        HEADER + ADA + "Other,ADA,other@example.org\nThird,third,ADA@Example.org\nFourth,fourth,x@example.org\n"
    )
    assert [row[0] for row in parsed.accepted] == [2, 5]
    assert parsed.refused == [(3, "username", "ADA", "duplicate:2"), (4, "email", "ADA@Example.org", "duplicate:2")]
    assert rules.reason_text("duplicate:2") == "Line 2 of this file has it already."


def test_also_a_refused_row_makes_its_likes_ambiguous() -> None:
    parsed = read(HEADER + ",ada,ada@example.org\nAda,ada,lovelace@example.org\n")
    assert parsed.accepted == []
    assert parsed.refused == [(2, "name", "", "missing"), (3, "username", "ada", "duplicate:2")]


def test_a_stray_quotation_mark_costs_one_row_and_not_the_rest_of_the_file() -> None:
    good = "".join(f"P{n},p{n},p{n}@example.org\n" for n in range(50))
    parsed = read(HEADER + '"Stray,stray,stray@example.org\n' + good)
    assert [(line, code) for line, _field, _value, code in parsed.refused] == [(2, "quotes")]
    assert [row[0] for row in parsed.accepted] == list(range(3, 53))


def test_a_quotation_mark_within_a_value_is_part_of_it() -> None:
    parsed = read(HEADER + 'Ada "the first,ada,ada@example.org\n"Eve ""the second""",eve,eve@example.org\n')
    assert [row[1] for row in parsed.accepted] == ['Ada "the first', 'Eve "the second"']


def test_line_breaks_inside_a_column_that_is_left_out_do_no_harm() -> None:
    parsed = read(
        'name,notes,username,email\nAda,"first\nsecond ""quoted""\nthird",ada,ada@example.org\nBob,,bob,bob@example.org\n'
    )
    assert [row[:3] for row in parsed.accepted] == [(2, "Ada", "ada"), (5, "Bob", "bob")]
    assert parsed.ignored == [(1, "notes", "", "ignored")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"name,username\nAda,ada\n", "missing there: email"),
        (b"Ada,ada,ada@example.org\n", "missing there: name, username, email"),
        (b"name,username,email,e-mail\n", "The column email stands twice"),
        (HEADER.encode() + b"Ren\xe9,rene,rene@example.org\n", "Line 2, byte 4 is not UTF-8 (0xE9)"),
        (HEADER.encode() + ADA.encode() * 3 + b"\xff\n", "Line 5, byte 1 is not UTF-8 (0xFF)"),
        (HEADER.encode() + b"Ada\xc3", "Line 2, byte 4 is not UTF-8 (0xC3)"),
        ((HEADER + ADA).encode("utf-16"), "encoded in UTF-16"),
        ((HEADER + ADA).encode("utf-16-be"), "encoded in UTF-16"),
        ((HEADER + ADA).encode("utf-16-le"), "encoded in UTF-16"),
        (("\ufeff" + HEADER + ADA).encode("utf-32"), "encoded in UTF-16"),
        (b"PK\x03\x04" + b"\0" * 50, "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1" + b"\0" * 50, "spreadsheet"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is not UTF-8"),
        (b"name,username,email" + b",x" * 98 + b"\n", "more than 100 columns"),
        (b"x" * 20_000, "must name the columns"),
    ],
)
def test_what_is_no_csv_of_people_is_refused_as_a_whole_with_the_place(data: bytes, says: str) -> None:
    with pytest.raises(ImportUnreadable, match=says.replace("(", r"\(").replace(")", r"\)")):
        read(data)


def test_more_than_ten_megabytes_are_refused() -> None:
    line = b"x" * 999 + b"\n"
    with pytest.raises(ImportUnreadable, match="larger than 10 MB"):
        parse(iter([HEADER.encode(), *[line] * 10_001]))


def test_a_hundred_thousand_rows_are_read_and_one_more_is_refused() -> None:
    rows = [f"Person {n},person{n},person{n}@example.org\n".encode() for n in range(MAX_ROWS)]
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    parsed = parse(iter([HEADER.encode(), *rows]))
    assert len(parsed.accepted) == MAX_ROWS
    # 100,000 rows of three short values; far below what a second copy of everything would take.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kB"
    with pytest.raises(ImportUnreadable, match="more than 100,000 rows"):
        parse(iter([HEADER.encode(), *rows, b"One more,more,more@example.org\n"]))


def test_a_file_of_bad_rows_keeps_no_more_than_is_shown() -> None:
    parsed = read(HEADER + f"{'x' * 5000},{'y' * 2000},{'z' * 2000}\n" * 100)
    assert len(parsed.refused) == 300
    assert max(len(value) for _line, _field, value, _code in parsed.refused) <= people_csv.SHOWN_CHARS


@settings(max_examples=150, deadline=None)
@given(some.binary(max_size=400))
def test_any_bytes_below_a_good_header_are_read_or_refused_but_never_raise_anything_else(data: bytes) -> None:
    try:
        parsed = read(HEADER.encode() + data)
    except ImportUnreadable:
        return
    for line, name, username, email in parsed.accepted:
        assert line > 1
        assert not any(map(rules.problem, rules.FIELDS, (name, username, email)))
    assert all(rules.reason_text(code, field) for _line, field, _value, code in parsed.refused)


@settings(max_examples=100, deadline=None)
@given(
    some.lists(some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=30), min_size=3, max_size=3)
)
def test_whatever_a_spreadsheet_writes_comes_back_as_one_row(cells: list[str]) -> None:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text).writerow(cells)
    if text.getvalue().count("\n") + text.getvalue().count("\r") > people_csv.RECORD_LINES or not any(
        cell.strip() for cell in cells
    ):
        return
    parsed = read(HEADER + text.getvalue())
    lines = {row[0] for row in parsed.accepted} | {row[0] for row in parsed.refused}
    assert lines == {2}
    if parsed.accepted:
        assert parsed.accepted[0][1:] == tuple(map(rules.normalised, rules.FIELDS, cells))
