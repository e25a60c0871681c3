"""Entries of the navigation: payments and their providers."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("payments", _("Payments"), "/platform/payments", "card", "money", "payment:admin", 40))
menu.add(
    MenuItem("dunning", _("Dunning"), "/platform/dunning", "alert", "money", "payment:admin", 50, group="receivables")
)
menu.add(
    MenuItem(
        "payment_providers",
        _("Payment providers"),
        "/platform/payment-providers",
        "globe",
        "money",
        "payment:admin",
        91,
        group="billing_setup",
    )
)
menu.add(
    MenuItem(
        "payment_methods",
        _("Payment methods"),
        "/o/{slug}/billing/methods",
        "card",
        "money",
        "billing:read",
        40,
        realm="organisation",
    )
)
