"""What staff gives customers and takes off again, over the API: credit and the prepaid balance."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.money_serializers import CreditBody, PrepaidBody
from billing.api.payment_serializers import BalanceReply, balance_body
from billing.errors.invoices import DocumentKeyConflict
from billing.errors.ledger import Overdrawn
from billing.models import Customer
from billing.selectors import invoices as documents
from billing.services.prepaid import wallet_adjust
from billing.services.settlements import credit_grant
from portal.kit.api import ApiView, endpoint, json, minor_units


class CustomerMoneyBase(ApiView, abstract=True):
    """What both share: the customer, what was sent in its currency, and how it stands afterwards."""

    def given(self, customer: Customer) -> dict[str, Any]:
        """What was sent; the key counts for this customer alone, so that nobody else's is met."""
        values: dict[str, Any] = dict(self.sent)
        values["amount"] = minor_units(values["amount"], customer.currency, "amount")
        values["key"] = f"api:{customer.pk}:{values['key']}"
        return values

    def told(self, customer: Customer) -> HttpResponse:
        """What stands between the customer and us now."""
        return json(balance_body(documents.account_of(customer), customer.currency), status=201)


class CreditsView(CustomerMoneyBase):
    """Credit that is given to a customer."""

    access = "invoice:admin"

    @endpoint(body=CreditBody, reply=BalanceReply, status=201, errors=(DocumentKeyConflict,))
    def post(self, request: Request, customer_id: UUID) -> HttpResponse:
        """Give credit as a courtesy. The same key and content again changes nothing; another content is refused."""
        found = documents.customer(self.actor, customer_id)
        credit_grant(actor=self.actor, customer=found, **self.given(found))
        return self.told(found)


class PrepaidView(CustomerMoneyBase):
    """The prepaid balance of a customer."""

    access = "invoice:admin"

    @endpoint(body=PrepaidBody, reply=BalanceReply, status=201, errors=(DocumentKeyConflict, Overdrawn))
    def post(self, request: Request, customer_id: UUID) -> HttpResponse:
        """Fill the prepaid balance, or lower it by an amount below 0. The same key and content again changes nothing."""
        found = documents.customer(self.actor, customer_id)
        given = self.given(found)
        wallet_adjust(actor=self.actor, customer=found, source=given.pop("funding"), **given)
        return self.told(found)
