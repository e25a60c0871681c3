"""Entries of the navigation: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

for name, label, url, icon, order in (
    ("ledger", _("Ledger"), "/platform/ledger", "columns", 70),
    ("journals", _("Journals"), "/platform/ledger/journals", "document", 71),
    ("revenue", _("Revenue"), "/platform/revenue", "calendar", 69),
    ("ageing", _("Ageing"), "/platform/ledger/ageing", "clock", 73),
    ("proof", _("Proof"), "/platform/ledger/proof", "shield", 74),
    ("statements", _("Bank statements"), "/platform/ledger/statements", "upload", 72),
):
    menu.add(MenuItem(f"billing.{name}", label, url, icon, "money", "ledger:read", order))
