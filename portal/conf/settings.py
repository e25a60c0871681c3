"""Every setting of Steward. Importable without any environment; `.env.example` is generated from it."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import portal
from portal.conf import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VERSION = portal.__version__

# --- Where we are ---------------------------------------------------------------------------------------------------

STEWARD_ENV = env.choice(
    "STEWARD_ENV",
    ("development", "staging", "production"),
    group="Installation",
    help_text="What this installation is. production turns on Secure and __Host- cookies and HSTS, and refuses to start insecure.",
)
PRODUCTION = STEWARD_ENV == "production"
DEBUG = False  # Never on: error pages leak. Errors carry an id that is in the log.
STEWARD_VAR = Path(
    env.text(
        "STEWARD_VAR",
        str(BASE_DIR / "var"),
        group="Installation",
        help_text="Folder for everything this installation writes.",
    )
)
_embedded = env.embedded(STEWARD_VAR)
STEWARD_PUBLIC_URL = env.text(
    "STEWARD_PUBLIC_URL",
    "http://127.0.0.1:" + (os.environ.get("PORT") or "8000"),
    group="Installation",
    help_text="Address under which people reach the portal; links in mails start with it, never with the Host header.",
).rstrip("/")
HOST = env.text("HOST", "127.0.0.1", group="Web", help_text="Address that the web server listens on.")
PORT = env.number("PORT", 8000, low=1, high=65535, group="Web", help_text="Port that the web server listens on.")
STEWARD_WEB_WORKERS = env.number(
    "STEWARD_WEB_WORKERS", min(2, os.cpu_count() or 1), low=1, high=64, group="Web", help_text="Web server processes."
)
STEWARD_WEB_THREADS = env.number(
    "STEWARD_WEB_THREADS",
    4,
    low=1,
    high=64,
    group="Web",
    help_text="Threads per web process; each holds one database connection.",
)
STEWARD_WORKER_CONCURRENCY = env.number(
    "STEWARD_WORKER_CONCURRENCY",
    2,
    low=1,
    high=64,
    group="Jobs",
    help_text="Jobs that one worker runs at the same time.",
)
STEWARD_EMBEDDED_USER = env.text(
    "STEWARD_EMBEDDED_USER",
    group="Installation",
    help_text="Account that runs the embedded servers when Steward is started as root [postgres, else nobody].",
)
STEWARD_TRUSTED_PROXIES = env.number(
    "STEWARD_TRUSTED_PROXIES",
    0,
    low=0,
    high=8,
    group="Web",
    help_text="Reverse proxies in front; the client address is taken so many entries from the right of X-Forwarded-For.",
)
DEMO = env.flag(
    "DEMO", True, group="Installation", help_text="Load the demonstration data on a fresh embedded database."
)

# --- Secrets --------------------------------------------------------------------------------------------------------

SECRET_KEY = env.text(
    "SECRET_KEY",
    group="Secrets",
    secret=True,
    help_text="Signs cookies and tokens; at least 32 random characters. Required in production, made in var/secrets elsewhere.",
) or ("" if PRODUCTION else env.local_secret(STEWARD_VAR, "secret_key"))
SECRET_KEY_FALLBACKS = [
    key
    for key in env.text(
        "SECRET_KEY_FALLBACKS",
        group="Secrets",
        secret=True,
        help_text="Earlier SECRET_KEYs that still verify, comma-separated.",
    ).split(",")
    if key
]
STEWARD_ENCRYPTION_KEYS = env.text(
    "STEWARD_ENCRYPTION_KEYS",
    group="Secrets",
    secret=True,
    help_text="Keys for data at rest: id:base64 of 32 bytes, comma-separated; the first encrypts, all decrypt. "
    "Required in production, made in var/secrets elsewhere.",
) or ("" if PRODUCTION else "local:" + env.local_secret(STEWARD_VAR, "encryption_key"))

# --- PostgreSQL and Redis -------------------------------------------------------------------------------------------

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
_app_url = DATABASE_URL or _embedded.get("database_url", _NOWHERE)
_owner_url = DATABASE_OWNER_URL or (DATABASE_URL or _embedded.get("database_owner_url", _NOWHERE))
STEWARD_ONE_LOGIN = bool(DATABASE_URL) and DATABASE_OWNER_URL in {"", DATABASE_URL}

_database: dict[str, Any] = env.database(_app_url, name="DATABASE_URL")
if STEWARD_CONNECT_AS == "owner":
    _database = env.database(_owner_url, name="DATABASE_OWNER_URL")
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
) or env.same_server(_embedded.get("admin_url", ""), _app_url)

REDIS_URL = env.redis(
    env.text(
        "REDIS_URL",
        group="Servers",
        secret=True,
        help_text="Redis, for the queue and the cache. Empty: the embedded server of this folder.",
    )
    or _embedded.get("redis_url", ""),
    name="REDIS_URL",
)

# --- Applications ---------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "axes",
    "guardian",
    "django_prometheus",
    "portal.kit",
    "audit",
    "rbac",
    "accounts",
    "billing",
    "maintenance",
    "portal.home",  # Last of ours: its ready() freezes the registries that the rooms fill.
    "portal.home.admin_site.StewardAdminConfig",  # After them: it reads the rooms' admin classes.
]
# Grants on single objects are kept by guardian in our own tables and decided by rbac: none of its ways into the models of
# people and groups, no row for nobody.
GUARDIAN_USER_OBJ_PERMS_MODEL = "rbac.UserGrant"
GUARDIAN_GROUP_OBJ_PERMS_MODEL = "rbac.TeamGrant"
GUARDIAN_MONKEY_PATCH_USER = GUARDIAN_MONKEY_PATCH_GROUP = False
ANONYMOUS_USER_NAME = None
MIDDLEWARE = [
    "portal.kit.middleware.EdgeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.kit.middleware.RequestMiddleware",
]
ROOT_URLCONF = "portal.conf.urls"
WSGI_APPLICATION = "portal.conf.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.home.shell.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.kit.templatetags.kit"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- People and sign-in ---------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.PasswordBackend",
    "rbac.backends.DecisionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.MinimumLengthValidator"},
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
    {"NAME": "accounts.passwords.NotAboutThePersonValidator"},
    {"NAME": "accounts.predictable.NotPredictableValidator"},
]
LOGIN_URL = "/sign-in"
ROOT_USERNAME = env.text(
    "ROOT_USERNAME", "admin", group="First start", help_text="User name of the root administrator."
)
ROOT_PASSWORD = env.text(
    "ROOT_PASSWORD",
    group="First start",
    secret=True,
    help_text="One-time password of the root administrator; empty: a random one is shown once. It must be changed at first sign-in.",
)
ROOT_EMAIL = env.text(
    "ROOT_EMAIL", "root@steward.invalid", group="First start", help_text="E-mail address of the root administrator."
)
STEWARD_ADMIN_CONTACT = env.text(
    "STEWARD_ADMIN_CONTACT",
    "your administrator",
    group="Installation",
    help_text="Whom a person with an inactive account should turn to (a name, a mail address or a page).",
)
STEWARD_IMPERSONATION = env.flag(
    "STEWARD_IMPERSONATION",
    True,
    group="Sessions",
    help_text="Whether administrators may see the console as another person, for 30 minutes and with a reason.",
)
CREATE_DEV_USER = env.flag(
    "CREATE_DEV_USER",
    False,
    group="First start",
    help_text="Make an account `dev` for developers, inactive, with a one-time password that the log shows once.",
)
ALLOW_DEV_ROLE_IN_PRODUCTION = env.flag(
    "ALLOW_DEV_ROLE_IN_PRODUCTION",
    False,
    group="Installation",
    help_text="Let the developer role count in production for as long as this is set. Safer: the switch, which ends by itself.",
)
SESSION_COOKIE_NAME = "__Host-steward" if PRODUCTION else "steward"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_IDLE = timedelta(
    minutes=env.number(
        "STEWARD_SESSION_IDLE_MINUTES", 720, low=1, high=10080, group="Sessions", help_text="Idle end of a session."
    )
)
SESSION_IDLE_STAFF = timedelta(
    minutes=env.number(
        "STEWARD_SESSION_IDLE_STAFF_MINUTES",
        30,
        low=1,
        high=10080,
        group="Sessions",
        help_text="Idle end of a session of platform staff.",
    )
)
SESSION_ABSOLUTE = timedelta(
    hours=env.number(
        "STEWARD_SESSION_HOURS", 336, low=1, high=8760, group="Sessions", help_text="Absolute end of a session."
    )
)
SESSION_ABSOLUTE_STAFF = timedelta(
    hours=env.number(
        "STEWARD_SESSION_STAFF_HOURS",
        12,
        low=1,
        high=8760,
        group="Sessions",
        help_text="Absolute end of a session of platform staff.",
    )
)
STEWARD_SESSION_WARNING = timedelta(
    seconds=env.number(
        "STEWARD_SESSION_WARNING_SECONDS",
        120,
        low=5,
        high=3600,
        group="Sessions",
        help_text="How long before its idle end a session's pages ask whether one stays.",
    )
)
STEWARD_ACCESS_TOKEN = timedelta(
    minutes=env.number(
        "STEWARD_ACCESS_TOKEN_MINUTES",
        15,
        low=1,
        high=1440,
        group="Sessions",
        help_text="How long an access token of the API opens anything.",
    )
)
STEWARD_REFRESH_TOKEN = timedelta(
    days=env.number(
        "STEWARD_REFRESH_TOKEN_DAYS",
        30,
        low=1,
        high=365,
        group="Sessions",
        help_text="Idle end of a client that is signed in with tokens; its absolute end is that of any session.",
    )
)
STEWARD_DEVICE_COOKIE = "__Host-device" if PRODUCTION else "device"  # Tells known browsers from new ones, nothing else.
STEWARD_REGISTRATION = env.choice(
    "STEWARD_REGISTRATION",
    ("invite-only", "open", "off") if PRODUCTION else ("open", "invite-only", "off"),
    group="Sessions",
    help_text="Who may make an account: open to every address, invite-only (the default in production), or off: "
    "administrators make them all.",
)
STEWARD_FACTOR_GRACE = timedelta(
    days=env.number(
        "STEWARD_FACTOR_GRACE_DAYS",
        7,
        low=0,
        high=90,
        group="Sessions",
        help_text="Days that staff and the owners and administrators of organisations have to set up a second factor.",
    )
)
# Between password and second factor; it opens nothing but the page that asks for the code.
SIGN_IN_COOKIE_NAME = "__Host-sign-in" if PRODUCTION else "sign-in"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True  # Scripts read the token from the page; nobody needs the cookie.
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.kit.edge.csrf_failure"
CSRF_TRUSTED_ORIGINS = [STEWARD_PUBLIC_URL] if STEWARD_PUBLIC_URL.startswith("https://") else []
ALLOWED_HOSTS = env.words(
    "STEWARD_ALLOWED_HOSTS",
    "127.0.0.1,localhost,[::1]",
    group="Web",
    help_text="Host names that the portal answers to, comma-separated. Required in production; * is refused there.",
)

# django-axes: settings of policy.md against its defaults (a permanent lock by address alone, left-most proxy address).
AXES_HANDLER = "accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = "accounts.lockout.cool_off"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "identifier"
AXES_CLIENT_IP_CALLABLE = "portal.kit.edge.client_address"
AXES_USERNAME_CALLABLE = "accounts.lockout.attempted_account"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "identifier"]
AXES_DISABLE_ACCESS_LOG = (
    True  # The audit trail records sign-ins; a second log would have to be cleaned and guarded too.
)
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_IPWARE_PROXY_COUNT = STEWARD_TRUSTED_PROXIES

# --- Edge -----------------------------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if STEWARD_TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
STEWARD_RATE_LIMITS = env.flag(
    "STEWARD_RATE_LIMITS",
    True,
    group="Rate limits",
    help_text="Whether requests are limited at all; off for load tests.",
)
STEWARD_RATE_API = env.number(
    "STEWARD_RATE_API",
    100,
    low=0,
    high=1_000_000,
    group="Rate limits",
    help_text="API calls a minute of one key or person; 0 for any number.",
)
STEWARD_RATE_ANONYMOUS = env.number(
    "STEWARD_RATE_ANONYMOUS",
    100,
    low=0,
    high=1_000_000,
    group="Rate limits",
    help_text="Requests a minute of one network address that nobody is signed in at.",
)
STEWARD_RATE_CONSOLE = env.number(
    "STEWARD_RATE_CONSOLE",
    600,
    low=0,
    high=1_000_000,
    group="Rate limits",
    help_text="Requests a minute of one session of the console.",
)
STEWARD_RATE_SENSITIVE = env.number(
    "STEWARD_RATE_SENSITIVE",
    10,
    low=0,
    high=1_000_000,
    group="Rate limits",
    help_text="Sign-ins, password links, invitations and exports a minute of one network address.",
)
STEWARD_RATE_AUTHZ = env.number(
    "STEWARD_RATE_AUTHZ",
    6_000,
    low=0,
    high=10_000_000,
    group="Rate limits",
    help_text="Authorisation checks a minute of one key.",
)
METRICS_KEY = env.text(
    "STEWARD_METRICS_KEY",
    group="Observability",
    secret=True,
    help_text="Bearer key that opens /metrics. Empty: only requests from this machine itself are answered.",
)
SENTRY_DSN = env.text(
    "SENTRY_DSN", group="Observability", secret=True, help_text="Sentry project that errors are sent to. Empty: none."
)
STEWARD_ACTIVITY = env.flag(
    "STEWARD_ACTIVITY",
    True,
    group="Observability",
    help_text="Keep which pages and endpoints were asked for, for 30 days: route, person, status, duration.",
)
STEWARD_KEY_USE = env.flag(
    "STEWARD_KEY_USE",
    True,
    group="Observability",
    help_text="Keep when and from where each API key was last used, and how many calls it makes a day.",
)
STEWARD_LOG_LEVEL = env.choice(
    "STEWARD_LOG_LEVEL",
    ("info", "debug", "warning", "error"),
    group="Observability",
    help_text="Lowest level that is logged.",
)
STEWARD_LOG_FORMAT = env.choice(
    "STEWARD_LOG_FORMAT", ("json", "plain"), group="Observability", help_text="json for machines, plain for a terminal."
)
STEWARD_LOG_PATH = env.text(
    "STEWARD_LOG_PATH",
    str(STEWARD_VAR / "log") if STEWARD_EMBEDDED and not PRODUCTION else "",
    group="Observability",
    help_text="Folder for log files, which get the same lines as standard output, as JSON. Empty: standard output only.",
)
STEWARD_LOG_DAYS = env.number(
    "STEWARD_LOG_DAYS", 14, low=1, high=3650, group="Observability", help_text="Days that log files are kept."
)
STEWARD_LOG_MEGABYTES = env.number(
    "STEWARD_LOG_MEGABYTES",
    100,
    low=1,
    high=10_000,
    group="Observability",
    help_text="Largest log file; a new one is begun then, and every day.",
)
LOGGING_CONFIG = None  # portal.kit.logs configures logging in KitConfig.ready().

# --- Language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STEWARD_TIME_ZONE = env.text(
    "STEWARD_TIME_ZONE",
    "UTC",
    group="Installation",
    help_text="IANA time zone of the installation's schedules and pages.",
)

# --- Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = STEWARD_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # Nobody else embeds them.
WHITENOISE_MAX_AGE = 0  # Files with a hash in their name are immutable for a year; others are asked for again.
MEDIA_ROOT = STEWARD_VAR / "uploads"

# --- Jobs -----------------------------------------------------------------------------------------------------------

STEWARD_BEAT = "maintenance.beat.run"
STEWARD_CLEANUP_BATCH = env.number(
    "STEWARD_CLEANUP_BATCH",
    5_000,
    low=1,
    high=50_000,
    group="Jobs",
    help_text="Most rows that a clean-up deletes in one batch.",
)
STEWARD_CLEANUP_DUTY = env.number(
    "STEWARD_CLEANUP_DUTY",
    50,
    low=1,
    high=100,
    group="Jobs",
    help_text="Percent of its time that a clean-up works; the rest it leaves disk and locks to others.",
)
STEWARD_ENDED_RIGHTS_KEEP = timedelta(
    days=env.number(
        "STEWARD_ENDED_RIGHTS_KEEP_DAYS",
        90,
        low=1,
        high=3650,
        group="Jobs",
        help_text="Days for which roles and single rights that have ended stay listed, before a clean-up takes them away.",
    )
)
STEWARD_TEMP_PATH = Path(
    env.text(
        "STEWARD_TEMP_PATH",
        group="Jobs",
        help_text="Folder of temporary files, cleaned of what nobody has written to for 24 hours. Empty: tmp in STEWARD_VAR.",
    )
    or STEWARD_VAR / "tmp"
)
JOB_LEASE = timedelta(
    seconds=env.number(
        "STEWARD_JOB_LEASE_SECONDS",
        30,
        low=3,
        high=3600,
        group="Jobs",
        help_text="A worker silent for so long has lost its run.",
    )
)  # A worker that is silent for so long has lost its run.
JOB_REPUBLISH = timedelta(seconds=5)  # A run queued for longer is announced again: its message may be lost.
JOB_UNAIDED = timedelta(
    seconds=env.number(
        "STEWARD_JOB_UNAIDED_SECONDS",
        15,
        low=2,
        high=3600,
        group="Jobs",
        help_text="An idle worker takes a run that waits for so long from the database itself: the broker has failed.",
    )
)

# --- Backups --------------------------------------------------------------------------------------------------------

STEWARD_OWNER_DATABASE: dict[str, Any] = env.database(_owner_url, name="DATABASE_OWNER_URL")
STEWARD_BACKUP_KEYS = env.text(
    "STEWARD_BACKUP_KEYS",
    group="Backups",
    secret=True,
    help_text="Keys of backups: id:base64 of 32 bytes, comma-separated; the first encrypts, all decrypt. Never the "
    "bytes of STEWARD_ENCRYPTION_KEYS; keep a copy elsewhere. Required in production, made in var/secrets elsewhere.",
) or ("" if PRODUCTION else "local:" + env.local_secret(STEWARD_VAR, "backup_key"))
STEWARD_BACKUP_TARGETS = env.words(
    "STEWARD_BACKUP_TARGETS",
    str(STEWARD_VAR.absolute() / "backups"),
    group="Backups",
    help_text="Where each backup goes: one or two of an absolute folder or s3://bucket/prefix, comma-separated.",
)
STEWARD_BACKUP_PROCESSES = env.number(
    "STEWARD_BACKUP_PROCESSES",
    min(4, os.cpu_count() or 1),
    low=1,
    high=32,
    group="Backups",
    help_text="Dumps that run at the same time, each with a connection of its own.",
)
STEWARD_BACKUP_FRESH = timedelta(
    minutes=env.number(
        "STEWARD_BACKUP_FRESH_MINUTES",
        15,
        low=0,
        high=1440,
        group="Backups",
        help_text="A backup of this age or younger serves before a destructive act; an older one is made anew.",
    )
)
STEWARD_BACKUP_KEEP = {
    rule: env.number(f"STEWARD_BACKUP_KEEP_{rule.upper()}", most, low=0, high=1000, group="Backups", help_text=meaning)
    for rule, most, meaning in (
        ("daily", 7, "Newest backups of a day that are kept."),
        ("weekly", 4, "Newest backups of a week that are kept."),
        ("monthly", 12, "Newest backups of a month that are kept."),
        ("yearly", 3, "Newest backups of a year that are kept."),
    )
}
STEWARD_RESTORE_KEEP = timedelta(
    hours=env.number(
        "STEWARD_RESTORE_KEEP_HOURS",
        72,
        low=1,
        high=8760,
        group="Backups",
        help_text="How long a database that a restore replaced is kept beside the live one.",
    )
)
STEWARD_RPO = timedelta(
    hours=env.number(
        "STEWARD_RPO_HOURS", 24, low=1, high=720, group="Backups", help_text="Most that a disaster may cost."
    )
)
STEWARD_RTO_PER_10_GB = timedelta(
    minutes=env.number(
        "STEWARD_RTO_MINUTES",
        15,
        low=1,
        high=1440,
        group="Backups",
        help_text="Longest that a restore may take, for each 10 GB (and for less).",
    )
)
STEWARD_BACKUP_S3_ENDPOINT = env.text(
    "STEWARD_BACKUP_S3_ENDPOINT", group="Backups", help_text="Address of an S3 service that is not Amazon's."
)
STEWARD_BACKUP_S3_REGION = env.text("STEWARD_BACKUP_S3_REGION", group="Backups", help_text="Region of the bucket.")
STEWARD_BACKUP_S3_KEY_ID = env.text(
    "STEWARD_BACKUP_S3_KEY_ID",
    group="Backups",
    help_text="Id of the access key. Empty: what boto3 finds by itself (the machine's role).",
)
STEWARD_BACKUP_S3_SECRET = env.text(
    "STEWARD_BACKUP_S3_SECRET", group="Backups", secret=True, help_text="The access key itself."
)

# --- Mail -----------------------------------------------------------------------------------------------------------

STEWARD_MAIL = env.choice(
    "STEWARD_MAIL",
    ("outbox", "smtp", "ses", "sendgrid"),
    group="Mail",
    help_text="How mail leaves: by a mail server (smtp), Amazon SES or SendGrid; outbox: not at all, administrators "
    "read it on the outbox page.",
)
DEFAULT_FROM_EMAIL = env.text(
    "STEWARD_MAIL_FROM", "Steward <steward@steward.invalid>", group="Mail", help_text="Sender of every mail."
)
STEWARD_MAIL_REPLY_TO = env.text(
    "STEWARD_MAIL_REPLY_TO", group="Mail", help_text="Address that replies go to. Empty: the sender."
)
STEWARD_MAIL_TIMEOUT = env.number(
    "STEWARD_MAIL_TIMEOUT",
    10,
    low=1,
    high=60,
    group="Mail",
    help_text="Seconds after which a mail server or provider that does not answer is given up for the time being.",
)
STEWARD_MAIL_HOST = env.text("STEWARD_MAIL_HOST", group="Mail", help_text="Mail server, for smtp.")
STEWARD_MAIL_PORT = env.number(
    "STEWARD_MAIL_PORT", 587, low=1, high=65535, group="Mail", help_text="Its port: 587 for starttls, 465 for tls."
)
STEWARD_MAIL_TLS = env.choice(
    "STEWARD_MAIL_TLS",
    ("starttls", "tls", "none"),
    group="Mail",
    help_text="How the way to the mail server is encrypted; a server that cannot do it gets no mail.",
)
STEWARD_MAIL_USER = env.text("STEWARD_MAIL_USER", group="Mail", help_text="Login at the mail server. Empty: none.")
STEWARD_MAIL_PASSWORD = env.text("STEWARD_MAIL_PASSWORD", group="Mail", secret=True, help_text="Its password.")
STEWARD_MAIL_SES_REGION = env.text(
    "STEWARD_MAIL_SES_REGION", group="Mail", help_text="Region of Amazon SES, such as eu-central-1."
)
STEWARD_MAIL_SES_KEY_ID = env.text(
    "STEWARD_MAIL_SES_KEY_ID",
    group="Mail",
    help_text="Id of the access key for SES. Empty: what boto3 finds by itself (the machine's role).",
)
STEWARD_MAIL_SES_SECRET = env.text(
    "STEWARD_MAIL_SES_SECRET", group="Mail", secret=True, help_text="The access key itself."
)
STEWARD_MAIL_SENDGRID_KEY = env.text(
    "STEWARD_MAIL_SENDGRID_KEY", group="Mail", secret=True, help_text="API key of SendGrid, with the right to send."
)
STEWARD_MAIL_WEBHOOK_SECRET = env.text(
    "STEWARD_MAIL_WEBHOOK_SECRET",
    group="Mail",
    secret=True,
    help_text="name:password that the provider sends when it reports bounces to /webhooks/mail/ses or "
    "/webhooks/mail/sendgrid. Empty: nobody can report.",
)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # portal.kit.middleware has authenticated before any view runs.
    "DEFAULT_PERMISSION_CLASSES": ["portal.kit.rest.Undeclared"],
    "DEFAULT_RENDERER_CLASSES": ["portal.kit.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.kit.rest.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "portal.kit.openapi.Describer",
    "EXCEPTION_HANDLER": "portal.kit.api.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Steward",
    "VERSION": VERSION,
    "DESCRIPTION": "People, organisations, the audit trail and upkeep. docs/api.md tells what all calls have in common.",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["portal.kit.openapi.ours"],
    "POSTPROCESSING_HOOKS": ["portal.kit.openapi.finished"],
    "ENUM_NAME_OVERRIDES": {},
    "COMPONENT_SPLIT_REQUEST": False,
    "SORT_OPERATION_PARAMETERS": False,
}
SILENCED_SYSTEM_CHECKS = [
    "admin.E408",
    "admin.E409",
    "admin.E410",  # portal.kit.middleware loads person and session; the admin site asks it, not request.session.
    "guardian.W001",  # The decision is ours; its backend would be a second one.
    "axes.W002",  # The sign-in view asks the handler itself; a lock has the same words as any failure.
    "security.W001",
    "security.W002",  # portal.kit.middleware sends frame-ancestors and X-Frame-Options on every reply.
]

# --- Privacy --------------------------------------------------------------------------------------------------------

STEWARD_DELETION_GRACE_DAYS = env.number(
    "STEWARD_DELETION_GRACE_DAYS",
    14,
    low=1,
    high=90,
    group="Privacy",
    help_text="Days between asking for one's own account to be deleted and its end, in which that can be called off.",
)
STEWARD_TERMS_URL = env.text(
    "STEWARD_TERMS_URL",
    group="Privacy",
    help_text="Page with the terms of use that people agree to when they register. Empty: none are asked for.",
)
STEWARD_TERMS_VERSION = env.text(
    "STEWARD_TERMS_VERSION",
    "1",
    group="Privacy",
    help_text="Version of the terms of use; with another one everybody is asked to agree again.",
)
STEWARD_PRIVACY_URL = env.text(
    "STEWARD_PRIVACY_URL",
    group="Privacy",
    help_text="Page with the privacy policy that people agree to when they register. Empty: none is asked for.",
)
STEWARD_PRIVACY_VERSION = env.text(
    "STEWARD_PRIVACY_VERSION",
    "1",
    group="Privacy",
    help_text="Version of the privacy policy; with another one everybody is asked to agree again.",
)

# --- Host products --------------------------------------------------------------------------------------------------

STEWARD_RUN_LOST = timedelta(
    minutes=env.number(
        "STEWARD_RUN_LOST_MINUTES",
        60,
        low=1,
        high=10_080,
        group="Host products",
        help_text="Minutes without a word from its product after which a run counts as lost.",
    )
)

# --- Rights for a while ---------------------------------------------------------------------------------------------

STEWARD_ELEVATION_MOST_MINUTES = env.number(
    "STEWARD_ELEVATION_MOST_MINUTES",
    480,
    low=5,
    high=10080,
    group="Permissions",
    help_text="For how many minutes at most somebody can be given a role that they asked for for a while.",
)
STEWARD_ELEVATION_WAIT_HOURS = env.number(
    "STEWARD_ELEVATION_WAIT_HOURS",
    72,
    low=1,
    high=720,
    group="Permissions",
    help_text="For how many hours such a request waits for an answer before it is over.",
)
STEWARD_GLASS_MINUTES = env.number(
    "STEWARD_GLASS_MINUTES",
    60,
    low=5,
    high=60,
    group="Permissions",
    help_text="For how many minutes whoever breaks the glass has every right in one organisation.",
)

# --- Tax offices ----------------------------------------------------------------------------------------------------

STEWARD_VIES_URL = env.text(
    "STEWARD_VIES_URL",
    "",
    group="Billing",
    help_text="Where VAT numbers of the European Union are checked, by the REST interface of VIES: "
    "https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number. Empty: nobody is asked, their form is checked.",
)

# --- Calls to addresses of others -----------------------------------------------------------------------------------

STEWARD_OUTGOING_ALLOW = env.words(
    "STEWARD_OUTGOING_ALLOW",
    group="Webhooks",
    help_text="Servers (names) and networks outside of the public internet that webhooks may be sent to all the same, "
    "names also without https: for development. Empty: none.",
)

# --- Key figures ----------------------------------------------------------------------------------------------------

STEWARD_GROSS_MARGIN = env.number(
    "STEWARD_GROSS_MARGIN",
    0,
    low=0,
    high=100,
    group="Billing",
    help_text="Gross margin in percent, for lifetime value and payback; 0: not known, and those figures say so.",
)
STEWARD_HEALTH_USE = env.number(
    "STEWARD_HEALTH_USE",
    30,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is use, 28 days against the 28 before; weights are relative to each other.",
)
STEWARD_HEALTH_SEATS = env.number(
    "STEWARD_HEALTH_SEATS",
    20,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is members seen, of the seats; weights are relative to each other.",
)
STEWARD_HEALTH_PAYMENT = env.number(
    "STEWARD_HEALTH_PAYMENT",
    20,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is payment standing; weights are relative to each other.",
)
STEWARD_HEALTH_FEATURES = env.number(
    "STEWARD_HEALTH_FEATURES",
    15,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is features in use, of those in the plan; weights are relative to each other.",
)
STEWARD_HEALTH_SURVEY = env.number(
    "STEWARD_HEALTH_SURVEY",
    15,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is the newest survey answer; weights are relative to each other.",
)
