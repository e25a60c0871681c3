"""What is not safe about the settings and the database login; `checks` gives each finding its place in Django."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.module_loading import import_string

from portal.kit import crypto

MIN_SECRET_KEY = 32
MIN_DIFFERENT = 8
MIN_METRICS_KEY = 16
MIN_ROOT_PASSWORD = 12
# Connections beside those of threads and jobs: worker and beat themselves, and commands of an administrator.
SPARE_CONNECTIONS = 5
OLDEST, NEWEST = 15, 18
KNOWN_KEYS = ("django-insecure-", "changeme", "change-me", "change_me", "secret", "your-secret", "example", "insecure")
TRIVIAL_PASSWORDS = frozenset(
    {
        *(
            "admin",
            "administrator",
            "root",
            "password",
            "passw0rd",
            "steward",
            "changeme",
            "change-me",
            "secret",
            "demo",
        ),
        *("letmein", "welcome", "qwerty", "test", "default", "adminadmin", "rootroot", "password123", "admin123"),
        *("steward123", "12345678", "123456789", "1234567890", "123456789012", "password1234", "administrator1"),
        *("qwertyuiop12", "correcthorsebatterystaple", "changemechangeme", "stewardsteward", "passwordpassword"),
    }
)
# What was read from the environment is kept there; the common floor may not import the roof.
VARIABLES = "portal.conf.env.VARIABLES"


@dataclass(frozen=True)
class Fault:
    """A finding: what is wrong and what to write instead."""

    check: str
    sentence: str
    remedy: str


def everywhere() -> Iterator[Fault]:
    """Faults of settings that matter in every environment."""
    if settings.STEWARD_TIME_ZONE not in available_timezones():
        yield Fault(
            "steward.E109",
            f"STEWARD_TIME_ZONE is {settings.STEWARD_TIME_ZONE!r}, which is no time zone.",
            "Write an IANA name, such as Europe/Vienna.",
        )


def production() -> Iterator[Fault]:
    """Faults of settings that stop, or warn about, a production installation."""
    yield from _secret_key()
    yield from _encryption_keys()
    yield from _backup_keys()
    yield from _addresses()
    yield from _servers()
    yield from _passwords()
    if settings.DEMO:
        yield Fault("steward.W101", "DEMO is on in production.", "Set DEMO=0 unless this installation is for showing.")


def _secret_key() -> Iterator[Fault]:
    try:
        key = str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's own way of saying that it is empty
        key = ""
    remedy = f"Set it to at least {MIN_SECRET_KEY} random characters, for example from `openssl rand -base64 48`."
    if not key:
        yield Fault("steward.E101", "SECRET_KEY is missing.", remedy)
    elif len(key) < MIN_SECRET_KEY:
        yield Fault("steward.E101", f"SECRET_KEY has {len(key)} characters.", remedy)
    elif key.lower().startswith(KNOWN_KEYS) or len(set(key)) < MIN_DIFFERENT:
        yield Fault("steward.E101", "SECRET_KEY is an example, not a random value.", remedy)


def _encryption_keys() -> Iterator[Fault]:
    remedy = "Write id:key, the key as base64 of 32 random bytes, for example 1:$(openssl rand -base64 32)."
    if not settings.STEWARD_ENCRYPTION_KEYS:
        yield Fault("steward.E102", "STEWARD_ENCRYPTION_KEYS is missing.", remedy)
        return
    try:
        keys = crypto.parse_keys(settings.STEWARD_ENCRYPTION_KEYS)
    except ImproperlyConfigured:
        yield Fault("steward.E102", "STEWARD_ENCRYPTION_KEYS is malformed.", remedy)
        return
    if any(len(set(key)) < MIN_DIFFERENT for key in keys.values()):
        yield Fault("steward.E102", "STEWARD_ENCRYPTION_KEYS holds a key that is not random.", remedy)


def _backup_keys() -> Iterator[Fault]:
    if not settings.STEWARD_BACKUP_TARGETS:
        yield Fault(
            "steward.W105",
            "STEWARD_BACKUP_TARGETS is empty: no backup can be made.",
            "Write one or two folders or buckets, unless something else backs up this installation.",
        )
        return
    remedy = "Write id:key, the key as base64 of 32 random bytes of its own, and keep a copy apart from the backups."
    if not settings.STEWARD_BACKUP_KEYS:
        yield Fault("steward.E113", "STEWARD_BACKUP_KEYS is missing.", remedy)
        return
    try:
        keys = crypto.parse_keys(settings.STEWARD_BACKUP_KEYS, setting="STEWARD_BACKUP_KEYS")
    except ImproperlyConfigured:
        yield Fault("steward.E113", "STEWARD_BACKUP_KEYS is malformed.", remedy)
        return
    if any(len(set(key)) < MIN_DIFFERENT for key in keys.values()):
        yield Fault("steward.E113", "STEWARD_BACKUP_KEYS holds a key that is not random.", remedy)
    # Whoever gets hold of a backup and its key must not hold the key of the personal data inside as well.
    elif set(keys.values()) & _data_keys():
        yield Fault("steward.E113", "STEWARD_BACKUP_KEYS holds a key of STEWARD_ENCRYPTION_KEYS.", remedy)


def _data_keys() -> set[bytes]:
    try:
        return set(crypto.parse_keys(settings.STEWARD_ENCRYPTION_KEYS).values())
    except ImproperlyConfigured:
        return set()  # That is a finding of its own.


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    plain = host.strip("[]").lower().rstrip(".")
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    try:
        return ip_address(plain).is_loopback
    except ValueError:
        return False


def _addresses() -> Iterator[Fault]:
    hosts = list(settings.ALLOWED_HOSTS)
    remedy = "Write the host names of the portal, comma-separated, such as portal.example.com."
    if not hosts:
        yield Fault("steward.E103", "STEWARD_ALLOWED_HOSTS is empty.", remedy)
    elif any("*" in host for host in hosts):
        yield Fault("steward.E103", "STEWARD_ALLOWED_HOSTS holds *, so that any Host header is believed.", remedy)
    elif all(is_loopback(host) for host in hosts):
        yield Fault("steward.E103", "STEWARD_ALLOWED_HOSTS names only this machine.", remedy)
    address = urlsplit(settings.STEWARD_PUBLIC_URL)
    if address.scheme != "https" or not address.hostname:
        yield Fault(
            "steward.E104",
            "STEWARD_PUBLIC_URL is not an https address.",
            "Write the address that people type, such as https://portal.example.com.",
        )
    if not settings.STEWARD_TRUSTED_PROXIES:
        yield Fault(
            "steward.W104",
            "STEWARD_TRUSTED_PROXIES is 0, but the web server speaks plain HTTP: every request is redirected to https.",
            "Put a reverse proxy with TLS in front and set the number of proxies, usually 1.",
        )


def _servers() -> Iterator[Fault]:
    if not settings.DATABASE_URL:
        yield Fault(
            "steward.E105",
            "DATABASE_URL is missing; the embedded server is not for production.",
            "Write postgresql://user:password@host:5432/name of a PostgreSQL 15 to 18 that is backed up.",
        )
    elif _is_remote(settings.DATABASES["default"]["HOST"]) and not _demands_tls():
        yield Fault(
            "steward.W102",
            "The database is on another machine and DATABASE_URL does not demand TLS.",
            "Add ?sslmode=verify-full (and sslrootcert=...), or at least ?sslmode=require.",
        )
    if not settings.REDIS_URL or import_string(VARIABLES)["REDIS_URL"].source == "default":
        yield Fault(
            "steward.E106",
            "REDIS_URL is missing; the embedded server is not for production.",
            "Write redis://:password@host:6379/0, or rediss:// for TLS.",
        )
    elif urlsplit(settings.REDIS_URL).scheme == "redis" and _is_remote(urlsplit(settings.REDIS_URL).hostname or ""):
        yield Fault(
            "steward.W103", "Redis is on another machine and REDIS_URL does not use TLS.", "Write rediss:// instead."
        )


def _is_remote(host: str) -> bool:
    return bool(host) and not host.startswith("/") and not is_loopback(host)


def _demands_tls() -> bool:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    return options.get("sslmode") in {"require", "verify-ca", "verify-full"}


def _passwords() -> Iterator[Fault]:
    password = settings.ROOT_PASSWORD
    words = {settings.ROOT_USERNAME.lower(), settings.ROOT_EMAIL.lower()}
    trivial = password.lower() in TRIVIAL_PASSWORDS | words or len(set(password)) < MIN_DIFFERENT
    if password and (trivial or len(password) < MIN_ROOT_PASSWORD):
        yield Fault(
            "steward.E107",
            "ROOT_PASSWORD is one that anybody would try first.",
            f"Leave it empty (a random one is shown once), or write {MIN_ROOT_PASSWORD} characters nobody guesses.",
        )
    if settings.METRICS_KEY and len(settings.METRICS_KEY) < MIN_METRICS_KEY:
        yield Fault(
            "steward.E108",
            f"STEWARD_METRICS_KEY has {len(settings.METRICS_KEY)} characters.",
            f"Write at least {MIN_METRICS_KEY} random characters, or leave it empty.",
        )


@dataclass(frozen=True)
class Login:
    """What the database says about the login that web and worker use."""

    name: str
    superuser: bool
    bypasses: bool
    owned: str
    limit: int
    version: int


_LOGIN_SQL = """
SELECT current_user, r.rolsuper, r.rolbypassrls,
       COALESCE((SELECT format('%%I.%%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                 WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
                   AND nspname NOT LIKE 'pg\\_%%' AND (relowner = r.oid OR pg_has_role(r.oid, relowner, 'USAGE'))
                 ORDER BY 1 LIMIT 1), ''),
       LEAST(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             - COALESCE(current_setting('reserved_connections', true), '0')::int,
             CASE WHEN s.rolconnlimit < 0 THEN 2147483647 ELSE s.rolconnlimit END,
             CASE WHEN d.datconnlimit < 0 THEN 2147483647 ELSE d.datconnlimit END),
       current_setting('server_version_num')::int
  FROM pg_roles r, pg_roles s, pg_database d
 WHERE r.rolname = current_user AND s.rolname = session_user AND d.datname = current_database()
"""


def login() -> Login:
    """Ask the database who it takes us for. Raises Django's database errors when it is away."""
    with connection.cursor() as cursor:
        cursor.execute(_LOGIN_SQL, ())
        row = cursor.fetchone()
    return Login(*row)


def database() -> Iterator[Fault]:
    """Faults that only the database can tell: powers of the login, connections, version."""
    found = login()
    powers = [
        power
        for power, has in (
            ("is a superuser", found.superuser),
            ("has BYPASSRLS", found.bypasses),
            (f"owns {found.owned}", bool(found.owned) and not found.superuser),
        )
        if has
    ]
    if powers:
        yield Fault(
            "steward.E110",
            f"The database login {found.name} {' and '.join(powers)}, so row-level security does not bind it.",
            "Run manage.py database prepare and name the login steward_app in DATABASE_URL, "
            "the owner in DATABASE_OWNER_URL.",
        )
    wanted = connections_wanted()
    if wanted > found.limit:
        yield Fault(
            "steward.E111",
            f"Threads and workers may open {wanted} connections, but the database allows this login {found.limit}.",
            "Lower STEWARD_WEB_WORKERS, STEWARD_WEB_THREADS or STEWARD_WORKER_CONCURRENCY, or raise max_connections.",
        )
    if not OLDEST <= found.version // 10_000 <= NEWEST:
        yield Fault(
            "steward.E112",
            f"The database server is PostgreSQL {found.version // 10_000}.",
            f"Use PostgreSQL {OLDEST} to {NEWEST}.",
        )


def connections_wanted() -> int:
    """How many connections one web server, one worker and beat may hold at once."""
    # A thread of each web process writes the activity, another the use of keys, each on a connection of its own.
    own = bool(settings.STEWARD_ACTIVITY) + bool(settings.STEWARD_KEY_USE)
    web = int(settings.STEWARD_WEB_WORKERS) * (int(settings.STEWARD_WEB_THREADS) + own)
    return web + int(settings.STEWARD_WORKER_CONCURRENCY) + SPARE_CONNECTIONS
