"""Errors: use and what a plan entitles to."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class UsageForgotten(errors.Conflict):
    """A quantity is asked for of a time that is no longer known event by event."""

    code = "billing.usage_forgotten"
    title = _("That use is no longer known so exactly")
    default_detail = _(
        "Events are kept for 90 days and hours for 13 months. Ask for whole hours, or for whole days (UTC) of older times."
    )


class MeterUnknown(errors.Invalid):
    """No meter has that code."""

    code = "billing.meter_unknown"
    title = _("There is no such meter")
    default_detail = _("Name a meter of the catalogue by its code.")


class FeatureUnknown(errors.Invalid):
    """No feature has that code."""

    code = "billing.feature_unknown"
    title = _("There is no such feature")
    default_detail = _("Name a feature of the catalogue by its code.")


class UsageItemRefused(errors.Invalid):
    """An event of a batch cannot be read; the others of the batch are not touched by that."""

    code = "billing.usage_refused"
    title = _("That event cannot be counted")
    default_detail = _("Correct the event and send it again under its key.")


class UsageKeyTaken(errors.Invalid):
    """An event came under the key of another one."""

    code = "billing.usage_key_taken"
    title = _("Another event has this key")
    default_detail = _("A key belongs to one event for ever. Send this one under a key of its own.")


class UsageTooEarly(errors.Invalid):
    """An event is of the future."""

    code = "billing.usage_in_future"
    title = _("That event has not happened yet")
    default_detail = _("Its time is more than five minutes ahead. Set the clock of the machine that reports it.")


class UsageTooLate(errors.Invalid):
    """An event is older than is counted."""

    code = "billing.usage_too_late"
    title = _("That event is too old")
    default_detail = _("Events are counted for 28 days after they happened. Put it right by a credit note.")
