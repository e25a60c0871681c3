"""Settings and URLs of the reference: Django with no middleware and one view that answers JSON."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

SECRET_KEY = "only for measuring"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
DATABASES: dict[str, object] = {}
LOGGING_CONFIG = None
USE_TZ = True


def ping(request: HttpRequest) -> JsonResponse:
    """A body of the size of the signed-in read."""
    return JsonResponse({"id": "01939f2c-7c00-7000-8000-000000000000", "label": "Manager", "may_read_people": True})


urlpatterns = [path("ping", ping)]
