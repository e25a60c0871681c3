"""Settings and URLs of the peer: Django's own session, user and permission, from the database on every request."""

import os

from django.http import HttpRequest, JsonResponse
from django.urls import path

from portal.conf import env

SECRET_KEY = "only for measuring"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        **env.database(os.environ["BENCH_PEER_URL"], name="BENCH_PEER_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
    }
}
LOGGING_CONFIG = None
USE_TZ = True


def whoami(request: HttpRequest) -> JsonResponse:
    """The same three values as Steward's `auth/session`."""
    user = request.user
    return JsonResponse(
        {"id": user.pk, "label": user.get_username(), "may_read_people": user.has_perm("auth.view_user")}
    )


urlpatterns = [path("whoami", whoami)]
