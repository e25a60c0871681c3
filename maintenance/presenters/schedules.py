"""Schedules in the words of the pages."""

from django.utils.translation import gettext as _


def cron_words(cron: str) -> str:
    """A cron line in words for the daily and hourly ones; others stand as they are."""
    minute, hour, *rest = cron.split()
    if rest != ["*", "*", "*"] or not minute.isdigit():
        return cron
    if hour == "*":
        return _("Every hour at :%(minute)s") % {"minute": f"{int(minute):02}"}
    if hour.isdigit():
        return _("Every night at %(time)s") % {"time": f"{int(hour):02}:{int(minute):02}"}
    return cron
