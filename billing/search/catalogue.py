"""What the search finds of what is sold."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from billing.lists import catalogue
from portal.kit.search import Hit, Records, containing, kinds


def _shown(route: str) -> Any:
    def hit(row: Any) -> Hit:
        return Hit(str(row.pk), row.name or row.code, row.code, reverse(f"billing:{route}", args=[row.pk]))

    return hit


for place, (name, declared, label, icon, route, order) in enumerate(
    (
        ("plans", catalogue.plans, gettext_lazy("Plans"), "card", "plan", "position"),
        ("coupons", catalogue.coupons, gettext_lazy("Coupons"), "invoice", "coupon", "-created_at"),
        ("meters", catalogue.meters, gettext_lazy("Meters"), "activity", "meter", "name"),
        ("features", catalogue.features, gettext_lazy("Features"), "check-circle", "feature", "position"),
    )
):
    kinds.add(
        Records(
            name,
            "platform",
            label,
            icon,
            declared.code,
            declared.url,
            50 + place,
            source=declared.source,
            hit=_shown(route),
            narrow=containing("name", "code"),
            exact=("code__iexact",),
            order=(order, "id"),
        )
    )
