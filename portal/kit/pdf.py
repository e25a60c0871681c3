"""Reports on paper: one frame for all, with a header, figures, tables that go on over pages, and page numbers.

The words are the caller's, already in the reader's language. Everything is escaped: a name with angle brackets is
printed as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from portal.kit import clock

TYPE = "application/pdf"
MARGIN = 18 * mm
HEAD, FOOT = 14 * mm, 12 * mm
INK, QUIET, LINE = colors.HexColor("#16191f"), colors.HexColor("#5b6472"), colors.HexColor("#d9dee6")
SHADE, ACCENT = colors.HexColor("#f4f6f9"), colors.HexColor("#0b6b5d")
MOST_FIGURES = 4  # In one row.


@dataclass(frozen=True)
class Sheet:
    """A table of a report. `numeric` are the columns that stand at the right, `widths` their shares of the page."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numeric: frozenset[int] = frozenset()
    empty: str = ""


@dataclass(frozen=True)
class Report:
    """What is printed: a title, a sentence below it, a few figures, then tables. `wide` turns the paper."""

    title: str
    subtitle: str
    figures: Sequence[tuple[str, str]] = ()
    sheets: Sequence[Sheet] = ()
    notes: Sequence[str] = ()
    wide: bool = False
    author: str = "Steward"
    paper: tuple[float, float] = field(default=A4)


def pdf(report: Report) -> bytes:
    """The whole file."""
    _register()
    stream = BytesIO()
    paper = landscape(report.paper) if report.wide else report.paper
    document = BaseDocTemplate(
        stream,
        pagesize=paper,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN + HEAD,
        bottomMargin=MARGIN + FOOT,
        title=report.title,
        author=report.author,
        subject=report.subtitle,
    )
    frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    made = timezone.localtime(clock.now())
    document.build(_story(report, document.width), canvasmaker=_numbered(report, f"{made:%Y-%m-%d %H:%M %Z}"))
    return stream.getvalue()


# Files of a font with all of Latin, Greek and Cyrillic where the system has it; what comes with reportlab has Latin 1.
_WIDE = (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), ("Vera.ttf", "VeraBd.ttf"))


@cache
def _register() -> None:
    """The font for what Helvetica, which every viewer has, cannot write."""
    for plain, bold in _WIDE:
        try:
            pdfmetrics.registerFont(TTFont("Wide", plain))
            pdfmetrics.registerFont(TTFont("Wide-Bold", bold))
        except TTFError:
            continue
        return


def _font(text: str, *, bold: bool = False) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return "Wide-Bold" if bold else "Wide"
    return "Helvetica-Bold" if bold else "Helvetica"


def _said(text: str, size: float, *, bold: bool = False, color: Any = INK, right: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "said",
        fontName=_font(text, bold=bold),
        fontSize=size,
        leading=size * 1.35,
        textColor=color,
        splitLongWords=1,
        alignment=TA_RIGHT if right else TA_LEFT,
    )
    return Paragraph(escape(text), style)


def _story(report: Report, width: float) -> list[Flowable]:
    story: list[Flowable] = [_said(report.title, 20, bold=True), Spacer(0, 2 * mm)]
    if report.subtitle:
        story += [_said(report.subtitle, 10, color=QUIET), Spacer(0, 5 * mm)]
    for start in range(0, len(report.figures), MOST_FIGURES):
        story += [_figures(report.figures[start : start + MOST_FIGURES], width), Spacer(0, 4 * mm)]
    for sheet in report.sheets:
        story += [Spacer(0, 3 * mm), _said(sheet.title, 12, bold=True), Spacer(0, 2 * mm)]
        story.append(_table(sheet, width) if sheet.rows else _said(sheet.empty or "\N{EN DASH}", 9.5, color=QUIET))
    if report.notes:
        story.append(Spacer(0, 6 * mm))
        for note in report.notes:
            story += [_said(note, 8.5, color=QUIET), Spacer(0, 1 * mm)]
    return story


def _figures(figures: Sequence[tuple[str, str]], width: float) -> Table:
    cells = [[[_said(label, 8.5, color=QUIET), _said(value, 15, bold=True)] for label, value in figures]]
    drawn = Table(cells, colWidths=[width / len(figures)] * len(figures))
    drawn.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), SHADE),
                ("LINEBEFORE", (1, 0), (-1, -1), 1.5, colors.white),
                ("LINEABOVE", (0, 0), (-1, 0), 1.2, ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return drawn


def _table(sheet: Sheet, width: float) -> Table:
    whole = sum(sheet.widths)
    head = [
        _said(name, 8.5, bold=True, color=QUIET, right=place in sheet.numeric)
        for place, name in enumerate(sheet.columns)
    ]
    body = [[_said(text, 9, right=place in sheet.numeric) for place, text in enumerate(row)] for row in sheet.rows]
    drawn = Table([head, *body], colWidths=[width * share / whole for share in sheet.widths], repeatRows=1)
    drawn.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return drawn


def _numbered(report: Report, made: str) -> type[Canvas]:
    """A canvas that knows how many pages there are before it writes their numbers."""

    class Numbered(Canvas):
        """Keeps each page until all are known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            """Put the page aside."""
            self._kept.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            """Write the frame of every page, then the file."""
            for number, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                _frame(self, report, made, number, len(self._kept))
                super().showPage()
            super().save()

    return Numbered


def _frame(canvas: Canvas, report: Report, made: str, number: int, pages: int) -> None:
    width, height = canvas._pagesize  # type: ignore[attr-defined]
    top, bottom = height - MARGIN, MARGIN
    canvas.setFillColor(ACCENT)
    canvas.roundRect(MARGIN, top - 9, 9, 9, 2, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont(_font(report.author, bold=True), 10)
    canvas.drawString(MARGIN + 14, top - 8, report.author)
    canvas.setFillColor(QUIET)
    canvas.setFont(_font(report.title), 8.5)
    canvas.drawRightString(width - MARGIN, top - 8, report.title[:90])
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, top - 16, width - MARGIN, top - 16)
    canvas.line(MARGIN, bottom + 14, width - MARGIN, bottom + 14)
    made_text = _("Made on %(when)s") % {"when": made}
    page_text = _("Page %(n)d of %(all)d") % {"n": number, "all": pages}
    canvas.setFont(_font(made_text), 8.5)
    canvas.drawString(MARGIN, bottom + 2, made_text)
    canvas.setFont(_font(page_text), 8.5)
    canvas.drawRightString(width - MARGIN, bottom + 2, page_text)
