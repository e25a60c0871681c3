"""Lists of payments, provider events, reminders and providers, each by the same cases."""

from itertools import count

from billing.models import Customer, Payment, ProviderAccount, ProviderEvent
from billing.services.dunning import dunning_start
from billing.services.provider_accounts import provider_account_create
from portal.kit import clock, context
from portal.kit.services import writing
from tests.billing.document_world import buyer, final
from tests.billing.payment_world import provider
from tests.cases.listing import ListCase

_numbers = count(1)


def _customer() -> Customer:
    return Customer.objects.first() or buyer()


class TestPaymentList(ListCase):
    name = "billing.payments"

    def make(self, number: int) -> None:
        customer, account = _customer(), provider()
        invoice = final(customer, 10_00)
        with context.system("a test"), writing():
            for place in range(number):
                Payment.objects.create(
                    organisation_id=customer.organisation_id,
                    customer=customer,
                    invoice=None if place % 3 == 0 else invoice,
                    account=account,
                    provider=account.provider,
                    key=f"case{next(_numbers)}",
                    origin="checkout",
                    amount=100 + place,
                    currency="EUR",
                    event_at=clock.now(),
                )


class TestProviderEventList(ListCase):
    name = "billing.provider_events"

    def make(self, number: int) -> None:
        account = provider()
        with context.system("a test"), writing():
            for _ in range(number):
                ProviderEvent.objects.create(
                    account=account,
                    event_ref=f"case{next(_numbers)}",
                    kind="payment.succeeded",
                    body=b"{}",
                    occurred_at=clock.now(),
                )


class TestDunningList(ListCase):
    name = "billing.dunning"

    def make(self, number: int) -> None:
        for _ in range(number):
            invoice = final(buyer(), 10_00)
            with context.system("a test") as current:
                dunning_start(actor=current.actor, invoice=invoice, at=clock.now())


class TestProviderList(ListCase):
    name = "billing.provider_accounts"

    def make(self, number: int) -> None:
        with context.system("a test") as current:
            for _ in range(number):
                provider_account_create(
                    actor=current.actor,
                    provider=ProviderAccount.Provider.MANUAL,
                    code=f"case-{next(_numbers)}",
                    label=f"Bank {next(_numbers)}",
                )
