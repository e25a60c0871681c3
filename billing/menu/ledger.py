"""Entries of the navigation: the ledger."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

for name, label, url, icon, order, group in (
    ("ageing", _("Ageing"), "/platform/ledger/ageing", "clock", 52, "receivables"),
    ("statements", _("Bank statements"), "/platform/ledger/statements", "upload", 54, "receivables"),
    ("revenue", _("Revenue"), "/platform/revenue", "calendar", 70, "books"),
    ("ledger", _("Ledger"), "/platform/ledger", "columns", 71, "books"),
    ("journals", _("Journals"), "/platform/ledger/journals", "document", 72, "books"),
    ("proof", _("Proof"), "/platform/ledger/proof", "shield", 73, "books"),
):
    menu.add(MenuItem(f"billing.{name}", label, url, icon, "money", "ledger:read", order, group=group))
