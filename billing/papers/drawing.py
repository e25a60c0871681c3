"""A document as PDF, drawn from its sheet: letterhead, addresses, lines, sums, how to pay, page numbers.

Every font is embedded, as an archive (PDF/A) wants it. Everything is escaped: a name with angle brackets is printed so.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

import segno
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from billing.presenters.documents import Sheet
from portal.kit.pdf import ACCENT, INK, LINE, QUIET, SHADE

SIDE, TOP, BOTTOM = 20 * mm, 18 * mm, 30 * mm
LATER_TOP = 26 * mm  # Below the head of a page after the first.
QR_SIDE = 28 * mm
# The first of these that the machine has; what comes with reportlab is the last.
_FONTS = (
    ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("Vera.ttf", "VeraBd.ttf"),
)
PLAIN, BOLD = "Document", "Document-Bold"
WIDTHS = (0.50, 0.12, 0.18, 0.20)


@cache
def _register() -> None:
    for plain, bold in _FONTS:
        try:
            pdfmetrics.registerFont(TTFont(PLAIN, plain))
            pdfmetrics.registerFont(TTFont(BOLD, bold))
        except TTFError:
            continue
        return


def drawn(sheet: Sheet) -> bytes:
    """The whole file."""
    _register()
    stream = BytesIO()
    document = BaseDocTemplate(
        stream,
        pagesize=A4,
        title=f"{sheet.title} {sheet.number}",
        author=sheet.seller,
        subject=sheet.title,
        initialFontName=PLAIN,
    )
    width, height = A4
    first = Frame(SIDE, BOTTOM, width - 2 * SIDE, height - TOP - BOTTOM, 0, 0, 0, 0, id="first")
    later = Frame(SIDE, BOTTOM, width - 2 * SIDE, height - LATER_TOP - BOTTOM, 0, 0, 0, 0, id="later")
    document.addPageTemplates(
        [PageTemplate("first", [first], autoNextPageTemplate="later"), PageTemplate("later", [later])]
    )
    document.build(_story(sheet, width - 2 * SIDE), canvasmaker=_numbered(sheet))
    return stream.getvalue()


def _said(text: str, size: float = 9, *, bold: bool = False, color: Any = INK, right: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "said",
        fontName=BOLD if bold else PLAIN,
        fontSize=size,
        leading=size * 1.4,
        textColor=color,
        splitLongWords=1,
        alignment=TA_RIGHT if right else TA_LEFT,
    )
    return Paragraph(escape(text), style)


def _lines(texts: Sequence[str], size: float = 9, *, color: Any = INK, right: bool = False) -> list[Paragraph]:
    return [_said(text, size, color=color, right=right) for text in texts]


def _story(sheet: Sheet, width: float) -> list[Flowable]:
    story: list[Flowable] = [_letterhead(sheet, width), Spacer(0, 12 * mm), _parties(sheet, width), Spacer(0, 10 * mm)]
    if sheet.memo:
        story += [_said(sheet.memo, 9.5), Spacer(0, 5 * mm)]
    story += [_table(sheet, width), Spacer(0, 3 * mm), KeepTogether([_sums(sheet, width)])]
    end: list[Flowable] = []
    if sheet.payment:
        end += [Spacer(0, 9 * mm), _payment(sheet, width)]
    if sheet.notes:
        end += [Spacer(0, 7 * mm), *_lines(sheet.notes, 8.5, color=QUIET)]
    return story + ([KeepTogether(end)] if end else [])


def _letterhead(sheet: Sheet, width: float) -> Table:
    left = [_said(sheet.seller, 14, bold=True), Spacer(0, 1.5 * mm), *_lines(sheet.seller_lines, 8.5, color=QUIET)]
    right: list[Flowable] = [_said(sheet.title, 22, bold=True, right=True)]
    if sheet.mark:
        right += [Spacer(0, 2 * mm), _said(sheet.mark.upper(), 10, bold=True, color=ACCENT, right=True)]
    return _grid([[left, right]], [width * 0.55, width * 0.45])


def _parties(sheet: Sheet, width: float) -> Table:
    to = [
        _said(_("Bill to"), 8, bold=True, color=QUIET),
        Spacer(0, 1 * mm),
        _said(sheet.buyer, 10.5, bold=True),
        *_lines(sheet.buyer_lines, 9.5),
    ]
    facts = Table(
        [
            [_said(label, 8.5, color=QUIET), _said(value, 9, bold=not place, right=True)]
            for place, (label, value) in enumerate(sheet.facts)
        ],
        colWidths=[width * 0.18, width * 0.27],
    )
    facts.setStyle(_style(("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE), top=2.5, bottom=2.5))
    return _grid([[to, facts]], [width * 0.55, width * 0.45])


def _table(sheet: Sheet, width: float) -> Table:
    heads = (_("Description"), _("Quantity"), _("Unit price"), _("Amount"))
    wide = any(line.quantity or line.unit for line in sheet.lines)
    rows: list[list[Any]] = [[_said(head, 8, bold=True, color=QUIET, right=bool(at)) for at, head in enumerate(heads)]]
    for line in sheet.lines:
        what = [_said(line.description, 9.5)]
        if line.period:
            what.append(_said(line.period, 8, color=QUIET))
        rows.append([what, *(_said(text, 9.5, right=True) for text in (line.quantity, line.unit, line.amount))])
    widths = [width * share for share in WIDTHS]
    if not wide:
        rows = [[row[0], row[3]] for row in rows]
        widths = [width * 0.75, width * 0.25]
    table = Table(rows, colWidths=widths, repeatRows=1)
    table.setStyle(
        _style(("LINEBELOW", (0, 0), (-1, 0), 0.9, INK), ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE), top=5, bottom=5)
    )
    return table


def _sums(sheet: Sheet, width: float) -> Table:
    rows = []
    style: list[tuple[Any, ...]] = []
    for place, one in enumerate(sheet.sums):
        size = 11.5 if one.strong else 9
        color = INK if one.strong else QUIET
        rows.append(
            [
                "",
                _said(one.label, size, bold=one.strong, color=color),
                _said(one.value, size, bold=one.strong, right=True),
            ]
        )
        if one.strong:
            style += [
                ("BACKGROUND", (1, place), (-1, place), SHADE),
                ("LINEABOVE", (1, place), (-1, place), 1.2, ACCENT),
            ]
            style += [("TOPPADDING", (0, place), (-1, place), 6), ("BOTTOMPADDING", (0, place), (-1, place), 7)]
    table = Table(rows, colWidths=[width * 0.40, width * 0.38, width * 0.22])
    table.setStyle(_style(*style, top=2.5, bottom=2.5, side=5))
    return table


def _payment(sheet: Sheet, width: float) -> Table:
    rows = [[_said(label, 8.5, color=QUIET), _said(value, 9)] for label, value in sheet.payment]
    facts = Table(rows, colWidths=[width * 0.2, width * 0.42])
    facts.setStyle(_style(top=1.5, bottom=1.5, left=0))
    left = [_said(_("Payment"), 10, bold=True), Spacer(0, 1.5 * mm), facts]
    if not sheet.qr:
        return _grid([[left]], [width])
    right = Table([[_Code(sheet.qr)], [_said(sheet.qr_label, 7.5, color=QUIET, right=True)]], colWidths=[width * 0.35])
    right.setStyle(_style(("ALIGN", (0, 0), (-1, -1), "RIGHT"), top=0, bottom=2))
    return _grid([[left, right]], [width * 0.65, width * 0.35])


def _grid(cells: list[list[Any]], widths: list[float]) -> Table:
    table = Table(cells, colWidths=widths)
    table.setStyle(_style(top=0, bottom=0, left=0, right=0))
    return table


def _style(*more: tuple[Any, ...], top: float, bottom: float, side: float = 0, **sides: float) -> TableStyle:
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), sides.get("left", side)),
            ("RIGHTPADDING", (0, 0), (-1, -1), sides.get("right", side)),
            ("TOPPADDING", (0, 0), (-1, -1), top),
            ("BOTTOMPADDING", (0, 0), (-1, -1), bottom),
            *more,
        ]
    )


class _Code(Flowable):
    """A QR code as vectors: sharp at every size, and no picture for an archive to keep."""

    def __init__(self, payload: str) -> None:
        super().__init__()
        self.rows = [bytes(row) for row in segno.make(payload, error="m", micro=False).matrix]
        self.width = self.height = QR_SIDE
        self.hAlign = "RIGHT"

    def wrap(self, *_available: float) -> tuple[float, float]:
        """Always the same size."""
        return self.width, self.height

    def draw(self) -> None:
        """One square per dark module."""
        size = QR_SIDE / len(self.rows)
        self.canv.setFillColor(colors.black)
        for down, row in enumerate(self.rows):
            for across, dark in enumerate(row):
                if dark:
                    self.canv.rect(across * size, QR_SIDE - (down + 1) * size, size, size, stroke=0, fill=1)


def _numbered(sheet: Sheet) -> type[Canvas]:
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
                _frame(self, sheet, number, len(self._kept))
                super().showPage()
            super().save()

    return Numbered


def _frame(canvas: Canvas, sheet: Sheet, number: int, pages: int) -> None:
    width, height = A4
    canvas.setFillColor(ACCENT)
    canvas.rect(0, height - 5, width, 5, stroke=0, fill=1)
    canvas.setFillColor(QUIET)
    if number > 1:
        canvas.setFont(PLAIN, 8.5)
        canvas.drawString(SIDE, height - 16 * mm, sheet.seller)
        canvas.drawRightString(width - SIDE, height - 16 * mm, f"{sheet.title} {sheet.number}")
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(SIDE, 22 * mm, width - SIDE, 22 * mm)
    canvas.setFont(PLAIN, 7.5)
    for place, text in enumerate(sheet.footer[:3]):
        canvas.drawString(SIDE, 17.5 * mm - place * 10, text[:130])
    page_text = _("Page %(n)d of %(all)d") % {"n": number, "all": pages}
    canvas.drawRightString(width - SIDE, 17.5 * mm, page_text)
