"""The door for webhooks of payment providers, and the sandbox's checkout page: both open to whom holds the proof."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from billing.errors.payments import CardNumberInvalid
from billing.forms.payments import CardForm
from billing.presenters.payments import checkout_page
from billing.services import sandbox
from billing.services.provider_events import webhook_take
from portal.kit import errors, limits
from portal.kit.access import Public
from portal.kit.forms import refused
from portal.kit.views import PageView

# A provider tells of everybody from few addresses.
WEBHOOKS = limits.Limit("provider_webhooks", "STEWARD_RATE_AUTHZ", "address")


@method_decorator(csrf_exempt, name="dispatch")
class ProviderWebhookView(PageView):
    """Where a payment provider tells what happened: kept, answered at once, done by a job."""

    access = Public("A provider has no session; its signature over the raw body is the proof.")
    limit = WEBHOOKS

    def post(self, request: HttpRequest, provider: str, account: str) -> HttpResponse:
        """Take it in: 200 with the event's id; 400 when it is not signed as it should be."""
        taken = webhook_take(provider=provider, code=account, body=request.body, headers=request.headers)
        if taken.error is not None:
            # Not raised: the trail of the refusal is to stay.
            return JsonResponse(
                {"code": taken.error.code, "detail": str(taken.error.detail)}, status=taken.error.status
            )
        return JsonResponse({"event": str(taken.event.pk) if taken.event else ""})


@method_decorator(sensitive_post_parameters("number"), name="dispatch")
class SandboxCheckoutView(PageView):
    """The sandbox provider's own payment page."""

    access = Public("Whoever pays need not be signed in; the token of the page says what for.")
    limit = limits.ANONYMOUS
    template_name = "billing/sandbox_checkout.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """What is to be paid, and a field for a test card."""
        return self._page(token, CardForm())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Pay, confirm, refuse or leave; back to where the payer came from."""
        todo = request.POST.get("do", "")
        if todo == "pay":
            form = CardForm(request.POST)
            if not form.is_valid():
                return self._page(token, form, status=422)
            try:
                charge = sandbox.sandbox_pay(token=token, number=form.cleaned_data["number"])
            except CardNumberInvalid as error:
                refused(form, error)
                return self._page(token, form, status=422)
            if charge.state == charge.State.CONFIRM:
                return redirect(request.path)
        elif todo in {"confirm", "refuse"}:
            charge = sandbox.sandbox_confirm(token=token, agreed=todo == "confirm")
        elif todo == "leave":
            charge = sandbox.sandbox_leave(token=token)
        else:
            raise errors.BadRequest
        back = urlsplit(charge.return_url)  # Our own page; only its path, whatever this installation is reached by.
        return redirect(back.path + (f"?{back.query}" if back.query else "") or "/")

    def _page(self, token: str, form: CardForm, *, status: int = 200) -> HttpResponse:
        reply = self.page(checkout_page(sandbox.charge_of(token=token)) | {"form": form}, status=status)
        reply["Referrer-Policy"] = "no-referrer"
        return reply
