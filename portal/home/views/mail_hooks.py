"""Doors that stand open to mail programs and providers: ending mails by a link, and reports of bounces."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from portal.kit import limits
from portal.kit.access import Public
from portal.kit.errors import NotFound
from portal.kit.mail import reports
from portal.kit.notices import choices
from portal.kit.views import PageView

# A provider reports for everybody from few addresses.
REPORTS = limits.Limit("mail_reports", "STEWARD_RATE_AUTHZ", "address")


@method_decorator(csrf_exempt, name="dispatch")  # A mail program presses the button (RFC 8058); the token is the proof.
class Unsubscribe(PageView):
    """End the mails of one kind, by the link of such a mail. Looking ends nothing: mail programs look at links, too."""

    access = Public("Whoever gets a mail may end such mails without signing in; the signed token says whose and which.")
    limit = limits.ANONYMOUS
    template_name = "home/unsubscribe.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask; `NotFound` for a token that is not ours."""
        _person_id, category = choices.unsubscribe_read(token)
        return self._told({"category": category, "done": False})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Do it, for the form and for a mail program's own button alike; again is harmless."""
        return self._told({"category": choices.unsubscribe(token=token), "done": True})

    def _told(self, values: dict[str, object]) -> HttpResponse:
        reply = self.page(values)
        reply["Referrer-Policy"] = "no-referrer"
        return reply


@method_decorator(csrf_exempt, name="dispatch")
class MailReports(PageView):
    """Where a mail provider reports bounces and complaints."""

    access = Public("A provider has no session; the secret that it sends is the proof.")
    limit = REPORTS

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page, for whoever brings the secret; a provider is asked for it first (SNS sends it only then)."""
        if kwargs.get("provider") not in reports.PROVIDERS:
            raise NotFound
        if not reports.is_authorised(request):
            limits.spend(request, limits.ANONYMOUS)
            reply = HttpResponse(status=401)
            reply["WWW-Authenticate"] = 'Basic realm="steward mail"'
            return reply
        return super().dispatch(request, *args, **kwargs)

    def head(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Some providers look whether anybody is there."""
        return HttpResponse()

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Take what is reported; 204."""
        reports.reports_take(provider=provider, request=request)
        return HttpResponse(status=204)
