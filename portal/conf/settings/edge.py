"""What every reply carries, and how many requests are answered."""

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, STEWARD_TRUSTED_PROXIES

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
