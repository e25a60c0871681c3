"""Entries of the navigation: who buys and who sells."""

from django.utils.translation import gettext_lazy as _

from billing.lists.customers import customers, entities
from billing.presenters import customer_health, customer_money, customer_panels  # noqa: F401 - they declare their panels
from billing.selectors.customers import sandbox_here
from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("billing.customers", customers.label, customers.url, "people", "money", customers.code, order=10))
menu.add(
    MenuItem(
        "billing.entities",
        entities.label,
        entities.url,
        "building",
        "money",
        entities.code,
        order=90,
        group="billing_setup",
    )
)
menu.add(
    MenuItem(
        "billing.details",
        _("Billing details"),
        "/o/{slug}/billing/details",
        "building",
        "money",
        "billing:read",
        order=80,
        realm="organisation",
    )
)
menu.add(
    MenuItem(
        "billing.clock",
        _("Test clock"),
        "/o/{slug}/billing/clock",
        "clock",
        "money",
        "billing:read",
        order=85,
        realm="organisation",
        only=lambda actor: sandbox_here(actor) is not None,
    )
)
