"""Calls to addresses of others."""

from portal.conf import env

STEWARD_OUTGOING_ALLOW = env.words(
    "STEWARD_OUTGOING_ALLOW",
    group="Webhooks",
    help_text="Servers (names) and networks outside of the public internet that webhooks may be sent to all the same, "
    "names also without https: for development. Empty: none.",
)
