"""Entries of the navigation: use and what a plan entitles to."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(
    MenuItem(
        "billing.organisation_usage",
        _("Usage"),
        "/o/{slug}/billing/usage",
        "activity",
        "money",
        "usage:read",
        order=20,
        realm="organisation",
    )
)
menu.add(
    MenuItem(
        "billing.usage",
        _("Usage"),
        "/platform/usage",
        "activity",
        "money",
        "usage:read",
        order=65,
        group="catalogue",
    )
)
