"""How long things are kept, and how young they may go."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.registry import Cleanup

HOUR = timedelta(hours=1)
LONGEST_HOURS = 24 * 366 * 20  # Twenty years: beyond that an age is a slip of the keyboard.


def keep_of(name: str) -> timedelta:
    """How long the clean-up `name` keeps things now: as its schedule is set, or as it is declared."""
    from maintenance.selectors import schedules  # It reads the schedules, whose jobs this package declares.

    return schedules.keep_of(name)


def cutoff_of(spec: Cleanup, hours: int | None = None) -> datetime:
    """What is older than this goes: by the age that somebody asks for, or by what is set.

    `Invalid` for an age below the floor of the clean-up; the age that is set may be too young only by a mistake, and
    the floor holds then.
    """
    if hours is None:
        return clock.now() - max(keep_of(spec.name), spec.least)
    if hours * HOUR < spec.least or hours > LONGEST_HOURS:
        raise errors.Invalid(
            fields={
                "older_than_hours": [
                    _("“%(what)s” takes an age from %(low)s to %(high)s hours.")
                    % {"what": spec.label, "low": least_hours(spec), "high": f"{LONGEST_HOURS:,}"}
                ]
            }
        )
    return clock.now() - hours * HOUR


def least_hours(spec: Cleanup) -> int:
    """The floor in whole hours."""
    return -int(-spec.least // HOUR)


def never_younger(spec: Cleanup, cutoff: datetime) -> datetime:
    """`cutoff`, moved back to the floor where something asks for more, whatever wrote it into the run."""
    return min(cutoff, clock.now() - spec.least)
