"""Entries of the navigation: documents."""

from billing.lists.invoices import credit_notes, invoices, own_invoices
from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("billing.invoices", invoices.label, invoices.url, "document", "money", invoices.code, order=30))
menu.add(
    MenuItem(
        "billing.credit_notes",
        credit_notes.label,
        credit_notes.url,
        "document",
        "money",
        credit_notes.code,
        45,
        group="receivables",
    )
)
menu.add(
    MenuItem(
        "billing.own_invoices",
        own_invoices.label,
        own_invoices.url,
        "document",
        "money",
        own_invoices.code,
        order=30,
        realm="organisation",
    )
)
