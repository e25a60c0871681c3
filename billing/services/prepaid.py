"""The prepaid balance of a customer, filled and lowered by staff."""

from typing import Literal

from billing import document_books as books
from billing.errors.invoices import DocumentKeyConflict
from billing.ledger import chart, post
from billing.models import Customer
from billing.services.settlements import wallet_put
from billing.times import now_of
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import record
from rbac.standing import standing_on

Source = Literal["courtesy", "credit"]


def wallet_adjust(
    *, actor: Actor, customer: Customer, amount: int, key: str, reason: str, source: Source = "courtesy"
) -> None:
    """Fill the prepaid balance by `amount` minor units, or lower it (below 0). Staff (`invoice:admin`).

    `source`: a courtesy at our expense, or the customer's own credit, to which money that came without a document goes;
    what is taken off goes back there. What is open is paid from it at once. The same `key` again changes nothing. Events
    `billing.customer.topped_up` or `billing.prepaid.lowered`, and those of the invoices that it settles. `DocumentKeyConflict`,
    `Invalid`, and `Overdrawn` of the ledger when there is less.
    """
    authorise(actor, "invoice:admin")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount == 0 or not reason.strip():
        raise Invalid
    of = chart.expense("courtesy", customer.currency, sandbox=customer.sandbox)
    if source == "credit":
        of = books.credit(customer)
    if amount > 0:
        wallet_put(actor=actor, customer=customer, amount=amount, key=key, of=of, reason=reason)
        return
    with standing_on(customer.organisation_id):
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        made = books.of_customer(
            f"topped_up:{key}",  # The same key as for filling, so that one key is one act.
            now_of(customer),
            "prepaid_lowered",
            customer,
            amount=-amount,
            into=books.wallet(customer),
            of=of,
        )
        if books.is_posted(made.key):
            if not books.is_same(made):
                raise DocumentKeyConflict
            return
        post(made)
        data = {"amount": amount, "currency": customer.currency}
        record("billing.prepaid.lowered", target=customer, reason=reason, data=data)
