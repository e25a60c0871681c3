"""Forms of schedules. They read what was sent; the services decide what is right."""

from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maintenance import cron
from maintenance.models import ScheduleState
from maintenance.services.schedule_settings import REASON_LIMIT, least_hours
from portal.kit.forms import Form, Segmented
from portal.kit.registry import Cleanup

DAY = 24  # Hours.
_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
_LIVE = {
    **_PLAIN,
    "hx-get": reverse_lazy("maintenance:schedule_preview"),
    "hx-trigger": "input changed delay:300ms",
    "hx-include": "[name=cron],[name=time_zone]",
    "hx-target": "#preview",
    "hx-swap": "innerHTML",
}


class ScheduleForm(Form):
    """Everything that can be set on a schedule; what is kept is asked only where it cleans up."""

    cron = forms.CharField(
        label=gettext_lazy("Cron line"),
        max_length=cron.LONGEST,
        help_text=gettext_lazy(
            "Minute, hour, day of the month, month, day of the week. 30 3 * * 1-5 is 03:30 on weekdays."
        ),
        widget=forms.TextInput(attrs=_LIVE),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=60,
        help_text=gettext_lazy("An IANA name such as Europe/Vienna, or UTC. Summer time is minded."),
        widget=forms.TextInput(attrs=_LIVE),
    )
    keep = forms.IntegerField(label=gettext_lazy("Keep for"), required=False)
    keep_unit = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=[("days", gettext_lazy("Days")), ("hours", gettext_lazy("Hours"))],
        widget=Segmented(),
    )
    overlap = forms.ChoiceField(
        label=gettext_lazy("If the last run is still going"), choices=ScheduleState.Overlap.choices, widget=Segmented()
    )
    catch_up = forms.ChoiceField(
        label=gettext_lazy("Runs that were missed"),
        choices=ScheduleState.CatchUp.choices,
        widget=Segmented(),
        help_text=gettext_lazy("Missed is what came while no scheduler was running, or the computer was off."),
    )
    catch_up_minutes = forms.IntegerField(
        label=gettext_lazy("Make up for within, in minutes"),
        help_text=gettext_lazy("What is older than that is not made up for. 1,440 minutes are a day."),
    )
    notify = forms.ChoiceField(
        label=gettext_lazy("Tell me"),
        choices=ScheduleState.Notify.choices,
        widget=Segmented(),
        help_text=gettext_lazy(
            "Behind the bell and by mail; everybody who has chosen it is told. Nobody ends it for all."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, cleanup: Cleanup | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if cleanup is None or not cleanup.keep:
            del self.fields["keep"], self.fields["keep_unit"]
            return
        self.fields["keep"].help_text = _("Empty: %(declared)s, as it is declared. At least %(least)s.") % {
            "declared": hours_text(int(cleanup.keep.total_seconds() // 3600)),
            "least": hours_text(least_hours(cleanup=cleanup)),
        }

    def values(self) -> dict[str, Any]:
        """What was sent, by the names of the service."""
        sent = dict(self.cleaned_data)
        sent.pop("version")
        if "keep" in self.fields:
            keep, unit = sent.pop("keep"), sent.pop("keep_unit")
            sent["keep_hours"] = keep * (1 if unit == "hours" else DAY) if keep is not None else None
        return sent


class PauseForm(Form):
    """Why a schedule shall rest."""

    guarded = False
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=REASON_LIMIT)


def initial(state: ScheduleState) -> dict[str, Any]:
    """What the form shows of a schedule."""
    hours = state.keep_hours
    whole = hours is None or hours % DAY == 0
    return {
        "cron": state.cron,
        "time_zone": state.time_zone,
        "keep": None if hours is None else hours // DAY if whole else hours,
        "keep_unit": "days" if whole else "hours",
        "overlap": state.overlap,
        "catch_up": state.catch_up,
        "catch_up_minutes": state.catch_up_minutes,
        "notify": state.notify,
        "version": state.version,
    }


def hours_text(hours: int) -> str:
    """A time in days where it is whole days, else in hours."""
    if hours % DAY == 0 and hours:
        return ngettext("%(n)s day", "%(n)s days", hours // DAY) % {"n": f"{hours // DAY:,}"}
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": f"{hours:,}"}
