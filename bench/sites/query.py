"""Settings and URLs of the limit: the bare view with nothing but the identity's query, by the same fast way."""

import json
import os
from typing import cast

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from portal.conf import env
from portal.kit.postgres.base import DatabaseWrapper, Statement

SECRET_KEY = "only for measuring"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
DATABASES = {
    "default": {
        **env.database(os.environ["DATABASE_URL"], name="DATABASE_URL"),
        "ENGINE": "portal.kit.postgres",
        "CONN_MAX_AGE": None,
    }
}
LOGGING_CONFIG = None
USE_TZ = True

_asked = json.loads(os.environ["BENCH_QUERY"])
_statement = Statement(_asked["sql"])
_values: list[bytes | None] = [None if value is None else bytes.fromhex(value) for value in _asked["values"]]


def ping(request: HttpRequest) -> JsonResponse:
    """The reference's body, after the query."""
    row = cast(DatabaseWrapper, connection).first_row(_statement, _values)
    return JsonResponse(
        {"id": "01939f2c-7c00-7000-8000-000000000000", "label": "Manager", "may_read_people": bool(row)}
    )


urlpatterns = [path("ping", ping)]
