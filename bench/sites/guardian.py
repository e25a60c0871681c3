"""Settings of the stock project: Django's own users, guardian's own tables and backend."""

import os

from portal.conf import env

SECRET_KEY = "only for measuring"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "guardian", "bench.stock"]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
ANONYMOUS_USER_NAME = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        **env.database(os.environ["BENCH_PEER_URL"], name="BENCH_PEER_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
    }
}
LOGGING_CONFIG = None
USE_TZ = True
