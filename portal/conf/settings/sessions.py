"""Sessions, their cookies and tokens, and who may register."""

from datetime import timedelta

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, STEWARD_PUBLIC_URL

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
