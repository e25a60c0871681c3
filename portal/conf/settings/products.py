"""Runs of host products."""

from datetime import timedelta

from portal.conf import env

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
