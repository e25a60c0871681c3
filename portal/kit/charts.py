"""Charts drawn on the server: SVG without scripts or styles, and the same numbers as a table behind it.

Places along the axis are percentages and heights pixels, so that a chart fills any width and its words keep their
size. Colours are classes; the style sheet takes them from the tokens. Every function is pure.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.template.loader import render_to_string
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

HEIGHT = 160  # Pixels of the plot, without the labels below it.
TOP = 12  # Above the highest tick, so that its words are whole.
FOOT = 24  # For the labels of the points.
TICKS = 4
LABELS = 6  # Words along the axis; more would run into each other on a phone.
BAND = 0.72  # Share of its place that a bar fills.
SMALLEST = 1e-5  # Of a range; anything below is drawn as nothing.
SPARK = 28  # Height of a course without axes.
DOTS = 40  # Up to so many points each has its own mark.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Point:
    """A value and what it is of: `label` is short (below the axis), `name` is whole (on hover and in the table)."""

    label: str
    value: float
    name: str = ""

    @property
    def whole(self) -> str:
        """What it is of, in whole words."""
        return self.name or self.label


@dataclass(frozen=True)
class Scale:
    """From values to pixels: the ticks, lowest first, and how many decimals they need."""

    ticks: tuple[float, ...]
    places: int

    def y(self, value: float) -> float:
        """Pixels from the top."""
        low, high = self.ticks[0], self.ticks[-1]
        return round(TOP + (high - value) / (high - low) * HEIGHT, 2)


def scale(values: Iterable[float]) -> Scale:
    """A scale with round ticks that holds all `values` and zero. Nothing, or zeros alone, make 0 to 1."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(0.0, *finite, 0.0), max(0.0, *finite, 0.0)
    whole = all(float(value).is_integer() for value in finite)
    if high - low < SMALLEST:
        return Scale((0.0, 1.0), 0)
    step = _nice((high - low) / TICKS)
    if whole:
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step), math.ceil(high / step)
    places = 0 if float(step).is_integer() else max(0, -math.floor(math.log10(step)) + (step * 10 % 1 > 0))
    return Scale(tuple(round(number * step, 10) for number in range(first, last + 1)), min(places, 6))


def _nice(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))


def bars(points: Sequence[Point], *, title: str, unit: str, tone: str = "accent") -> SafeString:
    """A bar chart. `unit` heads the table's column and follows the values on hover."""
    return _figure(points, title=title, unit=unit, tone=tone, drawn=_Bars)


def line(points: Sequence[Point], *, title: str, unit: str, tone: str = "accent") -> SafeString:
    """A line with the area under it; for many points, or for what has no beginning at zero to compare."""
    return _figure(points, title=title, unit=unit, tone=tone, drawn=_Line)


def spark(values: Sequence[float]) -> SafeString:
    """A course without axes, for beside a number that says it in words; nothing for fewer than two values."""
    known = [value for value in values if math.isfinite(value)]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    reach = high - low
    step = 100 / (len(known) - 1)
    spots = (
        f"{index * step:.1f},{SPARK - 2 - (SPARK - 4) * ((value - low) / reach if reach > SMALLEST else 0.5):.1f}"
        for index, value in enumerate(known)
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true"><polyline points="{}"/></svg>',
        SPARK,
        " ".join(spots),
    )


def total_text(points: Sequence[Point], unit: str) -> str:
    """What the whole chart says in a sentence, for who cannot see it."""
    values = [point.value for point in points]
    highest = max(points, key=lambda point: point.value)
    return _("%(n)s values, %(total)s %(unit)s in all, most on %(when)s: %(most)s.") % {
        "n": len(points),
        "total": number(sum(values)),
        "unit": unit,
        "when": highest.whole,
        "most": number(highest.value),
    }


def number(value: float, places: int | None = None) -> str:
    """A value with the digit groups of the language; whole numbers without decimals."""
    if places is None:
        places = 0 if float(value).is_integer() else 2
    return formats.number_format(round(value, places), places, use_l10n=True, force_grouping=True)


def _figure(
    points: Sequence[Point], *, title: str, unit: str, tone: str, drawn: "type[_Bars] | type[_Line]"
) -> SafeString:
    known = [point for point in points if math.isfinite(point.value)]
    if not known:
        return mark_safe(render_to_string("kit/_chart.html", {"title": title, "empty": True}))  # noqa: S308 - a template
    found = scale(point.value for point in known)
    values = {
        "title": title,
        "unit": unit,
        "tone": tone,
        "points": [{"name": point.whole, "value": number(point.value)} for point in known],
        "summary": total_text(known, unit),
        "height": TOP + HEIGHT + FOOT,
        "axis": _axis(found),
        "grid": _grid(found),
        "marks": drawn(known, found, unit).svg(),
        "labels": _labels(known, banded=drawn is _Bars),
    }
    return mark_safe(render_to_string("kit/_chart.html", values))  # noqa: S308 - a template


def _axis(found: Scale) -> SafeString:
    return format_html_join(
        "",
        '<text class="tick" x="100%" y="{}" dy=".32em" text-anchor="end">{}</text>',
        ((found.y(tick), number(tick, found.places)) for tick in found.ticks),
    )


def _grid(found: Scale) -> SafeString:
    return format_html_join(
        "",
        '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>',
        (("zero" if tick == 0 else "rule", found.y(tick), found.y(tick)) for tick in found.ticks),
    )


def _labels(points: Sequence[Point], *, banded: bool) -> SafeString:
    """At most `LABELS` words, evenly spread; those at an edge lean inwards, towards a neighbour (`near`) that narrow screens
    have no room for."""
    count = len(points)
    every = max(1, math.ceil(count / LABELS))
    chosen = range((count - 1) % every, count, every)  # Ends with the last point, which is mostly today.
    rows, wordy = [], any(len(points[place].label) > 3 for place in chosen)
    for place in chosen:
        at = (place + 0.5) / count if banded else (place / (count - 1) if count > 1 else 0.5)
        anchor = "start" if at < 0.03 else "end" if at > 0.97 else "middle"
        near = " near" if len(chosen) > 2 and place == chosen[-2] and (not banded or wordy) else ""
        rows.append((near, _percent(at), TOP + HEIGHT + FOOT - 6, anchor, points[place].label))
    return format_html_join("", '<text class="tick{}" x="{}" y="{}" text-anchor="{}">{}</text>', rows)


def _percent(share: float) -> str:
    return f"{round(share * 100, 3):g}%"


@dataclass(frozen=True)
class _Bars:
    points: Sequence[Point]
    scale: Scale
    unit: str

    def svg(self) -> SafeString:
        """The marks."""
        place, zero = 1 / len(self.points), self.scale.y(0)
        rows = []
        for index, point in enumerate(self.points):
            y = self.scale.y(point.value)
            height = round(abs(zero - y), 2)
            # A value that is not nothing can be seen, however small it is beside the others.
            if point.value and height < 1.5:
                y, height = (y - 1.5 if point.value > 0 else zero), 1.5
            x = _percent((index + (1 - BAND) / 2) * place)
            rows.append(
                (
                    _percent(index * place),
                    _percent(place),
                    TOP,
                    HEIGHT,
                    "bar below" if point.value < 0 else "bar",
                    x,
                    round(min(y, zero), 2),
                    _percent(BAND * place),
                    height,
                    point.whole,
                    number(point.value),
                    self.unit,
                )
            )
        return format_html_join(
            "",
            '<g class="band"><rect class="hit" x="{}" width="{}" y="{}" height="{}"/>'
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/><title>{}: {} {}</title></g>',
            rows,
        )


@dataclass(frozen=True)
class _Line:
    points: Sequence[Point]
    scale: Scale
    unit: str

    def svg(self) -> SafeString:
        """The marks."""
        last = max(1, len(self.points) - 1)
        # A drawing of its own, stretched without its strokes: paths know no percentages.
        spots = [
            (index / last if len(self.points) > 1 else 0.5, self.scale.y(point.value))
            for index, point in enumerate(self.points)
        ]
        path = " ".join(f"{'L' if index else 'M'}{round(x * 1000, 2):g} {y:g}" for index, (x, y) in enumerate(spots))
        zero = self.scale.y(0)
        area = f"{path} L{spots[-1][0] * 1000:g} {zero:g} L{spots[0][0] * 1000:g} {zero:g}Z"
        drawing = format_html(
            '<svg class="stretch" width="100%" height="{0}" viewBox="0 0 1000 {0}" preserveAspectRatio="none">'
            '<path class="area" d="{1}"/><path class="stroke" d="{2}"/></svg>',
            TOP + HEIGHT + FOOT,
            area,
            path,
        )
        return format_html("{}{}", drawing, self._dots(spots))

    def _dots(self, spots: Sequence[tuple[float, float]]) -> SafeString:
        middles = [0.0, *((left[0] + right[0]) / 2 for left, right in pairwise(spots)), 1.0]
        rows = []
        for index, ((x, y), point) in enumerate(zip(spots, self.points, strict=True)):
            radius = 3 if len(self.points) <= DOTS else 0
            rows.append(
                (
                    _percent(middles[index]),
                    _percent(middles[index + 1] - middles[index]),
                    TOP,
                    HEIGHT,
                    _percent(x),
                    y,
                    radius,
                    point.whole,
                    number(point.value),
                    self.unit,
                )
            )
        return format_html_join(
            "",
            '<g class="band"><rect class="hit" x="{}" width="{}" y="{}" height="{}"/>'
            '<circle class="dot" cx="{}" cy="{}" r="{}"/><title>{}: {} {}</title></g>',
            rows,
        )
