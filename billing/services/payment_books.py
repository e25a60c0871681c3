"""How payments stand in the ledger: money that a provider holds or the bank has, its fees, and what goes back."""

from datetime import datetime

from billing.ledger import AccountRef, Line, Posting, chart, post
from billing.models import Customer, Payment, ProviderAccount


def road(*, payment: Payment) -> AccountRef:
    """Where the money of a payment is: at the provider until it pays out, or in the bank."""
    sandbox = payment.customer.sandbox
    if payment.provider == ProviderAccount.Provider.MANUAL:
        return chart.bank(payment.account.code, payment.currency, sandbox=sandbox)
    return chart.clearing(payment.provider, payment.currency, sandbox=sandbox)


def fee_posted(*, payment: Payment, amount: int, key: str, at: datetime, description: str) -> None:
    """Post what the provider kept, out of what it holds; below 0 it gave it back."""
    account = chart.fees(payment.provider, payment.currency, sandbox=payment.customer.sandbox)
    moved(
        payment=payment,
        amount=amount,
        into=account,
        of=road(payment=payment),
        key=key,
        at=at,
        kind="fee",
        description=description,
    )


def credited(*, payment: Payment, customer: Customer) -> AccountRef:
    """What is owed to the customer, in the payment's currency."""
    return chart.customer_credit(customer.pk, payment.currency, sandbox=customer.sandbox)


def moved(
    *,
    payment: Payment,
    amount: int,
    into: AccountRef,
    of: AccountRef,
    key: str,
    at: datetime,
    kind: str,
    description: str,
) -> None:
    """Post `amount` from one account (credit) into another (debit), as a journal of the payment; 0 posts nothing."""
    if amount == 0:
        return
    reference = str(payment.pk)
    post(
        Posting(
            key=key,
            event_at=at,
            kind=kind,
            description=description,
            lines=[Line(into, amount, reference), Line(of, -amount, reference)],
            document_kind="payment",
            document_id=payment.pk,
            customer_id=payment.customer_id,
        )
    )


def disputed(*, payment: Payment) -> AccountRef:
    """Money that a bank took back and that may come again."""
    return chart.disputes(payment.currency, sandbox=payment.customer.sandbox)


def lost(*, payment: Payment) -> AccountRef:
    """Money that will not come again."""
    return chart.bad_debt(payment.currency, sandbox=payment.customer.sandbox)
