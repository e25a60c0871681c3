"""What every page shares that sends somebody off to pay and takes them back."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.models import Payment
from billing.presenters.payments import hosted_page, money
from billing.providers.base import Checkout
from billing.providers.razorpay import SCRIPT
from portal.kit.views import PageView

# What the one page that opens Razorpay's script may load, besides ours.
RAZORPAY_CSP = (
    f"default-src 'none'; script-src 'self' {SCRIPT}; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
    f"font-src 'self'; connect-src 'self' https://*.razorpay.com; frame-src https://*.razorpay.com; "
    "form-action 'self' https://*.razorpay.com; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
SIGNED = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")


def lead_on(view: PageView, payment: Payment, checkout: Checkout, *, back_url: str, template: str) -> HttpResponse:
    """On to where it is paid: our own sandbox at once, others by a page with a link, a script, or where to transfer."""
    if checkout.url.startswith("/"):
        return redirect(checkout.url)
    # No redirect to another site from a form: the policy of our pages lets forms lead to ourselves only.
    values = hosted_page(payment, checkout, back_url)
    reply = view.page(values, template=template)
    if values["road"] == "razorpay":
        reply["Content-Security-Policy"] = RAZORPAY_CSP
        reply["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return reply


def sent_back(request: HttpRequest) -> Mapping[str, str]:
    """What the provider's script signed and the browser brings."""
    return {name: request.POST.get(name, "") for name in SIGNED}


def tell_result(request: HttpRequest, done: Payment) -> None:
    """Say what became of a payment, on the page that follows."""
    amount = money(done.amount, done.currency)
    if done.state == Payment.State.SUCCEEDED:
        messages.success(request, _("Thank you. %(amount)s arrived.") % {"amount": amount})
    elif done.state in (Payment.State.FAILED, Payment.State.CANCELLED):
        why = done.failure_text or _("It was called off.")
        messages.warning(request, _("The payment was not made. %(why)s") % {"why": why})
    else:
        messages.info(request, _("The payment is on its way; this page will know soon."))
