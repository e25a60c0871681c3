"""Entries of the navigation: what was agreed."""

from django.utils.translation import gettext_lazy as _

from billing.lists.subscriptions import subscriptions
from portal.kit.registry import MenuItem, menu

menu.add(
    MenuItem(
        subscriptions.name,
        subscriptions.label,
        subscriptions.url,
        "refresh",
        "money",
        subscriptions.code,
        order=20,
    )
)
menu.add(
    MenuItem(
        "billing.own_plan",
        _("Plan"),
        "/o/{slug}/billing/plan",
        "card",
        "money",
        "billing:read",
        order=10,
        realm="organisation",
    )
)
