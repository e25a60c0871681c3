"""Metrics, errors, activity and logs."""

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, STEWARD_VAR
from portal.conf.settings.servers import STEWARD_EMBEDDED

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
