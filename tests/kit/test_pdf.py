"""Reports on paper, read back."""

import io

import pytest
from pypdf import PdfReader

from portal.kit import clock, context
from portal.kit.lists.export import table_csv
from portal.kit.pdf import Report, Sheet, pdf


def _text(report: Report) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf(report))).pages]


def test_a_report_has_its_title_figures_table_and_page_numbers() -> None:
    sheet = Sheet("Runs", ["When", "What"], [["2026-11-21", "Expired sessions"]], [1, 2])
    whole = _text(Report("Clean-ups", "All of them", [("Runs", "12")], [sheet], ["Times in UTC."]))
    assert len(whole) == 1
    for words in (
        "Clean-ups",
        "All of them",
        "Runs",
        "12",
        "Expired sessions",
        "Times in UTC.",
        "Page 1 of 1",
        "Steward",
    ):
        assert words in whole[0], words


def test_a_long_table_goes_on_over_pages_under_its_heading() -> None:
    sheet = Sheet("Runs", ["Number"], [[f"row {number}"] for number in range(200)], [1], frozenset({0}))
    whole = _text(Report("Long", "", sheets=[sheet], wide=True))
    assert len(whole) > 3
    assert all("Number" in page for page in whole)
    assert f"Page {len(whole)} of {len(whole)}" in whole[-1]
    assert "row 199" in whole[-1]


@pytest.mark.parametrize(
    "name", ["<b>bold</b> & <script>", "a" * 300, "Żółć Привет 漢字", "", "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
def test_any_name_can_be_printed(name: str) -> None:
    whole = _text(Report(name or "x", name, [(name, name)], [Sheet(name, [name], [[name]], [1])], [name]))
    assert "Page 1" in whole[0]
    if "<" in name:
        assert name in " ".join(whole[0].split())


def test_an_empty_table_says_so_and_the_date_is_the_clocks() -> None:
    with context.system("a test"), clock.at(clock.now().replace(year=2031)):
        whole = _text(Report("Empty", "", sheets=[Sheet("Runs", ["When"], [], [1], empty="Nothing has run yet.")]))
    assert "Nothing has run yet." in whole[0]
    assert "Made on 2031-" in whole[0]


def test_a_table_as_csv_is_harmless_in_a_spreadsheet() -> None:
    text = table_csv(["=name", "value"], [["=1+1", -5], ["@x", None], ["plain", True]]).decode("utf-8-sig")
    assert text.splitlines() == ["'=name,value", "'=1+1,'-5", "'@x,", "plain,yes"]
