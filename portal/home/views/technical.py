"""Health for people."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.kit import health
from portal.kit.views import PageView


class Health(PageView):
    """Every dependency with its state, for administrators; probes use /health/live and /health/ready."""

    access = "installation:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The report as JSON; 503 only when something vital is away."""
        report = health.report()
        return JsonResponse(report.as_json(), status=503 if report.status == "down" else 200)
