"""The way to PostgreSQL and Redis."""

import os
from typing import Any

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, embedded

_NOWHERE = "postgresql://steward_app@127.0.0.1:1/steward"  # Refuses the connection; commands explain what to start.
DATABASE_URL = env.text(
    "DATABASE_URL",
    group="Servers",
    secret=True,
    help_text="PostgreSQL 15 to 18, login of the application. Empty: the embedded server of this folder.",
)
DATABASE_OWNER_URL = env.text(
    "DATABASE_OWNER_URL",
    group="Servers",
    secret=True,
    help_text="Login of the owner (migrations, backup). Empty: DATABASE_URL is both, a weaker wall.",
)
STEWARD_EMBEDDED = not DATABASE_URL
_auto_init = env.choice(
    "AUTO_INIT_DB",
    ("auto", "1", "0", "true", "false", "yes", "no", "on", "off"),
    group="Servers",
    help_text="Whether a start may migrate a database with data without asking, after a backup; auto: only the "
    "embedded one, and never in production.",
)
AUTO_INIT_DB = _auto_init in {"1", "true", "yes", "on"} or (
    _auto_init == "auto" and STEWARD_EMBEDDED and not PRODUCTION
)
STEWARD_CONNECT_AS = os.environ.get(
    "STEWARD_CONNECT_AS", "app"
)  # Set by manage.py for the owner's commands, never by people.
_app_url = DATABASE_URL or embedded.get("database_url", _NOWHERE)
owner_url = DATABASE_OWNER_URL or (DATABASE_URL or embedded.get("database_owner_url", _NOWHERE))
STEWARD_ONE_LOGIN = bool(DATABASE_URL) and DATABASE_OWNER_URL in {"", DATABASE_URL}

_database: dict[str, Any] = env.database(_app_url, name="DATABASE_URL")
if STEWARD_CONNECT_AS == "owner":
    _database = env.database(owner_url, name="DATABASE_OWNER_URL")
elif DATABASE_URL and _database["USER"] != "steward_app":
    # Grants and policies are the role's; another login was given the right to become it (`database prepare`).
    _database["OPTIONS"]["assume_role"] = "steward_app"
_database["OPTIONS"].setdefault("connect_timeout", 5)
_database["OPTIONS"].setdefault("application_name", "steward")
_database["OPTIONS"].setdefault(
    "tcp_user_timeout", 10_000
)  # Milliseconds: a database that hangs must not hold a probe for ever.
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "portal.kit.postgres",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # portal.kit.middleware opens the one transaction of a request.
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_ADMIN_URL = env.text(
    "DATABASE_ADMIN_URL",
    group="Servers",
    secret=True,
    help_text="Login that may create databases, for restores and their nightly drill. Empty: the owner, if it may; "
    "the embedded server has its own.",
) or env.same_server(embedded.get("admin_url", ""), _app_url)

REDIS_URL = env.redis(
    env.text(
        "REDIS_URL",
        group="Servers",
        secret=True,
        help_text="Redis, for the queue and the cache. Empty: the embedded server of this folder.",
    )
    or embedded.get("redis_url", ""),
    name="REDIS_URL",
)
