"""Lists and endpoints of invoices and credit notes, each by the same cases."""

from typing import Any, ClassVar

import pytest

from accounts.models import User
from billing.models import CreditNote, Customer, Invoice
from tests.accounts.organisation_world import House, make_house
from tests.billing.document_world import buyer, draft, final
from tests.billing.test_credit_notes import note
from tests.cases.api import ApiCase
from tests.cases.listing import ListCase
from tests.factories import World


class TestInvoiceList(ListCase):
    name = "billing.invoices"

    def make(self, number: int) -> None:
        customer = Customer.objects.first() or buyer("19")
        for place in range(number):
            draft(customer, 100) if place % 2 else final(customer, 100)


class TestCreditNoteList(ListCase):
    name = "billing.credit_notes"

    def make(self, number: int) -> None:
        customer = Customer.objects.first() or buyer()
        for _place in range(number):  # A row leads to the page of its invoice, so each has one of its own.
            note(final(customer, 100), amount=1)


class TestOwnInvoiceList(ListCase):
    name = "billing.own_invoices"
    stranger_status = 404  # An organisation that one is no member of is told like one that does not exist.
    house: House

    @pytest.fixture(autouse=True)
    def _house(self, world: World) -> None:
        self.house = make_house("Elsewhere")
        self.make(2)
        self.house = make_house("Harbour")

    def address(self, world: World) -> str:
        return self.house.url("billing/invoices")

    def who(self, world: World) -> User:
        return self.house.admin

    def make(self, number: int) -> None:
        customer = buyer(where=self.house.organisation)
        for _place in range(number):
            final(customer, 100)


class TestInvoiceApi(ApiCase):
    collection = "/api/v1/invoices"
    models = (Invoice,)
    valid: ClassVar[Any] = {
        "customer_id": lambda: str((Customer.objects.first() or buyer("19")).pk),
        "lines": [{"description": "Setup", "amount": {"amount": 10000, "currency": "EUR"}}],
    }

    def existing(self, world: World) -> str:
        return f"{self.collection}/{draft(Customer.objects.first() or buyer('19'), 100).pk}"

    def make(self, number: int) -> None:
        customer = Customer.objects.first() or buyer("19")
        for _place in range(number):
            draft(customer, 100)


class TestCreditNoteApi(ApiCase):
    collection = "/api/v1/credit-notes"
    models = (CreditNote,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{note(final(Customer.objects.first() or buyer(), 100), amount=1).pk}"

    def make(self, number: int) -> None:
        made = final(Customer.objects.first() or buyer(), 100_00)
        for _place in range(number):
            note(made, amount=1)
