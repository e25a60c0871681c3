"""Endpoints of an organisation's own documents and means of payment, of reminders and of providers, by the same cases."""

from itertools import count

import pytest

from billing.models import (
    CreditNote,
    Customer,
    DunningRun,
    Invoice,
    Payment,
    PaymentMethod,
    ProviderAccount,
    ProviderEvent,
)
from billing.services.dunning import dunning_start
from billing.services.provider_accounts import provider_account_create
from portal.kit import clock, context
from portal.kit.services import writing
from tests.billing.document_world import buyer, final
from tests.billing.payment_world import begun, card, provider
from tests.billing.test_credit_notes import note
from tests.cases.api import NOWHERE, ApiCase
from tests.cases.inside import Inside
from tests.factories import World

_numbers = count(1)


class Own(Inside):
    """What an organisation has of money: administrators read it, owners change it."""

    __test__ = False
    collection = f"/api/v1/organisations/{NOWHERE}/billing/invoices"
    reader = "admin"
    holder = "owner"
    customer: Customer

    @pytest.fixture(autouse=True)
    def _customer(self, _house: None) -> None:
        self.customer = buyer(where=self.house.organisation)


class TestOwnInvoices(Own):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/billing/invoices"
    below = "billing/invoices"
    models = (Invoice,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{final(self.customer, 100).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            final(self.customer, 100)


class TestOwnCreditNotes(Own):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/billing/credit-notes"
    below = "billing/credit-notes"
    models = (CreditNote,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{note(final(self.customer, 100), amount=1).pk}"

    def make(self, number: int) -> None:
        made = final(self.customer, 100_00)
        for _ in range(number):
            note(made, amount=1)


class TestPaymentMethods(Own):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/billing/payment-methods"
    below = "billing/payment-methods"
    changed = {"is_default": True}
    models = (PaymentMethod,)

    def existing(self, world: World) -> str:
        card(self.customer)  # The first one is the default.
        return f"{self.collection}/{card(self.customer).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            card(self.customer)


class TestOwnPayments(Own):
    __test__ = True
    collection = f"/api/v1/organisations/{NOWHERE}/billing/payments"
    below = "billing/payments"
    models = (Payment,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{begun(final(self.customer, 100)).pk}"

    def make(self, number: int) -> None:
        invoice = final(self.customer, 100)
        for _ in range(number):
            begun(invoice)


class TestDunningRuns(ApiCase):
    collection = "/api/v1/dunning"
    reader = "admin"
    models = (DunningRun,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._begun().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._begun()

    def _begun(self) -> DunningRun:
        with context.system("a test") as current:
            return dunning_start(actor=current.actor, invoice=final(buyer(), 10_00), at=clock.now())


class TestPaymentProviders(ApiCase):
    collection = "/api/v1/payment-providers"
    reader = "admin"  # Who sees providers may change them, too: there is no lesser right.
    reader_may = frozenset({"patch", "post"})
    valid = {"provider": "manual", "code": lambda: f"made-{next(_numbers)}", "label": "Our bank"}
    changed = {"label": "Main bank"}
    models = (ProviderAccount,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._made().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            self._made()

    def _made(self) -> ProviderAccount:
        number = next(_numbers)
        with context.system("a test") as current:
            return provider_account_create(
                actor=current.actor, provider="manual", code=f"api-{number}", label=f"Bank {number}"
            )


class TestProviderEvents(ApiCase):
    collection = "/api/v1/provider-events"
    reader = "admin"
    models = (ProviderEvent,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{self._told(provider()).pk}"

    def make(self, number: int) -> None:
        account = provider()
        for _ in range(number):
            self._told(account)

    def _told(self, account: ProviderAccount) -> ProviderEvent:
        with context.system("a test"), writing():
            return ProviderEvent.objects.create(
                account=account,
                event_ref=f"api-{next(_numbers)}",
                kind="payment.succeeded",
                body=b"{}",
                occurred_at=clock.now(),
            )
