"""Settings of the peer's ledger: django-hordak as its documentation installs it, in the peer's database."""

import os
from urllib.parse import urlsplit

_url = urlsplit(os.environ["BENCH_PEER_URL"])
SECRET_KEY = "of the measurement only"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "mptt", "hordak"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.lstrip("/"),
        "USER": _url.username,
        "PASSWORD": _url.password,
        "HOST": _url.hostname,
        "PORT": _url.port,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CURRENCIES = ["EUR"]
DEFAULT_CURRENCY = "EUR"
HORDAK_CURRENCIES = ["EUR"]
USE_TZ = True
