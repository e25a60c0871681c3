"""Deletion of accounts, terms and privacy policy."""

from portal.conf import env

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
