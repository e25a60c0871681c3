"""Charts as files that stand alone: SVG without the page's style sheet, PNG for where no SVG is taken, CSV of the numbers.

All three show the same points. Colours are the light ones of `static/kit/tokens.css`, since paper is light.
"""

import csv
import io
from collections.abc import Sequence
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from PIL import Image, ImageDraw, ImageFont

from portal.kit.charts import LABELS, Point, Scale, number, scale

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, HEAD, FEET = 90, 24, 64, 44  # Around the plot.
INK, QUIET, RULE, TINT, AREA, PAPER = "#17202a", "#5b6876", "#e3e7ec", "#0b6b5d", "#e3f2ef", "#ffffff"
SHARP: Final = 2  # The PNG is drawn twice as large, for screens that show that.
Spot = tuple[float, float]


def csv_text(points: Sequence[Point], *, unit: str) -> str:
    """The numbers, a line for each point, without digit groups."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["when", unit])
    lines.writerows([point.whole, point.value] for point in points)
    return out.getvalue()


def svg_text(points: Sequence[Point], *, title: str, unit: str) -> str:
    """The chart as a picture that needs nothing beside it."""
    if not points:
        return str(_svg(title, SafeString("")))
    found = scale(point.value for point in points)
    spots = _spots(points, found)
    grid = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/><text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, y, y, RULE, LEFT - 10, y + 4, QUIET, number(tick, found.places))
            for tick in found.ticks
            for y in [_y(tick, found)]
        ),
    )
    words = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle" fill="{}">{}</text>',
        ((round(x, 1), HEIGHT - 16, QUIET, label) for x, label in _words(points, spots)),
    )
    path = " ".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(spots))
    zero = _y(0, found)
    area = f"{path} L{spots[-1][0]:.1f} {zero:.1f} L{spots[0][0]:.1f} {zero:.1f}Z"
    course = format_html(
        '<path d="{}" fill="{}"/><path d="{}" fill="none" stroke="{}" stroke-width="2.5" stroke-linejoin="round"/>',
        area,
        AREA,
        path,
        TINT,
    )
    return str(_svg(f"{title} ({unit})" if unit != title else title, format_html("{}{}{}", course, grid, words)))


def png_bytes(points: Sequence[Point], *, title: str, unit: str) -> bytes:
    """The same picture in pixels, twice as sharp as it is large."""
    picture = Image.new("RGB", (WIDTH * SHARP, HEIGHT * SHARP), PAPER)
    draw = ImageDraw.Draw(picture)
    small, large = ImageFont.load_default(13 * SHARP), ImageFont.load_default(18 * SHARP)
    draw.text((LEFT * SHARP, 20 * SHARP), f"{title} ({unit})" if unit != title else title, fill=INK, font=large)
    if points:
        found = scale(point.value for point in points)
        spots = [(x * SHARP, y * SHARP) for x, y in _spots(points, found)]
        zero = _y(0, found) * SHARP
        draw.polygon([*spots, (spots[-1][0], zero), (spots[0][0], zero)], fill=AREA)
        for tick in found.ticks:
            y = _y(tick, found) * SHARP
            draw.line([(LEFT * SHARP, y), ((WIDTH - RIGHT) * SHARP, y)], fill=RULE, width=SHARP)
            draw.text(((LEFT - 10) * SHARP, y), number(tick, found.places), fill=QUIET, font=small, anchor="rm")
        draw.line(spots, fill=TINT, width=5, joint="curve")
        for x, label in _words(points, [(x / SHARP, y / SHARP) for x, y in spots]):
            draw.text((x * SHARP, (HEIGHT - 20) * SHARP), label, fill=QUIET, font=small, anchor="mm")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _svg(title: str, inside: SafeString) -> SafeString:
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" '
        'font-family="Inter, Segoe UI, Roboto, sans-serif" font-size="13"><title>{2}</title>'
        '<rect width="{0}" height="{1}" fill="{3}"/>'
        '<text x="{4}" y="36" font-size="18" font-weight="600" fill="{5}">{2}</text>{6}</svg>',
        WIDTH,
        HEIGHT,
        title,
        PAPER,
        LEFT,
        INK,
        inside,
    )


def _y(value: float, found: Scale) -> float:
    low, high = found.ticks[0], found.ticks[-1]
    return round(HEAD + (high - value) / (high - low) * (HEIGHT - HEAD - FEET), 2)


def _spots(points: Sequence[Point], found: Scale) -> list[Spot]:
    room, last = WIDTH - LEFT - RIGHT, len(points) - 1
    return [
        (LEFT + room * (index / last if last else 0.5), _y(point.value, found)) for index, point in enumerate(points)
    ]


def _words(points: Sequence[Point], spots: Sequence[Spot]) -> list[tuple[float, str]]:
    """Evenly spread labels, the last point's among them, none beyond the edge."""
    every = max(1, -(-len(points) // LABELS))
    chosen = range((len(points) - 1) % every, len(points), every)
    return [(min(max(spots[index][0], LEFT + 16), WIDTH - RIGHT - 16), points[index].label) for index in chosen]
