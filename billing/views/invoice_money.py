"""What staff does about the money of an invoice: written down by hand, given up in part, asked for by a link."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.forms.invoices import WriteOffForm
from billing.forms.payments import RecordForm
from billing.models import Invoice
from billing.presenters.payments import money
from billing.selectors import payments as payment_selectors
from billing.services.payment_links import payment_link_create, payment_links_revoke
from billing.services.payments import payment_record
from billing.services.settlements import invoice_write_off
from billing.views.invoices import InvoicePageBase
from portal.kit import errors
from portal.kit.money import parsed


class InvoiceMoneyBase(InvoicePageBase, abstract=True):
    """An act of a form of the page: done, told, and back; or the page with the reason."""

    def answer(self, key: UUID, act: Callable[[Invoice], str]) -> HttpResponse:
        """Do it."""
        target = self.find(key)
        try:
            told = act(target)
        except (errors.Conflict, errors.Invalid) as error:
            return self.conflict(self.find(key), error)
        messages.success(self.request, told)
        return redirect(self.address(target))


class InvoiceRecordView(InvoiceMoneyBase):
    """Write down money that came by hand."""

    access = "payment:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Once, however often the form is sent: its hidden key is the payment's."""
        return self.answer(key, self._record)

    def _record(self, target: Invoice) -> str:
        form = RecordForm(self.request.POST, accounts=payment_selectors.accounts_by_hand(self.actor, target.sandbox))
        once = self.request.POST.get("key", "")
        if not form.is_valid() or not once:
            raise errors.Invalid(_("Give an amount, the account and the reference. Nothing was written down."))
        sent: dict[str, Any] = form.cleaned_data
        made = payment_record(
            actor=self.actor,
            customer=target.customer,
            amount=parsed(sent["amount"], target.currency).amount,
            account=sent["account"],
            key=f"{target.pk}:{once}",
            reference=sent["reference"],
            invoice=target,
        )
        return _("%(amount)s is written down.") % {"amount": money(made.amount, made.currency)}


class InvoiceWriteOffView(InvoiceMoneyBase):
    """Give up a rest of what is due."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Once, however often the form is sent."""
        return self.answer(key, self._write_off)

    def _write_off(self, target: Invoice) -> str:
        form, once = WriteOffForm(self.request.POST), self.request.POST.get("key", "")
        if not form.is_valid() or not once:
            raise errors.Invalid(_("Give an amount in the invoice's currency. Nothing was given up."))
        amount = parsed(form.cleaned_data["amount"], target.currency).amount
        invoice_write_off(actor=self.actor, invoice=target, amount=amount, key=f"by-hand:{once}"[:120])
        return _("%(amount)s is given up.") % {"amount": money(amount, target.currency)}


class InvoiceLinkView(InvoicePageBase):
    """Make a link by which anybody who has it sees and pays the invoice."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The page with the address: in this one reply, and nowhere else, ever."""
        target = self.find(key)
        try:
            address = payment_link_create(actor=self.actor, invoice=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        reply = self.detail(target, issued={"address": address})
        reply["Cache-Control"] = "no-store"
        return reply


class InvoiceUnlinkView(InvoiceMoneyBase):
    """End every link to an invoice."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Those in mails that were sent too."""
        return self.answer(key, self._revoke)

    def _revoke(self, target: Invoice) -> str:
        payment_links_revoke(actor=self.actor, invoice=target)
        return _("No link to this invoice is good any more.")
