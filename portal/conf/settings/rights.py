"""Rights for a while."""

from portal.conf import env

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
