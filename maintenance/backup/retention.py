"""Which backups stay: grandfather, father, son, with the reason for each.

The rules count backups, not calendar days: "7 daily" are the newest ones of the last seven days on which there was any.
So a clock that jumps, or a month without backups, makes nothing old. Everything here is pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

YOUNG = timedelta(hours=24)
# No run deletes more than this share (but always one): a mistake in clock or settings shows before it has cost all.
SHARE = 0.34
# Without a younger backup than this nothing is deleted: either none is made any more, or the clock has jumped.
STALE = timedelta(hours=48)


@dataclass
class Kept:
    """A backup as the rules see it; `reasons` is what they find."""

    key: Any
    moment: datetime
    good: bool
    pinned_until: date | None = None
    pinned: bool = False
    reasons: list[dict[str, Any]] = field(default_factory=list)


_PERIODS: Mapping[str, Callable[[date], Any]] = {
    "daily": lambda day: day,
    "weekly": lambda day: day.isocalendar()[:2],
    "monthly": lambda day: (day.year, day.month),
    "yearly": lambda day: day.year,
}


def judge(backups: Sequence[Kept], *, keep: Mapping[str, int], zone: ZoneInfo, now: datetime) -> None:
    """Fill in `reasons`: `{"rule": "daily", "place": 3, "of": 7}` and the like. Without any it may go.

    Days, weeks and months are those of `zone`. A damaged backup takes nobody's place.
    """
    newest_first = sorted(backups, key=lambda backup: backup.moment, reverse=True)
    good = [backup for backup in newest_first if backup.good]
    if good:
        good[0].reasons.append({"rule": "newest"})
    for backup in newest_first:
        if backup.pinned and (backup.pinned_until is None or backup.pinned_until >= now.astimezone(zone).date()):
            backup.reasons.append({"rule": "pinned"})
        if now - backup.moment < YOUNG:
            backup.reasons.append({"rule": "young"})
    for rule, most in keep.items():
        seen: set[Any] = set()
        for backup in good:
            period = _PERIODS[rule](backup.moment.astimezone(zone).date())
            if len(seen) < most and period not in seen:
                seen.add(period)
                backup.reasons.append({"rule": rule, "place": len(seen), "of": most})


def deletable(backups: Sequence[Kept], *, now: datetime) -> tuple[list[Kept], str]:
    """The judged backups that may go in this run, oldest first, and why it is not more: stale, future, share or ""."""
    idle = sorted((backup for backup in backups if not backup.reasons), key=lambda backup: backup.moment)
    good = [backup.moment for backup in backups if backup.good]
    if not idle:
        return [], ""
    if not good or now - max(good) > STALE:
        return [], "stale"
    if max(good) - now > timedelta(minutes=5):
        return [], "future"
    most = max(1, int(len(backups) * SHARE))
    return idle[:most], "share" if len(idle) > most else ""
