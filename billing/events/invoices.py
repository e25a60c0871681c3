"""Events: documents."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("billing.invoice.drafted", _("The invoice {target} was drafted"), "billing"))
events.add(Event("billing.invoice.redrafted", _("The draft {target} got other lines"), "billing"))
events.add(Event("billing.invoice.discarded", _("The draft {target} was thrown away"), "billing", "notice"))
events.add(Event("billing.invoice.finalised", _("Invoice {target} was issued"), "billing"))
events.add(Event("billing.invoice.settled", _("Something of invoice {target} was settled or taken back"), "billing"))
events.add(Event("billing.invoice.paid", _("Invoice {target} is paid"), "billing"))
events.add(Event("billing.invoice.voided", _("Invoice {target} was made void"), "billing", "notice"))
events.add(Event("billing.invoice.given_up", _("Invoice {target} was given up as uncollectible"), "billing", "notice"))
events.add(Event("billing.credit_note.issued", _("Credit note {target} was issued"), "billing", "notice"))
events.add(Event("billing.customer.credited", _("{target} was given credit"), "billing", "notice"))
events.add(Event("billing.prepaid.lowered", _("The prepaid balance of {target} was lowered"), "billing", "notice"))
events.add(Event("billing.customer.topped_up", _("The prepaid balance of {target} was filled"), "billing"))
events.add(Event("billing.customer.paid_out", _("Credit of {target} was paid out"), "billing", "notice"))
events.add(Event("billing.payment_link.created", _("A link to pay an invoice was made"), "billing"))
events.add(Event("billing.payment_link.revoked", _("A link to pay an invoice was revoked"), "billing", "notice"))

for name in (
    "number",
    "state",
    "currency",
    "subtotal",
    "discount",
    "tax",
    "total",
    "issued_at",
    "due_at",
    "memo",
):
    fields.add(Field("billing.Invoice", name, "public"))
for name in ("number", "destination", "subtotal", "tax", "total", "applied", "reason"):
    fields.add(Field("billing.CreditNote", name, "public"))
