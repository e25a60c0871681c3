"""Backups: their keys, places and ages, and what a restore may take."""

import os
from datetime import timedelta
from typing import Any

from portal.conf import env
from portal.conf.settings.place import PRODUCTION, STEWARD_VAR
from portal.conf.settings.servers import owner_url

STEWARD_OWNER_DATABASE: dict[str, Any] = env.database(owner_url, name="DATABASE_OWNER_URL")
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
