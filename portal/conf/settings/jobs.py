"""Jobs and clean-ups."""

from datetime import timedelta
from pathlib import Path

from portal.conf import env
from portal.conf.settings.place import STEWARD_VAR

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
