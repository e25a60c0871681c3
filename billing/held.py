"""A document held for the transaction, together with whose it is."""

from uuid import UUID

from billing.models import Customer, Invoice
from portal.kit.errors import NotFound
from portal.kit.services import writing


def locked(invoice_id: UUID) -> Invoice:
    """The invoice with its customer's row held, so that nobody moves the customer's money meanwhile; part of other
    services. `NotFound` for none."""
    with writing():
        customers = Customer.objects.select_for_update(no_key=True).filter(invoices=invoice_id).values_list("pk")
        if customers.first() is None:
            raise NotFound
        rows = Invoice.objects.select_for_update(of=("self",), no_key=True)
        return rows.select_related("customer__test_clock", "entity").get(pk=invoice_id)
