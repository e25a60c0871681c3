"""Key figures as widgets: one with its change, target and course; one as a chart with its numbers and files."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.home.kpi_presenters import LENGTHS, history, moved, plain_value, unit_of
from portal.home.kpi_selectors import currencies, span_of, trend_of
from portal.kit import charts
from portal.kit.kpis import Figure, Kpi, kpis, once, written
from portal.kit.money import exponent
from portal.kit.registry import Text
from portal.kit.widgets import SELDOM, Loaded, Option, Options, Place, Widget, widgets


def _choices() -> Sequence[tuple[str, Text]]:
    return [(kpi.code, kpi.label) for kpi in kpis]


def _lengths() -> Sequence[tuple[str, Text]]:
    return [(value, label) for value, (_days, label) in LENGTHS.items()]


KPI = Option("kpi", gettext_lazy("Key figure"), "mrr", _choices)
RANGE = Option("days", gettext_lazy("Span"), "30", _lengths)
TARGET = Option("target", gettext_lazy("Target"))


def figure(place: Place, options: Options) -> Loaded:
    """One figure: its value, how far it moved, its target, and twelve spans of its course."""
    kpi, currency = kpis.get(options["kpi"]), _currency()
    span = span_of(LENGTHS[options["days"]][0], currency)
    now, then = kpi.read(span), kpi.read(span.before())
    points = (
        []
        if kpi.heavy
        else [plain_value(kpi, one, currency) for _span, one in trend_of(kpi, span) if one.value is not None]
    )
    return {
        "label": kpi.label,
        "url": f"{reverse('home:kpi', args=[kpi.code])}?days={options['days']}&currency={currency}",
        "value": written(kpi, now, currency),
        "missing": now.missing,
        "bare": now.value is None,
        "against": _("to the %(days)s before") % {"days": LENGTHS[options["days"]][1]},
        "spark": charts.spark(points),
        "goal": goal_of(kpi, now, options["target"], currency),
        **moved(kpi, now, then),
    }


def chart(place: Place, options: Options) -> Loaded:
    """One figure over twelve spans, beside the twelve before them, with its numbers and files."""
    kpi, currency = kpis.get(options["kpi"]), _currency()
    span = span_of(LENGTHS[options["days"]][0], currency)
    now, then = kpi.read(span), kpi.read(span.before())
    query = f"days={options['days']}&currency={currency}"
    here = reverse("home:kpi", args=[kpi.code])
    return {
        "title": kpi.label,
        "sum": written(kpi, now, currency),
        "moved": moved(kpi, now, then)["change"],
        "tone": moved(kpi, now, then)["tone"],
        "note": now.missing
        or _("Twelve spans of %(days)s, the newest at the right.") % {"days": LENGTHS[options["days"]][1]},
        "chart": charts.line(history(kpi, span), title=str(kpi.label), unit=unit_of(kpi, currency)),
        "more_url": f"{here}?{query}",
        "more_label": _("Details"),
        "files": [
            {"label": kind.upper(), "url": f"{reverse('home:kpi_file', args=[kpi.code, kind])}?{query}"}
            for kind in ("png", "svg", "csv")
        ],
    }


def goal_of(kpi: Kpi, now: Figure, target: str, currency: str) -> dict[str, Any] | None:
    """How far a figure is from the target that somebody set for it, in the unit in which people read it."""
    if not target or now.value is None:
        return None
    wanted = Fraction(target)
    if kpi.unit == "money":
        wanted *= 10 ** exponent(currency)
    elif kpi.unit == "share":
        wanted /= 100
    met = now.value <= wanted if kpi.direction == "down" else now.value >= wanted
    share = float(now.value / wanted) if wanted > 0 else float(met)
    return {
        "text": written(kpi, Figure(wanted), currency),
        "met": met,
        "percent": min(max(round(share * 100), 0), 100),
    }


def _currency() -> str:
    return once("home.currency", lambda: currencies()[0])


def _called(options: Options) -> Text:
    return kpis.get(options["kpi"]).label


widgets.add(
    Widget(
        "home.kpi",
        gettext_lazy("Key figure"),
        gettext_lazy("One figure with its change, its course and a target of yours."),
        "kpi:read",
        "home/_widget_kpi.html",
        figure,
        icon="activity",
        width=3,
        widths=(3, 4, 6),
        height=2,
        every=SELDOM,
        slow=True,
        alike=True,
        many=True,
        options=(KPI, RANGE, TARGET),
        title=_called,
    )
)
widgets.add(
    Widget(
        "home.kpi_chart",
        gettext_lazy("Chart of a key figure"),
        gettext_lazy("One figure over twelve spans, with its numbers as a table and as files."),
        "kpi:read",
        "kit/widgets/chart.html",
        chart,
        icon="activity",
        width=8,
        widths=(6, 8, 12),
        height=5,
        every=SELDOM,
        slow=True,
        alike=True,
        many=True,
        options=(KPI, RANGE),
        title=_called,
    )
)
