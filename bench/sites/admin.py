"""Settings and URLs of the stock admin: Django's own list of its own users, as it comes."""

import os

from django.contrib import admin
from django.urls import path

from portal.conf import env

SECRET_KEY = "only for measuring"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
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
STATIC_URL = "static/"


def urls() -> list[object]:
    """The admin's, once the applications are ready."""
    admin.autodiscover()
    return [path("admin/", admin.site.urls)]


def __getattr__(name: str) -> object:
    if name == "urlpatterns":
        return urls()
    raise AttributeError(name)
