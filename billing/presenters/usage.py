"""Use as pages show it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organisation
from billing.entitlements import Quota
from billing.models import Meter, UsageEvent
from billing.selectors.usage import DAYS, MeterUse, days_here
from portal.kit import charts
from portal.kit.context import Actor
from portal.kit.preferences import day_text
from portal.kit.templatetags.kit import count


def shown(number: Decimal | int) -> str:
    """An exact number for people: grouped, without needless zeros."""
    value = Decimal(number).normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return str(number_format(value, places, use_l10n=True, force_grouping=True))


def quota_rows(found: Sequence[Quota]) -> list[dict[str, Any]]:
    """Features of the plan with their bars. What has no limit or no meter has none."""
    return [_quota(one) for one in found]


def _quota(one: Quota) -> dict[str, Any]:
    row: dict[str, Any] = {"name": one.feature.name, "description": one.feature.description, "unit": one.feature.unit}
    if one.feature.kind == "switch":
        return row | {"word": _("Included"), "unit": ""}
    if one.bound is None and one.used is None:
        return row | {"word": _("Unlimited"), "unit": ""}
    if one.bound is None:
        return row | {"word": shown(one.used or 0), "after": _("used, without limit")}
    if one.used is None:
        return row | {"word": _("Up to %(limit)s") % {"limit": shown(one.bound)}, "note": _("Counted by the product")}
    share = 100 if not one.bound else int(one.used * 100 / one.bound)
    return row | {
        "word": _("%(used)s of %(limit)s") % {"used": shown(one.used), "limit": shown(one.bound)},
        "percent": share,
        "bar": min(share, 100),
        "tone": "bad" if share >= 100 else "warn" if share >= 80 else "ok",
        "note": _of_limits(one, share),
    }


def _of_limits(one: Quota, share: int) -> str:
    if one.limit is None:
        return _("Above it, use goes on and is counted.")
    if share >= 100:
        return _("Used up: more is refused until the next period.")
    if one.soft_limit is not None and one.soft_limit != one.limit:
        return _("You are told from %(soft)s on; more than the limit is refused.") % {"soft": shown(one.soft_limit)}
    return _("More than the limit is refused.")


def meter_panels(actor: Actor, found: Sequence[Meter]) -> list[dict[str, Any]]:
    """A chart of the last days for each meter."""
    panels = []
    for meter in found:
        days = days_here(actor, meter)
        points = [
            charts.Point(formats.date_format(one.day, "j M"), float(one.quantity), day_text(one.day)) for one in days
        ]
        unit = meter.unit or _("used")
        title = _("%(meter)s in the last %(days)s days") % {"meter": meter.name, "days": DAYS}
        chart: SafeString = charts.bars(points, title=title, unit=unit)
        panels.append({"name": meter.name, "how": meter.get_aggregation_display(), "chart": chart})
    return panels


def meter_rows(found: Iterable[MeterUse]) -> list[dict[str, Any]]:
    """Meters as staff sees them."""
    return [
        {
            "name": one.meter.name,
            "code": one.meter.code,
            "how": one.meter.get_aggregation_display(),
            "features": ", ".join(one.features),
            "events": count(one.events),
            "organisations": count(one.organisations),
            "late": count(one.late),
            "duplicates": count(one.duplicates),
            "last_at": one.last_at,
        }
        for one in found
    ]


def top_rows(found: Sequence[tuple[Organisation, int]]) -> list[dict[str, Any]]:
    """Organisations by their number of events, with bars against the first."""
    most = found[0][1] if found else 1
    return [
        {
            "name": organisation.name,
            "url": reverse("accounts:organisation", args=[organisation.pk]),
            "events": ngettext("%(n)s event", "%(n)s events", number) % {"n": count(number)},
            "bar": max(1, number * 100 // most),
        }
        for organisation, number in found
    ]


def event_rows(found: Iterable[UsageEvent]) -> list[dict[str, Any]]:
    """Single events that were looked up."""
    return [
        {
            "key": row.key,
            "organisation": row.organisation.name,
            "meter": row.meter,
            "quantity": shown(row.quantity),
            "value": row.value,
            "occurred_at": row.occurred_at,
            "received_at": row.received_at,
        }
        for row in found
    ]
